"""Many inputs at addresses, each of which takes its time to answer."""

import threading

import pytest

from nlpcli.engine.distributed import plan
from nlpcli.errors import MissingFile

NAMES = [f"s3://bucket/{number}.txt" for number in range(40)]


def test_several_are_asked_at_a_time(monkeypatch):
    together = threading.Barrier(4, timeout=10)
    monkeypatch.setattr(plan, "check_readable", lambda _: together.wait())
    assert plan.check_inputs(NAMES) == NAMES


def test_the_first_that_is_missing_is_told_and_the_rest_are_not_asked(monkeypatch):
    asked = []

    def check(name):
        asked.append(name)
        if name == NAMES[1]:
            raise MissingFile(name)
        threading.Event().wait(0.01)

    monkeypatch.setattr(plan, "_ASKED", 2)
    monkeypatch.setattr(plan, "check_readable", check)
    with pytest.raises(MissingFile, match=r"1\.txt"):
        plan.check_inputs(NAMES)
    assert len(asked) < len(NAMES)


def test_files_of_this_machine_are_asked_one_by_one(monkeypatch, tmp_path):
    monkeypatch.setattr(plan, "ThreadPoolExecutor", None)
    (tmp_path / "a.txt").write_text("one\n")
    assert plan.check_inputs([str(tmp_path / "a.txt")]) == [str(tmp_path / "a.txt")]
