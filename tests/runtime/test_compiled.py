"""Kernels as machine code: the same as through numba, whole or made again, and without importing numba."""

import functools
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.kernels.counts import documents
from nlpcli.engine.kernels.text.arguments import Batch, Definition, Reached, Scanned, Table
from nlpcli.engine.runtime import compiled, machine_code
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.kernel_files import KernelFiles
from nlpcli.engine.runtime.progress import listeners


@contextmanager
def keeping(folder):
    """Kernels are kept in a folder of a test's own."""
    descriptor = os.open(folder, os.O_RDONLY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "kernel_files", lambda: KernelFiles(descriptor))
        yield
    os.close(descriptor)


@pytest.fixture
def kept(tmp_path):
    """A folder of its own for what is compiled."""
    with keeping(tmp_path):
        yield tmp_path


def files_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "key")


@pytest.fixture(scope="module")
def murmur3_files(tmp_path_factory):
    """What is kept of `murmur3`, compiled once for all tests that only damage it, and the key."""
    folder = tmp_path_factory.mktemp("compiled")
    with keeping(folder):
        hashes(Kernels("counts.documents").murmur3)
    return folder


@pytest.fixture(scope="module")
def through_numba():
    return hashes(documents.murmur3)


def hashes(function):
    words = [b"a", b"hello world", "한국어".encode()]
    starts = np.cumsum([0, *map(len, words)])
    found = np.zeros(len(words), np.int32)
    function(np.frombuffer(b"".join(words), np.uint8), starts, found)
    return found.tolist()


def test_a_kernel_gives_what_it_gives_through_numba_compiled_now_or_before(kept, through_numba):
    assert any(through_numba)
    assert hashes(Kernels("counts.documents").murmur3) == through_numba
    (name,) = files_in(kept)
    made = (kept / name).stat().st_mtime_ns
    assert hashes(Kernels("counts.documents").murmur3) == through_numba
    assert (kept / name).stat().st_mtime_ns == made


def scan_three_words(function):
    text, classes = np.frombuffer(b"one two two\n", np.uint8), np.repeat(np.uint8([0, 1]), [33, 95])
    slots, starts, pool = np.zeros((16, 4), np.uint64), np.zeros(9, np.int64), np.zeros(64, np.uint8)
    firsts, ids, ends = np.zeros(8, np.int64), np.zeros(9, np.int32), np.zeros(2, np.int64)
    places, ones = np.zeros((2, 128), np.int64), np.ones(128, np.uint64)
    return function(
        text, 0, Definition(classes, False), Table(slots, starts, pool, firsts),
        Batch(*places, ones, np.zeros((128, 3), np.uint64)), Scanned(ids, ends), Reached(0, 0, 0, 0),
    )  # fmt: skip


def test_several_numbers_come_back_as_a_tuple():
    assert scan_three_words(Kernels("text.scan").scan) == (12, 2, 3, 1)


def damaged(content):
    """Ways in which a file that holds this can be damaged."""
    middle = len(content) // 2
    yield from (b"", b"[]", b"null", b"{}\nno code", b"[" * 100_000, b"\0" * len(content), os.urandom(5000))
    yield from (content[:-9], content[:20], content[:40], content + b"\0", content[32:], content * 2)
    for place in (0, 31, 32, 40, middle, len(content) - 1):
        yield content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_damaged_file_is_no_file(murmur3_files, tmp_path):
    (name,) = files_in(murmur3_files)
    shutil.copytree(murmur3_files, tmp_path, dirs_exist_ok=True)
    files = KernelFiles(os.open(tmp_path, os.O_RDONLY))
    whole = (tmp_path / name).read_bytes()
    assert files.read(name) == whole[32:]
    for content in damaged(whole):
        (tmp_path / name).write_bytes(content)
        assert files.read(name) is None, content[:40]


def test_a_damaged_file_is_made_again(kept, murmur3_files, through_numba):
    shutil.copytree(murmur3_files, kept, dirs_exist_ok=True)
    (name,) = files_in(kept)
    whole = (kept / name).read_bytes()
    (kept / name).write_bytes(whole[:-9])
    assert hashes(Kernels("counts.documents").murmur3) == through_numba
    assert files_in(kept) == [name]
    assert len((kept / name).read_bytes()) == len(whole)


