"""From text to counts of which words stand near which: the job of `cooccur`."""

from __future__ import annotations

from typing import TypeGuard

from nlpcli.engine.cooccurrence import count_files
from nlpcli.engine.cooccurrence.cluster_counting import counted_on_cluster
from nlpcli.engine.cooccurrence.count_files import Cooccurrence, spilled
from nlpcli.engine.cooccurrence.counting import count_corpus
from nlpcli.engine.cooccurrence.memory import make_plan
from nlpcli.engine.cooccurrence.partial_counts import NO_WORDS, CooccurrenceCounting
from nlpcli.engine.cooccurrence.row_groups import largest_group
from nlpcli.engine.corpus import vocabulary_files
from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoding import encode_ranked
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.writing import LineWriter, Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.sizes import parse_size
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import OutputError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveResources
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings


@plain_settings
def cooccur(
    paths: Paths,
    output: Output | None = None,
    counting: CooccurrenceSettings = CooccurrenceSettings(),
    *,
    pairs: bool = False,
    read_vocab: str | None = None,
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = LOWERCASE,
    resources: GloveResources = GloveResources(),
    reading: TextInputSettings = TextInputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> Cooccurrence:
    """How often the words of some texts stand near each other, written to `output` if there is one.

    A path that ends in .npz becomes a file of counts, to train on or to merge; one in .tsv, or an
    open file, gets a table, or with `pairs` the lines word<TAB>neighbour<TAB>count. `read_vocab` is a
    vocabulary that `count` wrote: the words of the counts, in its order.

    Raises InputError when no word is left for a vocabulary, NlpcliError when the vocabulary alone
    needs more than `resources.memory`, OutputError for a table that is too large to read.
    """
    if isinstance(output, str) and not output.endswith((".npz", ".tsv")):
        raise OutputError(f"{output}: counts are written as .npz or .tsv")
    if pairs and is_part(output):
        refuse(["--per-pair"], "with .npz, which holds the same counts either way")
    if read_vocab is not None:
        refuse(changed(vocabulary), "beside --read-vocab, which is the vocabulary")
    chosen = vocabulary_files.read(read_vocab) if read_vocab is not None else vocabulary
    try:
        if machines.wanted:
            shared = CooccurrenceCounting(NO_WORDS, counting, analysis, reading, vocabulary.vocab_order)
            counts = counted_on_cluster(paths, shared, chosen, machines, progress)
        else:
            counts = _counted(
                paths, counting, chosen, vocabulary.vocab_order, analysis, resources, reading, progress
            )
    except NoTokens as reason:
        if not is_part(output):
            raise
        progress.note(reason.message)
        counts = Cooccurrence.of_nothing(counting, analysis, vocabulary.vocab_order)
    _write(counts, output, pairs)
    return counts


def is_part(output: Output | None) -> TypeGuard[str]:
    """Whether a file's name says that counts are written to be added up: then there may be none."""
    return isinstance(output, str) and output.endswith(".npz")


def _counted(
    paths: Paths,
    counting: CooccurrenceSettings,
    chosen: Vocabulary | VocabularySettings,
    order: str,
    analysis: AnalysisSettings,
    resources: GloveResources,
    reading: TextInputSettings,
    progress: Progress,
) -> Cooccurrence:
    """The counts of all files, made here."""
    corpus, ranks, dropped = encode_ranked(paths, analysis, chosen, reading, progress)
    plan = make_plan(
        parse_size(resources.memory),
        resources.threads or available_cores(),
        len(corpus.vocabulary),
        len(corpus.ids),
        largest_group(corpus.vocabulary.counts, counting),
    )
    made = count_corpus(corpus, counting, piece=plan.piece, threads=plan.threads, progress=progress)
    return spilled(
        Cooccurrence(corpus.vocabulary, counting, analysis, made, order, ranks, dropped),
        threads=plan.threads,
        memory=plan.cells,
        progress=progress,
    )


def _write(counts: Cooccurrence, output: Output | None, pairs: bool) -> None:
    if is_part(output):
        count_files.save(output, counts)
    elif output is not None:
        _write_lines(counts, output, pairs)


def _write_lines(counts: Cooccurrence, output: Output, pairs: bool) -> None:
    tokens = counts.vocabulary.tokens
    table = [] if pairs else counts.table()
    with open_output(output) as file:
        writer = LineWriter(file)
        for cells in table:
            writer.write("\t".join(cells))
        for row, column, count in counts.pairs() if pairs else ():
            writer.write(f"{tokens[row]}\t{tokens[column]}\t{count:.10g}")
