"""Word frequencies: what `count` does."""

from __future__ import annotations

from nlpcli.engine.corpus import vocabulary_files
from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.token_counts import TokenCounting
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.corpus.word_ngrams import count_ngrams
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.io.writing import Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.settings.fields import ngram_range
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings


@plain_settings
def count(
    paths: Paths,
    output: Output | None = None,
    *,
    ngrams: str = "1",
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    progress: Progress = SILENT,
) -> Vocabulary:
    """The tokens of some files and how often each stands there, most frequent first.

    With `output` they are also written there, as token<TAB>count. `ngrams` is the lengths of the
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
    if longest == 1:
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
