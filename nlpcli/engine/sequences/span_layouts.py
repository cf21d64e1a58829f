"""Texts with spans: marked in the line, or as JSON of spaCy, doccano and Label Studio.

{"text": …, "label": [[0, 3, "PER"]]}                       doccano (also "labels", "entities", "spans")
{"text": …, "entities": [{"start_offset": 0, …}]}           doccano's other export
{"text": …, "spans": [{"start": 0, "end": 3, "label": …}]}  spaCy's Prodigy
["text", {"entities": [[0, 3, "PER"]]}]                     spaCy
{"data": {"text": …}, "annotations": [{"result": [{"value": {"start": 0, …, "labels": ["PER"]}}]}]}
                                                            Label Studio, one list or a line each
{"tokens": […], "tags": […]}                                words already
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nlpcli.engine.sequences.records import CharacterSpan, SpannedText, TaggedSentence
from nlpcli.errors import InputError
from nlpcli.wording import counted

MARKED = re.compile(r"<([^<>\n]+):([A-Za-z_가-힣][\w.\-]*)>")
_TEXTS = ("text", "sentence", "content")
_SPANS = ("spans", "entities", "label", "labels", "annotations", "ner")
_TAGS = ("tags", "ner_tags", "labels", "pos_tags", "upos", "xpos", "ner")
_TOKENS = ("tokens", "words")
_STARTS, _ENDS = ("start", "start_offset", "begin"), ("end", "end_offset")
_LABELS = ("label", "labels", "type", "tag", "hypertextlabels")


def read_inline(lines: Sequence[str], name: str) -> Iterator[SpannedText]:
    """Texts whose spans are marked: <홍길동:PS>은."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        text, spans, done = "", [], 0
        for mark in MARKED.finditer(line):
            text += line[done : mark.start()]
            spans.append(CharacterSpan(len(text), len(text) + len(mark[1]), mark[2]))
            text += mark[1]
            done = mark.end()
        yield SpannedText(text + line[done:], spans, name, number)


def is_json(lines: Sequence[str]) -> bool:
    """Whether some first lines are JSON: an object or list each, or the beginning of one list."""
    try:
        value = json.loads(lines[0])
    except (ValueError, RecursionError):
        return lines[0].strip() in ("[", "{") or lines[0].lstrip().startswith(("[{", '{"'))
    return isinstance(value, dict | list)


def read_json(lines: Sequence[str], name: str) -> Iterator[SpannedText | TaggedSentence]:
    """Texts with spans, or tokens with tags, from JSON lines or one JSON list. Raises InputError."""
    for number, record in _records(lines, name):
        yield _Record(record, name, number).read()


def _records(lines: Sequence[str], name: str) -> Iterator[tuple[int, Any]]:
    """Every record with the number of its line; a list over many lines has none but the first."""
    first = next((number for number, line in enumerate(lines, start=1) if line.strip()), 1)
    try:
        whole = json.loads(lines[first - 1])
        in_one = isinstance(whole, list) and all(isinstance(one, dict | list) for one in whole)
    except (ValueError, RecursionError):
        in_one = True
    if in_one:
        try:
            whole = json.loads("\n".join(lines))
        except (ValueError, RecursionError) as error:
            raise _not_json(name, getattr(error, "lineno", first), error) from error
        yield from ((first, record) for record in (whole if isinstance(whole, list) else [whole]))
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _not_json(name, number, error) from error


def _not_json(name: str, line: int, error: Exception) -> InputError:
    return InputError(
        f"{name}:{line}: not JSON: {error}", hint="wanted: a record a line, or one list of them"
    )


class _Record:
    """One record, and where it stands."""

    def __init__(self, record: Any, name: str, line: int) -> None:
        self._record, self._name, self._line = record, name, line

    def read(self) -> SpannedText | TaggedSentence:
        record = self._record
        if isinstance(record, list) and len(record) == 2 and isinstance(record[1], dict):
            record = {"text": record[0], **record[1]}
        if not isinstance(record, dict):
            raise self._wrong(f"expected an object with a text, found {type(record).__name__}")
        if isinstance(record.get("data"), dict):
            record = {"text": _first(record["data"], _TEXTS), "spans": self._results(record)}
        tokens = _first(record, _TOKENS)
        if isinstance(tokens, list):
            return self._sentence(tokens, _first(record, _TAGS))
        text, spans = _first(record, _TEXTS), _first(record, _SPANS)
        if not isinstance(text, str):
            raise self._wrong("the record has no text")
        if not isinstance(spans, list):
            raise self._wrong(f"the record has no list of spans, under {', '.join(_SPANS[:4])}")
        found = [self._span(span, len(text)) for span in spans]
        return SpannedText(text, sorted(span for span in found if span), self._name, self._line)

    def _results(self, record: Mapping[str, Any]) -> list[Any]:
        """The spans of Label Studio's first annotation that was not cancelled."""
        several = _first(record, ("annotations", "completions"))
        for one in several if isinstance(several, list) else []:
            if isinstance(one, dict) and not one.get("was_cancelled"):
                results = one.get("result")
                return [
                    result["value"]
                    for result in (results if isinstance(results, list) else [])
                    if isinstance(result, dict)
                    and isinstance(result.get("value"), dict)
                    and "start" in result["value"]
                ]
        return []

    def _sentence(self, tokens: list[Any], tags: Any) -> TaggedSentence:
        if not isinstance(tags, list) or len(tags) != len(tokens):
            count = len(tags) if isinstance(tags, list) else 0
            raise self._wrong(f"{counted(len(tokens), 'token has', 'tokens have')} {counted(count, 'tag')}")
        words = [str(token) for token in tokens]
        return TaggedSentence(words, [str(tag) for tag in tags], self._name, self._line)

    def _span(self, span: Any, length: int) -> CharacterSpan | None:
        if isinstance(span, dict):
            start, end, label = _first(span, _STARTS), _first(span, _ENDS), _first(span, _LABELS)
            label = label[0] if isinstance(label, list) and label else label
        elif isinstance(span, list) and len(span) >= 3:
            start, end, label = span[:3]
        else:
            raise self._wrong(f"a span is [start, end, label], not {_short(span)}")
        numbers = all(isinstance(number, int) and not isinstance(number, bool) for number in (start, end))
        if not numbers or not isinstance(label, str) or not label:
            raise self._wrong(f"a span is [start, end, label], not {_short(span)}")
        if not 0 <= start <= end <= length:
            raise self._wrong(
                f"the span {start} to {end} is not within the text, which has {counted(length, 'character')}"
            )
        return CharacterSpan(start, end, label) if start < end else None

    def _wrong(self, message: str) -> InputError:
        return InputError(
            f"{self._name}:{self._line}: {message}",
            hint='wanted: {"text": "…", "spans": [[0, 3, "PER"]]} or {"tokens": […], "tags": […]}',
        )


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def _first(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    """What stands under the first of some names that is there."""
    return next((record[name] for name in names if record.get(name) is not None), None)
