"""Sequence to sequence: `train-seq2seq` makes a model of pairs, `translate` uses it, `evaluate` measures it.

pairs ─ units ─▶ numbers ─▶ train ─▶ file ─ test
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.io.opening import STDIN, Paths
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_output import Column, kept_for, open_lines, ranked
from nlpcli.engine.io.writing import Output, readable
from nlpcli.engine.plots import attention
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.learning import Network, check_files, learnt
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.engine.translation.answers import answer_line
from nlpcli.engine.translation.evaluation import TranslationEvaluation, compared
from nlpcli.engine.translation.model import Seq2Seq, Target
from nlpcli.engine.translation.pairs import Reading, TextPairs, read_pairs, read_two_files
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.fields import check_whole_number
from nlpcli.settings.input import InputSettings, RecordSettings, TextRowSettings
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.results import LineSettings
from nlpcli.settings.translation import (
    SEQ2SEQ_TRAINING,
    Seq2SeqSettings,
    TargetSettings,
    TranslateSettings,
    TranslationScoreSettings,
)
from nlpcli.wording import counted

TEST = "test"
_MOST_LOSS = 50.0  # that is told as a perplexity
TranslationMeasured = Callable[[str, TranslationEvaluation], object]


@dataclass
class Seq2SeqOutcome:
    """What came of `train_seq2seq`: the model, and how well it did under "test"."""

    model: Seq2Seq
    evaluations: dict[str, TranslationEvaluation] = field(default_factory=dict)


@plain_settings
def train_seq2seq(
    paths: Paths,
    output: str | None = None,
    settings: Seq2SeqSettings = Seq2SeqSettings(),
    *,
    training: NetworkTraining = SEQ2SEQ_TRAINING,
    source: str | None = None,
    target: str | None = None,
    init: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    resume: str | None = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    records: TextRowSettings = TextRowSettings(),
    column: TargetSettings = TargetSettings(),
    reading: InputSettings = InputSettings(),
    measured: TranslationMeasured | None = None,
    progress: Progress = SILENT,
) -> Seq2SeqOutcome:
    """A model that turns sources into targets, written to `output`, and how well it does on `test`.

    Pairs stand in `paths`, a line each with a tab between, or line by line in files `source` and `target`;
    with `noise` the paths hold plain text. `init` is a model of train-mlm that the encoder and the vectors of
    units begin with. `dev` has pairs by which the best weights are chosen; without it some are held out.

    Raises SettingsError where there is neither a file to write nor one to measure on, and for an `init` of
    other sizes or units; InputError for lines
    that are no pairs, ModelError for a checkpoint to `resume` that is of another training. An interrupted
    training leaves a checkpoint.
    """
    from nlpcli.engine.translation import checkpoint
    from nlpcli.engine.translation.begun import initial_network
    from nlpcli.engine.translation.examples import examples_of
    from nlpcli.engine.translation.training import Seq2SeqTraining

    _check_sides(paths, source, target, settings)
    check_files([source] if source else paths, output, test, dev, "pairs to train on and those")

    initial = None
    if init is not None:
        initial, settings = initial_network(init, settings)

    def read(names: Paths) -> TextPairs:
        how = Reading(RecordSettings.of(records), column, reading, settings.noise, settings.seed)
        return read_pairs(names, how, progress)

    if source is not None and target is not None:
        pairs = read_two_files(source, target, reading, progress)
    else:
        pairs = read(paths)
    # Read before training, so that what is wrong with them is told before.
    tests, held_out = (None if path is None else read([path]) for path in (test, dev))
    examples = examples_of(pairs, settings, held_out, training.val_frac, progress)
    begun = Seq2SeqTraining(examples, training, initial)
    if begun.begun_with:
        progress.note(f"{init}: {begun.begun_with}")
    learning = Network(begun, told=_perplexity, files=checkpoint)
    model: Seq2Seq = learnt(learning, output, resume, checkpoints.checkpoint_every, progress)
    outcome = Seq2SeqOutcome(model)
    if output is not None:
        known = len(model.vocabulary)
        progress.note(
            f"{output}: {counted(len(pairs), 'pair')}, {counted(known, 'unit')}, "
            f"{model.vocabulary.targets:,} to write"
        )
    if tests is not None:
        outcome.evaluations[TEST] = _measure(model, tests, TranslationScoreSettings(), 0, progress)
        if measured is not None:
            measured(TEST, outcome.evaluations[TEST])
    return outcome


def _perplexity(loss: float) -> str:
    return f"perplexity {math.exp(min(loss, _MOST_LOSS)):.2f}"


def _check_sides(paths: Paths, source: str | None, target: str | None, settings: Seq2SeqSettings) -> None:
    if (source is None) != (target is None):
        missing = "--target" if target is None else "--source"
        raise SettingsError("--source and --target go together", hint=f"add {missing} FILE")
    if source is not None and paths:
        raise SettingsError("name files of pairs, or --source and --target, not both")
    if source is not None and settings.noise != "none":
        raise SettingsError(
            "--noise makes pairs of plain text: --source and --target have no place beside it"
        )


@plain_settings
def translate(
    model: str,
    texts: Paths | Iterable[str],
    output: Output | None = None,
    settings: TranslateSettings = TranslateSettings(),
    *,
    attention_page: str | None = None,
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    progress: Progress = SILENT,
) -> list[str]:
    """The best target of each text, with more in the same line where `settings` ask for it.

    With `output`, `texts` names files, the lines go there as they come, and none are given back; a table
    gets the rows of the texts, with the column `translation`, and a column each for more.
    `attention_page` is a page to write that shows which units of a source each unit of its target looked at.

    Raises ModelError for a file that is no such model, SettingsError for the page of one without attention.
    """
    if texts is None and output is None:
        raise TypeError("give texts; or, with output=, the names of files")
    given = None if texts is None else [*as_list(texts)]
    network = Seq2Seq.load(model)
    looked: list[attention.Looked] = []
    if attention_page is not None:
        check_writable(attention_page)
        if network.settings.attention == "none":
            raise SettingsError(
                f"{model} has no attention to show", hint="it was trained with --attention none"
            )

    def lines(some: Iterable[list[str]]) -> Iterator[str]:
        for batch in some:
            found = network.targets(batch, settings, with_attention=attention_page is not None)
            for text, targets in zip(batch, found, strict=True):
                if attention_page is not None and len(looked) < attention.MOST_LINES:
                    looked.append(_looked(targets[0]))
                yield answer_line(text, targets, settings)

    answers: list[str] = []
    if output is None:
        answers = list(lines([[str(text) for text in given or []]]))
    else:
        kept = kept_for(output, table, otherwise="--jsonl" if settings.jsonl else None)
        source = Records(given, records, reading, labelled=False, kept=kept, progress=progress)
        columns = [Column("translation"), *[Column("probability", is_number=True)] * settings.proba]
        with open_lines(output, kept, ranked(columns, settings.n_best), table, progress) as writer:
            for line in lines(source.texts()):
                writer.write(line)
    if attention_page is not None:
        _write_page(attention_page, model, looked)
    return answers


def _looked(target: Target) -> attention.Looked:
    return attention.Looked(target.source, target.units, target.attention)


def _write_page(path: str, model: str, looked: list[attention.Looked]) -> None:
    with write_atomically(path) as file:
        file.write(attention.page(looked, f"Attention of {readable(Path(model).name)}").encode())


@plain_settings
def evaluate_translation(
    model: str,
    paths: Paths,
    settings: TranslationScoreSettings = TranslationScoreSettings(),
    *,
    mistakes: int = 0,
    records: RecordSettings = RecordSettings(),
    column: TargetSettings = TargetSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> TranslationEvaluation:
    """BLEU and chrF of a model's answers to the sources of pairs, with the `mistakes` furthest off.

    A model trained with noise is measured on plain text, as it was trained. Raises ModelError for a file that
    is no such model.
    """
    check_whole_number("mistakes", mistakes, 0)
    network = Seq2Seq.load(model)
    how = Reading(records, column, reading, network.settings.noise, network.settings.seed)
    return _measure(network, read_pairs(paths or [STDIN], how, progress), settings, mistakes, progress)


def _measure(
    model: Seq2Seq, pairs: TextPairs, settings: TranslationScoreSettings, mistakes: int, progress: Progress
) -> TranslationEvaluation:
    found: list[str] = []
    for answers in model.targets(pairs.sources):
        found.append(answers[0].text)
        progress.update("translating", len(found), len(pairs))
    return compared(found, pairs.sources, pairs.targets, settings.bleu_tokenize, mistakes)
