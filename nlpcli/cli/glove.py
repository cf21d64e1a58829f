"""Co-occurrence counts and GloVe vectors: `cooccur`, `train-glove`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Output, Quiet, with_settings
from nlpcli.errors import OutputError, SettingsError
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveResources, GloveSettings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from nlpcli.engine.cooccurrence.count_files import Cooccurrence

_TABLE_WORDS = 100
_LOWERCASE = AnalysisSettings(lowercase=True)
_MIN_COUNT_5 = VocabularySettings(min_count=5)

Pairs = Annotated[bool, typer.Option("--pairs", help="Print one line per pair of words, not a table.")]
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
    quiet: Quiet = False,
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    resources: GloveResources = GloveResources(),
    reading: InputSettings = InputSettings(),
) -> None:
    """Count which words stand near which.

    \b
    Examples:
      nlpcli cooccur --window-size 1 --flat notes.txt
      nlpcli cooccur wiki.txt.gz --min-count 5 -o counts.npz
      nlpcli cooccur --pairs news.txt | sort -t$'\\t' -k3 -nr | head
    """
    from nlpcli.engine.cooccurrence import count_files

    if output != "-" and not output.endswith((".npz", ".tsv")):
        raise OutputError(f"{output}: counts are written as .npz or .tsv")
    counts = count_files.count(
        files, counting, vocabulary, analysis, reading, resources, console.progress(quiet)
    )
    if output.endswith(".npz"):
        count_files.save(output, counts)
    else:
        _print_counts(counts, output, pairs)


def _print_counts(counts: Cooccurrence, output: str, pairs: bool) -> None:
    tokens = counts.vocabulary.tokens
    if pairs:
        with console.open_output(output) as file:
            writer = console.LineWriter(file)
            for row, column, count in counts.pairs():
                writer.write(f"{tokens[row]}\t{tokens[column]}\t{count:.10g}")
        return
    if len(tokens) > _TABLE_WORDS:
        raise OutputError(
            f"a table of {len(tokens):,} words would not be readable",
            hint="use -o counts.npz, or --pairs for one line per pair",
        )
    rows = [
        [token, *(f"{count:.10g}" for count in row)]
        for token, row in zip(tokens, counts.dense(), strict=True)
    ]
    if output == "-":
        console.print_table(["", *tokens], rows)
        return
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for cells in [["", *tokens], *rows]:
            writer.write("\t".join(cells))


@with_settings
def train_glove(
    files: Files = None,
    output: VectorsOutput = ...,  # type: ignore[assignment]
    cooccurrences: CountsFile = None,
    resume: Resume = None,
    quiet: Quiet = False,
    settings: GloveSettings = GloveSettings(),
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    vocabulary: VocabularySettings = _MIN_COUNT_5,
    analysis: AnalysisSettings = _LOWERCASE,
    resources: GloveResources = GloveResources(),
    reading: InputSettings = InputSettings(),
) -> None:
    """Train GloVe word vectors: vocabulary, co-occurrence counts and training in one go.

    Every line is a document: no window reaches over its end. The result is the same for any
    number of threads and any --memory. Ctrl-C leaves OUTPUT.partial, from which --resume goes on.

    \b
    Examples:
      nlpcli train-glove wiki.txt.gz -o glove.safetensors
      nlpcli train-glove --cooccurrences counts.npz --dim 300 -o glove.txt
      nlpcli train-glove --tokenizer kiwi --memory 8GB ko/*.txt -o ko.safetensors
      nlpcli train-glove wiki.txt.gz --resume glove.safetensors --epochs 30 -o glove.safetensors
    """
    from nlpcli.engine.embeddings import glove_job

    if cooccurrences and files:
        raise SettingsError("give either text files or --cooccurrences, not both")
    if cooccurrences and (counting, vocabulary, analysis) != (
        CooccurrenceSettings(),
        _MIN_COUNT_5,
        _LOWERCASE,
    ):
        raise SettingsError(
            "with --cooccurrences the vocabulary, the analysis and the window are those of the counts",
            hint="give these options to nlpcli cooccur",
        )
    glove_job.train_glove(
        files, output, settings, counting, vocabulary, analysis, reading, resources,
        counts=cooccurrences, resume=resume, progress=console.progress(quiet),
    )  # fmt: skip
