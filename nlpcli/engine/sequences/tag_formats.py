"""How tagged lines are written: one function per format, from a line to the lines of output.

`slash` and `inline` give a line for a line; `conll` and `conllu` are read back by `train-tagger`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from nlpcli.engine.sequences.tagger import Entity, TaggedLine
from nlpcli.engine.text.token import Token
from nlpcli.settings.tagging import TagSettings

_XPOS = ("xpos", "tag")  # targets whose tags go into CoNLL-U's column of treebank tags
_SPACE = re.compile(r"\s+")
_BREAKS = re.compile(r"[\t\r\n]+")


class TagFormat:
    """Lines of output for tagged lines. target: what the tags are ("ner" for spans)."""

    def __init__(self, settings: TagSettings, target: str) -> None:
        self._target, self._spans, self._proba = target, settings.spans, settings.proba
        self._format = settings.format
        if self._format == "auto":
            self._format = "tsv" if self._spans else "inline" if target == "ner" else "slash"
        self._number = 0

    @property
    def own_layout(self) -> str | None:
        """The option by which it is no line for each line, or a line that is JSON; None: it is one."""
        if self._spans and self._format != "inline":
            return "--spans"
        return None if self._format in ("slash", "inline") else f"--format {self._format}"

    def head(self) -> list[str]:
        """What stands before the first line."""
        if self._format != "tsv":
            return []
        columns = ("start", "end", "label", "text") if self._spans else ("token", "tag", "start", "end")
        return ["\t".join(("line", *columns, *(("probability",) if self._proba else ())))]

    def lines(self, line: TaggedLine) -> Iterator[str]:
        """What is written for the next line."""
        self._number += 1
        if self._spans and self._format == "jsonl":
            return iter([_json({"text": line.text, "spans": self._entities(line)})])
        if self._spans and self._format == "tsv":
            return (self._span_row(entity) for entity in line.entities())
        return getattr(self, "_" + self._format)(line)  # type: ignore[no-any-return]

    def _beside(self, chance: float, mark: str) -> str:
        """The probability behind a mark, where it is asked for."""
        return f"{mark}{chance:.4f}" if self._proba else ""

    def _entities(self, line: TaggedLine) -> list[dict[str, Any]]:
        return [
            {"start": one.start, "end": one.end, "label": one.label, "text": one.text}
            | ({"probability": round(one.probability, 4)} if self._proba else {})
            for one in line.entities()
        ]

    def _span_row(self, entity: Entity) -> str:
        text = _BREAKS.sub(" ", entity.text)
        row = f"{self._number}\t{entity.start}\t{entity.end}\t{entity.label}\t{text}"
        return row + self._beside(entity.probability, "\t")

    def _slash(self, line: TaggedLine) -> Iterator[str]:
        yield " ".join(
            f"{_SPACE.sub('_', token.form)}/{tag}{self._beside(chance, '/')}"
            for token, tag, chance in line.words()
        )

    def _tsv(self, line: TaggedLine) -> Iterator[str]:
        for token, tag, chance in line.words():
            row = f"{self._number}\t{_BREAKS.sub(' ', token.form)}\t{tag}\t{token.start}\t{token.end}"
            yield row + self._beside(chance, "\t")

    def _conll(self, line: TaggedLine) -> Iterator[str]:
        for sentence in _sentences(line):
            for token, tag, chance in sentence:
                yield f"{_BREAKS.sub(' ', token.form)}{self._beside(chance, chr(9))}\t{tag}"
            yield ""

    def _jsonl(self, line: TaggedLine) -> Iterator[str]:
        words = line.words()
        record: dict[str, Any] = {
            "tokens": [token.form for token, _, _ in words],
            "tags": [tag for _, tag, _ in words],
            "offsets": [[token.start, token.end] for token, _, _ in words],
        }
        if self._proba:
            record["probabilities"] = [round(chance, 4) for _, _, chance in words]
        if self._target == "ner":
            record["spans"] = self._entities(line)
        yield _json(record)

    def _inline(self, line: TaggedLine) -> Iterator[str]:
        """The line as it is, but for its marks: spans, or where there are none all words."""
        if self._target == "ner":
            marks = line.entities()
        else:
            marks = [
                Entity(token.start, token.end, tag, token.form, chance) for token, tag, chance in line.words()
            ]
        text, done = "", 0
        for start, end, label, _, chance in marks:
            if start >= done:  # a morpheme that shares its place with the one before has no mark
                text += f"{line.text[done:start]}<{line.text[start:end]}:{label}{self._beside(chance, ':')}>"
                done = end
        yield text + line.text[done:]

    def _conllu(self, line: TaggedLine) -> Iterator[str]:
        for part, sentence in enumerate(_sentences(line), start=1):
            several = f".{part}" if len(line.sentences) > 1 else ""
            yield f"# sent_id = {self._number}{several}"
            yield f"# text = {_BREAKS.sub(' ', line.text[sentence[0][0].start : sentence[-1][0].end])}"
            for number, (token, tag, chance) in enumerate(sentence, start=1):
                misc = [f"NER={tag}"] if self._target == "ner" else []
                misc += [f"Proba={chance:.4f}"] if self._proba else []
                if number < len(sentence) and sentence[number][0].start <= token.end:
                    misc.append("SpaceAfter=No")
                misc += [f"start_char={token.start}", f"end_char={token.end}"]
                upos, xpos = tag if self._target == "upos" else "_", tag if self._target in _XPOS else "_"
                form = _SPACE.sub(" ", token.form)
                yield "\t".join([str(number), form, "_", upos, xpos, "_", "_", "_", "_", "|".join(misc)])
            yield ""


def _sentences(line: TaggedLine) -> Iterator[list[tuple[Token, str, float]]]:
    """The sentences that have words, each word with its tag and how probable that is."""
    words = iter(line.words())
    return (part for tokens in line.sentences if (part := [next(words) for _ in tokens]))


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
