"""Topics of texts: `train-topics`, `topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Model, Output, Quiet, with_settings
from nlpcli.cli.results import as_json, results
from nlpcli.engine import jobs
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import InputSettings, TextRowSettings
from nlpcli.settings.results import LineSettings, TableSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import MATRICES, TopicAnswerSettings, TopicCheckpoints, TopicSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from nlpcli.engine.topics.topic_number import Trial


@with_settings
def train_topics(
    files: Files = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", show_default=False, help="Model file to write.")
    ] = ...,  # type: ignore[assignment]
    settings: TopicSettings = TopicSettings(),
    resume: Annotated[
        str | None, typer.Option(help="Go on with an interrupted training.", metavar="CHECKPOINT")
    ] = None,
    checkpoints: TopicCheckpoints = TopicCheckpoints(),
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, max=256, help="Threads; their number changes no byte of the model.", show_default="all"
        ),
    ] = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Find what texts are about: topics, each a list of words that stand in the same texts.

    Every line is a text, or every row of a table with --text-col. With --num-topics auto the table of what
    was tried is printed. Ctrl-C leaves a checkpoint of lda, from which --resume goes on.

    \b
    Examples:
      nlpcli train-topics news.txt --stopwords en --num-topics 30 -o news.safetensors
      nlpcli train-topics news.txt --stopwords en --num-topics auto -o news.safetensors
      nlpcli train-topics news.txt --seed-words "match goal coach" --seed-words "vote party" -o n.safetensors
      nlpcli train-topics ko.txt --tokenizer kiwi --keep-pos NNG,NNP -o ko.safetensors
      nlpcli train-topics reviews.tsv --text-col text --method nmf -o reviews.safetensors
      nlpcli topics news.safetensors --keys
    """
    if settings.num_topics != "auto":
        refuse(changed(shape), "without --num-topics auto, whose trials are told")

    def tried(trials: list[Trial], chosen: int) -> None:
        measured = ("perplexity", "npmi") if settings.method == "lda" else ("npmi",)
        rows = [
            (trial.topics, *(getattr(trial, name) for name in measured), "yes" * (trial.topics == chosen))
            for trial in trials
        ]
        with results(shape) as shown:
            shown.table(("topics", *measured, "chosen"), rows)

    jobs.train_topics(
        files, output, settings, resume=resume, checkpoints=checkpoints, threads=threads, tried=tried,
        analysis=analysis, vocabulary=vocabulary, records=records, reading=reading, machines=machines,
        progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def topics(
    model: Model,
    files: Files = None,
    output: Output = "-",
    keys: Annotated[
        bool, typer.Option("--keys", help="Print what each topic is about, and read no text.")
    ] = False,
    page: Annotated[
        str | None,
        typer.Option(
            help="Write a page (HTML) of a map of the topics, their words and the texts, in place of lines.",
            metavar="FILE",
        ),
    ] = None,
    date_col: Annotated[
        str | None,
        typer.Option(
            help="Column that tells when a text is from, such as 2024-03-09: --page shows topics over time.",
            metavar="COLUMN",
        ),
    ] = None,
    settings: TopicAnswerSettings = TopicAnswerSettings(),
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Tell which topics a text is about, one output line per input line; or what the topics are.

    \b
    Examples:
      nlpcli topics news.safetensors --keys -n 15
      nlpcli topics news.safetensors today.txt
      nlpcli topics news.safetensors today.txt -o weights.npz
      tail -f feed.txt | nlpcli topics news.safetensors --jsonl
      nlpcli topics news.safetensors news.csv --text-col text --date-col date --page news.html
    """
    if page is not None:
        idle = [*["--keys"] * keys, *["-o"] * (output != "-"), *changed(settings), *changed(shape)]
        refuse(idle, "beside --page")
        jobs.topic_page(
            model, files, page, date_col=date_col, records=records, reading=reading,
            progress=console.progress(quiet),
        )  # fmt: skip
        return
    refuse(["--date-col"] * (date_col is not None), "without --page")
    if keys:
        refuse([*(files or []), *changed(records)][:1], "beside --keys, which tells of the model alone")
        refuse(changed(table), "beside --keys")
        rows = enumerate(jobs.topic_keys(model, settings.top), 1)
        with results(shape, output) as shown:
            shown.table(
                ("topic", "share", "words"),
                [(number, share, " ".join(word for word, _ in words)) for number, (share, words) in rows],
            )
        return
    refuse(changed(shape, "no_header"), "without --keys: lines of texts have no headings")
    if output.lower().endswith(MATRICES):
        refuse([*changed(shape), *changed(table)], f"with {output}, which holds all weights")
        jobs.topics(
            model, files, output, settings, records=records, reading=reading,
            progress=console.progress(quiet),
        )  # fmt: skip
        return
    with as_json(output, shape) as file:
        jobs.topics(
            model, files, file, settings, jsonl=shape.is_json, records=records, reading=reading, table=table,
            progress=console.progress(quiet),
        )  # fmt: skip
