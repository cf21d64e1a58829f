"""Word frequencies: what `count` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeGuard

from nlpcli.engine.corpus import vocabulary_files
from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.token_count_files import SUFFIX, TokenCountFile, merge_files
from nlpcli.engine.corpus.token_counts import TokenCounting, TokenCounts
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.corpus.word_ngrams import count_ngrams
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.io.writing import Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import OutputError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import changed, ngram_range, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from nlpcli.engine.distributed.counts import Job

_NO_TSV = (".npz", ".json", ".jsonl", ".csv", ".xlsx", ".parquet")


@plain_settings
def count(
    paths: Paths,
    output: Output | None = None,
    *,
    ngrams: str = "1",
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    progress: Progress = SILENT,
) -> Vocabulary:
    """The tokens of some files and how often each stands there, most frequent first.

    With `output` they are also written there, as token<TAB>count, or to a .safetensors file, which holds
    all of them, as the counts of a part of a text that `merge` adds up. `ngrams` is the lengths of the
    n-grams that are counted, such as "1-2".

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "text")
    ...     _ = path.write_text("a rose is a rose")
    ...     counted = count(path)
    >>> dict(zip(counted.tokens, counted.counts.tolist()))
    {'a': 2, 'rose': 2, 'is': 1}

    Of a text without tokens the result is empty, and `progress` is told why there are none. Raises
    InputError when there are tokens, but none is frequent enough.
    """
    shortest, longest = ngram_range("--ngrams", ngrams)
    counting = TokenCounting(analysis, ngrams, vocabulary, reading)
    everything = Shard(0, None if paths is None else tuple(paths))
    if is_partial(output):
        refuse(changed(vocabulary), "with .safetensors, which holds all tokens", "give it to nlpcli merge")
        if machines.wanted:
            with _on_cluster(paths, reading, machines, progress) as job:
                part: TokenCounts = job.got(job.merged(counting))
        else:
            part = counting.part(everything, progress)
        if part.why_none:
            progress.note(part.why_none)
        TokenCountFile(part, analysis, ngrams).save(output)
        return part.tokens.vocabulary()
    counted: Vocabulary
    if machines.wanted:
        with _on_cluster(paths, reading, machines, progress) as job:
            counted = job.finished(counting, job.merged(counting))
    elif longest == 1:
        counted = counting.finish(counting.part(everything, progress), progress)
    else:  # only those that are frequent enough are given a name
        try:
            counted = count_ngrams(paths, shortest, longest, analysis, vocabulary, reading, progress)
        except NoTokens as reason:
            progress.note(reason.message)
            counted = Vocabulary.of([], [])
    if output is not None:
        with open_output(output) as file:
            vocabulary_files.write_to(file, counted)
    return counted


def _on_cluster(
    paths: Paths, reading: TextInputSettings, machines: DistributedSettings, progress: Progress
) -> AbstractContextManager[Job]:
    from nlpcli.engine.distributed.counts import cluster_job
    from nlpcli.engine.distributed.cuts import Reading

    return cluster_job(paths, Reading.of(reading), machines, progress)


def is_partial(output: Output | None) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a file's name says that counts are written to be added up."""
    return isinstance(output, str | os.PathLike) and os.fspath(output).lower().endswith(SUFFIX)


def merge_token_counts(
    paths: Sequence[str], output: str, vocabulary: VocabularySettings, progress: Progress = SILENT
) -> Vocabulary:
    """Counts of parts of a text added up: written as token<TAB>count, or, to a .safetensors file, to be added
    up further.

    The parts are in the order of the text: tokens of the same count are in that of first appearance.

    Raises ModelError for parts that do not add up, InputError when the settings leave no token, OutputError
    for another kind of file.
    """
    if is_partial(output):
        refuse(changed(vocabulary), "with .safetensors, which holds all tokens", "write a .tsv file")
    elif output.lower().endswith(_NO_TSV):
        raise OutputError(
            f"{output}: added up, counts are written as token<TAB>count or {SUFFIX}",
            hint="name a .tsv file",
        )
    total = merge_files(paths)
    if is_partial(output):
        total.save(output)
        return total.counts.tokens.vocabulary()
    counting = TokenCounting(total.analysis, total.ngrams, vocabulary)
    counted = counting.finish(total.counts, progress)
    vocabulary_files.write(output, counted)
    return counted
