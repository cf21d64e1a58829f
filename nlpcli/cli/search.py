"""Finding texts: `index`, `search`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, Quiet, with_settings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.search import IndexSettings, SearchSettings
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from nlpcli.engine.search.index import SearchIndex
    from nlpcli.engine.search.ranking import Hit

WordVectors = Annotated[
    str | None,
    typer.Option("--vectors", metavar="FILE", show_default=False, help="Word vectors, for --by vectors."),
]


@with_settings
def index(
    files: Annotated[
        list[str],
        typer.Argument(metavar="TEXT...", help="Texts: folders, files; - is stdin.", show_default=False),
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", show_default=False, help="Index file to write.")
    ],
    vectors: WordVectors = None,
    settings: IndexSettings = IndexSettings(),
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Make texts ready for searching: one file that holds all `search` needs.

    \b
    Examples:
      nlpcli index notes/ -o notes.safetensors && nlpcli search notes.safetensors 'deep learning'
      nlpcli index --tokenizer kiwi news/*.txt -o news.safetensors --unit paragraph
    """
    from nlpcli.engine.io.atomic import check_writable

    check_writable(output)
    made = _built(files, vectors, settings, analysis, reading, quiet)
    made.save(output)
    if not quiet:
        console.remark(f"{output}: {len(made):,} documents, {len(made.terms):,} terms")


@with_settings
def search(
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
    vectors: WordVectors = None,
    ranking: SearchSettings = SearchSettings(),
    settings: IndexSettings = IndexSettings(),
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    reading: InputSettings = InputSettings(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the texts that answer a query best, with file and line.

    An index brings its own analysis; options of analysis count for texts searched as they are.

    \b
    Examples:
      nlpcli search notes/ deep learning
      nlpcli search news.safetensors 서울 지하철 --by bm25 --top-k 3
      nlpcli search corpus.txt 'king queen' --by vectors --vectors vectors.safetensors --json
    """
    from nlpcli.engine.io.questions import Questions
    from nlpcli.engine.search.ranking import Search

    loaded = _loaded(texts)
    if loaded is None:
        loaded = _built([texts], vectors, settings, analysis, reading, quiet)
    engine = Search(loaded, ranking)
    questions = Questions(None if not query or query == ["-"] else [" ".join(query)], console.progress())
    columns = ("query", "score", "place", "text") if questions.stream else ("score", "place", "text")
    headed = False
    for batch in questions:
        for asked, hits in questions.solved(batch, engine.find):
            if json:
                console.print_json({"query": asked, "hits": [_record(hit) for hit in hits]})
            elif sys.stdout.isatty():
                _show(hits)
            else:
                if not headed:
                    console.print_line("\t".join(columns))
                    headed = True
                for hit in hits:
                    row = [f"{hit.score:.4f}", f"{hit.file}:{hit.line}", hit.snippet.text]
                    console.print_line("\t".join([asked] * questions.stream + row))
        sys.stdout.buffer.flush()
    questions.end()


def _loaded(path: str) -> SearchIndex | None:
    """The index in a file; None when it is a text or a folder."""
    from nlpcli.engine.search.index import SearchIndex, is_index

    return SearchIndex.load(path) if is_index(path) else None


def _built(
    paths: list[str],
    vectors: str | None,
    settings: IndexSettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
    quiet: bool,
) -> SearchIndex:
    console.one_blas_thread()
    from nlpcli.engine.search.index import build
    from nlpcli.engine.vectors.job import load_vectors

    words = load_vectors(vectors, console.progress()) if vectors is not None else None

    return build(paths, analysis, settings, reading, words, console.progress(quiet))


def _record(hit: Hit) -> dict[str, object]:
    return {
        "score": hit.score,
        "file": hit.file,
        "line": hit.line,
        "text": hit.snippet.text,
        "marks": hit.snippet.marks,
    }


def _show(hits: Iterable[Hit]) -> None:
    colour = "NO_COLOR" not in os.environ
    place, mark, plain = ("\033[35m", "\033[1;31m", "\033[0m") if colour else ("", "", "")
    for hit in hits:
        text, end = "", 0
        for first, last in hit.snippet.marks:
            text += hit.snippet.text[end:first] + mark + hit.snippet.text[first:last] + plain
            end = last
        console.print_line(f"{place}{hit.file}:{hit.line}{plain}  {hit.score:.4f}")
        console.print_line(f"  {text}{hit.snippet.text[end:]}")
