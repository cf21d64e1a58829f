"""What a worker of `--cluster local:N` does when it starts; Dask imports this by name."""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Leave Ctrl-C to the client, which ends its workers: a terminal sends it to all processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
