"""Subword models: `train-subword` and `detokenize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Output, Quiet, with_settings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import SubwordSettings


@with_settings
def train_subword(
    files: Files = None,
    output: Annotated[
        str, typer.Option("-o", "--output", help="Model file to write.", metavar="FILE", show_default=False)
    ] = ...,  # type: ignore[assignment]
    settings: SubwordSettings = SubwordSettings(),
    reading: InputSettings = InputSettings(),
    show_merges: Annotated[
        int, typer.Option(help="BPE: print the first N merges and their counts.", min=0, metavar="N")
    ] = 0,
    quiet: Quiet = False,
) -> None:
    """Learn subwords from text; the model is sentencepiece's own file.

    \b
    Examples:
      nlpcli train-subword wiki.txt --vocab-size 8000 -o ko.model
      nlpcli train-subword wiki.txt --model unigram -o ko.model
      nlpcli train-subword tiny.txt --vocab-size 300 --show-merges 20 -o tiny.model
      nlpcli tokenize --tokenizer subword --model ko.model news.txt | nlpcli detokenize --model ko.model
    """
    from nlpcli.engine.io.atomic import check_writable, write_atomically
    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords, WordCounts, merges, train
    from nlpcli.errors import SettingsError

    if show_merges and settings.model_type != "bpe":
        raise SettingsError("--show-merges needs --model bpe: a unigram model has no merges")
    if show_merges and output == "-":
        raise SettingsError("--show-merges prints to stdout: write the model to a file with -o")
    if output != "-":
        check_writable(output)
    progress = console.progress(quiet)
    counter = WordCounts()
    lines = Lines(files, reading, progress, "reading")
    content = train(counter.counted(lines) if show_merges else lines, settings)
    if output == "-":
        with console.open_output(output) as file:
            file.write(content)
        return
    with write_atomically(output) as file:
        file.write(content)
    model = Subwords(content)
    progress.note(f"{output}: {len(model):,} pieces ({settings.model_type})")
    if show_merges:
        rows = [
            (number, *row) for number, row in enumerate(merges(model, counter.counts, show_merges), start=1)
        ]
        console.print_table(["merge", "left", "right", "joined", "count"], rows)


@with_settings
def detokenize(
    files: Files = None,
    output: Output = "-",
    model: Annotated[
        str,
        typer.Option("--model", help="The model that split the text.", metavar="FILE", show_default=False),
    ] = ...,  # type: ignore[assignment]
    ids: Annotated[bool, typer.Option("--ids", help="The input is ids, not pieces.")] = False,
    reading: InputSettings = InputSettings(),
) -> None:
    """Put subwords together again: exactly the text that was split.

    \b
    Examples:
      nlpcli detokenize --model ko.model pieces.txt > text.txt
      nlpcli tokenize --tokenizer subword --model ko.model --ids a.txt > ids.txt
      nlpcli detokenize --ids --model ko.model ids.txt
    """
    import base64

    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.text.resources import read_base64
    from nlpcli.engine.text.tokenizers.sentencepiece import Subwords
    from nlpcli.errors import InputError

    subwords = Subwords(base64.b64decode(read_base64(model)))
    parts: Callable[[str], list[str]] = lambda line: line.split(" ") if line else []  # noqa: E731
    lines = Lines(files, reading)
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for line in lines:
            if not ids:
                writer.write(subwords.join(parts(line)))
                continue
            try:
                numbers = [int(part) for part in line.split()]
                writer.write(subwords.join(subwords.from_ids(numbers)))
            except ValueError as error:
                raise InputError(f"{lines.place}: expected ids, found {line[:40]!r}") from error
            except InputError as error:
                raise InputError(f"{lines.place}: {error.message}") from error
