"""Co-occurrence counts and GloVe vectors: `cooccur`, `train-glove`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.described import Old
from nlpcli.cli.options import Files, Output, Quiet, with_settings
from nlpcli.cli.results import results
from nlpcli.cli.shown_work import ShowWork, show_work
from nlpcli.engine import jobs
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveResources, GloveSettings
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import JsonSettings, TableSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import FIVE_OR_MORE, VocabularySettings

Pairs = Annotated[
    bool, typer.Option("--per-pair", Old("--pairs"), help="Print one line per pair of words, not a table.")
]
ReadVocab = Annotated[
    str | None, typer.Option(metavar="FILE", help="Use this vocabulary, which nlpcli count wrote.")
]
VectorsOutput = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        help="File to write: .safetensors is a model that can be trained on; .txt, .vec, .bin and .glove hold"
        " the vectors alone.",
        metavar="FILE",
        show_default=False,
    ),
]
CountsFile = Annotated[
    str | None,
    typer.Option(
        "--cooccurrences", help="Train on these counts (from cooccur) instead of a text.", metavar="FILE.npz"
    ),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", help="Train this model on, to --epochs in all.", metavar="MODEL"),
]


@with_settings
def cooccur(
    files: Files = None,
    output: Output = "-",
    pairs: Pairs = False,
    read_vocab: ReadVocab = None,
    quiet: Quiet = False,
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = LOWERCASE,
    resources: GloveResources = GloveResources(),
    reading: TextInputSettings = TextInputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shape: TableSettings = TableSettings(),
) -> None:
    """Count which words stand near which.

    \b
    Examples:
      nlpcli cooccur --window 1 --flat notes.txt
      nlpcli cooccur wiki.txt.gz --min-count 5 -o counts.npz
      nlpcli cooccur part-1.txt --read-vocab vocabulary.tsv -o part-1.npz
      nlpcli cooccur --per-pair news.txt | sort -t$'\\t' -k3 -nr | head
    """
    as_table = shape.is_json or (output == "-" and not pairs)
    if not as_table:
        refuse(["--no-header"] * shape.no_header, "without a table on stdout")
    counts = jobs.cooccur(
        files, None if as_table else console.output(output), counting, pairs=pairs,
        read_vocab=read_vocab, vocabulary=vocabulary, analysis=analysis, resources=resources, reading=reading,
        machines=machines, progress=console.progress(quiet),
    )  # fmt: skip
    if shape.is_json:
        words = counts.vocabulary.tokens
        rows = ((words[row], words[column], count) for row, column, count in counts.pairs())
        with results(shape, output) as shown:
            shown.table(("word", "neighbour", "count"), rows)
    elif as_table:
        head, *table = counts.table()
        with results(shape) as shown:
            shown.table(head, table)


@with_settings
def train_glove(
    files: Files = None,
    output: VectorsOutput = ...,  # type: ignore[assignment]
    cooccurrences: CountsFile = None,
    resume: Resume = None,
    show_the_work: ShowWork = False,
    quiet: Quiet = False,
    settings: GloveSettings = GloveSettings(),
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    vocabulary: VocabularySettings = FIVE_OR_MORE,
    analysis: AnalysisSettings = LOWERCASE,
    resources: GloveResources = GloveResources(),
    reading: TextInputSettings = TextInputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shape: JsonSettings = JsonSettings(),
) -> None:
    """Train GloVe word vectors: vocabulary, co-occurrence counts and training in one go.

    Every line is a document: no window reaches over its end. The result is the same for any
    number of threads and any --memory. Ctrl-C leaves a checkpoint, as glove.checkpoint.safetensors
    for glove.txt, from which --resume goes on.

    \b
    Examples:
      nlpcli train-glove wiki.txt.gz -o glove.safetensors
      nlpcli train-glove --cooccurrences counts.npz --dim 300 -o glove.txt
      nlpcli train-glove --tokenizer morph --memory 8GB ko/*.txt -o ko.safetensors
      nlpcli train-glove wiki.txt.gz --resume glove.safetensors --epochs 30 -o glove.safetensors
      nlpcli train-glove --show-work --min-count 1 --dim 2 three_lines.txt -o three.safetensors
    """
    if not show_the_work:
        refuse(changed(shape), "without --show-work")
    jobs.train_glove(
        files, output, settings, cooccurrences=cooccurrences, resume=resume, counting=counting,
        vocabulary=vocabulary, analysis=analysis, resources=resources, reading=reading, machines=machines,
        worked=(lambda work: show_work(work, shape)) if show_the_work else None,
        progress=console.progress(quiet),
    )  # fmt: skip