@pytest.mark.parametrize("key", [b"", b"short", bytes(32), bytes(33)])
def test_under_another_key_everything_is_made_again(kept, murmur3_files, through_numba, key):
    shutil.copytree(murmur3_files, kept, dirs_exist_ok=True)
    (kept / "key").write_bytes(key)
    files = compiled.kernel_files()
    (name,) = files_in(kept)
    assert files.read(name) is None
    files.keep(name, b"anew")
    assert files.read(name) == b"anew"


def test_a_file_under_the_name_of_another_is_not_that(murmur3_files, tmp_path):
    (name,) = files_in(murmur3_files)
    shutil.copytree(murmur3_files, tmp_path, dirs_exist_ok=True)
    shutil.copy(tmp_path / name, tmp_path / "another")
    assert KernelFiles(os.open(tmp_path, os.O_RDONLY)).read("another") is None


@pytest.mark.parametrize(
    "head",
    [b" int64", b"a b int64", b"f int65", b"f int64,", b"f\0 int64", "ſ int64".encode(), b"f", b"", b"[]"],
)
def test_what_a_header_may_say_is_little(head):
    code = b"\x7fELF\x02\x01\x01..."
    assert machine_code.unpacked(b"f int64,bool\n" + code).returns == ("int64", "bool")
    assert machine_code.unpacked(b"f \n" + code).returns == ()
    if head != b"f":
        assert machine_code.unpacked(head + b"\n" + code) is None
    assert machine_code.unpacked(head + b" int64\nno object file") is None


def test_where_nothing_can_be_kept_kernels_work_all_the_same(tmp_path, through_numba):
    folder = tmp_path / "absent"
    folder.mkdir()
    with keeping(folder):
        folder.rmdir()
        assert hashes(Kernels("counts.documents").murmur3) == through_numba
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "kernel_files", lambda: None)
        assert hashes(Kernels("counts.documents").murmur3) == through_numba


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
    assert len(files_in(kept)) == 2


def test_what_returns_an_array_goes_through_numba_and_is_kept_too(kept, process):
    buffers = Kernels("embeddings.windows").make_tile_buffers(4, 2, 9)
    assert buffers.targets.shape[0] >= 4
    assert {name.rpartition(".")[2] for name in files_in(kept)} == {"kernel", "numba"}


# --- a numba that is not as expected --------------------------------------------------------


def without_emit(patch):
    from llvmlite.binding import TargetMachine

    patch.delattr(TargetMachine, "emit_object")


def emits(content):
    def otherwise(patch):
        from llvmlite.binding import TargetMachine

        patch.setattr(TargetMachine, "emit_object", lambda *_: content)

    return otherwise


def raises_runtime_error(patch):
    from llvmlite.binding import TargetMachine

    def refuse(*_):
        raise RuntimeError("LLVM says no")

    patch.setattr(TargetMachine, "emit_object", refuse)


def named(symbol):
    def otherwise(patch):
        patch.setattr(machine_code, "_symbol", lambda _: symbol)

    return otherwise


def without_helpers(patch):
    patch.setattr(machine_code, "_extension", lambda _: object())


def without_extensions(patch):
    patch.setattr(machine_code, "_EXTENSIONS", (("NRT_", "core/runtime/_absent"),))


def other_calls(patch):
    """Arguments in another order than numba's: the matrix's two sizes are exchanged."""
    usual = machine_code._flatten

    def exchanged(value, into):
        if isinstance(value, np.ndarray) and value.ndim == 2:
            value = value.T
        usual(value, into)

    patch.setattr(machine_code, "_flatten", exchanged)


def helpers_by_other_names(patch):
    usual = machine_code._elf_symbols
    patch.setattr(
        machine_code, "_elf_symbols", lambda code: (usual(code)[0], usual(code)[1] | {"NRT_absent"})
    )


