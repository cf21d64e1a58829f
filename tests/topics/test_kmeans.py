from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.vectors.writing import write_vectors
from nlpcli.errors import InputError
from tests.conftest import Run

pytest.importorskip("sklearn")

from nlpcli.engine.topics.document_clusters import cluster_documents, cluster_matrix
from nlpcli.engine.topics.kmeans import cluster
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import ClusterSettings

COLOURS = {"red": [1, 0.1], "blue": [0.9, 0], "green": [1, 0], "king": [0, 1], "queen": [0.1, 1]}
TEXTS = [
    "cats and dogs",
    "dogs chase cats",
    "cats sleep",
    "stocks and bonds",
    "bonds fall",
    "stocks rise as bonds fall",
]


def test_groups_apart_are_found_and_the_largest_comes_first() -> None:
    points = np.random.default_rng(0).normal(size=(60, 5)) * 0.05
    points[:20, 0] += 1
    points[20:, 1] += 1
    found = cluster(points, 2)
    assert found.labels.tolist() == [1] * 20 + [0] * 40
    assert found.centres[0].argmax() == 1
    assert found.members(1)[0] == np.flatnonzero(found.labels == 1)[found.distances[:20].argmin()]


def test_clusters_are_the_same_each_time() -> None:
    points = np.random.default_rng(1).normal(size=(300, 6))
    assert (cluster(points, 7).labels == cluster(points, 7).labels).all()


def test_more_clusters_than_points_are_refused() -> None:
    with pytest.raises(InputError, match="4 clusters cannot be made of 3 points"):
        cluster(np.eye(3), 4)


def test_document_clusters_are_told_by_their_terms() -> None:
    found = cluster_documents([TEXTS], AnalysisSettings(), ClusterSettings(k=2, top=2))
    assert found.clusters.labels.tolist() in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    by_term = {terms[0]: set(terms) for terms in found.terms}
    assert by_term["cats"] == {"cats", "dogs"}
    assert "bonds" in by_term


def test_word_classes_from_the_command_line(nlpcli: Run, tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.txt", COLOURS, np.array(list(COLOURS.values()), np.float32))
    rows = nlpcli("cluster", "v.txt", "--k", "2").stdout.decode().splitlines()
    assert rows[0] == "cluster\tsize\twords"
    assert [row.split("\t")[:2] for row in rows[1:]] == [["1", "3"], ["2", "2"]]
    assert sorted(rows[1].split("\t")[2].split()) == ["blue", "green", "red"]
    members = nlpcli("cluster", "v.txt", "--k", "2", "--members", "--jsonl").stdout.decode().splitlines()
    assert [json.loads(line)["cluster"] for line in members] == [1, 1, 1, 2, 2]


def test_documents_from_stdin_keep_their_line_numbers(nlpcli: Run) -> None:
    text = "\n\n".join(TEXTS) + "\n"
    rows = nlpcli("cluster", "--k", "2", "--members", input=text).stdout.decode().splitlines()
    assert [row.split("\t")[0] for row in rows[1:]] == [f"<stdin>:{number}" for number in (1, 3, 5, 7, 9, 11)]
    summary = nlpcli("cluster", "--k", "2", "--jsonl", input=text).stdout.decode().splitlines()
    assert {json.loads(line)["size"] for line in summary} == {3}


def test_rows_of_vectorize_are_clustered_and_told_by_their_features(nlpcli: Run, tmp_path: Path) -> None:
    nlpcli("vectorize", "-q", "-o", "m.npz", input="\n".join(TEXTS) + "\n")
    rows = nlpcli("cluster", "m.npz", "--k", "2", "--terms", "1").stdout.decode().splitlines()
    assert sorted(row.split("\t")[1:] for row in rows[1:]) == [["3", "bonds"], ["3", "cats"]]
    members = nlpcli("cluster", "m.npz", "--k", "2", "--members").stdout.decode().splitlines()
    assert [row.split("\t")[0] for row in members[1:]] == list("123456")


def test_damaged_matrix_is_an_error_and_no_crash(tmp_path: Path) -> None:
    path = str(tmp_path / "m.npz")
    parts = {
        "data": np.ones(2),
        "indices": np.array([0, 9]),
        "indptr": np.array([0, 1, 2]),
        "shape": np.array([2, 3]),
    }
    np.savez(path, **parts)
    with pytest.raises(InputError, match="not a matrix of documents"):
        cluster_matrix(path)
    (tmp_path / "m.npz").write_bytes(b"PK\3\4")
    with pytest.raises(InputError, match="not a matrix of documents"):
        cluster_matrix(path)


def test_points_that_are_alike_make_fewer_clusters():
    found = cluster(np.array([[1.0, 0], [1, 0], [0, 1], [1, 0]]), 3)
    assert len(found) == 2
    assert found.labels.tolist() == [0, 0, 1, 0]


def test_lines_that_are_alike_make_fewer_clusters(nlpcli):
    out = nlpcli("cluster", "--k", 3, input="the cat\nthe cat\nthe dog\nthe cat\n").out
    assert [line.split("\t")[1] for line in out.splitlines()] == ["size", "3", "1"]
