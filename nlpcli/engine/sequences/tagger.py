"""A tagger at work on bare text: lines in, words with tags and spans out.

Not here: weights (`tagging/linear_tagger.py`), and how lines are written (`tag_formats.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nlpcli.engine.sequences.words import WRITTEN, Words
from nlpcli.engine.tagging.labels import spans_of
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.text.arguments import as_list
from nlpcli.engine.text.token import Token
from nlpcli.errors import SettingsError
from nlpcli.settings.text import AnalysisSettings


class Entity(NamedTuple):
    """Characters `start` up to but without `end` of a line, what they are, and their text."""

    start: int
    end: int
    label: str
    text: str


class TaggedLine(NamedTuple):
    """A line, and its sentences of words with tags."""

    text: str
    sentences: list[list[Token]]
    tags: list[list[str]]

    def words(self) -> list[tuple[Token, str]]:
        """All words with their tags."""
        return [
            pair
            for tokens, tags in zip(self.sentences, self.tags, strict=True)
            for pair in zip(tokens, tags, strict=True)
        ]

    def entities(self) -> list[Entity]:
        """The spans, by the labels in the tags."""
        found = []
        for tokens, tags in zip(self.sentences, self.tags, strict=True):
            for span in spans_of(tags):
                start, end = tokens[span.start].start, tokens[span.end - 1].end
                found.append(Entity(start, end, span.label, self.text[start:end]))
        return found


class Tagger:
    """A model with the tokenizer that it was trained for."""

    def __init__(self, model: LinearTagger, *, words: bool = False) -> None:
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
        return cls(LinearTagger.load(path), words=words)

    def lines(self, texts: Sequence[str]) -> list[TaggedLine]:
        """Every line with its words and tags; spaces that the model sees as words are left out again."""
        cut = [self._words.sentences(text) for text in texts]
        sentences = [sentence for line in cut for sentence in line]
        tags = iter(self.model.tag([[token.form for token in sentence] for sentence in sentences]))
        return [
            self._line(text, line, [next(tags) for _ in line]) for text, line in zip(texts, cut, strict=True)
        ]

    def _line(self, text: str, sentences: list[list[Token]], tags: list[list[str]]) -> TaggedLine:
        space = self.model.space
        if not space:
            return TaggedLine(text, sentences, tags)
        kept = [[token.form != space for token in tokens] for tokens in sentences]
        return TaggedLine(
            text,
            [
                [one for one, keep in zip(*pair, strict=True) if keep]
                for pair in zip(sentences, kept, strict=True)
            ],
            [_without_spaces(*pair) for pair in zip(tags, kept, strict=True)],
        )

    def tag(self, texts: Iterable[str]) -> list[list[tuple[str, str]]]:
        """The words of each text with their tags."""
        lines = self.lines([*as_list(texts)])
        return [[(line.text[token.start : token.end], tag) for token, tag in line.words()] for line in lines]

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


def _without_spaces(tags: Sequence[str], kept: Sequence[bool]) -> list[str]:
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
