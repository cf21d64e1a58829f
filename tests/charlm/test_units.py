"""Text to units and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.charlm.units import RARE, Writer, encode, entropies, read_text, to_units
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
