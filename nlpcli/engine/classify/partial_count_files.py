"""Partial counts of Naive Bayes on disk: what `train-nb --partial` writes and `merge` makes a model of."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from nlpcli.engine.classify.features import FeatureCounts
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.classify.partial_counts import ClassCounting, ClassCounts, other_features
from nlpcli.engine.corpus.token_counts import Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.io.schema import AGAIN
from nlpcli.engine.io.shards import merge_all
from nlpcli.errors import ModelError

KIND = "naive-bayes-counts"
_HOW = ("analysis", "features", "settings")  # of a counting, and what must be the same in all parts


@dataclasses.dataclass(frozen=True, eq=False)
class PartialCountFile:
    """What such a file holds: the counts, and how they were made."""

    counts: ClassCounts
    counting: ClassCounting

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file."""
        counts, tokens = self.counts, self.counts.tokens.by_key()
        header = {
            "labels": list(counts.labels),
            "texts": counts.texts,
            "counted": counts.features.to_record(),
            **{name: getattr(self.counting, name).to_record() for name in _HOW},
        }
        tensors = {"documents": counts.documents, "filled": counts.filled}
        write_model(
            path, KIND, header, {**counts.counts.to_tensors(), **tokens.in_order().to_tensors(), **tensors}
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PartialCountFile:
        """The file that `save` wrote. Raises ModelError."""
        return cls.from_model(read_model(path, KIND), os.fspath(path))

    @classmethod
    def from_model(cls, model: Model, path: str) -> PartialCountFile:
        """The same from a file already read. Raises ModelError."""
        fields, arrays = model.fields, model.tensors
        tokens = Tokens.of(Vocabulary.from_model(model)).by_key()
        if not tokens.distinct():
            raise ModelError(f"{path} is damaged: a word stands twice in it", hint=AGAIN)
        counts = ClassCounts(
            fields["labels"],
            arrays["documents"],
            arrays["filled"],
            FeatureCounts.from_model(model),
            tokens,
            fields["texts"],
            fields["counted"],
        )
        return cls(counts, ClassCounting(**{name: fields[name] for name in _HOW}))


def merge_files(paths: Sequence[str]) -> NaiveBayes:
    """The model of the texts of several files of partial counts.

    Raises ModelError for files that do not add up, and for those that are to be counted again since all texts
    together decide otherwise about the features; InputError for texts of less than two classes.
    """
    parts = [PartialCountFile.load(path) for path in paths]
    counting = parts[0].counting
    for path, part in zip(paths, parts, strict=True):
        for name in _HOW:
            if getattr(part.counting, name) != getattr(counting, name):
                raise ModelError(
                    f"{paths[0]} and {path} were counted in different ways ({name}) and do not add up",
                    hint="count all parts with the same options; nlpcli inspect FILE shows them",
                )
    if not counting.features.decided:
        known = merge_all((part.counts.without_features() for part in parts), counting.merge_facts)
        wanted = counting.decide(known)
        for path, part in zip(paths, parts, strict=True):
            if not part.counts.fits(wanted):
                raise other_features(wanted, part.counts.features, path)
    return counting.finish(merge_all((part.counts for part in parts), counting.merge))
