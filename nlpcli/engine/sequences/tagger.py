"""A tagger at work on bare text: lines in, words with tags and spans out.

Not here: weights (`tagging/linear_tagger.py`, `recurrent_tagger.py`), how lines are written
(`tag_formats.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from nlpcli.engine.sequences.models import TaggerModel, load_tagger
from nlpcli.engine.sequences.words import WRITTEN, Words
from nlpcli.engine.tagging.labels import spans_of
from nlpcli.engine.text.arguments import as_list
from nlpcli.engine.text.token import Token
from nlpcli.errors import SettingsError
from nlpcli.settings.text import AnalysisSettings

Item = TypeVar("Item")


class Entity(NamedTuple):
    """Characters `start` up to but without `end` of a line, what they are, and their text.

    probability: that of its least sure word; 1 where it was not asked for.
    """

    start: int
    end: int
    label: str
    text: str
    probability: float = 1.0


class TaggedLine(NamedTuple):
    """A line, and its sentences of words with tags; how probable each tag is, where it was asked for."""

    text: str
    sentences: list[list[Token]]
    tags: list[list[str]]
    chances: list[list[float]]

    def words(self) -> list[tuple[Token, str, float]]:
        """All words with their tags and how probable these are (1 where it was not asked for)."""
        return [
            word
            for tokens, tags, chances in zip(self.sentences, self.tags, self.chances, strict=True)
            for word in zip(tokens, tags, chances or [1.0] * len(tags), strict=True)
        ]

    def entities(self) -> list[Entity]:
        """The spans, by the labels in the tags."""
        found = []
        for tokens, tags, chances in zip(self.sentences, self.tags, self.chances, strict=True):
            for span in spans_of(tags):
                start, end = tokens[span.start].start, tokens[span.end - 1].end
                chance = min(chances[span.start : span.end], default=1.0)
                found.append(Entity(start, end, span.label, self.text[start:end], chance))
        return found


class Tagger:
    """A model with the tokenizer that it was trained for."""

    def __init__(self, model: TaggerModel, *, words: bool = False) -> None:
        """`words`: texts are words already, with spaces between them."""
        self.model = model
        space = model.space
        quotes, bracket, round_ = model.knows(["``", WRITTEN["("], "("]).tolist()
        self._words = Words(
            AnalysisSettings(tokenizer="whitespace") if words else model.analysis,
            space,
            quotes=quotes,
            brackets=bracket and not round_,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, words: bool = False) -> Tagger:
        """The tagger in a model file. Raises ModelError."""
        return cls(load_tagger(path), words=words)

    def lines(self, texts: Sequence[str], *, proba: bool = False) -> list[TaggedLine]:
        """Every line with its words and tags; spaces that the model sees as words are left out again."""
        cut = [self._words.sentences(text) for text in texts]
        forms = [[token.form for token in sentence] for line in cut for sentence in line]
        tags, chances = self.model.tag_with_probabilities(forms) if proba else (self.model.tag(forms), None)
        found, done = [], 0
        for text, sentences in zip(texts, cut, strict=True):
            part = slice(done, done := done + len(sentences))
            likely = chances[part] if chances is not None else [[] for _ in sentences]
            found.append(self._without_spaces(TaggedLine(text, sentences, tags[part], likely)))
        return found

    def _without_spaces(self, line: TaggedLine) -> TaggedLine:
        space = self.model.space
        if not space:
            return line
        kept = [[token.form != space for token in tokens] for tokens in line.sentences]
        return TaggedLine(
            line.text,
            [_kept(*pair) for pair in zip(line.sentences, kept, strict=True)],
            [_kept_tags(*pair) for pair in zip(line.tags, kept, strict=True)],
            [
                _kept(chances, keep) if chances else []
                for chances, keep in zip(line.chances, kept, strict=True)
            ],
        )

    def tag(self, texts: Iterable[str]) -> list[list[tuple[str, str]]]:
        """The words of each text with their tags."""
        lines = self.lines([*as_list(texts)])
        return [
            [(line.text[token.start : token.end], tag) for token, tag, _ in line.words()] for line in lines
        ]

    def entities(self, texts: Iterable[str]) -> list[list[Entity]]:
        """The spans of each text, with their places in it. Raises SettingsError for other tags."""
        self.check_spans()
        return [line.entities() for line in self.lines([*as_list(texts)])]

    def check_spans(self) -> None:
        """Raise SettingsError for a model whose tags are no labels of spans."""
        if not self.model.spans:
            raise SettingsError(
                "the model gives every word a tag, it finds no spans",
                hint="train-tagger on labels of spans (B-PER, I-PER, O) makes one that does",
            )


def _kept(items: Sequence[Item], kept: Sequence[bool]) -> list[Item]:
    return [item for item, keep in zip(items, kept, strict=True) if keep]


def _kept_tags(tags: Sequence[str], kept: Sequence[bool]) -> list[str]:
    """The tags of words alone; a span that began at a space begins at its next word."""
    found: list[str] = []
    begun = ""
    for tag, keep in zip(tags, kept, strict=True):
        if not keep:
            begun = tag if tag.startswith("B-") else ""
        else:
            found.append(begun if begun and tag == "I" + begun[1:] else tag)
            begun = ""
    return found
