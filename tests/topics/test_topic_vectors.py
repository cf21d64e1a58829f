"""Vectors of words and texts: latent semantic analysis as `similar`, `index` and `convert` read it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.documents.matrix_files import read_matrix
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import ModelError
from tests.conftest import Run
from tests.topics.test_topics import SUBJECTS, made_texts


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(made_texts()) + "\n")
    return path


@pytest.fixture
def lsa(texts: Path, tmp_path: Path) -> Path:
    path = tmp_path / "lsa.safetensors"
    api.train_topics(texts, path, method="lsa", num_topics=3)
    return path


def test_words_of_a_subject_are_alike(nlpcli: Run, lsa: Path, tmp_path: Path) -> None:
    for subject in SUBJECTS:
        first, *rest = subject.split()
        near = nlpcli("similar", lsa, first.upper(), "--top", 7, "--no-header").out.splitlines()
        assert {line.split("\t")[1] for line in near} == {*rest}
    done = nlpcli("convert", lsa, tmp_path / "v.vec")
    assert "does not hold how a text's vector is found" in done.err
    matrix = Vectors.load(str(lsa)).matrix
    assert Vectors.load(str(tmp_path / "v.vec")).matrix == pytest.approx(matrix, abs=1e-4)


def test_products_of_words_are_those_of_their_rows(texts: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.safetensors"
    api.train_topics(texts, path, method="lsa", num_topics=24)
    rows = api.vectorize(texts, sublinear_tf=True, min_df=2, max_df=0.5).matrix.to_dense()
    words = Vectors.load(str(path)).matrix
    assert words @ words.T == pytest.approx(rows.T @ rows, abs=0.05)


def test_search_finds_texts_that_share_no_word(nlpcli: Run, lsa: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("a referee and a penalty\nflour and butter\na crater\nthe yeast\nmy striker\n")
    nlpcli("index", notes, "--vectors", lsa, "-o", tmp_path / "i.safetensors")
    for query, places in (("yeast", [4, 2]), ("striker", [5, 1])):
        found = nlpcli("search", tmp_path / "i.safetensors", query, "--by", "vectors", "--json", "-n", 2)
        assert [hit["line"] for hit in json.loads(found.out)] == places


@pytest.mark.parametrize("method", ["lda", "nmf", "lsa"])
def test_weights_of_texts_are_a_matrix(nlpcli: Run, texts: Path, tmp_path: Path, method: str) -> None:
    path = tmp_path / "m.safetensors"
    model = api.train_topics(texts, path, method=method, num_topics=3, iterations=20)
    expected = model.transform(made_texts())
    nlpcli("topics", path, texts, "-o", tmp_path / "w.npz")
    matrix, names = read_matrix(str(tmp_path / "w.npz"))
    assert names == ["1", "2", "3"] and matrix.toarray() == pytest.approx(expected, abs=1e-6)
    api.topics(path, texts, tmp_path / "w.npy")
    assert np.array_equal(np.load(tmp_path / "w.npy"), expected)
    done = nlpcli("topics", path, texts, "-o", tmp_path / "w.npz", "--top", 2, code=2)
    assert "--top does nothing with" in done.err
    done = nlpcli("topics", path, texts, "-o", tmp_path / "w.npz", "--jsonl", code=2)
    assert "--jsonl does nothing with" in done.err
    groups = api.cluster(tmp_path / "w.npz", k=3)
    assert sorted(groups.sizes()) == [40, 40, 40]


def test_topics_are_no_vectors(texts: Path, tmp_path: Path) -> None:
    api.train_topics(texts, tmp_path / "m", num_topics=3, iterations=3)
    with pytest.raises(ModelError, match="no vectors of words") as caught:
        api.similar(tmp_path / "m", ["oven"])
    assert "lsa" in (caught.value.hint or "")
