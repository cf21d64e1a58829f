from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.cooccurrence.memory import make_plan
from nlpcli.engine.runtime import spill
from nlpcli.engine.runtime.sizes import parse_size
from nlpcli.engine.runtime.spill import SpillStore
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
