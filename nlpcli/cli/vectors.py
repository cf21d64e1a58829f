"""Questions to word vectors: `similar`, `analogy`, `odd-one-out`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, with_settings
from nlpcli.engine import jobs
from nlpcli.settings.vectors import AnalogySettings, OddOneOutSettings, SimilarSettings

if TYPE_CHECKING:
    from nlpcli.engine.io.questions import Answers
    from nlpcli.engine.vectors.word_vectors import Scored

VectorsFile = Annotated[
    str,
    typer.Argument(
        metavar="VECTORS",
        help="Word vectors: a model, or word2vec, GloVe or fastText vectors, also compressed.",
    ),
]


@with_settings
def similar(
    vectors: VectorsFile,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD]...", help="Words; - or none reads one per line from stdin.", show_default=False
        ),
    ] = None,
    settings: SimilarSettings = SimilarSettings(),
    json: Json = False,
) -> None:
    """Show the words that are most like a word.

    \b
    Examples:
      nlpcli similar vectors.safetensors king
      nlpcli similar glove.6B.300d.txt.gz cat dog --top-k 3 --by euclidean
      cut -f1 words.tsv | nlpcli similar vectors.safetensors --json | jq -r '.neighbours[0].word'
    """
    console.one_blas_thread()
    found = jobs.similar(vectors, _each(words), settings, progress=console.progress())
    _print(found, ("word", "neighbour", settings.by), json)


@with_settings
def analogy(
    vectors: VectorsFile,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUESTION]...",
            help="'king - man + woman', or three words: man king woman; - or none reads lines of stdin.",
            show_default=False,
        ),
    ] = None,
    settings: AnalogySettings = AnalogySettings(),
    json: Json = False,
) -> None:
    """Complete an analogy: man is to king as woman is to ….

    \b
    Examples:
      nlpcli analogy vectors.safetensors 'king - man + woman'
      nlpcli analogy vectors.safetensors 한국 서울 일본 --method 3cosmul
      nlpcli analogy vectors.safetensors --top-k 1 < questions.txt
    """
    console.one_blas_thread()
    found = jobs.analogy(vectors, _together(words), settings, progress=console.progress())
    _print(found, ("analogy", "word", "cosine" if settings.method == "3cosadd" else "score"), json)


@with_settings
def odd_one_out(
    vectors: VectorsFile,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORD]...",
            help="Three words or more; - or none reads such a list per line from stdin.",
            show_default=False,
        ),
    ] = None,
    settings: OddOneOutSettings = OddOneOutSettings(),
    json: Json = False,
) -> None:
    """Show which of some words does not belong; the first one listed is the odd one.

    \b
    Examples:
      nlpcli odd-one-out vectors.safetensors breakfast cereal dinner lunch
      nlpcli odd-one-out vectors.safetensors 사과 배 자동차 포도 --by cosine
      nlpcli odd-one-out vectors.safetensors --json < groups.txt | jq -r '.words[0].word'
    """
    console.one_blas_thread()
    found = jobs.odd_one_out(vectors, _together(words), settings, progress=console.progress())
    _print(found, ("words", "word", "mean distance" if settings.by == "euclidean" else "1 - cosine"), json)


def _each(words: list[str] | None) -> list[str] | None:
    """A question a word; None is a stream of them on stdin."""
    return None if words in (None, [], ["-"]) else words


def _together(words: list[str] | None) -> list[str] | None:
    """One question of all words; None is a stream of questions on stdin."""
    given = _each(words)
    return None if given is None else [" ".join(given)]


def _print(answers: Answers[Scored], columns: tuple[str, str, str], json: bool) -> None:
    """Words with scores: a table each on a terminal, TSV or JSON lines elsewhere, handed on at once."""
    key, item, score = columns
    headed = json or console.is_terminal()
    for batch in filter(None, answers.batches()):
        if not headed:
            console.print_cells(columns)
            headed = True
        for question, found in batch:
            if json:
                words = [{"word": word, "score": number} for word, number in found]
                console.print_json({key: question, f"{item}s": words})
            elif console.is_terminal():
                console.print_table((item, score), found, title=question)
            else:
                for word, number in found:
                    console.print_cells((question, word, f"{number:.4f}"))
        console.flush()
