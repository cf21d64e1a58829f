"""Taggers: `train-tagger`, `tag`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.classifier_output import NOT_MEASURED, when_measured
from nlpcli.cli.networks import Init
from nlpcli.cli.options import Files, Model, Output, Quiet, given_names, with_settings
from nlpcli.cli.results import as_json
from nlpcli.engine import jobs
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import InputSettings, TextInputSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.results import JsonSettings, LineSettings, TableSettings
from nlpcli.settings.tagging import TaggedTextSettings, TaggerSettings, TagSettings

TaggedFiles = Annotated[
    list[str] | None,
    typer.Argument(
        help="Tagged text: CoNLL-U, a word and its tag a line, word/TAG, <word:TAG>, JSON lines; - is stdin.",
        show_default=False,
    ),
]
ModelOutput = Annotated[
    str | None,
    typer.Option("-o", "--output", help="Model file to write.", metavar="FILE", show_default=False),
]
Test = Annotated[
    str | None,
    typer.Option(
        help="Measure on this tagged text afterwards, as evaluate does.", metavar="FILE", show_default=False
    ),
]


@with_settings
def train_tagger(
    context: typer.Context,
    files: TaggedFiles = None,
    output: ModelOutput = None,
    settings: TaggerSettings = TaggerSettings(),
    tagged: TaggedTextSettings = TaggedTextSettings(),
    encoder: EncoderSettings = EncoderSettings(),
    training: NetworkTraining = NetworkTraining(),
    clusters: Annotated[
        list[str] | None,
        typer.Option(
            help="Word classes, as cluster --members prints them, or Brown's; a second file: coarser ones.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(
            help="Word vectors in any layout, for --method rnn.", metavar="FILE", show_default=False
        ),
    ] = None,
    lm: Annotated[
        str | None,
        typer.Option(
            help="A model of train-charlm, whose states tell of words too, for --method rnn.",
            metavar="MODEL",
            show_default=False,
        ),
    ] = None,
    init: Init = None,
    dev: Annotated[
        str | None,
        typer.Option(
            help="Tagged text by which --method rnn chooses its best weights; else some is held out.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    test: Test = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with an interrupted training.", metavar="CHECKPOINT")
    ] = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    reading: InputSettings = InputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a tagger of words on tagged text: parts of speech, or names and other spans.

    How the text is tagged is told by its content. Labels of spans may be BIO-1, BIO-2 or BIOES.
    Ctrl-C leaves a checkpoint, from which --resume goes on.

    \b
    Examples:
      nlpcli train-tagger en_ewt-ud-train.conllu -o pos.safetensors --test en_ewt-ud-dev.conllu
      nlpcli train-tagger conll2003/train.txt.gz -o names.safetensors
      nlpcli train-tagger conll2003/train.txt.gz --columns word=1,tag=2 -o penn.safetensors
      nlpcli cluster vectors.safetensors --k 1000 --members > classes.tsv
      nlpcli train-tagger conll2003/train.txt.gz --clusters classes.tsv -o names.safetensors
      nlpcli train-tagger train.conll --method rnn --dev dev.conll --vectors w.vec -o names.safetensors
      nlpcli train-tagger doccano.jsonl -o names.safetensors
      nlpcli train-tagger ko_gsd-ud-train.conllu --tag xpos -o morphemes.safetensors
    """
    if test is None:
        refuse(changed(shape), NOT_MEASURED)
    if dev is not None:
        refuse(given_options(given_names(context) & {"val_frac"}, NetworkTraining), "beside --dev")
    jobs.train_tagger(
        files, output, settings, tagged=tagged, encoder=encoder, training=training, clusters=clusters or [],
        vectors=vectors, lm=lm, init=init, dev=dev, test=test, resume=resume, checkpoints=checkpoints,
        reading=reading, measured=when_measured(shape), progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def tag(
    model: Model,
    files: Files = None,
    output: Output = "-",
    settings: TagSettings = TagSettings(),
    reading: TextInputSettings = TextInputSettings(),
    table: LineSettings = LineSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shaped: JsonSettings = JsonSettings(),
    quiet: Quiet = False,
) -> None:
    """Tag the words of texts, or mark the names in them, with a trained tagger.

    The text is cut into words by the tokenizer that the model was trained for. Two taggers of English come
    with nlpcli: english-pos (parts of speech, Penn tags) and english-ner (PER, LOC, ORG, MISC).

    \b
    Examples:
      echo 'Jim bought 300 shares.' | nlpcli tag english-pos
      nlpcli tag english-ner news.txt --spans
      echo 'Time flies like an arrow.' | nlpcli tag pos.safetensors
      nlpcli tag names.safetensors news.txt --spans
      nlpcli tag names.safetensors news.txt --format jsonl | jq -c .spans
      nlpcli tag pos.safetensors news.txt --format conllu -o news.conllu
    """
    if shaped.is_json:
        refuse(["--format"] * (settings.format not in ("auto", "jsonl")), "beside --json and --jsonl")
        settings = replace(settings, format="jsonl")
    with as_json(output, shaped, folder=machines.wanted) as file:
        jobs.tag(
            model, files, file, settings, reading=reading, table=table, machines=machines,
            progress=console.progress(quiet),
        )  # fmt: skip
