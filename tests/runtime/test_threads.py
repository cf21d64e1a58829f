"""How many cores there are to use, and limits of it."""

from __future__ import annotations

import threading

import pytest

from nlpcli.engine.runtime import threads
from nlpcli.engine.runtime.threads import at_most_cores, available_cores, in_threads
from nlpcli.errors import SettingsError


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.delenv("NLPCLI_CORES", raising=False)


def test_a_task_is_limited_and_its_threads_with_it():
    with at_most_cores(2):
        assert available_cores() == 2
        assert list(in_threads(available_cores, [(), ()], 2)) == [2, 2]
        with at_most_cores(5):
            assert available_cores() == 5
        assert available_cores() == 2
    assert available_cores() == 8


def test_another_thread_has_its_own_limit():
    found = []
    with at_most_cores(1):
        other = threading.Thread(target=lambda: found.append(available_cores()))
        other.start()
        other.join()
    assert found == [8]


@pytest.mark.parametrize(("given", "cores"), [("3", 3), ("99", 8), ("", 8)])
def test_the_environment_limits_the_cores(monkeypatch, given, cores):
    monkeypatch.setenv("NLPCLI_CORES", given)
    assert available_cores() == cores
    with at_most_cores(2):
        assert available_cores() == 2


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5", "٣", "9" * 5000])
def test_a_number_of_cores_that_is_none_is_refused(monkeypatch, given):
    monkeypatch.setenv("NLPCLI_CORES", given)
    with pytest.raises(SettingsError, match="NLPCLI_CORES"):
        available_cores()
