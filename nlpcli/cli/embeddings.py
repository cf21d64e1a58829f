"""Word vectors from running text: `train-w2v`, `train-fasttext`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Quiet, with_settings
from nlpcli.errors import SettingsError
from nlpcli.settings import AnalysisSettings, InputSettings, VocabularySettings, Word2VecSettings

VectorsFile = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        help="File to write: .safetensors (the whole model), .txt or .vec (word2vec text), .bin (binary).",
        metavar="FILE",
        show_default=False,
    ),
]


@with_settings
def train_w2v(
    files: Files = None,
    output: VectorsFile = "",
    settings: Word2VecSettings = Word2VecSettings(),  # noqa: B008 (frozen)
    vocabulary: VocabularySettings = VocabularySettings(min_count=5),  # noqa: B008 (frozen)
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    show_pairs: Annotated[
        bool, typer.Option("--show-pairs", help="Print the pairs of word<TAB>neighbour and train nothing.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Train word vectors from running text: skip-gram or CBOW.

    Every line is a sentence: no window reaches over its end. The model file (.safetensors)
    keeps input and output vectors, vocabulary, settings and analysis.

    \b
    Examples:
      nlpcli train-w2v wiki.txt.gz -o wiki.safetensors
      zcat wiki.txt.gz | nlpcli train-w2v --model cbow --dim 300 --threads 8 -o wiki.txt
      nlpcli train-w2v --tokenizer kiwi --min-count 10 ko.txt -o ko.safetensors
      echo 'I study math' | nlpcli train-w2v --show-pairs --window 1 --min-count 1 --no-lowercase
    """
    if show_pairs:
        _show_pairs(files, settings.window, vocabulary, analysis, reading)
        return
    _check_output(output)
    from nlpcli.engine.word2vec import train_word2vec

    train_word2vec(files, output, settings, analysis, vocabulary, reading, console.progress(quiet))


def _show_pairs(
    files: list[str] | None,
    window: int,
    vocabulary: VocabularySettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
) -> None:
    from nlpcli.engine.encoding import encode
    from nlpcli.engine.word2vec import pairs

    with console.open_output("-") as file:
        writer = console.LineWriter(file)
        for word, neighbour in pairs(encode(files, analysis, vocabulary, reading), window):
            writer.write(f"{word}\t{neighbour}")


def _check_output(output: str) -> None:
    if not output:
        raise SettingsError("no file to write is named", hint="add -o vectors.safetensors")
    if output == "-":
        raise SettingsError(
            "vectors are written to a file, not to stdout", hint="name a file: -o vectors.txt"
        )
