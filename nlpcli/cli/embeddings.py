"""Word vectors from running text: `train-w2v`, `train-fasttext`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Quiet, given_names, with_settings
from nlpcli.cli.results import results
from nlpcli.cli.shown_work import ShowWork, show_work
from nlpcli.engine import jobs
from nlpcli.settings.embeddings import (
    ContinuationSettings,
    FastTextSettings,
    PhraseSettings,
    Word2VecSettings,
)
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import JsonSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import FIVE_OR_MORE, VocabularySettings

# What --show-work has a use for, of the settings of training.
_WORKED_WITH = ("model", "window", "dim", "alpha", "min_alpha", "epochs", "seed")

VectorsFile = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        help="File to write: .safetensors (the whole model), .txt or .vec (word2vec text), .bin (binary, of "
        "word2vec or with subwords of fastText).",
        metavar="FILE",
        show_default=False,
    ),
]


@with_settings
def train_w2v(
    context: typer.Context,
    files: Files = None,
    output: VectorsFile = "",
    settings: Word2VecSettings = Word2VecSettings(),
    vocabulary: VocabularySettings = FIVE_OR_MORE,
    phrases: PhraseSettings = PhraseSettings(),
    continuation: ContinuationSettings = ContinuationSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
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
    show_the_work: ShowWork = False,
    shape: JsonSettings = JsonSettings(),
    quiet: Quiet = False,
) -> None:
    """Train word vectors from running text: skip-gram or CBOW.

    Every line is a sentence: no window reaches over its end. The model file (.safetensors)
    keeps input and output vectors, vocabulary, settings and analysis. Ctrl-C leaves a checkpoint,
    as w.checkpoint.safetensors for w.safetensors, from which --resume goes on.

    \b
    Examples:
      nlpcli train-w2v wiki.txt.gz -o wiki.safetensors
      zcat wiki.txt.gz | nlpcli train-w2v --method cbow --dim 300 --threads 8 -o wiki.txt
      nlpcli train-w2v --tokenizer morph --phrases 2 --min-count 10 ko.txt -o ko.safetensors
      nlpcli train-w2v --resume wiki.safetensors news.txt --epochs 2 -o both.safetensors
      nlpcli train-w2v --pairs pairs.tsv --dim 5 --lr 0.2 --epochs 500 -o pairs.safetensors
      echo 'I study math' | nlpcli train-w2v --show-pairs --window 1 --min-count 1 --no-lowercase
      echo 'I study math' | nlpcli train-w2v --show-work --window 1 --min-count 1 --dim 2
    """
    given = given_names(context)
    if show_the_work:
        kinds = (Word2VecSettings, PhraseSettings, ContinuationSettings)
        refuse(given_options(given, *kinds, but=_WORKED_WITH), "beside --show-work")
        refuse(["-o"] * bool(output) + ["--show-pairs"] * show_pairs, "beside --show-work")
        usual = settings if "epochs" in given else replace(settings, epochs=1)
        work = jobs.train_w2v_work(
            files, usual, vocabulary=vocabulary, analysis=analysis, reading=reading, pairs=pairs
        )
        show_work(work, shape)
        return
    if show_pairs:
        kinds = (Word2VecSettings, PhraseSettings, ContinuationSettings)
        refuse(given_options(given, *kinds, but=["window"]), "beside --show-pairs")
        refuse(["-o"] * bool(output) + ["--pairs"] * (pairs is not None), "beside --show-pairs")
        shown = jobs.skipgram_pairs(
            files, settings.window, vocabulary=vocabulary, analysis=analysis, reading=reading
        )
        if shape.is_json:
            with results(shape) as table:
                table.table(("word", "neighbour"), shown)
        else:
            console.print_lines(f"{word}\t{neighbour}" for word, neighbour in shown)
        return
    refuse(changed(shape), "without --show-pairs or --show-work")
    jobs.train_w2v(
        files, output, settings, vocabulary=vocabulary, phrasing=phrases, continuation=continuation,
        analysis=analysis, reading=reading, pairs=pairs, given=given, progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def train_fasttext(
    files: Files = None,
    output: VectorsFile = "",
    settings: FastTextSettings = FastTextSettings(),
    vocabulary: VocabularySettings = FIVE_OR_MORE,
    phrases: PhraseSettings = PhraseSettings(),
    continuation: ContinuationSettings = ContinuationSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    quiet: Quiet = False,
) -> None:
    """Train word vectors made of subwords: they also know words never seen, and misspelt ones.

    As train-w2v, but the vector of a word is the mean of its own and those of its character
    n-grams. A .safetensors model and a .bin, which is fastText's own, know unseen words.

    \b
    Examples:
      nlpcli train-fasttext wiki.txt.gz -o wiki.safetensors --threads 8
      nlpcli train-fasttext --tokenizer morph --jamo ko.txt -o ko.safetensors
      nlpcli train-fasttext --minn 2 --maxn 5 --method cbow news.txt -o news.safetensors
      nlpcli similar wiki.safetensors philosophr
    """
    jobs.train_fasttext(
        files, output, settings, vocabulary=vocabulary, phrasing=phrases, continuation=continuation,
        analysis=analysis, reading=reading, progress=console.progress(quiet),
    )  # fmt: skip
