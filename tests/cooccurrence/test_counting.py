import itertools
import random
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.cooccurrence import count_files, counting, row_groups
from nlpcli.engine.cooccurrence.count_files import Cooccurrence, spilled
from nlpcli.engine.cooccurrence.counting import Scratch, TextCounts, count_corpus
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.kernels.counts import cooccurrence as kernels
from nlpcli.engine.kernels.counts.arguments import Rows
from nlpcli.engine.runtime.threads import Stop
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveResources
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

ANALYSIS = AnalysisSettings(tokenizer="whitespace")
SENTENCES = ["I like deep learning", "I like NLP", "I enjoy flying"]


def encoded(lines: list[str], **vocabulary: int) -> EncodedCorpus:
    return encode_documents([lines], ANALYSIS, VocabularySettings(**vocabulary))


def counted(
    corpus: EncodedCorpus, settings: CooccurrenceSettings, threads: int = 1, piece: int | None = None
) -> Cooccurrence:
    counts = count_corpus(corpus, settings, piece=piece)
    return spilled(Cooccurrence(corpus.vocabulary, settings, ANALYSIS, counts), threads=threads)


def cells(matrix: Cooccurrence) -> list[tuple[int, int, int]]:
    """Every cell: row, column, units."""
    return [
        (first + row, int(column), int(units))
        for first, rows in matrix.groups()
        for row, (begin, end) in enumerate(itertools.pairwise([0, *rows.ends.tolist()]))
        for column, units in zip(rows.columns[begin:end], rows.units[begin:end], strict=True)
    ]


def some_text(seed: int, lines: int = 40, words: int = 150) -> list[str]:
    chance = random.Random(seed)
    vocabulary = [f"w{number}" for number in range(words)]
    weights = [1 / (number + 1) for number in range(words)]
    return [" ".join(chance.choices(vocabulary, weights, k=chance.randrange(0, 30))) for _ in range(lines)]


def by_definition(corpus: EncodedCorpus, settings: CooccurrenceSettings) -> dict[tuple[int, int], Fraction]:
    cells: Counter[tuple[int, int]] = Counter()
    for document in corpus:
        for here, word in enumerate(document.tolist()):
            for distance in range(1, settings.window_size + 1):
                weight = Fraction(1, distance) if settings.distance_weighting else Fraction(1)
                if here - distance >= 0:
                    neighbour = int(document[here - distance])
                    cells[word, neighbour] += weight  # type: ignore[assignment]
                    if settings.symmetric:
                        cells[neighbour, word] += weight  # type: ignore[assignment]
    return dict(cells)  # type: ignore[arg-type]


def test_three_sentences_give_the_matrix_of_the_notes() -> None:
    counts = counted(encoded(SENTENCES), CooccurrenceSettings(window_size=1))
    found = {
        frozenset((counts.vocabulary.tokens[row], counts.vocabulary.tokens[column])): count
        for row, column, count in counts.pairs()
    }
    assert found == {
        frozenset(("I", "like")): 2,
        frozenset(("I", "enjoy")): 1,
        frozenset(("like", "deep")): 1,
        frozenset(("like", "NLP")): 1,
        frozenset(("deep", "learning")): 1,
        frozenset(("enjoy", "flying")): 1,
    }
    assert (counts.dense() == counts.dense().T).all()


@pytest.mark.parametrize("window", [1, 3, 10])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_counts_are_those_of_the_definition_exactly(window: int, symmetric: bool, weighted: bool) -> None:
    settings = CooccurrenceSettings(window_size=window, symmetric=symmetric, distance_weighting=weighted)
    corpus = encoded(some_text(1))
    counts = counted(corpus, settings)
    found = {(row, column): Fraction(units, counts.counts.unit) for row, column, units in cells(counts)}
    assert cells(counts) == sorted(cells(counts))
    assert found == by_definition(corpus, settings)


def test_windows_do_not_cross_lines_and_empty_lines_change_nothing() -> None:
    settings = CooccurrenceSettings(window_size=5)
    with_gaps = counted(encoded(["", "a b", "", "", "c", "b a", ""]), settings)
    without = counted(encoded(["a b", "c", "b a"]), settings)
    assert (with_gaps.dense() == without.dense()).all()
    assert with_gaps.dense()[2].sum() == 0


def test_any_number_of_threads_gives_the_same_counts() -> None:
    corpus = encoded(some_text(2))
    one, three = (counted(corpus, CooccurrenceSettings(), threads) for threads in (1, 3))
    assert cells(one) == cells(three)


def test_ranges_of_a_text_add_up_to_the_whole() -> None:
    corpus = encoded(some_text(3))
    settings = CooccurrenceSettings(window_size=4)
    whole = counted(corpus, settings)
    for piece in (1, 57, len(corpus.ids) - 1):
        assert cells(counted(corpus, settings, piece=piece)) == cells(whole)


def test_a_count_can_be_interrupted_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = encoded(some_text(4))
    whole = cells(counted(corpus, CooccurrenceSettings()))
    monkeypatch.setattr(counting, "_PLACES_A_CALL", 7)
    assert cells(counted(corpus, CooccurrenceSettings())) == whole


