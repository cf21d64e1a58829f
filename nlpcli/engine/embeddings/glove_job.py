"""From text or counts to a file of GloVe vectors, within the memory there is: the job of `train-glove`.

Not here: the training itself (`glove.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from nlpcli.engine.cooccurrence.cluster_counting import counted_on_cluster
from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.count_files import load as load_counts
from nlpcli.engine.cooccurrence.counting import NO_COUNTS, count_corpus
from nlpcli.engine.cooccurrence.memory import Plan, make_plan, say_size
from nlpcli.engine.cooccurrence.partial_counts import NO_WORDS, CooccurrenceCounting
from nlpcli.engine.cooccurrence.row_groups import largest_group
from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.glove import MAY_CHANGE, Glove, Training, as_before, begin, padded
from nlpcli.engine.embeddings.glove_blocks import Cells
from nlpcli.engine.embeddings.glove_shown_work import check_size, loss
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.checkpoints import checkpoint_path, interrupted, remove_checkpoint
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.shown_work import WorkTable
from nlpcli.engine.runtime.interrupts import saved_when_interrupted
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.sizes import parse_size
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.vectors.writing import layout_of
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveResources, GloveSettings
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import FIVE_OR_MORE, VocabularySettings
from nlpcli.wording import counted


@plain_settings
def train_glove(
    paths: Paths,
    output: str,
    settings: GloveSettings = GloveSettings(),
    *,
    cooccurrences: str | None = None,
    resume: str | None = None,
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    vocabulary: VocabularySettings = FIVE_OR_MORE,
    analysis: AnalysisSettings = LOWERCASE,
    resources: GloveResources = GloveResources(),
    reading: TextInputSettings = TextInputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    worked: Callable[[list[WorkTable]], object] | None = None,
    progress: Progress = SILENT,
) -> Glove:
    """GloVe vectors of the words in some texts, or in a file of counts, written to `output`.

    `cooccurrences` is a file of counts that `cooccur` wrote, in place of texts. `resume` is a model
    file; what is not said anew (by a value that is not the default) is as it was. An interrupted
    training leaves a checkpoint, which can be resumed. `worked` is told how the loss of the result comes
    about, cell by cell, where the text is small enough to show it. With a cluster the counting is done there,
    and the training here.

    Raises InputError for unreadable files, and what `glove.train` raises.
    """
    if cooccurrences is not None:
        _check_counts_alone(paths, counting, vocabulary, analysis)
        refuse([*reading.of_tables, *changed(machines)], "beside --cooccurrences")
    layout_of(output)
    check_writable(output)
    earlier = Glove.load(resume) if resume else None
    if earlier is not None:
        settings = as_before(settings, GloveSettings(), earlier.settings, MAY_CHANGE)
        counting = as_before(counting, CooccurrenceSettings(), earlier.counting)
        analysis = as_before(analysis, LOWERCASE, earlier.analysis)
    if cooccurrences is not None:
        matrix = load_counts(cooccurrences)
        if not len(matrix.vocabulary):
            raise InputError(
                f"{cooccurrences}: these are counts of no words", hint="nlpcli merge adds up parts"
            )
        cells = _lay_out(matrix, 0, settings, resources, progress)
    else:
        matrix, cells = _count_text(
            paths, earlier.vocabulary if earlier else vocabulary,
            settings, counting, analysis, reading, resources, machines, progress,
        )  # fmt: skip
    model = begin(earlier, cells, matrix.vocabulary, matrix.analysis, matrix.settings, settings)
    if worked is not None:
        check_size(cells, settings.dim)
    training, checkpoint = Training(cells, model), checkpoint_path(output)

    def save() -> None:
        training.model.save(checkpoint)
        progress.note(
            interrupted(f"{len(training.model.costs)} of {counted(settings.epochs, 'epoch')}", checkpoint)
        )

    with saved_when_interrupted(save):
        training.go(resources.threads or available_cores(), progress)
        training.model.write(output)
    remove_checkpoint(checkpoint, False, resume)
    if worked is not None:
        worked(loss(training.model, cells))
    return training.model


def _check_counts_alone(
    paths: Paths, counting: CooccurrenceSettings, vocabulary: VocabularySettings, analysis: AnalysisSettings
) -> None:
    """Raise SettingsError for what counts already hold."""
    if paths:
        raise SettingsError("give either text files or --cooccurrences, not both")
    if (counting, vocabulary, analysis) != (CooccurrenceSettings(), FIVE_OR_MORE, LOWERCASE):
        raise SettingsError(
            "with --cooccurrences the vocabulary, the analysis and the window are those of the counts",
            hint="give these options to nlpcli cooccur",
        )


def _count_text(
    paths: Paths,
    vocabulary: VocabularySettings | Vocabulary,
    settings: GloveSettings,
    counting: CooccurrenceSettings,
    analysis: AnalysisSettings,
    reading: TextInputSettings,
    resources: GloveResources,
    machines: DistributedSettings,
    progress: Progress,
) -> tuple[Cooccurrence, Cells]:
    """What was counted, without the counts themselves: the memory of the text is free again."""
    if machines.wanted:
        shared = CooccurrenceCounting(NO_WORDS, counting, analysis, reading)
        matrix = counted_on_cluster(paths, shared, vocabulary, machines, progress, keep_counts=True)
        cells = _lay_out(matrix, 0, settings, resources, progress)
        return dataclasses.replace(matrix, counts=NO_COUNTS), cells
    corpus = encode(paths, analysis, vocabulary, reading, progress)
    plan = _plan(corpus.vocabulary, len(corpus.ids), counting, settings, resources)
    counts = count_corpus(corpus, counting, piece=plan.piece, threads=plan.threads, progress=progress)
    matrix = Cooccurrence(corpus.vocabulary, counting, analysis, counts)
    cells = _lay_out(matrix, len(corpus.ids), settings, resources, progress)
    return dataclasses.replace(matrix, counts=NO_COUNTS), cells


def _lay_out(
    matrix: Cooccurrence, tokens: int, settings: GloveSettings, resources: GloveResources, progress: Progress
) -> Cells:
    """The cells for training, within the memory there is; says how much that will be."""
    plan = _plan(matrix.vocabulary, tokens, matrix.settings, settings, resources)
    progress.note(
        f"memory: {say_size(plan.least)} at least, and up to {say_size(plan.cells)} for co-occurrence cells"
        f" (--memory {resources.memory})"
    )
    cells = Cells(
        matrix.counts, matrix.vocabulary.counts, settings.x_max, settings.alpha,
        threads=plan.threads, memory=plan.cells, progress=progress,
    )  # fmt: skip
    on_disk = f", {say_size(cells.on_disk)} of them on disk" if cells.on_disk else ""
    progress.note(f"{len(cells):,} co-occurrence cells of {counted(len(matrix.vocabulary), 'word')}{on_disk}")
    return cells


def _plan(
    vocabulary: Vocabulary,
    tokens: int,
    counting: CooccurrenceSettings,
    settings: GloveSettings,
    resources: GloveResources,
) -> Plan:
    # Two sides of padded rows with their sums, and once more as they are written to the file.
    parameters = len(vocabulary) * 4 * (4 * padded(settings.dim) + 6 * settings.dim + 8)
    return make_plan(
        parse_size(resources.memory),
        resources.threads or available_cores(),
        len(vocabulary),
        tokens,
        largest_group(vocabulary.counts, counting),
        parameters,
    )
