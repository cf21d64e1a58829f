"""Questions to word vectors: `similar`, `analogy`, `odd-one-out`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, asked, with_settings
from nlpcli.cli.results import Results, results
from nlpcli.engine import jobs
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.vectors import AnalogySettings, OddOneOutSettings, SimilarSettings

if TYPE_CHECKING:
    from nlpcli.engine.io.questions import Answers
    from nlpcli.engine.vectors.word_vectors import Scored

VectorsFile = Annotated[
    str,
    typer.Argument(
        metavar="VECTORS",
        help="Word vectors: a model, or word2vec, GloVe or fastText vectors, also compressed; english-words "
        "and korean-words come with nlpcli.",
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
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Show the words that are most like a word.

    \b
    Examples:
      nlpcli similar english-words king
      nlpcli similar glove.6B.300d.txt.gz cat dog -n 3 --by euclidean
      cut -f1 words.tsv | nlpcli similar vectors.safetensors -n 1 --jsonl | jq -r .neighbour
    """
    console.one_blas_thread()
    found = jobs.similar(vectors, _each(words), settings, progress=console.progress(quiet))
    _show(found, ("word", "neighbour", settings.by), shape)


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
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Complete an analogy: man is to king as woman is to ….

    \b
    Examples:
      nlpcli analogy english-words 'king - man + woman'
      nlpcli analogy vectors.safetensors 한국 서울 일본 --method 3cosmul
      nlpcli analogy vectors.safetensors -n 1 < questions.txt
    """
    console.one_blas_thread()
    found = jobs.analogy(vectors, _together(words), settings, progress=console.progress(quiet))
    _show(found, ("analogy", "word", "cosine" if settings.method == "3cosadd" else "score"), shape)


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
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Show which of some words does not belong; the first one listed is the odd one.

    \b
    Examples:
      nlpcli odd-one-out vectors.safetensors breakfast cereal dinner lunch
      nlpcli odd-one-out vectors.safetensors 사과 배 자동차 포도 --by cosine
      nlpcli odd-one-out vectors.safetensors --no-header < groups.txt | cut -f2
    """
    console.one_blas_thread()
    found = jobs.odd_one_out(vectors, _together(words), settings, progress=console.progress(quiet))
    _show(
        found, ("words", "word", "mean_distance" if settings.by == "euclidean" else "cosine_distance"), shape
    )


def _each(words: list[str] | None) -> list[str] | None:
    """A question a word; None is a stream of them on stdin."""
    return asked(words)


def _together(words: list[str] | None) -> list[str] | None:
    """One question of all words; None is a stream of questions on stdin."""
    given = _each(words)
    return None if given is None else [" ".join(given)]


def _show(answers: Answers[Scored], columns: tuple[str, str, str], shape: ResultSettings) -> None:
    """Words with scores: a table each on a terminal, one elsewhere, handed on at once."""
    with results(shape) as shown:
        if shown.drawn:
            for batch in answers.batches():
                for question, found in batch:
                    shown.table(columns[1:], found, title=question)
                console.flush()
        else:
            shown.table(columns, _rows(answers, shown))


def _rows(answers: Answers[Scored], shown: Results) -> Iterator[tuple[str, str, float]]:
    for batch in answers.batches():
        for question, found in batch:
            yield from ((question, word, number) for word, number in found)
        shown.flush()
