"""Text to units and back."""

import math
import re
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.charlm.units import (
    RARE,
    Writer,
    encode,
    entropies,
    ids_of,
    in_own_form,
    read_text,
    to_units,
)
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.text.tokenizers.rules import graphemes
from nlpcli.errors import InputError

TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("가각힣한한 ㅋa\n")))


def text_of(units, unit):
    writer = Writer(unit)
    return "".join([*(writer.write(chr(number)) for number in units.tolist()), writer.end()])


@given(TEXTS)
def test_characters_and_bytes_come_back_as_they_were(text):
    assert text_of(to_units(text, "char"), "char") == text
    assert text_of(to_units(text, "byte"), "byte") == text


@given(
    st.text(
        st.one_of(
            st.characters(max_codepoint=0x10FF),
            st.characters(min_codepoint=0x1200, exclude_categories=["Cs"]),
        )
    )
)
def test_jamo_come_back_as_the_syllables_they_were(text):
    assert text_of(to_units(text, "jamo"), "jamo") == text


@given(TEXTS)
def test_jamo_apart_and_together_are_the_same_text(text):
    once = text_of(to_units(text, "jamo"), "jamo")
    assert to_units(once, "jamo").tolist() == to_units(text, "jamo").tolist()


def test_files_are_joined_by_line_ends_and_the_last_one_is_dropped(tmp_path):
    (tmp_path / "a").write_bytes(b"one\r\ntwo\n")
    (tmp_path / "b").write_bytes(b"three")
    text = read_text([str(tmp_path / "a"), str(tmp_path / "b")], "char")
    assert "".join(text.alphabet.tokens[n] for n in text.ids) == "one\ntwo\nthree"
    assert (text.characters, text.bytes) == (13, 13)


def test_the_alphabet_is_ordered_by_frequency_then_first_appearance(tmp_path):
    (tmp_path / "a").write_text("hello")
    text = read_text([str(tmp_path / "a")], "char")
    assert text.alphabet.tokens == ("l", "h", "e", "o")
    assert text.alphabet.counts.tolist() == [2, 1, 1, 1]
    assert text.ids.tolist() == [1, 2, 0, 0, 3]


def test_rare_characters_become_one(tmp_path):
    (tmp_path / "a").write_text("aaabbcd")
    text = read_text([str(tmp_path / "a")], "char", min_count=2)
    assert text.alphabet.tokens == ("a", "b", RARE)
    assert text.alphabet.counts.tolist() == [3, 2, 2]
    assert text.ids.tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_an_empty_text_is_an_error(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match="no text"):
        read_text([str(tmp_path / "a")], "char")


def test_entropies_are_those_worked_by_hand():
    unigram, bigram = entropies(np.array([0, 1, 0, 2, 0, 1, 0, 2, 0]), 3)
    expected = -(5 / 9) * math.log2(5 / 9) - 2 * (2 / 9) * math.log2(2 / 9)
    assert unigram == pytest.approx(expected)
    assert bigram == pytest.approx(0.5)  # after a 0, a coin; after 1 or 2, certainly a 0


def test_encoding_names_unknown_characters(tmp_path):
    (tmp_path / "a").write_text("ab")
    alphabet = read_text([str(tmp_path / "a")], "char").alphabet
    assert encode("ba", "char", alphabet).tolist() == [1, 0]
    with pytest.raises(InputError, match="'x' '한'"):
        encode("axb한x", "char", alphabet)
    assert encode("axb", "char", alphabet, skip_unknown=True).tolist() == [0, 1]


# --- a prime in the model's own form ---------------------------------------------------------

UNITS = ("char", "jamo", "byte")
FORMS = ("NFC", "NFD")
PRIMES = ("한국", "값싼 닭", "café", "Ångström", "ề", "각ㅋㅋ", "が", "😀 a")


def alphabet_of(text, unit):
    counts = Counter(chr(point) for point in to_units(text, unit).tolist())
    return Vocabulary.of(list(counts), list(counts.values()))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("trained", FORMS)
@pytest.mark.parametrize("given", FORMS)
@pytest.mark.parametrize("prime", PRIMES)
def test_a_prime_composed_or_not_becomes_the_form_of_the_models_text(unit, trained, given, prime):
    own = unicodedata.normalize(trained, prime)
    alphabet = alphabet_of(own * 3 + "\n", unit)
    found = in_own_form(unicodedata.normalize(given, prime), unit, alphabet)
    assert to_units(found, unit).tolist() == to_units(own, unit).tolist()


@pytest.mark.parametrize("unit", UNITS)
def test_a_stray_unit_of_the_other_form_does_not_decide(unit):
    alphabet = alphabet_of("한국 café" * 9 + unicodedata.normalize("NFD", "한국 café"), unit)
    assert in_own_form(unicodedata.normalize("NFD", "한국 café"), unit, alphabet) == "한국 café"
    assert in_own_form("한국 café", unit, alphabet) == "한국 café"


def test_line_ends_of_any_kind_are_the_models():
    assert in_own_form("a\r\nb\rc", "char", alphabet_of("abc\n", "char")) == "a\nb\nc"


def test_half_a_syllable_from_a_keyboard_begins_one():
    assert in_own_form("하ㅎ", "jamo", alphabet_of("하", "jamo")) == "하\u1112"


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "unknown", ("뷁", "é", "q\u0301", "각\u0301", "\u1112\u1161\u11ab", "👨\u200d👩", "€")
)
def test_an_unknown_character_is_named_and_skipped_as_a_whole(unit, unknown):
    alphabet = alphabet_of("a b 각 하 q 👨 À ¬ \u1112", unit)
    with pytest.raises(InputError) as raised:
        in_own_form(f"a{unknown}b", unit, alphabet)
    assert raised.value.message.count("'") == 2
    assert in_own_form(f"a{unknown}b", unit, alphabet, skip_unknown=True) == "ab"


@given(TEXTS, TEXTS, st.sampled_from(UNITS))
def test_what_is_left_of_a_prime_is_known_and_whole(trained, prime, unit):
    alphabet = alphabet_of(trained, unit)
    left = in_own_form(prime, unit, alphabet, skip_unknown=True)
    assert len(ids_of(left, unit, alphabet)) == len(to_units(left, unit))
    kept = [c for c in graphemes_of(prime) if in_own_form(c, unit, alphabet, skip_unknown=True)]
    if not set(prime) & set("\r\u3131\u314b"):  # what becomes another character
        assert unicodedata.normalize("NFD", left) == unicodedata.normalize("NFD", "".join(kept))


def graphemes_of(text):
    return re.findall(graphemes().pattern + r"|\s", text)
