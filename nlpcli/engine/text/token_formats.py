"""How tokens are written: one function per format, from the tokens of a line to its output.

`text` is for pipes: tokens with a space between them, which `--tokenizer whitespace` reads back.
A token that holds white space itself gets `_` for it there (sentences get a tab between them);
the other formats keep it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nlpcli.settings.text import AnalysisSettings, TokenFormatSettings

_SPACE = re.compile(r"\s+")
_BREAKS = re.compile(r"[\t\r\n]+")
_WITHOUT_SPACE = ("word", "whitespace", "char", "jamo", "nltk")


def joined(tokenizer: str) -> Callable[[list[str]], str]:
    """Bare tokens as one line of text."""
    if tokenizer in _WITHOUT_SPACE:
        return " ".join
    if tokenizer == "subword":  # split at single spaces only, so that pieces keep what they hold
        return " ".join
    if tokenizer == "sentence":
        return lambda tokens: "\t".join(_BREAKS.sub(" ", token) for token in tokens)
    return lambda tokens: " ".join(_SPACE.sub("_", token) for token in tokens)


def needs_details(settings: TokenFormatSettings) -> bool:
    """Whether the bare tokens are not enough."""
    return settings.format in ("jsonl", "tsv", "conllu") or settings.pos or settings.offsets


class Details:
    """Lines of output for tokens with places, and with tags if they are `tagged`.

    `ids` turns tokens into a model's ids.
    """

    def __init__(
        self,
        settings: TokenFormatSettings,
        analysis: AnalysisSettings,
        tagged: bool,
        ids: Callable[[list[str]], list[int]] | None,
    ) -> None:
        self._settings = settings
        self._tagged = tagged
        self._ids = ids
        self._separator = "\t" if analysis.tokenizer == "sentence" else " "
        self._number = 0

    def head(self) -> Iterator[str]:
        """What stands before the first line."""
        if self._settings.format == "tsv":
            yield "\t".join(["line", "token", *(["tag", "lemma"] if self._tagged else []), "start", "end"])

    def lines(self, text: str, tokens: Sequence[Any], universal: Sequence[Any] = ()) -> Iterator[str]:
        """What is written for the next line and its tokens; CoNLL-U also wants them with UPOS tags."""
        self._number += 1
        if self._settings.format == "conllu":
            return self._conllu(text, tokens, [token.tag for token in universal or tokens])
        return getattr(self, "_" + self._settings.format)(tokens)  # type: ignore[no-any-return]

    def _marked(self, token: Any, gap: str) -> list[str]:
        fields = [_SPACE.sub(gap, token.form)]
        if self._settings.pos:
            fields.append(token.tag)
        if self._settings.offsets:
            fields.append(f"{token.start}-{token.end}")
        return fields

    def _text(self, tokens: Sequence[Any]) -> Iterator[str]:
        gap = "_" if self._separator == " " else " "
        yield self._separator.join("/".join(self._marked(token, gap)) for token in tokens)

    def _lines(self, tokens: Sequence[Any]) -> Iterator[str]:
        for token in tokens:
            yield "\t".join(self._marked(token, " "))
        yield ""

    def _tsv(self, tokens: Sequence[Any]) -> Iterator[str]:
        for token in tokens:
            fields = [str(self._number), _BREAKS.sub(" ", token.form)]
            if self._tagged:
                fields += [token.tag, _BREAKS.sub(" ", token.dictionary_form)]
            yield "\t".join([*fields, str(token.start), str(token.end)])

    def _jsonl(self, tokens: Sequence[Any]) -> Iterator[str]:
        import json

        forms = [token.form for token in tokens]
        record: dict[str, Any] = {"tokens": forms}
        if self._tagged:
            record["tags"] = [token.tag for token in tokens]
            record["lemmas"] = [token.dictionary_form for token in tokens]
        if self._ids is not None:
            record["ids"] = self._ids(forms)
        record["offsets"] = [[token.start, token.end] for token in tokens]
        yield json.dumps(record, ensure_ascii=False)

    def _conllu(self, text: str, tokens: Sequence[Any], universal: Sequence[str]) -> Iterator[str]:
        if not tokens:
            return  # CoNLL-U has no empty sentences; the numbers tell that a line is missing
        yield f"# sent_id = {self._number}"
        yield f"# text = {_BREAKS.sub(' ', text)}"
        for number, (token, upos) in enumerate(zip(tokens, universal, strict=True), start=1):
            following = tokens[number] if number < len(tokens) else None
            misc = f"start_char={token.start}|end_char={token.end}"
            if following is not None and following.start <= token.end:
                misc = f"SpaceAfter=No|{misc}"
            form = _SPACE.sub(" ", token.form)
            lemma = _SPACE.sub(" ", token.dictionary_form) if self._tagged else "_"
            tags = (upos, token.tag) if self._tagged else ("_", "_")
            yield "\t".join([str(number), form, lemma, *tags, "_", "_", "_", "_", misc])
        yield ""


def bare_lines(
    settings: TokenFormatSettings, tokenizer: str, ids: Callable[[list[str]], list[int]] | None
) -> Callable[[list[str]], Iterator[str]]:
    """Lines of output for bare tokens, in `text` or `lines`."""
    join = joined(tokenizer)

    def text(tokens: list[str]) -> Iterator[str]:
        yield join([str(number) for number in ids(tokens)] if ids else tokens)

    def token_lines(tokens: list[str]) -> Iterator[str]:
        for token in [str(number) for number in ids(tokens)] if ids else tokens:
            yield _BREAKS.sub(" ", token)
        yield ""

    return token_lines if settings.format == "lines" else text
