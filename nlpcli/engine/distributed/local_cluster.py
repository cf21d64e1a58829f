"""A cluster on this machine alone, for `--cluster local:N`: started, and ended without a trace."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator
from typing import Any

from nlpcli.engine.distributed import troubles


@contextlib.contextmanager
def local_cluster(distributed: Any, workers: int) -> Iterator[str]:
    """A scheduler and workers of this machine alone, without a dashboard; its address.

    What they put on the disk lies in a folder of their own, which goes with them.
    """
    import dask

    with (
        tempfile.TemporaryDirectory(prefix="nlpcli-", ignore_cleanup_errors=True) as folder,
        dask.config.set({"temporary-directory": folder}),
    ):
        # Made in two steps, so that those already started are known when Ctrl-C comes amid the second.
        cluster = distributed.LocalCluster.__new__(distributed.LocalCluster)
        try:
            _start_local(cluster, workers)
            yield str(cluster.scheduler_address)
        finally:
            _end_local(cluster)


def _start_local(cluster: Any, workers: int) -> None:
    """Start what `cluster` becomes. Ctrl-C, which a terminal sends to all processes, is left to this one."""
    failed: list[Exception] = []
    done = threading.Event()

    def start() -> None:
        try:
            if os.name == "posix":  # threads and processes that are started here hold it back as well
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            cluster.__init__(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False}, silence_logs=logging.CRITICAL,
                preload=["nlpcli.engine.distributed.local_worker"],
            )  # fmt: skip
        except Exception as error:
            failed.append(error)
        finally:
            done.set()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _track_quietly()
        threading.Thread(target=start, daemon=True).start()
        while not done.wait(0.25):
            pass
    if failed:
        raise troubles.not_started(workers, failed[0]) from failed[0]


def _track_quietly() -> None:
    """Start what cleans up behind processes of Python's that are killed, so that it does not say so."""
    if os.name != "posix":
        return
    from multiprocessing import resource_tracker

    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker:UserWarning"
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _end_local(cluster: Any) -> None:
    """End a local cluster at once: nothing that its workers still do is waited for."""
    for nanny in [*getattr(cluster, "_created", ())]:
        with contextlib.suppress(Exception):
            nanny.close_gracefully()  # so that it starts no other
            os.kill(nanny.pid, signal.SIGKILL)
    with contextlib.suppress(Exception):
        cluster.close(timeout=2)