def test_merged_shards_equal_the_whole_text(tmp_path: Path) -> None:
    lines = some_text(5)
    settings = CooccurrenceSettings()
    for name, shard in (("a", lines[:11]), ("b", lines[11:])):
        count_files.save(str(tmp_path / f"{name}.npz"), counted(encoded(shard), settings))
    shards = [str(tmp_path / f"{name}.npz") for name in "ab"]
    count_files.merge_files(shards, str(tmp_path / "merged.npz"), GloveResources())
    merged = count_files.load(str(tmp_path / "merged.npz"))
    corpus = encode_documents([lines], ANALYSIS, merged.vocabulary)
    assert merged.vocabulary.counts.tolist() == np.bincount(corpus.ids).tolist()
    assert cells(merged) == cells(counted(corpus, settings))


def test_shards_over_one_vocabulary_merge_too(tmp_path: Path) -> None:
    lines, settings = some_text(8), CooccurrenceSettings(window_size=30)
    corpus = encoded(lines)
    for name, shard in (("a", lines[:20]), ("b", lines[20:])):
        part = encode_documents([shard], ANALYSIS, corpus.vocabulary)
        count_files.save(str(tmp_path / name), counted(part, settings))
    merged = count_files.merge([count_files.load(str(tmp_path / name)) for name in "ab"])
    assert cells(merged) == cells(counted(corpus, settings))


def test_counts_of_different_windows_are_not_merged() -> None:
    parts = [counted(encoded(SENTENCES), CooccurrenceSettings(window_size=window)) for window in (1, 2)]
    with pytest.raises(SettingsError, match="different settings"):
        count_files.merge(parts)


def test_loaded_counts_are_the_saved_ones_and_the_bytes_are_fixed(tmp_path: Path) -> None:
    counts = counted(encoded(some_text(6)), CooccurrenceSettings())
    count_files.save(str(tmp_path / "a.npz"), counts)
    loaded = count_files.load(str(tmp_path / "a.npz"))
    assert loaded.vocabulary.tokens == counts.vocabulary.tokens
    assert (loaded.settings, loaded.analysis) == (counts.settings, counts.analysis)
    assert cells(loaded) == cells(counts)
    count_files.save(str(tmp_path / "b.npz"), loaded)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_scipy_reads_the_counts(tmp_path: Path) -> None:
    import scipy.sparse

    counts = counted(encoded(SENTENCES), CooccurrenceSettings())
    count_files.save(str(tmp_path / "a.npz"), counts)
    matrix = scipy.sparse.load_npz(tmp_path / "a.npz")
    matrix.check_format(full_check=True)
    assert (matrix.toarray() == counts.dense()).all()


def test_damaged_or_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        count_files.load(str(tmp_path / "missing.npz"))
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ModelError, match="not a file of co-occurrence counts"):
        count_files.load(str(tmp_path / "text.npz"))
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(ModelError, match="not a file of co-occurrence counts"):
        count_files.load(str(tmp_path / "other.npz"))


def test_a_column_outside_the_matrix_is_refused(tmp_path: Path) -> None:
    matrix = counted(encoded(SENTENCES), CooccurrenceSettings())
    group = matrix.counts.group(0, Scratch(0), Stop())
    group.columns[-1] = 1000
    count_files.save(str(tmp_path / "bad.npz"), matrix)
    with pytest.raises(ModelError, match="damaged"):
        cells(count_files.load(str(tmp_path / "bad.npz")))


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    count_files.save(str(path), counted(encoded(SENTENCES), CooccurrenceSettings()))
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("data.npy").header_offset + 200
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)
    with pytest.raises(ModelError):
        count_files.load(str(path))


def test_compiled_counting_equals_the_python_of_it() -> None:
    corpus = encoded(some_text(7, lines=4))
    counts = TextCounts(corpus, CooccurrenceSettings(window_size=2))
    fast = counts.group(0, Scratch(counts.words), Stop())
    slow_kernel = kernels.count_rows.py_func
    scratch = Scratch(counts.words)
    first, last = counts.bounds[:2].tolist()
    rows = Rows(np.zeros(last - first, np.int64), np.zeros(10_000, np.int32), np.zeros(10_000, np.int64))
    state = np.array([first, counts._indexed.starts[first], 0, 0, first])
    slow_kernel(counts._indexed, counts._weights, True, state, last, 10**9, scratch.accumulator, rows)
    assert rows.ends.tolist() == fast.ends.tolist()
    assert rows.units[: rows.ends[-1]].tolist() == fast.units.tolist()


def test_groups_bound_memory_and_follow_from_the_vocabulary_alone() -> None:
    counts = np.array([10**9, 10**6, *[10] * 1000])
    bounds = row_groups.group_bounds(counts, CooccurrenceSettings())
    assert bounds[0] == 0 and bounds[-1] == len(counts)
    assert (np.diff(bounds) > 0).all()
    assert len(bounds) > 32


def test_a_vocabulary_beyond_4096_words_is_read_out_in_order() -> None:
    words = 10_000
    vocabulary = Vocabulary.of([str(number) for number in range(words)], np.ones(words, np.int64))
    ids = np.array([5, 9999, 5, 64, 5, 4096, 5, 4095], dtype=np.int32)
    corpus = EncodedCorpus(ids, np.array([0, len(ids)]), vocabulary)
    counts = counted(corpus, CooccurrenceSettings(window_size=1))
    assert [column for row, column, _ in cells(counts) if row == 5] == [64, 4095, 4096, 9999]
