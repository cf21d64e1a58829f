"""A sentencepiece model is looked at before the library gets it, which trusts what it is given."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.text.tokenizers.sentencepiece import Subwords
from nlpcli.engine.text.tokenizers.sentencepiece_file import check_model
from nlpcli.errors import ModelError

MODEL = (Path(__file__).parents[1] / "models" / "sentencepiece.model").read_bytes()


@pytest.fixture(scope="module")
def normalising() -> bytes:
    """A model of the library's own, which normalises: others' models do."""
    import sentencepiece

    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["the king drinks tea"] * 9), model_writer=content, vocab_size=30,
        model_type="unigram", normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    return content.getvalue()


def test_models_that_normalise_are_read(normalising: bytes) -> None:
    assert "".join(Subwords(normalising).split("ＴＨＥ ｋｉｎｇ")).replace("▁", " ").strip() == "THE king"


def refused(content: bytes) -> None:
    with pytest.raises(ModelError) as caught:
        Subwords(content)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(score: float) -> None:
    place = MODEL.index(b"\x15", 3) + 1  # the key of the first score
    refused(MODEL[:place] + struct.pack("<f", score) + MODEL[place + 4 :])


def test_pieces_that_are_not_utf8_are_refused() -> None:
    refused(MODEL.replace("▁the".encode(), b"\xff\x81\x96the", 1))


def test_a_model_cut_anywhere_is_read_or_refused() -> None:
    for size in range(0, len(MODEL), 97):
        try:
            Subwords(MODEL[:size])
        except ModelError as error:
            assert "\n" not in error.message


def table_of(content: bytes) -> tuple[int, np.ndarray]:
    """Where the double array of normalisation begins, and its units."""
    name = content.index(b"nmt_nfkc")
    place = name + len(b"nmt_nfkc") + 1  # past the key of the table
    while content[place] & 0x80:
        place += 1
    size = struct.unpack("<I", content[place + 1 : place + 5])[0]
    return place + 5, np.frombuffer(content[place + 5 : place + 5 + size], "<u4").copy()


@pytest.mark.parametrize(
    "unit", [0xFFFFFC00, 0x7FFFFE00, (1 << 31) - 1, 0xFFFFFFFF & ~(1 << 31), 1 << 30 | 1 << 9]
)
def test_a_table_that_points_outside_itself_is_refused(normalising: bytes, unit: int) -> None:
    place, units = table_of(normalising)
    for number in (0, len(units) // 2):
        forged = units.copy()
        forged[number] = unit & 0x7FFFFFFF
        refused(normalising[:place] + forged.tobytes() + normalising[place + forged.nbytes :])


def test_a_leaf_that_points_outside_the_texts_is_refused(normalising: bytes) -> None:
    place, units = table_of(normalising)
    units[units >> 31 == 1] |= 0x7FFFFFFF
    refused(normalising[:place] + units.tobytes() + normalising[place + units.nbytes :])


def test_no_change_of_the_table_crashes_the_library(process, normalising: bytes, tmp_path: Path) -> None:
    """In a process of its own: what passes is used on every character that the table knows."""
    (tmp_path / "sound.model").write_bytes(normalising)
    program = """
import random, sys
from nlpcli.engine.text.tokenizers.sentencepiece import Subwords
from nlpcli.errors import ModelError
sound, place, size = open("sound.model", "rb").read(), int(sys.argv[1]), int(sys.argv[2])
text, used = "".join(map(chr, (*range(1, 0x3000), *range(0xff00, 0xffff)))), 0
for seed in range(60):
    dice, forged = random.Random(seed), bytearray(sound)
    for _ in range(dice.choice((1, 5))):
        forged[place + dice.randrange(size)] ^= 1 << dice.randrange(8)
    try:
        Subwords(bytes(forged)).split(text)
        used += 1
    except ModelError:
        pass
print(used)
"""
    place, units = table_of(normalising)
    used = int(process.python(program, place, units.nbytes).out)
    assert 0 < used < 60


def test_the_check_reads_every_field_and_nothing_more() -> None:
    check_model(MODEL)
    for content in (b"", b"\x0a", b"\x0a\x05\x0a", b"\xff" * 11, b"\x0b\x0c", b"\x12\x02\x08\x01"):
        with pytest.raises(ModelError):
            check_model(content)
