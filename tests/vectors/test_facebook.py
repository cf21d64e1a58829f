"""fastText's files as word vectors: what is read is what fastText would give."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.corpus.subwords import SubwordRule
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import ModelError
from tests.vectors.facebook_files import SUPERVISED, Made, facebook_file

MODELS = Path(__file__).parents[1] / "models"


def zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.compress(data)


COMPRESS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}


def loaded(path: Path, made: Made | bytes) -> Vectors:
    path.write_bytes(made.data if isinstance(made, Made) else made)
    return Vectors.load(str(path))


@pytest.mark.parametrize("form", [{}, {"quantised": True}, {"quantised": True, "norms": True}, {"dim": 4}])
def test_vectors_are_the_means_fasttext_gives(tmp_path: Path, form: dict[str, int]) -> None:
    made = facebook_file(**form)  # type: ignore[arg-type]
    vectors, rule = loaded(tmp_path / "fb", made), SubwordRule(3, 6, 7)
    assert list(vectors.tokens) == ["</s>", "where", "한글"]
    assert vectors.counts is not None
    assert vectors.counts.tolist() == [9, 5, 3]
    np.testing.assert_allclose(vectors["</s>"], made.inputs[0], rtol=1e-5)
    for number, word in ((1, "where"), (2, "한글")):
        rows = [number, *(3 + rule.buckets([word])[1])]
        np.testing.assert_allclose(vectors[word], made.inputs[rows].mean(axis=0), rtol=1e-4, atol=1e-6)
    rows = 3 + rule.buckets(["unseen"])[1]
    np.testing.assert_allclose(vectors["unseen"], made.inputs[rows].mean(axis=0), rtol=1e-4, atol=1e-6)


def test_a_pruned_model_has_the_n_grams_it_kept_and_no_others(tmp_path: Path) -> None:
    kept = ((5, 0), (2, 1))
    made = facebook_file(quantised=True, kept=kept)
    vectors = loaded(tmp_path / "fb.ftz", made)
    for word, own in (("where", [1]), ("unseen", [])):
        hashed = SubwordRule(3, 6, 7).buckets([word])[1].tolist()
        rows = own + [3 + dict(kept)[bucket] for bucket in hashed if bucket in dict(kept)]
        np.testing.assert_allclose(vectors[word], made.inputs[rows].mean(axis=0), rtol=1e-4, atol=1e-6)
    assert not loaded(tmp_path / "none.ftz", facebook_file(quantised=True, kept=())).__contains__("unseen")


def test_the_words_of_a_classifier_have_vectors_and_its_labels_have_none(tmp_path: Path) -> None:
    made = facebook_file(labels=[("__label__a", 3), ("__label__b", 2)], model=SUPERVISED)
    assert list(loaded(tmp_path / "fb", made).tokens) == ["</s>", "where", "한글"]
    old = facebook_file(labels=[("__label__a", 3)], model=SUPERVISED, version=11)
    np.testing.assert_array_equal(loaded(tmp_path / "old", old)["where"], old.inputs[1])  # no n-grams then


def test_words_that_are_not_utf8_are_hashed_by_their_bytes(tmp_path: Path) -> None:
    # A long word cut in the middle of a character, as in Facebook's Korean vectors.
    whole = facebook_file(words=[("ab?", 2), ("cd", 1)])
    cut = whole.data.replace(b"ab?\0", b"ab\xec\0")
    vectors = loaded(tmp_path / "fb", cut)
    [word, _] = vectors.tokens
    hashed = 2166136261
    for byte in b"<ab\xec":  # the n-gram of its last four bytes but one is one of those of fastText
        hashed = ((hashed ^ (byte | 0xFFFFFF00 if byte > 127 else byte)) * 16777619) & 0xFFFFFFFF
    _, buckets = SubwordRule(4, 4, 7).buckets([word])
    assert buckets[0] == hashed % 7
    assert word in vectors


def test_every_cut_is_an_error_of_one_line(tmp_path: Path) -> None:
    for made in (facebook_file(), facebook_file(quantised=True, norms=True, kept=((5, 0),))):
        for length in (4, 6, 40, 66, 100, len(made.data) // 2, len(made.data) - 1):
            with pytest.raises(ModelError, match="damaged or cut short") as caught:
                loaded(tmp_path / "fb.bin", made.data[:length])
            assert "\n" not in caught.value.message


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_words_seen_and_unseen_have_the_vectors_that_fasttext_gives_them(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"no-name-that-tells{ending}"
    path.write_bytes(COMPRESS[ending]((MODELS / "fasttext.bin").read_bytes()))
    vectors = Vectors.load(str(path))
    for word, expected in json.loads((MODELS / "fasttext-vectors.json").read_text(encoding="utf-8")).items():
        np.testing.assert_allclose(vectors[word], expected, rtol=1e-5, atol=1e-7)


def changed(place: int, layout: str, value: float) -> bytes:
    data = bytearray(facebook_file().data)
    struct.pack_into("<" + layout, data, place, value)
    return bytes(data)


DICTIONARY = 8 + 12 * 4 + 8  # where the counts of the dictionary stand
MATRIX = DICTIONARY + 28 + sum(len(word.encode()) + 10 for word in ("</s>", "where", "한글"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (facebook_file(version=13).data, "version 13"),
        (changed(8, "i", 0), "length of a vector cannot be 0"),
        (changed(8, "i", 2**31 - 1), "length of a vector cannot be"),
        (changed(8 + 6 * 4, "i", 9), "loss cannot be 9"),
        (changed(8 + 7 * 4, "i", 0), "kind of model cannot be 0"),
        (changed(8 + 8 * 4, "i", -1), "number of buckets cannot be -1"),
        (changed(8 + 8 * 4, "i", 8), r"its matrix has the shape \(10, 3\), not \(11, 3\)"),
        (changed(8 + 10 * 4, "i", 2**30), "longest n-gram cannot be"),
        (changed(DICTIONARY + 4, "i", 2**31 - 1), "damaged"),
        (changed(DICTIONARY + 4, "i", -5), "cannot hold -5 words"),
        (changed(DICTIONARY + 20, "q", 2**60), "cannot have kept"),
        (changed(MATRIX + 1, "q", 2**60), "cannot hold a matrix"),
        (changed(MATRIX + 9, "q", 2**60), "cannot hold a matrix"),
        (changed(MATRIX + 1, "q", 2**39), "cut short"),
        (changed(MATRIX + 17, "f", float("nan")), "nan or inf"),
        (facebook_file(kept=((5, 0),)).data, "not quantised"),
        (facebook_file(quantised=True, kept=((9, 0),)).data, "list of its n-grams"),
        (facebook_file(quantised=True, kept=((5, 0), (5, 1))).data, "list of its n-grams"),
        (facebook_file(words=[("", 1), ("a", 1)]).data, "entry 1 of its dictionary"),
        (facebook_file(words=[("a", -1)]).data, "entry 1 of its dictionary"),
        (facebook_file().data + b"more", "there is more in it"),
    ],
)
def test_a_forged_file_is_refused_with_what_is_wrong_in_it(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        loaded(tmp_path / "fb.bin", data)
