"""How work on a cluster ends where it is wanted no more, and what is said then."""

import logging
from types import SimpleNamespace

import pytest

from nlpcli.engine.distributed import dask_runner

distributed = pytest.importorskip("distributed")


def test_dask_itself_says_nothing_then():
    logging.getLogger("distributed.client").setLevel(logging.WARNING)  # as Dask does
    with dask_runner._silent():
        assert not logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)
        assert not logging.getLogger("tornado.application").isEnabledFor(logging.ERROR)
    assert logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)


@pytest.mark.parametrize(
    ("status", "state", "is_wanted"),
    [("running", "executing", True), ("running", "cancelled", False), ("closing", "executing", False)],
)
def test_a_task_ends_with_its_client_and_with_its_worker(status, state, is_wanted):
    worker = SimpleNamespace(
        get_current_task=lambda: "key",
        status=distributed.Status[status],
        state=SimpleNamespace(tasks={"key": SimpleNamespace(state=state)}),
    )
    assert dask_runner._abandoned(worker)() is not is_wanted


def test_a_file_is_no_folder(nlpcli, tmp_path):
    for name in ("text", "other"):
        (tmp_path / name).write_text("words\n")
    error = nlpcli("tokenize", "text", "-o", "other/", "--cluster", "tcp://127.0.0.1:9", code=1).err
    assert "other is a file, and no folder" in error
    assert (tmp_path / "other").read_text() == "words\n"
