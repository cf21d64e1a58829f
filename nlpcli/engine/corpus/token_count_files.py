"""Token counts on disk, as they add up: all tokens in order of first appearance, and of how much text.

What `count -o FILE.safetensors` writes and `merge` reads. Nothing is left out of it, since a word that is
rare in a shard may be frequent in the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlpcli.engine.corpus.token_counts import TokenCounting, TokenCounts, Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.io.schema import AGAIN
from nlpcli.engine.io.shards import merge_all
from nlpcli.errors import ModelError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

KIND = "token-counts"
SUFFIX = ".safetensors"


@dataclass(frozen=True, eq=False)
class TokenCountFile:
    """What such a file holds: the counts, and how they were made. `ngrams` is a range such as 1-2."""

    counts: TokenCounts
    analysis: AnalysisSettings
    ngrams: str

    @property
    def documents(self) -> int:
        """How many lines or texts were counted."""
        return self.counts.documents

    def vocabulary(self, settings: VocabularySettings = VocabularySettings()) -> Vocabulary:
        """The tokens and how often each was seen. Raises InputError when the settings leave none."""
        return TokenCounting(self.analysis, self.ngrams, settings).finish(self.counts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file."""
        header = {
            "analysis": self.analysis.to_record(),
            "ngrams": self.ngrams,
            "documents": self.counts.documents,
            "words": self.counts.words,
        }
        write_model(path, KIND, header, self.counts.tokens.vocabulary().to_tensors())

    @classmethod
    def load(cls, path: str | os.PathLike[str], shard: int = 0) -> TokenCountFile:
        """The file that `save` wrote, as the counts of a shard. Raises ModelError."""
        model = read_model(path, KIND)
        tokens = Tokens.of(Vocabulary.from_model(model), shard).by_key()
        if not tokens.distinct():
            raise ModelError(f"{path} is damaged: a word stands twice in it", hint=AGAIN)
        fields = model.fields
        counts = TokenCounts(tokens, fields["documents"], fields["words"])
        return cls(counts, fields["analysis"], fields["ngrams"])


def merge_files(paths: Sequence[str]) -> TokenCountFile:
    """The counts of several files, which are taken for shards in this order. Raises ModelError."""
    first = TokenCountFile.load(paths[0])
    counting = TokenCounting(first.analysis, first.ngrams)

    def counts() -> Iterator[TokenCounts]:
        yield first.counts
        for number, path in enumerate(paths[1:], start=1):
            part = TokenCountFile.load(path, number)
            if (part.analysis, part.ngrams) != (first.analysis, first.ngrams):
                raise ModelError(
                    f"{paths[0]} and {path} were counted in different ways and do not add up",
                    hint="count all parts with the same options; nlpcli inspect FILE shows them",
                )
            yield part.counts

    return TokenCountFile(merge_all(counts(), counting.merge), first.analysis, first.ngrams)
