"""Subwords: exact both ways, a file that sentencepiece reads, merges in their order."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.text.tokenizers.sentencepiece import Subwords, WordCounts, make_subwords, merges, train
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.text import SubwordSettings

LINES = ["low low low low low lower lower newest newest newest newest newest newest widest widest widest"] * 4
KOREAN = ["자연어 처리는 재미있다", "자연어를 처리한다", "나는 자연을 좋아한다"] * 10


@pytest.fixture(scope="module", params=["bpe", "unigram"])
def model(request):
    return Subwords(train(LINES + KOREAN, SubwordSettings(model_type=request.param, vocab_size=290)))


@pytest.mark.parametrize(
    "text",
    [
        "low newest", "", " ", "  a  b ", "\t탭\t", "a▁b▁ ▁", "😀👨\u200d👩\u200d👧", "\u00a0x\u3000",
        "e\u0301",
        "<unk> <0x41>", "줄\r", "a\x00b",
    ],
)  # fmt: skip
def test_pieces_join_to_the_exact_text(model, text):
    assert model.join(model.split(text)) == text
    assert model.join(model.from_ids(model.ids(model.split(text)))) == text


@given(text=st.text())
def test_any_text_comes_back(model, text):
    assert model.join(model.split(text)) == text


@given(text=st.text())
def test_places_cover_the_text(model, text):
    tokens = model.analyse(text)
    covered = {place for token in tokens for place in range(token.start, token.end)}
    assert covered == set(range(len(text)))
    assert [token.form for token in tokens] == model.split(text)


def test_sentencepiece_itself_reads_the_model(model):
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_proto=model.model)
    assert processor.encode("low newest", out_type=str) == model.split("low newest")


def test_the_same_text_gives_the_same_model():
    settings = SubwordSettings(vocab_size=300)
    assert train(LINES + KOREAN, settings) == train(LINES + KOREAN, settings)


def test_merges_are_those_of_the_worked_example():
    counter = WordCounts()
    model = Subwords(train(counter.counted(LINES), SubwordSettings(vocab_size=285, character_coverage=1.0)))
    table = merges(model, counter.counts, 5)
    joined = [piece for _, _, piece, _ in table]
    # Sennrich et al. 2016: (e, s) and (es, t) come first, nine times in each line of the corpus.
    assert joined[:2] == ["es", "est"]
    assert table[0] == ("e", "s", "es", 36)
    assert table[1] == ("es", "t", "est", 36)
    assert all(left + right == piece for left, right, piece, _ in table)


def test_merges_count_the_pair_before_it_is_joined():
    words = collections.Counter({"▁aaa": 2})
    model = Subwords(train(["aaa aaa aaa"] * 9, SubwordSettings(vocab_size=262)))
    assert merges(model, words, 1)[0][3] == 2


def test_long_lines_are_learned_from():
    model = Subwords(train(["가나다라 " * 5000], SubwordSettings(vocab_size=268)))
    assert any("가나" in piece for piece in model.pieces)


def test_too_large_a_vocabulary_says_how_large_it_may_be():
    with pytest.raises(InputError, match="too few") as caught:
        train(["a b"], SubwordSettings(model_type="unigram"))
    assert "--vocab-size 2" in caught.value.hint


def test_no_text_is_an_error():
    with pytest.raises(InputError, match="no text"):
        train([" ", ""], SubwordSettings())


def test_too_small_a_vocabulary_is_an_error():
    with pytest.raises(SettingsError, match="no room"):
        train(
            ["".join(map(chr, range(0xAC00, 0xAC00 + 400)))],
            SubwordSettings(vocab_size=270, character_coverage=1.0),
        )


@pytest.mark.parametrize("content", [b"", b"junk", b"\x00" * 64])
def test_what_is_no_model_is_refused(content):
    with pytest.raises(ModelError, match="not a sentencepiece model"):
        Subwords(content)


@pytest.mark.parametrize(
    "command", [("detokenize", "--model"), ("tokenize", "--tokenizer", "subword", "--subword-model")]
)
def test_a_file_that_is_no_model_is_named(nlpcli, tmp_path, command):
    (tmp_path / "no.model").write_bytes(b"junk")
    told = nlpcli(*command, "no.model", input="a b\n", code=1).err
    assert told.startswith("error: no.model is not a sentencepiece model")


def test_damaged_settings_are_refused():
    with pytest.raises(ModelError, match="damaged"):
        make_subwords("%%%")
    with pytest.raises(SettingsError, match="needs a model"):
        make_subwords("")


def test_an_unknown_id_is_refused(model):
    with pytest.raises(InputError, match="ids 0 to"):
        model.from_ids([10_000])


NO_CHARACTERS = "".join(map(chr, range(0xFDD0, 0xFDF0)))


@pytest.mark.parametrize("text", ["\ufdd0▁", "▁\ufdd0\ufdd1▁", "a▁b\ufdd0c", f"{NO_CHARACTERS}▁"])
@pytest.mark.parametrize("trained", ["low lower lowest", "low \ufdd0\ufdd1 \ufdd0 lowest"])
def test_no_character_stands_for_another(text, trained):
    model = Subwords(train([trained] * 9, SubwordSettings(vocab_size=272)))
    assert model.join(model.split(text)) == text
    assert model.join(model.from_ids(model.ids(model.split(text)))) == text


def test_pieces_of_another_model_leave_no_sign_of_a_space(model):
    assert model.join(["▁The", "▁film", "▁kn", "it▁com", "edy"]) == "The film knit comedy"
    assert model.join([*model.split("a ▁b"), "▁Ünknown"]) == "a ▁b Ünknown"
