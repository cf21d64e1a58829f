"""Word vectors from running text: `train-w2v`, `train-fasttext`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Quiet, with_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.embeddings import (
    ContinuationSettings,
    FastTextSettings,
    PhraseSettings,
    Word2VecSettings,
)
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

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


_LOWERCASE = AnalysisSettings(lowercase=True)
_MIN_COUNT_5 = VocabularySettings(min_count=5)


@with_settings
def train_w2v(
    files: Files = None,
    output: VectorsFile = "",
    settings: Word2VecSettings = Word2VecSettings(),
    vocabulary: VocabularySettings = _MIN_COUNT_5,
    phrases: PhraseSettings = PhraseSettings(),
    continuation: ContinuationSettings = ContinuationSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    reading: InputSettings = InputSettings(),
    pairs: Annotated[
        str | None,
        typer.Option(
            "--pairs",
            metavar="FILE",
            help="Train on the lines context<TAB>target of this file, with the full softmax.",
        ),
    ] = None,
    show_pairs: Annotated[
        bool, typer.Option("--show-pairs", help="Print the pairs of word<TAB>neighbour and train nothing.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Train word vectors from running text: skip-gram or CBOW.

    Every line is a sentence: no window reaches over its end. The model file (.safetensors)
    keeps input and output vectors, vocabulary, settings and analysis. Ctrl-C leaves
    OUTPUT.partial, from which --resume goes on.

    \b
    Examples:
      nlpcli train-w2v wiki.txt.gz -o wiki.safetensors
      zcat wiki.txt.gz | nlpcli train-w2v --model cbow --dim 300 --threads 8 -o wiki.txt
      nlpcli train-w2v --tokenizer kiwi --phrases 2 --min-count 10 ko.txt -o ko.safetensors
      nlpcli train-w2v --resume wiki.safetensors news.txt --epochs 2 -o both.safetensors
      nlpcli train-w2v --pairs pairs.tsv --dim 5 --alpha 0.2 --epochs 500 -o pairs.safetensors
      echo 'I study math' | nlpcli train-w2v --show-pairs --window 1 --min-count 1 --no-lowercase
    """
    if show_pairs:
        _show_pairs(files, settings.window, vocabulary, analysis, reading)
        return
    _check_output(output)
    from nlpcli.engine.embeddings import job

    progress = console.progress(quiet)
    if pairs is not None:
        if files:
            raise SettingsError("--pairs is the text: other files have no place beside it")
        job.train_word2vec_on_pairs(pairs, output, settings, reading, progress)
        return
    task = job.Job(files, analysis, vocabulary, phrases, continuation, reading)
    job.train_word2vec(task, output, settings, progress)


@with_settings
def train_fasttext(
    files: Files = None,
    output: VectorsFile = "",
    settings: FastTextSettings = FastTextSettings(),
    vocabulary: VocabularySettings = _MIN_COUNT_5,
    phrases: PhraseSettings = PhraseSettings(),
    continuation: ContinuationSettings = ContinuationSettings(),
    analysis: AnalysisSettings = _LOWERCASE,
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Train word vectors made of subwords: they also know words never seen, and misspelt ones.

    As train-w2v, but the vector of a word is the mean of its own and those of its character
    n-grams. Only the .safetensors model can give vectors to unseen words.

    \b
    Examples:
      nlpcli train-fasttext wiki.txt.gz -o wiki.safetensors --threads 8
      nlpcli train-fasttext --tokenizer kiwi --jamo ko.txt -o ko.safetensors
      nlpcli train-fasttext --minn 2 --maxn 5 --model cbow news.txt -o news.safetensors
      nlpcli similar wiki.safetensors philosophr
    """
    _check_output(output)
    from nlpcli.engine.embeddings import job

    task = job.Job(files, analysis, vocabulary, phrases, continuation, reading)
    job.train_fasttext(task, output, settings, console.progress(quiet))


def _show_pairs(
    files: list[str] | None,
    window: int,
    vocabulary: VocabularySettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
) -> None:
    from nlpcli.engine.corpus.encoding import encode
    from nlpcli.engine.embeddings.word2vec import pairs

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
