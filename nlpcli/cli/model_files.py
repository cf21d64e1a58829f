"""Model files: what one holds (`inspect`), and several added up (`merge`)."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlpcli.cli import console
from nlpcli.cli.classifier_output import show_telling_features
from nlpcli.cli.options import Model, Quiet, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.embeddings import GloveResources
from nlpcli.settings.fields import MOST, refuse
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.vocabulary import VocabularySettings

_TELLING = ("naive-bayes", "linear-classifier")

if TYPE_CHECKING:
    from nlpcli.engine.io.model_file import ModelInfo


@with_settings
def inspect(
    model: Model,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            "-n",
            min=1,
            max=MOST,
            help="The N most telling features of each class, of a classifier of train-nb.",
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Compare the checksum of all tensors.")] = False,
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Show what a file holds that nlpcli wrote: a model without loading it, a matrix, vectors, a page.

    First a summary, then the settings that differ from the defaults, then all else.

    \b
    Examples:
      nlpcli inspect model.safetensors
      nlpcli inspect model.safetensors --json | jq .settings
      nlpcli inspect reviews.safetensors --top 20
      nlpcli inspect --verify downloaded.safetensors
    """
    info = jobs.inspect(model, verify=verify)
    idle = ["--top"] * (top is not None and info.kind not in _TELLING)
    refuse(idle, f"with a file of the kind {info.kind}: a classifier of train-nb has telling features")
    with results(shape) as shown:
        if top is not None:
            show_telling_features(jobs.telling_features(model, top), shown)
        elif shape.is_json:
            shown.record(info.to_record())
        else:
            rows: list[tuple[str, str]] = [("kind", info.kind)]
            rows += [("summary", info.summary)] * bool(info.summary)
            rows += [(name, _changed(*pair)) for name, pair in info.changed.items()]
            rows += [row for row in _flattened(info.header) if row[0] not in info.changed]
            rows += [(f"tensor {name}", _shape(info, name)) for name in sorted(info.tensors)]
            rows.append(("sha256", info.sha256 + (" (verified)" if verify else "")))
            shown.table(("what", "value"), rows)


@with_settings
def merge(
    parts: Annotated[list[str], typer.Argument(help="Classifiers, topics, or counts of count and cooccur.")],
    output: Annotated[str, typer.Option("-o", "--output", help="File to write.", metavar="FILE")],
    vocabulary: VocabularySettings = VocabularySettings(),
    resources: GloveResources = GloveResources(),
    quiet: Quiet = False,
) -> None:
    """Add up counts from parts of a text: exactly what counting all of it at once gives.

    Naive Bayes models add to a model, .npz files of `cooccur` to a .npz file, .safetensors of `count` to
    token<TAB>count, or to .safetensors again. Name the files in the order of the text. Topics of lda with the
    same options add up too, each to the most like it: words are counted exactly, but topics are not those
    that all the text would give.

    \b
    Examples:
      nlpcli merge part1.safetensors part2.safetensors -o all.safetensors
      nlpcli merge counts-*.npz -o counts.npz
      nlpcli merge part-*.safetensors --min-count 5 -o vocabulary.tsv
    """
    jobs.merge(parts, output, resources, vocabulary=vocabulary, progress=console.progress(quiet))


def _flattened(record: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            rows += _flattened(value, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, _shortened(value)))
    return rows


def _shortened(value: object) -> str:
    text = value if isinstance(value, str) else json_module.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + " …"


def _changed(value: object, default: object) -> str:
    """A setting that is not at its default, with the default."""
    usual = "none" if default in (None, "", ()) else _shortened(default)
    return f"{_shortened(value)} (default {usual})"


def _shape(info: ModelInfo, name: str) -> str:
    tensor = info.tensors[name]
    return f"{tensor.dtype} {' × '.join(map(str, tensor.shape)) or 'scalar'}"
