"""One scheduler with two workers for all tests but those that need one of another kind."""

import warnings

import pytest


@pytest.fixture(scope="session")
def address():
    """Where the scheduler is."""
    distributed = pytest.importorskip("distributed")
    from nlpcli.engine.distributed import dask_runner
    from nlpcli.engine.distributed.local_cluster import local_cluster

    with warnings.catch_warnings(), dask_runner._options(), local_cluster(distributed, 2) as found:
        yield found
