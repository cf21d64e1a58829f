"""Finding texts: `index`, `search`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, asked, given_names, with_settings
from nlpcli.cli.results import Results, results
from nlpcli.engine import jobs
from nlpcli.settings.input import FolderSettings, TextInputSettings
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.search import AnswerSettings, IndexSettings, SearchSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings

if TYPE_CHECKING:
    from nlpcli.engine.io.questions import Answers
    from nlpcli.engine.search.ranking import Hit

WordVectors = Annotated[
    str | None,
    typer.Option("--vectors", metavar="FILE", show_default=False, help="Word vectors, for --by vectors."),
]


@with_settings
def index(
    context: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(metavar="TEXT...", help="Texts: folders, files; - is stdin.", show_default=False),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", show_default=False, help="Index file to write.")
    ],
    vectors: WordVectors = None,
    append: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            show_default=False,
            help="An index to go on from: its documents too, but those of files that are given anew.",
        ),
    ] = None,
    settings: IndexSettings = IndexSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    columns: AnswerSettings = AnswerSettings(),
    quiet: Quiet = False,
) -> None:
    """Make texts ready for searching: one file that holds all `search` needs.

    \b
    Examples:
      nlpcli index notes/ -o notes.safetensors && nlpcli search notes.safetensors 'deep learning'
      nlpcli index --tokenizer kiwi news/*.txt -o news.safetensors --document paragraph
      nlpcli index faq.csv --text-col question --answer-col answer -o faq.safetensors
      nlpcli index --append notes.safetensors notes/today.txt -o notes.safetensors
    """
    if vectors is not None:
        console.one_blas_thread()
    jobs.index(
        files, output, settings, vectors=vectors, append=append, analysis=analysis, reading=reading,
        folders=folders, columns=columns, given=given_names(context), progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def search(
    context: typer.Context,
    texts: Annotated[
        str,
        typer.Argument(
            metavar="INDEX|TEXT", help="An index, or a folder or file of texts, searched as it is."
        ),
    ],
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]...",
            help="Words to look for; - or none reads a query per line.",
            show_default=False,
        ),
    ] = None,
    like: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE:LINE",
            help="In place of a query: texts like the one at this place, which is left out; may be repeated.",
            show_default=False,
        ),
    ] = None,
    vectors: WordVectors = None,
    ranking: SearchSettings = SearchSettings(),
    settings: IndexSettings = IndexSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Find the texts that answer a query best, with file and line.

    An index brings its own analysis; options of analysis count for texts searched as they are.

    \b
    Examples:
      nlpcli search notes/ deep learning
      nlpcli search news.safetensors 서울 지하철 --by bm25 -n 3
      nlpcli search news.safetensors --like news/monday.txt:12 --like news/today.txt:3
      nlpcli search corpus.txt 'king queen' --by vectors --vectors vectors.safetensors --json
    """
    queries = None if (words := asked(query)) is None else [" ".join(words)]
    answers = jobs.search(
        texts, queries, ranking, like=like or [], vectors=vectors, settings=settings, analysis=analysis,
        reading=reading, folders=folders, given=given_names(context), progress=console.progress(quiet),
    )  # fmt: skip
    with results(shape) as shown:
        _print(answers, queries is None and not like, shown)


def _print(answers: Answers[list[Hit]], stream: bool, shown: Results) -> None:
    """Hits on a terminal, as a table elsewhere, handed on at once; of a stream with the query."""
    if shown.drawn:
        for batch in answers.batches():
            for _, hits in batch:
                _show(hits)
            console.flush()
        return
    columns, more = ["score", "place", "text"], ["file", "line", "marks"]
    columns, more = (["query", *columns], more) if stream else (columns, [*more, "query"])
    shown.table(columns, _rows(answers, stream, shown), more=more)


def _rows(answers: Answers[list[Hit]], stream: bool, shown: Results) -> Iterator[tuple[object, ...]]:
    for batch in answers.batches():
        for query, hits in batch:
            for hit in hits:
                row = (hit.score, f"{hit.file}:{hit.line}", hit.snippet.text)
                row_more = (hit.file, hit.line, hit.snippet.marks)
                yield (query, *row, *row_more) if stream else (*row, *row_more, query)
        shown.flush()


def _show(hits: Iterable[Hit]) -> None:
    for hit in hits:
        text, end = "", 0
        for first, last in hit.snippet.marks:
            marked = console.painted(hit.snippet.text[first:last], "red", bold=True)
            text += hit.snippet.text[end:first] + marked
            end = last
        place = console.painted(f"{console.one_line(hit.file)}:{hit.line}", "magenta")
        console.print_line(f"{place}  {hit.score:.4f}")
        console.print_line(f"  {text}{hit.snippet.text[end:]}")
