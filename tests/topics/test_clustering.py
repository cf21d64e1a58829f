"""Clusters by other methods than k-means, as many as there are, with names and a map."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.errors import InputError, SettingsError
from tests.browser import CHROMIUM, Browser
from tests.conftest import Run
from tests.topics.test_topics import made_texts

pytest.importorskip("sklearn")

from nlpcli.engine.topics import clustering
from nlpcli.engine.topics.clustering import group
from nlpcli.engine.topics.document_clusters import keywords
from nlpcli.engine.topics.kmeans import NONE, Clusters
from nlpcli.settings.topics import ClusterSettings


def blobs(sizes: tuple[int, ...], stray: int = 0, seed: int = 0) -> np.ndarray:
    """Points around corners of a cube, and some that are far from all."""
    generator = np.random.default_rng(seed)
    points = [
        np.eye(4)[corner] * 5 + generator.normal(size=(size, 4)) * 0.2 for corner, size in enumerate(sizes)
    ]
    return np.concatenate([*points, generator.normal(size=(stray, 4)) - 4])


@pytest.mark.parametrize("method", ["kmeans", "agglomerative"])
def test_as_many_as_there_are_are_found(method: str) -> None:
    points = blobs((30, 20, 10))
    found = group(points, ClusterSettings(method=method, k="auto"))
    assert found.labels.tolist() == [0] * 30 + [1] * 20 + [2] * 10
    assert found.centres.shape == (3, 4) and found.centres[1].argmax() == 1
    again = group(points, ClusterSettings(method=method, k=3))
    assert np.array_equal(found.labels, again.labels)


def test_dense_regions_leave_out_what_is_between_them() -> None:
    points = blobs((30, 20), stray=4)
    found = group(points, ClusterSettings(method="hdbscan", min_size=6))
    assert found.labels.tolist() == [0] * 30 + [1] * 20 + [NONE] * 4
    assert (found.distances[:50] < 0.5).all() and (found.distances[50:] > 0.5).all()
    none = group(np.random.default_rng(3).normal(size=(12, 8)), ClusterSettings(method="hdbscan", min_size=6))
    assert len(none) == 0 and (none.labels == NONE).all()
    with pytest.raises(InputError, match="a cluster of 60 cannot be made of"):
        group(points, ClusterSettings(method="hdbscan", min_size=60))


def test_points_that_are_alike_and_few(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = np.array([[1.0, 0], [2, 0], [0, 1], [1, 0]])
    assert group(alike, ClusterSettings(method="agglomerative", k=3)).labels.tolist() == [0, 0, 1, 0]
    assert len(group(alike[:1], ClusterSettings(method="agglomerative", k=1))) == 1
    assert len(group(alike[:2], ClusterSettings(k="auto"))) == 1
    assert len(group(alike[[0, 0, 1, 1]], ClusterSettings(k="auto"))) == 1
    with pytest.raises(InputError, match="9 clusters cannot be made of"):
        group(alike, ClusterSettings(method="agglomerative", k=9))
    monkeypatch.setattr(clustering, "_ALL_PAIRS", 3)
    for method in ("agglomerative", "hdbscan"):
        with pytest.raises(InputError, match="too many") as caught:
            group(alike, ClusterSettings(method=method))
        assert "kmeans" in (caught.value.hint or "")


def test_a_term_tells_a_cluster_that_has_it_more_than_others() -> None:
    import scipy.sparse

    rows = np.array([[4.0, 3, 0, 0], [4, 1, 0, 0], [4, 0, 2, 0], [4, 0, 0, 0]])
    clusters = Clusters(np.array([0, 0, 1, NONE]), np.zeros((2, 1)), np.zeros(4))
    assert keywords(scipy.sparse.csr_array(rows), clusters, 2) == [[1, 0], [2, 0]]
    shares = np.array([[8.0, 4, 0], [4, 0, 2]])
    shares /= shares.sum(axis=1, keepdims=True)
    rarity = np.log(1 + 9 / np.array([12.0, 4, 2]))
    assert (shares * rarity).argmax(axis=1).tolist() == [1, 2]
    assert keywords(scipy.sparse.csr_array(rows - 1.0), clusters, 1) == [[0], [0]]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(made_texts(60)) + "\n")
    return path


@pytest.mark.parametrize("options", [("--k", "auto"), ("--method", "agglomerative", "--k", 3)])
def test_texts_are_grouped_by_their_subjects(nlpcli: Run, texts: Path, options: tuple[str, ...]) -> None:
    done = nlpcli("cluster", texts, *options, "--top", 8, "--json")
    found = json.loads(done.out)
    assert [row["size"] for row in found] == [20, 20, 20]
    told = sorted(sorted(row["terms"])[:3] for row in found)
    assert len({word for row in found for word in row["terms"][:4]}) >= 9, told
    assert ("chosen: 3 clusters" in done.err) == ("auto" in options)


def test_what_is_in_no_cluster_has_the_number_0(nlpcli: Run, texts: Path) -> None:
    with texts.open("a") as file:
        file.write("\n".join(["sentence", "without", "any", "subject"]) + "\n")
    done = nlpcli("cluster", texts, "--method", "hdbscan", "--members", "--jsonl")
    members = [json.loads(line) for line in done.out.splitlines()]
    outside = sum(member["cluster"] == 0 for member in members)
    assert {member["cluster"] for member in members} >= {0, 1} and outside >= 1
    assert f"{outside} in no cluster" in done.err
    assert len(members) == 64 and all(member["distance"] >= 0 for member in members)


def test_options_that_do_nothing_are_refused(nlpcli: Run, texts: Path) -> None:
    for options, said in (
        (("--method", "hdbscan", "--k", 3), "--k does nothing without --method kmeans or agglomerative"),
        (("--min-size", 3), "--min-size does nothing without --method hdbscan"),
        (("--k", "few"), "--k must be a whole number or auto, not 'few'"),
        (("--k", 0), "--k must be at least 1"),
    ):
        assert said in nlpcli("cluster", texts, *options, code=2).err
    with pytest.raises(SettingsError, match="at least 1"):
        api.cluster(texts, k=0)


def test_the_map_shows_every_group_by_name(nlpcli: Run, texts: Path, tmp_path: Path) -> None:
    page = tmp_path / "c.html"
    rows = json.loads(nlpcli("cluster", texts, "--k", 3, "--page", page, "--json", "-q").out)
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page.read_text())
    assert found
    data = json.loads(found[1])
    assert data["noun"] == "documents" and len(data["words"]) == 60 and data["note"] == "t-SNE"
    first = (
        ", ".join(rows[0]["terms"].split()[:3])
        if isinstance(rows[0]["terms"], str)
        else ", ".join(rows[0]["terms"][:3])
    )
    assert data["names"][0] == f"1: {first} (20)"
    assert data["words"][0].endswith("texts.txt:1") and sorted(map(len, data["near"])) == [5] * 60
    places = np.array(data["places"])
    groups = np.array(data["groups"])
    centres = np.stack([places[groups == number].mean(axis=0) for number in range(3)])
    nearest = np.linalg.norm(places[:, None] - centres[None], axis=2).argmin(axis=1)
    assert (nearest == groups).mean() > 0.95
    again = tmp_path / "again.html"
    api.cluster_page(api.cluster(texts, k=3), str(again))
    assert again.read_bytes() == page.read_bytes()


def test_of_many_points_a_part_of_each_group_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nlpcli.engine.plots import cluster_page
    from nlpcli.engine.topics.job import Groups

    monkeypatch.setattr(cluster_page, "_MOST", 20)
    points = blobs((30, 10), stray=4)
    found = group(points, ClusterSettings(method="hdbscan", min_size=6))
    groups = Groups("row", found, range(1, 45), (), [["a"], ["b"]], points)
    cluster_page.cluster_page(groups, str(tmp_path / "c.html"))
    text = (tmp_path / "c.html").read_text()
    assert "20 of 44 shown, PCA" in text and "in none (4)" in text and '"row 1"' in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_shows_the_map(texts: Path, tmp_path: Path) -> None:
    api.cluster_page(api.cluster(texts, k=3), str(tmp_path / "c.html"))
    with Browser(tmp_path / "c.html", tmp_path / "profile") as browser:
        assert browser.run("document.querySelectorAll('#names button').length") == 3
        assert browser.run("document.getElementById('note').innerText") == "60 documents · t-SNE"
        assert browser.run("wordMap.place(data.words[0]) !== null")
        assert all(request.startswith("file:") for request in browser.requests)


def test_numbers_whose_squares_no_float_holds_are_grouped_and_drawn(nlpcli: Run, tmp_path: Path) -> None:
    rows = [("a", 1, 0.9), ("b", 1, 1), ("c", -1, 1), ("d", -0.9, 1)]
    for scale in ("e38", "e0", "e-30"):
        (tmp_path / "v.vec").write_text("4 2\n" + "".join(f"{w} {x}{scale} {y}{scale}\n" for w, x, y in rows))
        found = nlpcli("cluster", "v.vec", "--k", "2", "--page", "p.html", "--members", "-q").out
        assert len({line.split("\t")[0] for line in found.splitlines()[1:]}) >= 2, scale
        table = nlpcli("cluster", "v.vec", "--k", "2", "-q").out
        assert sorted(line.split("\t")[1] for line in table.splitlines()[1:]) == ["2", "2"], scale
