"""From tagged text to a tagger, to tags of bare text, to a judgement: `train-tagger`, `tag`, `evaluate`.

tagged text ─ layout ─▶ sentences ─ one scheme ─▶ train ─▶ file ─ test
bare text ─ the model's tokenizer ─▶ words ─ best tags ─▶ lines
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nlpcli.engine.classify.confusion import check_plot, plot_confusion
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.maps import map_files, refuse_texts, shared_name
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.io.writing import Output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.evaluation import TaggerEvaluation, measure
from nlpcli.engine.sequences.examples import Examples, examples_of, fitting_tokenizer, space_of
from nlpcli.engine.sequences.learning import Learning, Linear, Network, check_files, learnt
from nlpcli.engine.sequences.models import TaggerModel, load_tagger
from nlpcli.engine.sequences.tag_formats import TagFormat
from nlpcli.engine.sequences.tagged_text import read_tagged
from nlpcli.engine.sequences.tagger import Tagger
from nlpcli.engine.sequences.word_classes import read_classes
from nlpcli.engine.sequences.words import Words
from nlpcli.engine.tagging.features import NO_CLASSES
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.engine.text.streaming import Texts
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed
from nlpcli.settings.input import InputSettings, TextInputSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.results import LineSettings
from nlpcli.settings.tagging import TaggedTextSettings, TaggerSettings, TagSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted

TEST = "test"
TaggerMeasured = Callable[[str, TaggerEvaluation], object]


@dataclass
class TaggerOutcome:
    """What came of `train_tagger`: the model, and how well it did under "test"."""

    model: TaggerModel
    evaluations: dict[str, TaggerEvaluation] = field(default_factory=dict)


@plain_settings
def train_tagger(
    paths: Paths,
    output: str | None = None,
    settings: TaggerSettings = TaggerSettings(),
    *,
    tagged: TaggedTextSettings = TaggedTextSettings(),
    encoder: EncoderSettings = EncoderSettings(),
    training: NetworkTraining = NetworkTraining(),
    clusters: Sequence[str] = (),
    vectors: str | None = None,
    lm: str | None = None,
    init: str | None = None,
    dev: str | None = None,
    test: str | None = None,
    resume: str | None = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    reading: InputSettings = InputSettings(),
    measured: TaggerMeasured | None = None,
    progress: Progress = SILENT,
) -> TaggerOutcome:
    """A tagger of words, learnt from tagged text and written to `output`, and how well it does on `test`.

    `clusters` names a file of words and their classes, by which rare words are like frequent ones for the
    linear method, and perhaps a second one of coarser classes. For a network `vectors` names word vectors in
    any layout, which are part of what it is told of words, `lm` a character language model whose states are
    so too, `init` a model of train-rnn or train-tagger whose weights are the first, and `dev` tagged text by
    which the best weights are chosen; without it some of the text is held out.

    Raises InputError for text that is not tagged, or with tags of a single kind; SettingsError where there is
    neither a file to write nor one to measure on, and for settings of the other method; ModelError for a
    checkpoint to `resume` that is of another training. An interrupted training leaves a checkpoint.
    """
    every = checkpoints.checkpoint_every
    others = {
        "--vectors": vectors,
        "--lm": lm,
        "--init": init,
        "--dev": dev,
        "--checkpoint-every": every or None,
    }
    _check_method(settings, encoder, training, clusters, others)
    check_files(paths, output, test, dev, "text to train on and that")
    found = read_tagged(paths, tagged, reading, progress)
    tokenizer = settings.tokenizer if settings.tokenizer != "auto" else fitting_tokenizer(found)
    analysis = AnalysisSettings(tokenizer=tokenizer)  # type: ignore[arg-type]
    space = space_of(found.sentences)
    words = Words(analysis, space)
    examples = examples_of(found, words, tagged.tag, progress)

    def beside(path: str | None) -> Examples | None:
        # Read before training, so that what is wrong with it is told before.
        return None if path is None else _tests([path], tagged, examples.target, words, reading, progress)

    tests, held_out = beside(test), beside(dev)
    learning: Learning
    if settings.method == "linear":
        classes = read_classes(clusters) if clusters else NO_CLASSES
        learning = Linear(examples, settings, analysis, space, classes)
    else:
        from nlpcli.engine.sequences.given_vectors import read_told
        from nlpcli.engine.sequences.initial_network import InitialNetwork
        from nlpcli.engine.sequences.recurrent_training import RecurrentTraining

        begun = RecurrentTraining(
            examples.words, examples.tags, examples.target, settings, analysis, space, encoder, training,
            None if held_out is None else (held_out.words, held_out.tags), *read_told(vectors, lm),
            None if init is None else InitialNetwork.load(init, encoder),
        )  # fmt: skip
        if begun.begun_with:
            progress.note(f"{init}: {begun.begun_with}")
        learning = Network(begun, "F1" if examples.target == "ner" else "of words right")
    outcome = TaggerOutcome(learnt(learning, output, resume, every, progress))
    if output is not None:
        progress.note(f"{output}: {_described(examples, outcome.model)}")
    if tests is not None:
        outcome.evaluations[TEST] = measure(outcome.model, tests)
        if measured is not None:
            measured(TEST, outcome.evaluations[TEST])
    return outcome


def _described(examples: Examples, model: TaggerModel) -> str:
    """What a tagger was made of, and how it cuts a text."""
    kinds = "pieces of tags" if model.most else "tags"
    words = sum(map(len, examples.words))
    made = f"{counted(len(examples.words), 'sentence')}, {counted(words, 'word')}, {len(model.tags)} {kinds}"
    return f"{made}; bare text is cut by {model.analysis.tokenizer}"


def _check_method(
    settings: TaggerSettings,
    encoder: EncoderSettings,
    training: NetworkTraining,
    clusters: Sequence[str],
    others: dict[str, Any],
) -> None:
    """Raise SettingsError for what the other method is told by."""
    if settings.method == "rnn":
        given = changed(settings, "margin", "outside_margin", "hash_bits")
        given += ["--clusters"] if clusters else []
        other = "linear"
    else:
        given = [*changed(encoder), *changed(training)]
        given += [name for name, value in others.items() if value is not None]
        other = "rnn"
    if given:
        verb = "is" if len(given) == 1 else "are"
        raise SettingsError(
            f"{' and '.join(given)} {verb} for --method {other}, and the method is {settings.method}",
            hint=f"leave {'it' if len(given) == 1 else 'them'} out, or add --method {other}",
        )


def _tests(
    paths: Paths,
    tagged: TaggedTextSettings,
    target: str,
    words: Words,
    reading: InputSettings,
    progress: Progress,
) -> Examples:
    """Tagged text to measure on, with tags of the kind that the model gives."""
    if tagged.tag == "auto" and target != "tag":
        tagged = dataclasses.replace(tagged, tag=target)  # type: ignore[arg-type]
    examples = examples_of(read_tagged(paths, tagged, reading, progress), words, tagged.tag, progress)
    if (examples.target == "ner") != (target == "ner"):
        kinds = "labels of spans", "tags that are no labels of spans"
        there, given = kinds if examples.target == "ner" else kinds[::-1]
        raise InputError(
            f"{examples.sources[0].name} has {there}, the model gives {given}",
            hint="--columns word=1,tag=4 names other columns",
        )
    return examples


def _tell_other_tags(tagger: TaggerModel, examples: Examples, progress: Progress) -> None:
    """A note where the text has tags that the model never gives: those words cannot be right."""
    if tagger.most:  # made of pieces, of which any tag may be made
        return
    other = {tag for tags in examples.tags for tag in tags}.difference(tagger.tags)
    if other:
        shown = ", ".join(sorted(other)[:6]) + (", …" if len(other) > 6 else "")
        progress.note(f"the model never gives {len(other):,} of the text's tags: {shown}")


# --- at work --------------------------------------------------------------------------------


@plain_settings
def tag(
    model: str,
    texts: Paths | Iterable[str],
    output: Output | None = None,
    settings: TagSettings = TagSettings(),
    *,
    reading: TextInputSettings = TextInputSettings(),
    table: LineSettings = LineSettings(),
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> list[str]:
    """Each text with its tags or spans, in the lines of the format that `settings` name.

    With `output`, `texts` names files, the lines go there as they come, and none are given back; a table
    gets the rows of the texts, with the column `tags`.

    Raises ModelError for a file that is no tagger, SettingsError for spans of a model that finds none.
    """
    if texts is None and output is None:
        raise TypeError("give texts; or, with output=, the names of files")
    names = None if texts is None else [*as_list(texts)]
    tagger = Tagger.load(model, words=settings.words)
    if settings.spans:
        tagger.check_spans()
        if settings.format not in ("auto", "tsv", "jsonl", "inline"):
            raise SettingsError(f"--spans is written as tsv, jsonl or inline, not as {settings.format}")
    shape = TagFormat(settings, tagger.model.target)
    if machines.wanted and output is not None:
        work = partial(tag, shared_name(model), settings=settings, reading=reading, table=table)
        cut = not [*shape.head()] and shape.own_layout is None and table.id_col is None
        map_files(work, names, output, Reading.of(reading), machines, progress, "tagging", cut=cut)
        return []
    if output is None:
        refuse_texts(machines)
        found = [
            line
            for batch in Texts(names or []).batches()
            for line in tagger.lines(batch, proba=settings.proba)
        ]
        return [*shape.head(), *(written for line in found for written in shape.lines(line))]
    kept = kept_for(output, table, otherwise=shape.own_layout)
    with open_lines(output, kept, [Column("tags")], table, progress) as writer:
        for written in shape.head():
            writer.write(written)
        for batch in text_lines(names, reading, progress, "tagging", kept=kept).batches():
            for line in tagger.lines(batch, proba=settings.proba):
                for written in shape.lines(line):
                    writer.write(written)
    return []


def evaluate_tagger(
    model: str,
    paths: Paths,
    mistakes: int = 0,
    plot: str | None = None,
    tagged: TaggedTextSettings = TaggedTextSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> TaggerEvaluation:
    """How well a tagger does on tagged text, with its first `mistakes`. `plot` as for `evaluate`."""
    if plot is not None:
        check_plot(plot)
    tagger = load_tagger(model)
    words = Words(tagger.analysis, tagger.space)
    examples = _tests(paths, tagged, tagger.target, words, reading, progress)
    _tell_other_tags(tagger, examples, progress)
    result = measure(tagger, examples, mistakes)
    if plot is not None:
        plot_confusion(result.tokens, plot, "words", progress)
    return result
