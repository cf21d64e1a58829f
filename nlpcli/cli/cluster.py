"""Groups of words or documents: `cluster`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, given_names, with_settings
from nlpcli.engine import jobs
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import ClusterSettings

if TYPE_CHECKING:
    from nlpcli.engine.topics.job import Groups


@with_settings
def cluster(
    context: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VECTORS|TEXT...",
            help="One file of vectors, one .npz of vectorize, or texts, a document per line; - is stdin.",
            show_default=False,
        ),
    ] = None,
    members: Annotated[
        bool, typer.Option("--members", help="Print every word or document with its cluster.")
    ] = False,
    settings: ClusterSettings = ClusterSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: InputSettings = InputSettings(),
    json: Json = False,
) -> None:
    """Sort words, or the lines of texts, into groups of like ones (k-means).

    \b
    Examples:
      nlpcli cluster vectors.safetensors --k 50 --top 5000
      nlpcli cluster vectors.safetensors --k 500 --members | cut -f1,2 > classes.tsv
      nlpcli cluster headlines.txt --k 7 --terms 8
    """
    found = jobs.cluster(
        files,
        settings,
        analysis=analysis,
        reading=reading,
        given=given_names(context),
        progress=console.progress(),
    )
    if members:
        _print_members(found, json)
    else:
        _print_summary(found, json)


def _print_members(found: Groups, json: bool) -> None:
    if json:
        for row in found.members():
            console.print_json(dict(zip(found.columns(), row, strict=True)))
    else:
        console.print_table(found.columns(), found.members())


def _print_summary(found: Groups, json: bool) -> None:
    name = "words" if found.kind == "word" else "terms"
    numbered = enumerate(zip(found.sizes(), found.terms, strict=True), 1)
    if json:
        for number, (size, terms) in numbered:
            console.print_json({"cluster": number, "size": size, name: terms})
    else:
        rows = [(number, size, " ".join(terms)) for number, (size, terms) in numbered]
        console.print_table(("cluster", "size", name), rows)
