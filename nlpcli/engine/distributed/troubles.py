"""What can be wrong with many machines, each as one message with what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nlpcli.engine.distributed.addresses import Address
from nlpcli.errors import INSTALL_CLUSTER, ClusterError, MissingFile, ModelError, NlpcliError

LESS = "--shard-size 64MB makes shards smaller; or give workers more: dask worker --memory-limit 8GB"
_TLS = (
    "where they are, Dask's own settings say: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
    "…__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY"
)


def _reason(error: BaseException) -> str:
    """Why something failed, by the first of the errors behind it, without Python's own objects."""
    while error.__cause__ is not None:
        error = error.__cause__
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, OSError) and error.filename:
        told = f"{error.filename}: {told}"
    told = re.sub(r"\b(in|of|for)?\s*<[^<>]* object at 0x[^<>]*>:?\s*", "", told)
    return re.sub(r"\s+", " ", told).strip(" :")[:160] or type(error).__name__


def unreachable(address: Address, error: Exception) -> ClusterError:
    """A scheduler greets, and that is all."""
    return ClusterError(
        f"the Dask scheduler at {address.shown} does not let this machine in: {_reason(error)}",
        hint=f"on every machine the same versions: {INSTALL_CLUSTER}",
    )


def not_encrypted(address: Address, target: str) -> ClusterError:
    """Dask's settings forbid what was asked for."""
    return ClusterError(
        f"--cluster {address.shown} is not encrypted, and Dask's settings want encryption",
        hint=f"name tls://{target.partition('://')[2]}, or unset DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION",
    )


def no_certificates(address: Address, missing: Sequence[str]) -> ClusterError:
    """TLS without them."""
    names = " and ".join(
        "DASK_DISTRIBUTED__COMM__TLS__" + name.upper().replace("-", "_").replace(".", "__")
        for name in missing
    )
    return ClusterError(f"--cluster {address.shown} needs certificates: {names} is not set", hint=_TLS)


def bad_certificates(address: Address, error: Exception) -> ClusterError:
    """Files that cannot be used."""
    return ClusterError(
        f"--cluster {address.shown}: the certificates cannot be used: {_reason(error)}", hint=_TLS
    )


def lost(address: Address) -> ClusterError:
    """The scheduler was there, and is not any more."""
    return ClusterError(
        f"the scheduler at {address.shown} is gone, and what it knew of this work with it",
        hint="nothing was written here; start it again with its workers, and then the same command",
    )


def not_fetched(address: Address, error: Exception) -> ClusterError:
    """The result is there, and does not come."""
    return ClusterError(
        f"the result cannot be fetched from the workers of {address.shown}: {_reason(error)}",
        hint="this machine must reach the workers, and not the scheduler alone",
    )


def not_started(workers: int, error: Exception) -> ClusterError:
    """Workers on this machine did not come up."""
    return ClusterError(
        f"--cluster local:{workers}: the workers did not start: {_reason(error)}", hint="try fewer"
    )


def no_workers(address: Address) -> str:
    """A remark while there are none."""
    return f"{address.shown} has no workers yet: waiting for one (dask worker {address.address or 'ADDRESS'})"


def not_there(version: str, error: BaseException) -> ClusterError:
    """A machine does not know the code that is to run on it."""
    return ClusterError(
        f"the scheduler or a worker lacks nlpcli {version}, or has another one: {_reason(error)}",
        hint=f"on every machine: {INSTALL_CLUSTER}",
    )


def killed(error: BaseException, tallies: Sequence[Any]) -> ClusterError:
    """A task ended its worker again and again (dask's KilledWorker)."""
    key, last, allowed = error.args[:3]
    number = re.search(r"-(\d+)$", str(key))
    what = "a merge"
    if number and "merge" not in str(key) and tallies:
        what = f"shard {int(number[1]) + 1:,}"
    times = f"{int(allowed) + 1} workers one after the other, the last at {getattr(last, 'address', last)}"
    return ClusterError(f"{what} ended {times}: most likely they ran out of memory", hint=LESS)


def placed(error: NlpcliError, place: str) -> NlpcliError:
    """An error that a worker found, with the shard and the machine."""
    hint = error.hint
    if isinstance(error, MissingFile):
        hint = "every worker must see it under this name: on a disk that all share, or at an address such as s3://"
    elif isinstance(error, ModelError) and hint is None:
        hint = "every worker must see the model under this name"
    return type(error)(f"{error.message} ({place})", hint=hint)
