"""Groups of words or documents: `cluster`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, with_settings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import ClusterSettings

if TYPE_CHECKING:
    from nlpcli.engine.topics.kmeans import Clusters


@with_settings
def cluster(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VECTORS|TEXT...",
            help="One file of vectors, one .npz of vectorize, or texts, a document per line; - is stdin.",
            show_default=False,
        ),
    ] = None,
    members: Annotated[
        bool, typer.Option("--members", help="Print every word or document with its cluster.")
    ] = False,
    settings: ClusterSettings = ClusterSettings(),
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    reading: InputSettings = InputSettings(),
    json: Json = False,
) -> None:
    """Sort words, or the lines of texts, into groups of like ones (k-means).

    \b
    Examples:
      nlpcli cluster vectors.safetensors --k 50 --top 5000
      nlpcli cluster vectors.safetensors --k 500 --members | cut -f1,2 > classes.tsv
      nlpcli cluster headlines.txt --k 7 --terms 8
    """
    from nlpcli.engine.vectors.reading import holds_vectors

    paths = files or ["-"]
    if len(paths) == 1 and holds_vectors(paths[0]):
        _words(paths[0], settings, members, json)
    elif len(paths) == 1 and paths[0].endswith(".npz"):
        _matrix(paths[0], settings, members, json)
    else:
        _documents(paths, settings, analysis, reading, members, json)


def _words(path: str, settings: ClusterSettings, members: bool, json: bool) -> None:
    from nlpcli.cli.vectors import load_vectors

    vectors = load_vectors(path)
    from nlpcli.engine.topics.kmeans import cluster as group

    found = group(vectors.matrix[: settings.top], settings.k, seed=settings.seed)
    if members:
        rows = zip(vectors.tokens, (found.labels + 1).tolist(), found.distances.tolist(), strict=False)
        _print(("word", "cluster", "distance"), rows, json)
        return
    nearest = [
        [vectors.tokens[row] for row in found.members(n)[: settings.terms].tolist()]
        for n in range(len(found))
    ]
    _summary(found, "words", nearest, json)


def _matrix(path: str, settings: ClusterSettings, members: bool, json: bool) -> None:
    from nlpcli.engine.topics.document_clusters import cluster_matrix

    found = cluster_matrix(path, settings)
    if members:
        labels, distances = (found.clusters.labels + 1).tolist(), found.clusters.distances.tolist()
        rows = (
            (row, label, apart) for row, (label, apart) in enumerate(zip(labels, distances, strict=True), 1)
        )
        _print(("row", "cluster", "distance"), rows, json)
    else:
        _summary(found.clusters, "terms", found.terms, json)


def _documents(
    paths: list[str],
    settings: ClusterSettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
    members: bool,
    json: bool,
) -> None:
    from nlpcli.engine.io.lines import Lines, display_name
    from nlpcli.engine.topics.document_clusters import cluster_documents

    lines = Lines(paths, reading)
    places: list[tuple[str, str]] = []

    def documents() -> Iterable[list[str]]:
        for batch in lines.batches():
            name, first = display_name(lines.path), lines.number + 1
            kept = [(number, line) for number, line in enumerate(batch, first) if line.strip()]
            places.extend((f"{name}:{number}", line.strip()) for number, line in kept)
            yield [line for _, line in kept]

    found = cluster_documents(documents(), analysis, settings)
    if members:
        labels, distances = (found.clusters.labels + 1).tolist(), found.clusters.distances.tolist()
        rows = (
            (place, label, distance, text)
            for (place, text), label, distance in zip(places, labels, distances, strict=True)
        )
        _print(("document", "cluster", "distance", "text"), rows, json)
    else:
        _summary(found.clusters, "terms", found.terms, json)


def _summary(clusters: Clusters, name: str, told_by: list[list[str]], json: bool) -> None:
    sizes = [len(clusters.members(number)) for number in range(len(clusters))]
    if json:
        for number, (size, words) in enumerate(zip(sizes, told_by, strict=True), start=1):
            console.print_json({"cluster": number, "size": size, name: words})
        return
    rows = [
        (number, size, " ".join(words))
        for number, (size, words) in enumerate(zip(sizes, told_by, strict=True), 1)
    ]
    console.print_table(("cluster", "size", name), rows)


def _print(columns: tuple[str, ...], rows: Iterable[tuple[object, ...]], json: bool) -> None:
    if json:
        for row in rows:
            console.print_json(dict(zip(columns, row, strict=True)))
    else:
        console.print_table(columns, rows)
