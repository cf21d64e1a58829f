"""Kernels as machine code: the same as through numba, whole or made again, and without importing numba."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.kernels.counts import documents
from nlpcli.engine.kernels.text import scan
from nlpcli.engine.kernels.text.arguments import Batch, Definition, Reached, Scanned, Table
from nlpcli.engine.runtime import compiled
from nlpcli.engine.runtime.compiled import Kernels


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder of its own for what is compiled."""
    monkeypatch.setattr(compiled, "CACHE", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def murmur3_file(tmp_path_factory):
    """What `murmur3` is compiled to, once for all tests that only damage it."""
    folder = tmp_path_factory.mktemp("compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "CACHE", folder)
        hashes(Kernels("counts.documents").murmur3)
    (file,) = folder.iterdir()
    return file


def hashes(function):
    words = [b"a", b"hello world", "한국어".encode()]
    starts = np.cumsum([0, *map(len, words)])
    found = np.zeros(len(words), np.int32)
    function(np.frombuffer(b"".join(words), np.uint8), starts, found)
    return found.tolist()


def test_a_kernel_gives_what_it_gives_through_numba_compiled_now_or_before(kept):
    through_numba = hashes(documents.murmur3)
    assert any(through_numba)
    assert hashes(Kernels("counts.documents").murmur3) == through_numba
    (file,) = kept.iterdir()
    made = file.stat().st_mtime_ns
    assert hashes(Kernels("counts.documents").murmur3) == through_numba
    assert file.stat().st_mtime_ns == made


def scan_three_words(function):
    text, classes = np.frombuffer(b"one two two\n", np.uint8), np.repeat(np.uint8([0, 1]), [33, 95])
    slots, starts, pool = np.zeros((16, 4), np.uint64), np.zeros(9, np.int64), np.zeros(64, np.uint8)
    firsts, ids, ends = np.zeros(8, np.int64), np.zeros(9, np.int32), np.zeros(2, np.int64)
    places, ones = np.zeros((2, 128), np.int64), np.ones(128, np.uint64)
    return function(
        text, 0, Definition(classes, False), Table(slots, starts, pool, firsts),
        Batch(*places, ones, np.zeros((128, 3), np.uint64)), Scanned(ids, ends), Reached(0, 0, 0, 0),
    )  # fmt: skip


def test_several_numbers_come_back_as_a_tuple(kept):
    assert scan_three_words(Kernels("text.scan").scan) == scan_three_words(scan.scan) == (12, 2, 3, 1)


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda _: b"", lambda _: b"{}\nno code"])
def test_a_damaged_file_is_made_again(kept, murmur3_file, damage):
    through_numba = hashes(documents.murmur3)
    file = kept / murmur3_file.name
    file.write_bytes(damage(murmur3_file.read_bytes()))
    assert hashes(Kernels("counts.documents").murmur3) == through_numba
    assert list(kept.iterdir()) == [file] and compiled._content(file) is not None


def test_where_nothing_can_be_written_kernels_work_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "CACHE", tmp_path / "absent")
    assert hashes(Kernels("counts.documents").murmur3) == hashes(documents.murmur3)


def test_other_types_get_machine_code_of_their_own(kept):
    kernels = Kernels("text.scan")
    for length in (4, 8):
        slots = np.zeros((length, 4), np.uint64)
        slots[1] = 7, 0, (1 << 32) | 1, 5
        counts = np.zeros(1, np.int64)
        kernels.counts_of(slots, counts)
        assert counts.tolist() == [5]
    kernels.counts_of(slots[::-1], counts)  # not contiguous: strides count
    assert counts.tolist() == [5]
    assert len(list(kept.iterdir())) == 2


def test_what_returns_an_array_goes_through_numba(kept):
    buffers = Kernels("embeddings.windows").make_tile_buffers(4, 2, 9)
    assert buffers.targets.shape[0] >= 4
    assert not list(kept.iterdir())


def test_counting_words_a_second_time_does_without_numba(process, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the same few words\n" * 100_000)
    program = (
        "import sys; from nlpcli.cli import main; sys.argv = ['nlpcli', 'count', sys.argv[1]]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('numba' in sys.modules, file=sys.stderr)"
    )
    for _ in range(2):
        done = process.python(program, text)
        assert done.out.splitlines()[0] == "the\t100000"
    assert done.err.strip() == "False"


def test_the_first_run_says_that_it_compiles_and_the_next_says_nothing(process, tmp_path):
    package = tmp_path / "nlpcli"
    shutil.copytree(Path(compiled.__file__).parents[2], package, ignore=shutil.ignore_patterns("__pycache__"))
    own = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)}
    # Of the commands that say nothing else, the one whose kernels are compiled soonest.
    first, second = (process("cooccur", "--pairs", input="a b\n", **own) for _ in range(2))
    assert first.out == second.out == "a\tb\t1\nb\ta\t1\n"
    assert first.err.startswith("compiling for this processor")
    assert first.err.count("\n") == 1
    assert not second.err


def test_kernels_for_another_processor_are_kept_apart(monkeypatch):
    here = compiled._surroundings()
    monkeypatch.setenv("NUMBA_CPU_NAME", "another")
    compiled._surroundings.cache_clear()
    try:
        assert compiled._surroundings() != here
    finally:
        compiled._surroundings.cache_clear()