@pytest.mark.parametrize(
    "change",
    [
        without_emit, emits(b""), emits(None), emits(b"\x7fELF\x02\x01\x01" + bytes(90)), emits("text"),
        raises_runtime_error, named(""), named("absent"), named(None), without_helpers, without_extensions,
        other_calls, helpers_by_other_names,
    ],
)  # fmt: skip
def test_where_numba_is_not_as_expected_kernels_go_through_it_with_a_remark(
    kept, monkeypatch, through_numba, change
):
    said = []
    monkeypatch.setattr(compiled, "_is_expected", True)
    for name in (
        "loader",
        "_check_numba",
        "surroundings",
    ):  # the usual loader stays: what it has loaded is in use
        monkeypatch.setattr(machine_code, name, functools.cache(getattr(machine_code, name).__wrapped__))
    listeners.append(said.append)
    try:
        change(monkeypatch)
        kernels = Kernels("counts.documents")
        assert hashes(kernels.murmur3) == hashes(kernels.murmur3) == through_numba
    finally:
        listeners.remove(said.append)
    remarks = [text for text in said if text.startswith("kernels go through numba")]
    assert len(remarks) == 1
    assert not [name for name in files_in(kept) if name.endswith(".kernel")]


def test_an_interrupt_that_llvm_makes_an_error_of_is_not_passed_over(kept, monkeypatch):
    from nlpcli.engine.runtime.interrupts import arrived

    monkeypatch.setattr(compiled, "_is_expected", True)
    raises_runtime_error(monkeypatch)
    machine_code._check_numba.cache_clear()
    arrived.append(2)
    try:
        with pytest.raises(RuntimeError, match="LLVM says no"):
            hashes(Kernels("counts.documents").murmur3)
    finally:
        arrived.clear()
        machine_code._check_numba.cache_clear()


# --- bounds ---------------------------------------------------------------------------------

OUT_OF_BOUNDS = """
import numpy as np, sys
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import run_all
words, starts, found = np.frombuffer(b"ab", np.uint8), np.array([0, 1, 2]), np.zeros(3, np.int32)
kernel = Kernels("counts.documents").murmur3
def call():
    try:
        kernel(words, starts, found)
    except IndexError as error:
        return print(error)
    print("nothing was raised")
call()
kernel(words, starts, np.zeros(2, np.int32))
def other():
    try:
        kernel(words, starts, found)
    except IndexError:
        print("in a thread")
run_all(other, [(), ()], 2)
"""


def test_with_checked_bounds_an_index_that_is_outside_raises(process, tmp_path):
    for _ in range(2):  # compiled now, and before
        said = process.python(OUT_OF_BOUNDS, NLPCLI_CHECK_BOUNDS="1", XDG_CACHE_HOME=str(tmp_path)).out
        first, *rest = said.splitlines()
        assert "out of bounds" in first and "counts.documents.murmur3" in first
        assert rest == ["in a thread"] * 2


# --- start-up -------------------------------------------------------------------------------


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
    own = {"PYTHONPATH": str(tmp_path)}
    # Of the commands that say nothing else, the one whose kernels are compiled soonest.
    first, second = (process("cooccur", "--pairs", input="a b\n", **own) for _ in range(2))
    assert first.out == second.out == "a\tb\t1\nb\ta\t1\n"
    assert first.err.startswith("compiling for this processor")
    assert first.err.count("\n") == 1
    assert not second.err


def test_kernels_for_another_processor_are_kept_apart(monkeypatch):
    here = machine_code.surroundings()
    monkeypatch.setenv("NUMBA_CPU_NAME", "another")
    machine_code.surroundings.cache_clear()
    try:
        assert machine_code.surroundings() != here
    finally:
        machine_code.surroundings.cache_clear()


def test_addresses_of_arrays_are_those_that_numpy_tells(tmp_path, monkeypatch):
    whole = np.arange(24.0).reshape(4, 6)
    np.save(tmp_path / "a.npy", whole)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    for array in (
        whole,
        whole[1:, 1::2],
        whole.T,
        np.zeros((0, 3)),
        np.frombuffer(b"abcd", np.uint8),
        mapped,
    ):
        assert machine_code._address(array) == array.ctypes.data
    monkeypatch.setattr(machine_code, "_address_in", lambda array: array.ctypes.data + 8)
    assert machine_code._way_to_addresses() is machine_code._address_told
