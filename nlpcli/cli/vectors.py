"""Questions to word vectors: `similar`, `analogy`, `odd-one-out`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, with_settings
from nlpcli.errors import InputError
from nlpcli.settings.vectors import AnalogySettings, OddOneOutSettings, SimilarSettings

if TYPE_CHECKING:
    from nlpcli.engine.vectors.neighbours import Found
    from nlpcli.engine.vectors.word_vectors import Vectors

T = TypeVar("T")
BATCH = 256  # questions answered together: one pass over the vectors serves them all

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
    loaded = load_vectors(vectors)
    from nlpcli.engine.vectors.neighbours import Neighbours

    search = Neighbours(loaded, settings.vocab)
    questions = Questions(words, one_each=True)
    answers = Answers(("word", "neighbour", settings.by), json)
    for batch in questions:
        known = questions.solved(batch, lambda word: loaded.look_up(word, hint=not questions.stream))
        if known:
            queries = _stack([vector for _, (_, vector) in known])
            rows = [[row] if row is not None else [] for _, (row, _) in known]
            found = search.nearest(queries, top_k=settings.top_k, by=settings.by, without=rows)
            answers.show((word, _named(loaded, near)) for (word, _), near in zip(known, found, strict=True))
    questions.end()


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
    loaded = load_vectors(vectors)
    from nlpcli.engine.vectors.neighbours import Neighbours, parse_analogy

    search = Neighbours(loaded, settings.vocab)
    questions = Questions(words)
    answers = Answers(("analogy", "word", "cosine" if settings.method == "3cosadd" else "score"), json)

    def solve(question: str) -> Found:
        positive, negative = (
            [loaded.look_up(word, hint=not questions.stream) for word in side]
            for side in parse_analogy(question)
        )
        return search.analogy(
            _stack([vector for _, vector in positive]),
            _stack([vector for _, vector in negative], loaded.dim),
            top_k=settings.top_k,
            method=settings.method,
            without=[row for row, _ in (*positive, *negative) if row is not None],
        )

    for batch in questions:
        solved = questions.solved(batch, solve)
        answers.show((question, _named(loaded, found)) for question, found in solved)
    questions.end()


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
    loaded = load_vectors(vectors)
    from nlpcli.engine.vectors.neighbours import odd_one_out as distances

    questions = Questions(words)
    answers = Answers(
        ("words", "word", "mean distance" if settings.by == "euclidean" else "1 - cosine"), json
    )

    def solve(line: str) -> list[tuple[str, float]]:
        group = list(dict.fromkeys(line.split()))
        found = [loaded.look_up(word, hint=not questions.stream)[1] for word in group]
        apart = distances(_stack(found, loaded.dim), settings.by)
        return sorted(zip(group, apart.tolist(), strict=True), key=lambda pair: -pair[1])

    for batch in questions:
        answers.show(questions.solved(batch, solve))
    questions.end()


# --- questions in, answers out --------------------------------------------------------------


def load_vectors(path: str) -> Vectors:
    """The vectors in a file; a remark when words stand in it twice."""
    # Before numpy comes in. One question is one pass over memory: OpenBLAS's threads would only wait.
    # Many are shared among threads by `Neighbours` itself.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from nlpcli.engine.vectors.word_vectors import Vectors

    vectors = Vectors.load(path)
    if vectors.repeated:
        console.remark(
            f"{path}: {vectors.repeated:,} words stand in it more than once; the first of each counts"
        )
    return vectors


class Questions:
    """Batches of questions: the arguments, or the lines of stdin as they arrive.

    A question that cannot be answered is an error among arguments; in a stream it is a remark,
    and the others go on.
    """

    def __init__(self, words: Sequence[str] | None, *, one_each: bool = False) -> None:
        self.stream = not words or list(words) == ["-"]
        self._arguments = list(words or []) if one_each else [" ".join(words or [])]
        self._answered = self._failed = 0

    def __iter__(self) -> Iterator[list[str]]:
        if not self.stream:
            yield self._arguments
            return
        from nlpcli.engine.io.lines import Lines

        for batch in Lines(["-"]).batches():
            lines = [line.strip() for line in batch if line.strip()]
            for start in range(0, len(lines), BATCH):
                yield lines[start : start + BATCH]

    def solved(self, batch: list[str], solve: Callable[[str], T]) -> list[tuple[str, T]]:
        """The questions that `solve` has an answer to, with it."""
        found = []
        for question in batch:
            try:
                found.append((question, solve(question)))
            except InputError as error:
                if not self.stream:
                    raise
                self._failed += 1
                console.remark(f"{question}: {error.message}")
        self._answered += len(found)
        return found

    def end(self) -> None:
        """Raise InputError when there were questions and none had an answer."""
        if self._failed and not self._answered:
            raise InputError(f"none of {self._failed:,} questions could be answered")


class Answers:
    """Words with scores: a table each on a terminal, TSV or JSON lines elsewhere, at once."""

    def __init__(self, columns: tuple[str, str, str], json: bool) -> None:
        self._columns = columns
        self._json = json
        self._headed = False

    def show(self, answers: Iterable[tuple[str, list[tuple[str, float]]]]) -> None:
        """Print some questions' answers, and hand them on to a waiting reader."""
        key, item, score = self._columns
        if self._json:
            for question, found in answers:
                words = [{"word": word, "score": number} for word, number in found]
                console.print_json({key: question, f"{item}s": words})
        elif sys.stdout.isatty():
            for question, found in answers:
                console.print_table((item, score), found, title=question)
        else:
            if not self._headed:
                console.print_line("\t".join(self._columns))
                self._headed = True
            for question, found in answers:
                for word, number in found:
                    console.print_line(f"{question}\t{word}\t{number:.4f}")
        sys.stdout.buffer.flush()


def _stack(vectors: list[Any], dim: int = 0) -> Any:
    import numpy as np

    return np.stack(vectors).astype(np.float32, copy=False) if vectors else np.empty((0, dim), np.float32)


def _named(vectors: Vectors, found: Found) -> list[tuple[str, float]]:
    return [(vectors.tokens[row], score) for row, score in found]
