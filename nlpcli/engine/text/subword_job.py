"""Subword models: what `train-subword` and `detokenize` do.

Not here: the models themselves (`tokenizers/sentencepiece.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.io.writing import Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.engine.text.tokenizers.sentencepiece import Subwords, WordCounts, train
from nlpcli.engine.text.tokenizers.sentencepiece import merges as first_merges
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import LineSettings
from nlpcli.settings.text import SubwordSettings
from nlpcli.wording import counted


@plain_settings
def train_subword(
    paths: Paths,
    output: Output,
    settings: SubwordSettings = SubwordSettings(),
    *,
    reading: TextInputSettings = TextInputSettings(),
    progress: Progress = SILENT,
) -> Subwords:
    """A subword model of some texts, written as sentencepiece's own file.

    With byte-pair encoding, its attribute `merges` then holds the first `settings.merges` joins.

    Raises InputError when the text is empty or has too little in it for the vocabulary, and
    OutputError, before any work, when `output` cannot be written.
    """
    if settings.merges and settings.model_type != "bpe":
        raise SettingsError("--show-merges needs --method bpe: a unigram model has no merges")
    path = output if isinstance(output, str | os.PathLike) else None
    if path is not None:
        check_writable(path)
    counter = WordCounts()
    lines = text_lines(paths, reading, progress)
    content = train(counter.counted(lines) if settings.merges else lines, settings)
    with open_output(output) as file:
        file.write(content)
    model = Subwords(content)
    if path is not None:
        progress.note(f"{path}: {counted(len(model), 'piece')} ({settings.model_type})")
    model.merges = first_merges(model, counter.counts, settings.merges)
    return model


@plain_settings
def detokenize(
    texts: Paths | Iterable[str | Sequence[str | int]],
    model: str,
    output: Output | None = None,
    *,
    ids: bool = False,
    reading: TextInputSettings = TextInputSettings(),
    table: LineSettings = LineSettings(),
) -> list[str]:
    """Each text from its subwords: exactly the text that was split by the `model` in that file.

    A text is a list of pieces, or with `ids` of their numbers in the model; or a string of them with
    spaces between. With `output`, `texts` names files of such lines, the lines go there, and none
    are given back; a table gets the rows of the texts, with the column
    `detokenized`.

    Raises InputError, with `file:line`, for an id that the model does not have.
    """
    subwords = Subwords.load(model)
    if output is None:
        given = as_list(texts) or []
        return subwords.detokenize(_pieces(subwords, text, ids) for text in given)
    kept = kept_for(output, table)
    lines = text_lines(texts if texts is None else [str(name) for name in texts], reading, kept=kept)
    with open_lines(output, kept, [Column("detokenized")], table) as writer:
        for line in lines:
            try:
                writer.write(subwords.join(_pieces(subwords, line, ids)))
            except InputError as error:
                raise InputError(f"{lines.place}: {error.message}", hint=error.hint) from error
    return []


def _pieces(subwords: Subwords, text: str | Sequence[str | int], ids: bool) -> Sequence[str]:
    """The pieces of a text. Raises InputError naming what is no id of the model."""
    if ids:
        return subwords.from_ids(text.split() if isinstance(text, str) else text)
    if isinstance(text, str):
        return text.split(" ") if text else []
    return [str(part) for part in text]
