"""Matrices in every format, read back by the libraries people use."""

import csv
import json

import numpy as np
import pytest

from nlpcli.engine.documents import labelled_rows, matrix_files, sparse
from nlpcli.engine.documents.matrix_files import LabelledMatrix, write_matrix
from nlpcli.engine.documents.vectorizer import fit
from nlpcli.errors import InputError, OutputError
from nlpcli.settings.documents import VectorizeSettings
from tests.documents.test_vectorizer import DOCUMENTS, WORDS


@pytest.fixture
def table():
    vectorizer, matrix = fit([DOCUMENTS], WORDS, settings=VectorizeSettings(kind="tfidf"))
    return LabelledMatrix(matrix, vectorizer.vocabulary.tokens, ["a", "b", "a", "b", "c"])


def test_npz_is_read_by_scipy_and_names_its_features(tmp_path, table):
    load_npz = pytest.importorskip("scipy.sparse").load_npz
    write_matrix(tmp_path / "m.npz", table)
    loaded = load_npz(tmp_path / "m.npz")
    loaded.check_format(full_check=True)
    assert np.array_equal(loaded.toarray(), table.matrix.to_dense())
    with np.load(tmp_path / "m.npz") as archive:
        assert archive["features"].dtype.kind == "U" and tuple(archive["features"]) == table.features
        assert archive["labels"].tolist() == table.labels
    write_matrix(tmp_path / "again.npz", table)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()


def test_npy_is_read_by_numpy(tmp_path, table):
    write_matrix(tmp_path / "m.npy", table)
    assert np.array_equal(np.load(tmp_path / "m.npy"), table.matrix.to_dense())


def test_mtx_is_read_by_scipy(tmp_path, table):
    mmread = pytest.importorskip("scipy.io").mmread
    write_matrix(tmp_path / "m.mtx", table)
    assert np.array_equal(mmread(tmp_path / "m.mtx").toarray(), table.matrix.to_dense())


@pytest.mark.parametrize("name", ["m.svm", "m.libsvm"])
def test_svm_is_read_by_scikit_learn_with_its_labels(tmp_path, table, name):
    load = pytest.importorskip("sklearn.datasets").load_svmlight_file
    write_matrix(tmp_path / name, table)
    loaded, labels = load(str(tmp_path / name), n_features=table.matrix.columns)
    assert np.allclose(loaded.toarray(), table.matrix.to_dense())
    assert labels.tolist() == [0, 1, 0, 1, 2]


@pytest.mark.parametrize(("name", "dialect"), [("m.csv", "excel"), ("m.tsv", "excel-tab")])
def test_csv_has_a_column_per_feature_and_the_label_first(tmp_path, table, name, dialect):
    write_matrix(tmp_path / name, table)
    with open(tmp_path / name, encoding="utf-8", newline="") as file:
        header, *body = csv.reader(file, dialect)
    assert header == ["label", *table.features]
    assert [row[0] for row in body] == table.labels
    assert np.array_equal([[float(cell) for cell in row[1:]] for row in body], table.matrix.to_dense())


def test_jsonl_has_an_object_per_document(tmp_path, table):
    write_matrix(tmp_path / "m.jsonl", table)
    first, empty, *_ = map(json.loads, (tmp_path / "m.jsonl").read_text(encoding="utf-8").splitlines())
    assert first["label"] == "a" and set(first["weights"]) == {"the", "cat", "sat", "on", "mat"}
    assert empty["weights"] == {}


def test_an_unknown_extension_lists_the_known_ones(tmp_path, table):
    with pytest.raises(OutputError, match=r"m\.xls") as caught:
        write_matrix(tmp_path / "m.xls", table)
    assert ".npz" in (caught.value.hint or "")


def test_a_dense_matrix_that_cannot_fit_is_refused_with_its_size(tmp_path):
    wide = sparse.SparseMatrix(np.zeros(0), np.zeros(0, np.int32), np.zeros(1 << 20, np.int64), 1 << 30)
    with pytest.raises(OutputError, match=r"would take 9,007,19\d\.\d GB"):
        write_matrix(tmp_path / "m.npy", LabelledMatrix(wide))


def test_label_codes_keep_whole_numbers():
    assert matrix_files.label_codes(["1", "-1"]) == {"-1": "-1", "1": "1"}


def test_names_of_columns_are_read_back_also_of_older_files(tmp_path, table):
    write_matrix(tmp_path / "new.npz", table)
    with np.load(tmp_path / "new.npz") as archive:
        parts = dict(archive)
    for name in ("features", "labels"):  # as they were written at first
        parts[name] = np.frombuffer("\n".join(parts[name]).encode(), dtype=np.uint8)
    np.savez(tmp_path / "old.npz", **parts)
    new, old = (matrix_files.read_matrix(str(tmp_path / name)) for name in ("new.npz", "old.npz"))
    assert new[1] == old[1] == [*table.features] and (new[0] != old[0]).nnz == 0
    rows = [labelled_rows.read_rows(str(tmp_path / name)) for name in ("new.npz", "old.npz")]
    assert rows[0].columns == rows[1].columns == table.features
    assert rows[0].labels == rows[1].labels == table.labels


def test_one_long_name_does_not_pad_all_others(tmp_path):
    matrix = sparse.SparseMatrix(np.ones(5000), np.arange(5000, dtype=np.int32), np.array([0, 5000]), 5000)
    names = [f"w{number}" for number in range(4999)] + ["long" * 5000]
    write_matrix(tmp_path / "m.npz", LabelledMatrix(matrix, names))
    assert (tmp_path / "m.npz").stat().st_size < 200_000
    assert matrix_files.read_matrix(str(tmp_path / "m.npz"))[1] == names


def test_text_that_is_none_is_refused(tmp_path, table):
    write_matrix(tmp_path / "m.npz", table)
    with np.load(tmp_path / "m.npz") as archive:
        parts = dict(archive)
    codes = parts["features"].copy().view(np.uint32)
    codes[0] = 0x110000
    parts["features"] = codes.view(parts["features"].dtype)
    np.savez(tmp_path / "bad.npz", **parts)
    with pytest.raises(InputError, match="does not hold text"):
        matrix_files.read_matrix(str(tmp_path / "bad.npz"))
