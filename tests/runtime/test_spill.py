from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.cooccurrence.memory import make_plan
from nlpcli.engine.io.model_file import write_model
from nlpcli.engine.runtime import spill
from nlpcli.engine.runtime.sizes import parse_size
from nlpcli.engine.runtime.spill import SpillList, SpillStore, release
from nlpcli.engine.search.strings import MappedStrings
from nlpcli.errors import NlpcliError, OutputError, SettingsError


def test_arrays_come_back_from_memory_and_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = SpillStore(memory=100)
    arrays = [
        np.arange(10.0),
        np.arange(5, dtype=np.int32),
        np.zeros(0, np.int64),
        np.arange(70, dtype=np.uint16),
    ]
    handles = [kept.put(array) for array in arrays]
    assert kept.in_memory == 100 and kept.on_disk == 140
    for handle, array in zip(handles, arrays, strict=True):
        assert kept.take(handle, 0, len(array)).tolist() == array.tolist()
    assert kept.take(handles[-1], 60, 65).tolist() == [60, 61, 62, 63, 64]


def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    kept = SpillStore(memory=0)
    kept.put(np.arange(1000))
    assert kept.on_disk and not list(tmp_path.iterdir())


def test_a_full_disk_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spill.os, "pwrite", full)
    with pytest.raises(OutputError, match="No space left") as caught:
        SpillStore(memory=0).put(np.arange(10))
    assert "TMPDIR" in str(caught.value.hint)


def test_sizes_are_read_as_people_write_them() -> None:
    assert [parse_size(text) for text in ("4GB", "1.5 gib", "100", "2M")] == [
        4 * 10**9,
        3 << 29,
        100,
        2 * 10**6,
    ]
    for nonsense in ("lots", "", "-1GB", "4 GB of it", "1XB"):
        with pytest.raises(SettingsError, match="--memory"):
            parse_size(nonsense)


def test_a_plan_keeps_to_the_memory_or_says_that_it_cannot() -> None:
    words, tokens, group = 100_000, 10**9, 1 << 22
    plan = make_plan(4 << 30, 64, words, tokens, group)
    assert plan.threads < 64 and plan.piece < tokens
    assert plan.least < 4 << 30
    with pytest.raises(NlpcliError, match="at least"):
        make_plan(100 << 20, 1, words, tokens, group)
    with pytest.raises(NlpcliError, match="not enough"):
        make_plan(4 << 30, 1, words, tokens, group, parameters=8 << 30)


def resident() -> int:
    """Bytes of this process's memory that are mapped from files."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssFile")).split()[1]) << 10


@pytest.mark.parametrize("kind", [np.uint8, np.int32])
def test_numbers_that_were_released_are_there_when_they_are_read_again(monkeypatch, kind):
    monkeypatch.setattr(spill, "_HELD", 10_000)
    held, numbers = SpillList(kind), (np.arange(3 << 20) % 251).astype(kind)
    for piece in np.array_split(numbers, 7):
        held.append(piece)
    assert held.pieces is None
    mapped = held.numbers(len(numbers))
    views = [mapped, mapped[:], mapped[5 : (1 << 20) + 7], mapped[1 << 20 :].view(kind)]
    for view in views:
        release(view, 10, len(view) - 1)
        release(view, len(view), len(view))  # nothing
    assert np.array_equal(mapped, numbers)
    release(mapped[:], 0, len(mapped))
    assert np.array_equal(held.numbers(100), numbers[:100])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells no memory")
def test_what_is_written_from_the_disk_does_not_stay_in_memory(monkeypatch, tmp_path):
    monkeypatch.setattr(spill, "_HELD", 10_000)
    held, before = SpillList(np.uint8), resident()
    held.append((np.arange(64 << 20) % 251).astype(np.uint8))
    content = held.numbers(64 << 20)
    for _ in range(2):
        mapped = MappedStrings(content, np.array([0, len(content)]))
        write_model(tmp_path / "m", "index", {"a": 1}, mapped.to_tensors("texts"))
        assert resident() - before < 24 << 20
    assert int(content[-1]) == ((64 << 20) - 1) % 251
    assert resident() - before < 24 << 20
