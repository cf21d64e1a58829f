"""Groups of words or documents: `cluster`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, given_names, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.fields import given_options, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import ClusterSettings
from nlpcli.wording import counted


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
    page: Annotated[
        str | None,
        typer.Option(help="Write a map of the clusters too, as a page (HTML).", metavar="FILE"),
    ] = None,
    settings: ClusterSettings = ClusterSettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Sort words, or the lines of texts, into groups of like ones.

    Texts are told by terms that are a cluster's more than others'. What hdbscan puts into no cluster has the
    number 0 among --members.

    \b
    Examples:
      nlpcli cluster vectors.safetensors --k 50 --vocab 5000
      nlpcli cluster vectors.safetensors --k 500 --members | cut -f1,2 > classes.tsv
      nlpcli cluster headlines.txt --k 7 --top 8
      nlpcli cluster headlines.txt --k auto --page clusters.html
      nlpcli cluster headlines.txt --method hdbscan --min-size 10
    """
    found = jobs.cluster(
        files,
        settings,
        analysis=analysis,
        reading=reading,
        given=given_names(context),
        progress=console.progress(quiet),
    )
    if page is not None:
        jobs.cluster_page(found, page, seed=settings.seed)
    if found.outside and not quiet:
        console.remark(f"{found.outside:,} in no cluster")
    if isinstance(settings.k, int) and settings.method != "hdbscan" and len(found.terms) < settings.k:
        console.remark(f"{len(found.terms):,} of {counted(settings.k, 'cluster')}: so few points differ")
    with results(shape) as shown:
        if members:
            refuse(given_options(given_names(context) & {"top"}, ClusterSettings), "beside --members")
            shown.table(found.columns(), found.members())
        else:
            name = "words" if found.kind == "word" else "terms"
            numbered = enumerate(zip(found.sizes(), found.terms, strict=True), 1)
            rows = [(number, size, terms) for number, (size, terms) in numbered]
            shown.table(("cluster", "size", name), rows)
