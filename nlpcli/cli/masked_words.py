"""Masked words: `train-mlm`, `fill-mask`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.networks import Resume
from nlpcli.cli.options import Files, Model, Quiet, asked, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.masked import MASKED_TRAINING, FillSettings, MaskedSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.text import AnalysisSettings

_ModelOut = Annotated[
    str, typer.Option("-o", "--output", help="Model file to write.", metavar="FILE", show_default=False)
]


@with_settings
def train_mlm(
    files: Files = None,
    output: _ModelOut = ...,  # type: ignore[assignment]
    settings: MaskedSettings = MaskedSettings(),
    encoder: EncoderSettings = EncoderSettings(),
    training: NetworkTraining = MASKED_TRAINING,
    resume: Resume = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a network on running text that finds masked words by what stands around them.

    fill-mask asks the model for words; train-rnn, train-tagger and train-seq2seq begin with its weights
    (--init), if they are made with the same cell and sizes. Ctrl-C leaves a checkpoint, from which --resume
    goes on.

    \b
    Examples:
      nlpcli train-mlm wiki.txt.gz -o masked.safetensors
      nlpcli train-mlm news.txt --tokenizer nltk --cell transformer --num-layers 2 -o masked.safetensors
      cut -f2 nsmc.tsv | nlpcli train-mlm --tokenizer kiwi -o ko.safetensors
    """
    jobs.train_mlm(
        files, output, settings, encoder=encoder, training=training, resume=resume, checkpoints=checkpoints,
        analysis=analysis, reading=reading, progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def fill_mask(
    model: Model,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT]...",
            help="Texts with [MASK] in them; - or none reads one per line from stdin.",
            show_default=False,
        ),
    ] = None,
    settings: FillSettings = FillSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Show the words that may stand where a text has [MASK], with their probabilities.

    The words are those of the training text, in small letters.

    \b
    Examples:
      nlpcli fill-mask masked.safetensors 'the [MASK] sat on the mat'
      nlpcli fill-mask masked.safetensors 'she ___ the ___' --mask-token ___ -n 3
      nlpcli fill-mask masked.safetensors --jsonl < gaps.txt | jq -r .word
    """
    console.one_blas_thread()
    given = asked(texts)
    answers = jobs.fill_mask(model, given, settings, progress=console.progress(quiet))
    columns = ("text", "mask", "word", "probability")
    with results(shape) as shown:
        if shown.drawn:
            for batch in answers.batches():
                for text, found in batch:
                    shown.table(columns[1:], found, title=text)
                console.flush()
        else:
            shown.table(
                columns,
                ((text, *one) for batch in answers.batches() for text, found in batch for one in found),
            )
