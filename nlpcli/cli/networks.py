"""Classifiers by a network: `train-rnn`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.classifier_output import NOT_MEASURED, when_measured
from nlpcli.cli.classify import Labelled, ModelOutput, Test
from nlpcli.cli.described import Rare
from nlpcli.cli.options import Quiet, given_names, with_settings
from nlpcli.engine import jobs
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.neural import ClassifierEncoder, NetworkTraining
from nlpcli.settings.results import TableSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings

Vectors = Annotated[
    str | None, typer.Option(help="Word vectors in any layout.", metavar="FILE", show_default=False)
]
LanguageModel = Annotated[
    str | None,
    typer.Option(
        help="A model of train-charlm, whose states tell of words too.",
        metavar="MODEL",
        show_default=False,
        rich_help_panel=Rare("Options"),
    ),
]
Dev = Annotated[
    str | None,
    typer.Option(
        help="Labelled texts by which the best weights are chosen; else some are held out.", metavar="FILE",
        show_default=False,
    ),
]  # fmt: skip
BlendOption = Annotated[
    str | None,
    typer.Option(
        help="A model of train-nb that judges too, as much as is best for texts held out.", metavar="MODEL",
        show_default=False,
    ),
]  # fmt: skip
Init = Annotated[
    str | None,
    typer.Option(
        help="Begin with the weights of this model of train-mlm, train-rnn or train-tagger --method rnn.",
        metavar="MODEL", show_default=False, rich_help_panel=Rare("Options"),
    ),
]  # fmt: skip
Resume = Annotated[str | None, typer.Option(help="Go on with an interrupted training.", metavar="CHECKPOINT")]


@with_settings
def train_rnn(
    context: typer.Context,
    files: Labelled = None,
    output: ModelOutput = None,
    settings: RnnSettings = RnnSettings(),
    encoder: ClassifierEncoder = ClassifierEncoder(),
    training: NetworkTraining = NetworkTraining(),
    vectors: Vectors = None,
    lm: LanguageModel = None,
    blend: BlendOption = None,
    init: Init = None,
    dev: Dev = None,
    test: Test = None,
    resume: Resume = None,
    analysis: AnalysisSettings = LOWERCASE,
    records: RecordSettings = RecordSettings(),
    checkpoints: CheckpointSettings = CheckpointSettings(),
    reading: InputSettings = InputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a classifier on labelled texts by a recurrent network, which reads words in their order.

    Takes the texts that train-nb takes, or pairs of texts (--text2-col), which may have several labels
    (--label-sep) or numbers. With --cell none it takes rows of numbers (--vector-col, or .npz files).
    classify and evaluate go on with the model. Ctrl-C leaves a checkpoint, from which --resume goes on.

    \b
    Examples:
      nlpcli train-rnn reviews.tsv -o reviews.safetensors
      nlpcli train-rnn nsmc-train.tsv.gz --test nsmc-test.tsv.gz -o nsmc.safetensors
      nlpcli train-rnn reviews.tsv --blend nbsvm.safetensors -o both.safetensors
      nlpcli train-rnn names.tsv --tokenizer char --cell gru -o names.safetensors
      nlpcli train-rnn emotions.tsv --label-sep , -o emotions.safetensors
      nlpcli train-rnn pairs.csv --text-col premise --text2-col hypothesis --vectors wiki.bin -o m.safetensors
      nlpcli train-rnn people.tsv --cell none --vector-col height,weight,age -o pressure.safetensors
    """
    if test is None:
        refuse(changed(shape), NOT_MEASURED)
    if dev is not None:
        refuse(given_options(given_names(context) & {"val_frac"}, NetworkTraining), "beside --dev")
    jobs.train_rnn(
        files, output, settings, encoder=encoder, training=training, vectors=vectors, lm=lm,
        blend=blend, init=init, dev=dev, test=test, resume=resume, checkpoints=checkpoints, analysis=analysis,
        records=records, reading=reading,
        given=given_names(context), measured=when_measured(shape), progress=console.progress(quiet),
    )  # fmt: skip
