"""Mallet's state of a topic model: text, gzipped, a line for every token of the training.

    #doc source pos typeindex type topic
    #alpha : 0.25 0.1
    #beta : 0.01
    0 NA 0 17 market 1

Reading adds the lines up; which text had which token is not kept. So a state that is written from a model has
the model's counts, α, β and number of texts, but its tokens are laid out topic by topic over so many texts:
what is read of it again is the model. Not here: topics themselves (`topic_model.py`).
"""

from __future__ import annotations

import gzip
import math
import re
from array import array
from collections.abc import Iterable, Iterator
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import display_name, open_bytes
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.errors import InputError, OutputError
from nlpcli.settings.fields import MOST
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings

HEAD = b"#doc source pos typeindex type topic"
_LINE = re.compile(r"(\d{1,18}) .* (\d{1,18}) (\d{1,18}) (\S+) (\d{1,18})", re.ASCII)
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_ALPHA_LEAST, _ALPHA_MOST, _BETA_MOST = 1e-6, 1e9, 1e6
_MOST_TOPICS = 4096
_PIECE = 1 << 18  # tokens


def is_state(path: str) -> bool:
    """Whether a file is one, by its first line."""
    with open_bytes(path) as (stream, _):
        return stream.read(len(HEAD)) == HEAD


def read_state(path: str) -> TopicModel:
    """The model of a state. Raises InputError, with `file:line`, for what is none."""
    lines = _Numbered(path)
    following = iter(lines)
    if next(following, "").rstrip() != HEAD.decode():
        lines.refuse(f"a state of Mallet's begins with {HEAD.decode()}")
    alpha = _numbers(lines, next(following, ""), "alpha", _ALPHA_MOST)
    if len(alpha) > _MOST_TOPICS:
        lines.refuse(f"there are {len(alpha):,} topics, {_MOST_TOPICS:,} at most can be held")
    [beta, *more] = _numbers(lines, next(following, ""), "beta", _BETA_MOST)
    if more:
        lines.refuse("there is one β")
    tokens = _Tokens(len(alpha))
    for line in following:
        if complaint := tokens.add(line):
            lines.refuse(complaint)
    if not tokens.ids:
        lines.refuse("there is no token")
    settings = TopicSettings(num_topics=len(alpha), beta=beta)
    order, counts = tokens.counts()
    names = [tokens.words[number] for number in order.tolist()]
    # Mallet lower-cases unless it is told not to.
    analysis = AnalysisSettings(lowercase=all(name == name.lower() for name in names))
    vocabulary = Vocabulary.of(names, counts.sum(axis=1, dtype=np.int64))
    clipped = np.maximum(np.array(alpha), _ALPHA_LEAST)
    return TopicModel(settings, analysis, vocabulary, tokens.document + 1, word_counts=counts, alpha=clipped)


class _Numbered:
    """The lines of a file, and how many came so far, for errors."""

    def __init__(self, path: str) -> None:
        self._path, self._number = path, 0

    def __iter__(self) -> Iterator[str]:
        for line in Lines([self._path]):
            self._number += 1
            yield line

    def refuse(self, complaint: str) -> NoReturn:
        """Raise InputError for the line at hand."""
        raise InputError(
            f"{display_name(self._path)}:{max(1, self._number)}: {complaint}",
            hint="states are what mallet train-topics --output-state writes",
        )


def _numbers(lines: _Numbered, line: str, name: str, most: float) -> list[float]:
    """Those of the line `#name : 1 2 3`, all above 0."""
    head, colon, rest = line.partition(":")
    parts = rest.split()
    if head.strip() != f"#{name}" or not colon or not parts:
        lines.refuse(f"expected #{name} : and numbers")
    found = [float(part) if len(part) < 40 and _NUMBER.fullmatch(part) else math.nan for part in parts]
    if not all(0 < number <= most for number in found):
        lines.refuse(f"expected numbers above 0, up to {most:g}, for {name}")
    return found


class _Tokens:
    """Tokens as they are read: the word and the topic of each."""

    def __init__(self, topics: int) -> None:
        self._topics = topics
        self.ids, self._drawn = array("i"), array("i")
        self.words: list[str] = []
        self._indices: list[int] = []
        self._number_of: dict[int, int] = {}  # of a type, from its index
        self._index_of: dict[str, int] = {}
        self.document = 0

    def add(self, line: str) -> str | None:
        """A line more; what is wrong with it, in words, when something is."""
        found = _LINE.fullmatch(line.rstrip())
        if found is None:
            return f"expected {HEAD.decode()[1:]}, with spaces between"
        document, index, word, topic = int(found[1]), int(found[3]), found[4], int(found[5])
        if topic >= self._topics:
            return f"topic {topic:,} of {self._topics:,}, counted from 0"
        if not self.document <= document < MOST:
            return "texts are numbered from 0 and follow each other"
        self.document = document
        number = self._number_of.get(index)
        if number is None:
            if word in self._index_of:
                return f"{word[:40]!r} has two numbers, {self._index_of[word]} and {index}"
            number = self._number_of[index] = len(self.words)
            self._index_of[word] = index
            self.words.append(word)
            self._indices.append(index)
        elif self.words[number] != word:
            return f"the type {index} is both {self.words[number][:40]!r} and {word[:40]!r}"
        self.ids.append(number)
        self._drawn.append(topic)
        return None

    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The words by their index in the file, and how often each was of each topic in that order."""
        order = np.argsort(np.array(self._indices), kind="stable")
        row = np.empty(len(order), dtype=np.int64)
        row[order] = np.arange(len(order))
        counts = np.zeros((len(order), self._topics), dtype=np.int32)
        for start in range(0, len(self.ids), _PIECE):
            ids, topics = (np.array(part[start : start + _PIECE]) for part in (self.ids, self._drawn))
            np.add.at(counts, (row[ids], topics), 1)
        return order, counts


def write_state(model: TopicModel, path: str) -> None:
    """Write the state of a model of lda. Raises OutputError for a word with a space in it."""
    words = model.vocabulary.tokens
    odd = next((word for word in words if not word or any(map(str.isspace, word))), None)
    if odd is not None:
        raise OutputError(
            f"{path}: Mallet's state holds no word with a space, and there is {odd[:40]!r}",
            hint="train with a tokenizer whose words have none",
        )
    assert model.alpha is not None
    with write_atomically(path) as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(HEAD + b"\n")
        packed.write(
            ("#alpha : " + "".join(f"{number!r} " for number in model.alpha.tolist()) + "\n").encode()
        )
        packed.write(f"#beta : {model.settings.beta!r}\n".encode())
        _write_tokens(model, packed, _encoded(words))


def _encoded(words: Iterable[str]) -> list[bytes]:
    return [word.encode("utf-8", "replace") for word in words]


def _write_tokens(model: TopicModel, file: gzip.GzipFile, words: list[bytes]) -> None:
    """The tokens, topic by topic, over as many texts as the model is of."""
    assert model.word_counts is not None
    total = int(model.word_counts.sum(dtype=np.int64))
    last, document, place, number = model.documents - 1, -1, 0, 0
    for topic in range(len(model)):
        for word in np.flatnonzero(model.word_counts[:, topic]).tolist():
            end = b" %d %s %d\n" % (word, words[word], topic)
            for _ in range(int(model.word_counts[word, topic])):
                here = last - (total - 1 - number) * model.documents // total
                place = place + 1 if here == document else 0
                document, number = here, number + 1
                file.write(b"%d NA %d" % (document, place) + end)
