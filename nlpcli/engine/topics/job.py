"""Groups of like words or documents: what `cluster` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nlpcli.engine.io.opening import STDIN, Paths, display_name
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.topics.clustering import group
from nlpcli.engine.topics.document_clusters import DocumentClusters, cluster_documents, cluster_matrix
from nlpcli.engine.topics.kmeans import NONE, Clusters
from nlpcli.engine.vectors.job import load_vectors
from nlpcli.engine.vectors.reading import holds_vectors
from nlpcli.settings.fields import given_options, refuse
from nlpcli.settings.input import InputSettings, TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import ClusterSettings
from nlpcli.wording import counted


@dataclass(frozen=True, eq=False)
class Groups:
    """The clusters of words, rows or documents, largest first; among members 0 is no cluster.

    names: the words (all of the file), the rows' numbers from 1, or the documents as file:line. texts: of the
    documents. terms: what tells each cluster: its most central words, or the terms that its documents have
    more than others. points: the rows that were compared.
    """

    kind: Literal["word", "row", "document"]
    clusters: Clusters
    names: Sequence[str | int]
    texts: Sequence[str]
    terms: list[list[str]]
    points: Any = None

    def columns(self) -> tuple[str, ...]:
        """What `members` gives."""
        return (self.kind, "cluster", "distance", *(["text"] if self.kind == "document" else []))

    def members(self) -> Iterator[tuple[str | int | float, ...]]:
        """Every word, row or document with its cluster, from 1, and its distance from the centre."""
        labels, distances = (self.clusters.labels + 1).tolist(), self.clusters.distances.tolist()
        for place, (name, label, distance) in enumerate(zip(self.names, labels, distances, strict=False)):
            yield name, label, distance, *self.texts[place : place + 1]

    def sizes(self) -> list[int]:
        """How many members each cluster has."""
        return [len(self.clusters.members(number)) for number in range(len(self.clusters))]

    @property
    def outside(self) -> int:
        """How many are in no cluster."""
        return int(np.count_nonzero(self.clusters.labels == NONE))


@plain_settings
def cluster(
    paths: Paths = None,
    settings: ClusterSettings = ClusterSettings(),
    *,
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> Groups:
    """Groups of like words, or of like lines of texts.

    `paths` is one file of word vectors, one .npz of `vectorize`, or texts, a document per line. `given` are
    the names of settings that the user set.

    Raises SettingsError for those that do nothing with such a file, InputError for fewer words or documents
    than clusters, MissingDependency without scikit-learn.
    """
    names = list(paths or [STDIN])
    of_texts = given_options(given, AnalysisSettings, TextInputSettings)
    if len(names) == 1 and holds_vectors(names[0]):
        refuse(of_texts, f"with word vectors, as {display_name(names[0])} has")
        return _words(names[0], settings, progress)
    refuse(given_options(given & {"vocab"}, ClusterSettings), "but with word vectors")
    if len(names) == 1 and names[0].endswith(".npz"):
        refuse(of_texts, "with a matrix of vectorize")
        found = cluster_matrix(names[0], settings, progress)
        numbers = range(1, len(found.clusters.labels) + 1)
        return Groups("row", found.clusters, numbers, (), found.terms, found.points)
    return _documents(names, settings, analysis, reading, progress)


def _words(path: str, settings: ClusterSettings, progress: Progress) -> Groups:
    vectors = load_vectors(path, progress)
    found = group(vectors.matrix[: settings.vocab], settings, progress)
    nearest = [
        [vectors.tokens[row] for row in found.members(number)[: settings.top].tolist()]
        for number in range(len(found))
    ]
    return Groups("word", found, vectors.tokens, (), nearest, vectors.matrix[: settings.vocab])


def _documents(
    paths: list[str],
    settings: ClusterSettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
    progress: Progress,
) -> Groups:
    lines = text_lines(paths, reading, progress)
    places: list[str] = []
    texts: list[str] = []
    blank = 0

    def documents() -> Iterator[list[str]]:
        for batch in lines.batches():
            name, first = display_name(lines.path), lines.number + 1
            kept = [(number, line) for number, line in enumerate(batch, first) if line.strip()]
            nonlocal blank
            blank += len(batch) - len(kept)
            places.extend(f"{name}:{number}" for number, _ in kept)
            texts.extend(line.strip() for _, line in kept)
            yield [line for _, line in kept]

    found: DocumentClusters = cluster_documents(documents(), analysis, settings, progress)
    if blank:
        progress.note(f"{counted(blank, 'line without a text is', 'lines without a text are')} in no cluster")
    return Groups("document", found.clusters, places, texts, found.terms, found.points)
