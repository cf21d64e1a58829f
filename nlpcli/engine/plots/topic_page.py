"""A page of topics, as one HTML file: a map of them, their words, their texts, and how they come and go.

The page itself is `data/topics.html`; this reads the texts and puts what it shows into it.
"""

from __future__ import annotations

import dataclasses
import heapq

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io import page_style, pages
from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.topics.periods import Date, parse_date, periods
from nlpcli.engine.topics.topic_map import distances, places, telling_words, word_shares
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings, RecordSettings, TextRowSettings
from nlpcli.wording import counted

_WORDS = 30  # of a topic, for each λ
_TEXTS = 12  # of a topic
_SHOWN = 240  # characters of a text
_MOST_TOPICS = 1_000


@plain_settings
def topic_page(
    model: str,
    paths: Paths,
    output: str,
    *,
    date_col: str | None = None,
    title: str = "Topics",
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> None:
    """Write a page about the topics of a model, and how much of each is in some texts.

    `date_col` names the column of a table that tells when a text is from: then the page shows the topics over
    time.

    Raises SettingsError for a model of lsa, InputError for texts of which the model knows no word, and where
    none has a date.
    """
    check_writable(output)
    loaded = TopicModel.load(model)
    if loaded.settings.method == "lsa":
        raise SettingsError("the model is of lsa, which has dimensions and no topics to show on a page")
    if len(loaded) > _MOST_TOPICS:
        raise SettingsError(
            f"a page shows {_MOST_TOPICS:,} topics at most, and the model has {len(loaded):,}"
        )
    beside = dataclasses.replace(RecordSettings.of(records), label_col=date_col)
    rows = Records(paths, beside, reading, labelled=date_col is not None, progress=progress)
    read = _Read(len(loaded))
    for batch in rows.texts():
        dates = rows.labels(range(len(rows.codes) - len(batch), len(rows.codes))) if date_col else []
        read.add(loaded, batch, dates)
    if not read.tokens:
        raise InputError("no text has a word that the model knows", hint="are they of another language?")
    data = {**_of_model(loaded), **read.told(date_col, progress)}
    content = page_style.page("topics", title=title, DATA=pages.script_data(data))
    with write_atomically(output) as file:
        file.write(content.encode("utf-8", "replace"))
    progress.note(f"{output}: {counted(len(loaded), 'topic')}, {counted(read.texts, 'text')}")


def _of_model(model: TopicModel) -> dict[str, object]:
    """The map and the words. A word of a topic is [number of the word, its share there]."""
    shares = word_shares(model)
    counts = model.vocabulary.counts.astype(np.float64)
    everywhere = counts / max(float(counts.sum()), 1.0)
    telling = telling_words(shares, everywhere, _WORDS)
    used = sorted({word for words in telling for word in words.tolist()})
    number = {word: place for place, word in enumerate(used)}
    return {
        "method": model.settings.method,
        "total": int(counts.sum()),
        "words": [pages.plain(model.vocabulary.tokens[word]) for word in used],
        "counts": model.vocabulary.counts[used].tolist(),
        "places": np.round(places(distances(shares)), 4).tolist(),
        "sizes": np.round(model.sizes, 6).tolist(),
        "telling": [
            [
                [number[word], _short(share)]
                for word, share in zip(words.tolist(), row[words].tolist(), strict=True)
            ]
            for words, row in zip(telling, shares, strict=True)
        ],
    }


class _Read:
    """What the texts tell of the topics, added up as they come."""

    def __init__(self, topics: int) -> None:
        self.texts = self.tokens = 0
        self._shares = np.zeros(topics)
        self._main = np.zeros(topics, dtype=np.int64)
        self._best: list[list[tuple[float, int, str]]] = [[] for _ in range(topics)]
        self._dates: list[Date | None] = []
        self._weights: list[NDArray[np.float32]] = []

    def add(self, model: TopicModel, texts: list[str], dates: list[str]) -> None:
        """Some more texts, and their dates where they have any."""
        corpus = model.encode([texts])
        weights = model.weights(corpus)
        lengths = np.diff(corpus.offsets)
        self._shares += (weights * lengths[:, None]).sum(axis=0, dtype=np.float64)
        known = lengths > 0
        self._main += np.bincount(weights[known].argmax(axis=1), minlength=len(self._main))
        for topic, best in enumerate(self._best):
            for row in np.argsort(-weights[:, topic], kind="stable")[:_TEXTS].tolist():
                if weights[row, topic] > 0:
                    shown = texts[row][:_SHOWN] + ("…" if len(texts[row]) > _SHOWN else "")
                    heapq.heappush(
                        best, (float(weights[row, topic]), -(self.texts + row), pages.plain(shown))
                    )
                    if len(best) > _TEXTS:
                        heapq.heappop(best)
        if dates:
            self._dates += map(parse_date, dates)
            self._weights.append(weights)
        self.texts += len(texts)
        self.tokens += int(lengths.sum())

    def told(self, date_col: str | None, progress: Progress) -> dict[str, object]:
        """What the page shows of it. A text of a topic is [its number from 1, its weight, how it begins]."""
        found: dict[str, object] = {
            "texts": self.texts,
            "tokens": self.tokens,
            "shares": np.round(self._shares / max(self.tokens, 1), 6).tolist(),
            "main": self._main.tolist(),
            "best": [
                [[1 - place, round(weight, 4), text] for weight, place, text in sorted(best, reverse=True)]
                for best in self._best
            ],
            "periods": [],
            "overTime": [],
            "textsOverTime": [],
        }
        return {**found, **self._over_time(progress)} if date_col is not None else found

    def _over_time(self, progress: Progress) -> dict[str, object]:
        names, of_text = periods(self._dates)
        missing = sum(date is None for date in self._dates)
        if not names:
            raise InputError(
                f"no text has a date such as 2024-03-09: {missing:,} have none",
                hint="--date-col names its column",
            )
        if missing:
            progress.lost(
                f"{counted(missing, 'text has', 'texts have')} no date such "
                "as 2024-03-09, and left out over time"
            )
        weights = np.concatenate(self._weights)
        period = np.array(of_text)
        period[~weights.any(axis=1)] = -1  # without a word that the model knows
        counts = np.bincount(period[period >= 0], minlength=len(names))
        sums = np.zeros((len(names), weights.shape[1]))
        np.add.at(sums, period[period >= 0], weights[period >= 0])
        means = np.round(sums / np.maximum(counts, 1)[:, None], 4)
        return {"periods": names, "overTime": means.T.tolist(), "textsOverTime": counts.tolist()}


def _short(share: float) -> float:
    """Four digits that count."""
    return float(f"{share:.4g}")
