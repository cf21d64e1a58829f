"""How tagged lines are written: one function per format, from a line to the lines of output.

`slash` and `inline` give a line for a line; `conll` and `conllu` are read back by `train-tagger`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from nlpcli.engine.sequences.tagger import Entity, TaggedLine
from nlpcli.settings.tagging import TagSettings

_SPACE = re.compile(r"\s+")
_BREAKS = re.compile(r"[\t\r\n]+")


class TagFormat:
    """Lines of output for tagged lines. target: what the tags are ("ner" for spans)."""

    def __init__(self, settings: TagSettings, target: str) -> None:
        self._target, self._spans = target, settings.spans
        self._format = settings.format
        if self._format == "auto":
            self._format = "tsv" if self._spans else "inline" if target == "ner" else "slash"
        self._number = 0

    def head(self) -> list[str]:
        """What stands before the first line."""
        if self._format != "tsv":
            return []
        columns = ("start", "end", "label", "text") if self._spans else ("token", "tag", "start", "end")
        return ["\t".join(("line", *columns))]

    def lines(self, line: TaggedLine) -> Iterator[str]:
        """What is written for the next line."""
        self._number += 1
        if self._spans and self._format == "jsonl":
            spans = [entity._asdict() for entity in line.entities()]
            return iter([_json({"text": line.text, "spans": spans})])
        if self._spans and self._format == "tsv":
            return (self._span_row(entity) for entity in line.entities())
        return getattr(self, "_" + self._format)(line)  # type: ignore[no-any-return]

    def _span_row(self, entity: Entity) -> str:
        text = _BREAKS.sub(" ", entity.text)
        return f"{self._number}\t{entity.start}\t{entity.end}\t{entity.label}\t{text}"

    def _slash(self, line: TaggedLine) -> Iterator[str]:
        yield " ".join(f"{_SPACE.sub('_', token.form)}/{tag}" for token, tag in line.words())

    def _tsv(self, line: TaggedLine) -> Iterator[str]:
        for token, tag in line.words():
            yield f"{self._number}\t{_BREAKS.sub(' ', token.form)}\t{tag}\t{token.start}\t{token.end}"

    def _conll(self, line: TaggedLine) -> Iterator[str]:
        for tokens, tags in zip(line.sentences, line.tags, strict=True):
            for token, tag in zip(tokens, tags, strict=True):
                yield f"{_BREAKS.sub(' ', token.form)}\t{tag}"
            yield ""

    def _jsonl(self, line: TaggedLine) -> Iterator[str]:
        words = line.words()
        record: dict[str, Any] = {
            "tokens": [token.form for token, _ in words],
            "tags": [tag for _, tag in words],
            "offsets": [[token.start, token.end] for token, _ in words],
        }
        if self._target == "ner":
            record["spans"] = [entity._asdict() for entity in line.entities()]
        yield _json(record)

    def _inline(self, line: TaggedLine) -> Iterator[str]:
        """The line as it is, but for its marks: spans, or where there are none all words."""
        if self._target == "ner":
            marks = line.entities()
        else:
            marks = [Entity(token.start, token.end, tag, token.form) for token, tag in line.words()]
        text, done = "", 0
        for start, end, label, _ in marks:
            if start >= done:  # a morpheme that shares its place with the one before has no mark
                text += f"{line.text[done:start]}<{line.text[start:end]}:{label}>"
                done = end
        yield text + line.text[done:]

    def _conllu(self, line: TaggedLine) -> Iterator[str]:
        for part, (tokens, tags) in enumerate(zip(line.sentences, line.tags, strict=True), start=1):
            if not tokens:
                continue
            several = f".{part}" if len(line.sentences) > 1 else ""
            yield f"# sent_id = {self._number}{several}"
            yield f"# text = {_BREAKS.sub(' ', line.text[tokens[0].start : tokens[-1].end])}"
            for number, (token, tag) in enumerate(zip(tokens, tags, strict=True), start=1):
                misc = [f"NER={tag}"] if self._target == "ner" else []
                if number < len(tokens) and tokens[number].start <= token.end:
                    misc.append("SpaceAfter=No")
                misc += [f"start_char={token.start}", f"end_char={token.end}"]
                upos, xpos = (tag if self._target == target else "_" for target in ("upos", "xpos"))
                xpos = tag if self._target == "tag" else xpos
                form = _SPACE.sub(" ", token.form)
                yield "\t".join([str(number), form, "_", upos, xpos, "_", "_", "_", "_", "|".join(misc)])
            yield ""


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
