"""How good word vectors are: `evaluate-vectors`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, with_settings
from nlpcli.cli.results import results
from nlpcli.cli.vectors import VectorsFile
from nlpcli.engine import jobs
from nlpcli.settings.input import InputSettings
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.vectors import VectorEvaluationSettings


@with_settings
def evaluate_vectors(
    vectors: VectorsFile,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Scored word pairs or analogies; - is stdin.", show_default=False
        ),
    ],
    settings: VectorEvaluationSettings = VectorEvaluationSettings(),
    reading: InputSettings = InputSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Compare word vectors with people's judgements: word pairs and analogies.

    Pairs are lines of two words and a score (tab, comma or space, with or without a header);
    analogies are lines of four words in sections such as ": family". The numbers are gensim's.

    \b
    Examples:
      nlpcli evaluate-vectors vectors.safetensors wordsim353.tsv men-3k.txt
      nlpcli evaluate-vectors glove.6B.300d.txt questions-words.txt --vocab 30000
      nlpcli evaluate-vectors ko.safetensors ws353-korean.csv --jsonl | jq .value
    """
    console.one_blas_thread()
    measured = jobs.evaluate_vectors(
        vectors, files, settings, reading=reading, progress=console.progress(quiet)
    )
    rows = (row for result in measured for row in result.rows())
    with results(shape) as shown:
        shown.table(("file", "section", "measure", "value", "known", "of"), rows)
