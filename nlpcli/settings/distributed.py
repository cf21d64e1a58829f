"""Settings of work on many machines."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from nlpcli.settings.fields import Needs, Settings, setting
from nlpcli.settings.frozen import frozen

CLUSTER = "Many machines"


@frozen
class DistributedSettings(Settings):
    """Which machines do the work. The result is the same, byte by byte."""

    RARE: ClassVar[frozenset[str]] = frozenset({"cluster", "shard_size"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"shard_size": Needs("cluster", but=(None,))})

    cluster: str | None = setting(
        None,
        "Do the work on a Dask cluster: tcp://HOST:8786, tls://HOST:8786, a scheduler's FILE.json, local:N, "
        "or env (the address in $DASK_SCHEDULER_ADDRESS).",
        panel=CLUSTER,
        metavar="ADDRESS",
    )
    shard_size: str = setting(
        "256MB",
        "With --cluster: how much of the input a machine gets at a time.",
        panel=CLUSTER,
        metavar="SIZE",
    )

    @property
    def wanted(self) -> bool:
        """Whether the work goes to a cluster."""
        return self.cluster is not None
