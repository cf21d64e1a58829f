"""Word vectors in another layout: `convert`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, with_settings
from nlpcli.cli.vectors import VectorsFile
from nlpcli.engine import jobs
from nlpcli.errors import SettingsError
from nlpcli.settings.vectors import ConvertSettings
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.vectors.conversion import Conversion


@with_settings
def convert(
    vectors: VectorsFile,
    out: Annotated[
        str | None,
        typer.Argument(
            metavar="[OUT]",
            show_default=False,
            help=".safetensors, .txt or .vec (word2vec text), .bin (of fastText, if there are subwords, else "
            "word2vec binary), .glove (GloVe text), "
            ".npy (with .vocab), .npz (arrays words and vectors), .tsv (with .metadata.tsv, for the "
            "TensorFlow projector).",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", help="The same as OUT.", metavar="FILE", show_default=False),
    ] = None,
    settings: ConvertSettings = ConvertSettings(),
    quiet: Quiet = False,
) -> None:
    """Write word vectors in another layout.

    A model of topics (lda) becomes Mallet's state, a .gz file, and such a state a model.

    \b
    Examples:
      nlpcli convert glove.840B.300d.txt glove.safetensors
      nlpcli convert GoogleNews-vectors-negative300.bin.gz news.safetensors --vocab 400000 --dtype float16
      nlpcli convert model.safetensors model.vec --odd-words underscore
      nlpcli convert mallet_state.gz topics.safetensors
    """
    if (out is None) == (output is None):
        raise SettingsError("where to?", hint="name one file: nlpcli convert IN OUT, or -o OUT")
    output = out or output or ""
    done = jobs.convert(vectors, output, settings)
    if not hasattr(done, "lost"):
        if not quiet:
            console.remark(
                f"{output}: {counted(len(done), 'topic')}, {counted(len(done.vocabulary), 'word')}"
            )
        return
    _tell(cast("Conversion", done), output, settings, quiet)


def _tell(done: Conversion, output: str, settings: ConvertSettings, quiet: bool) -> None:
    for lost in done.lost:
        console.remark(f"{output} does not hold {lost}")
    if quiet:
        return
    changes = [f"{done.left_out:,} left out"] * bool(done.left_out) + [f"{done.mended:,} mended"] * bool(
        done.mended
    )
    console.remark(
        f"{output}: {counted(done.words, 'word')} × {done.dim}" + "".join(f", {change}" for change in changes)
    )
    if done.quality is not None:
        quality = done.quality
        console.remark(
            f"{settings.dtype}: mean cosine with float32 {quality.cosine:.6f}; "
            f"{quality.neighbours:.1%} of the 10 nearest stay ({quality.words} words tried)"
        )
