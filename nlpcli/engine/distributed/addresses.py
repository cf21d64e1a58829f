"""What `--cluster` may be, told apart before anything is connected."""

from __future__ import annotations

import json
import os
import re
from typing import NamedTuple

from nlpcli.errors import ClusterError, MissingFile, SettingsError

VARIABLE = "DASK_SCHEDULER_ADDRESS"
_MOST_LOCAL = 256  # worker processes on this machine
_WRITES = "dask scheduler --scheduler-file FILE.json writes it"
_HINT = "wanted: tcp://HOST:8786, tls://HOST:8786, a scheduler's FILE.json, local:N, or env"


class Address(NamedTuple):
    """Where a scheduler is: at an `address`, in a `file` that it wrote, or here, with some `workers`."""

    address: str | None = None
    file: str | None = None
    workers: int = 0

    @property
    def shown(self) -> str:
        """As messages name it."""
        return self.address or self.file or f"local:{self.workers}"


def parse_address(text: str) -> Address:
    """Where the scheduler is, from what the user wrote.

    >>> parse_address("local:2").workers, parse_address("tcp://10.0.0.1:8786").address
    (2, 'tcp://10.0.0.1:8786')

    Raises SettingsError for what is no address, MissingFile for a scheduler file that is not there.
    """
    if text == "env":
        found = os.environ.get(VARIABLE, "")
        if not found:
            raise SettingsError(
                f"--cluster env: ${VARIABLE} is not set", hint=f"export {VARIABLE}=tcp://HOST:8786"
            )
        if found == "env":
            raise SettingsError(f"${VARIABLE} cannot be {found!r}", hint=_HINT)
        return parse_address(found)
    if local := re.fullmatch(r"local:(\d{1,4})", text):
        if not 1 <= int(local[1]) <= _MOST_LOCAL:
            raise SettingsError(f"--cluster {text}: from 1 to {_MOST_LOCAL} workers", hint="local:2")
        return Address(workers=int(local[1]))
    if re.fullmatch(r"(tcp|tls)://[^\s/]+:\d{1,5}/?", text):
        return Address(address=text.rstrip("/"))
    if text.endswith(".json"):
        if not os.path.isfile(text):  # noqa: PTH113
            raise MissingFile(f"--cluster {text}: no such file", hint=_WRITES)
        return Address(file=text)
    hint = f"wanted: tcp://{text}" if re.fullmatch(r"[\w.-]+:\d{1,5}", text) else _HINT
    raise SettingsError(f"--cluster cannot be {text!r}", hint=hint)


def address_in(file: str) -> str:
    """The address in a file that a scheduler wrote. Raises ClusterError where there is none."""
    try:
        with open(file, encoding="utf-8") as stream:
            found = json.load(stream)
    except OSError as error:
        raise ClusterError(f"--cluster {file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ClusterError(
            f"--cluster {file}: it is not JSON, so no scheduler has written it", hint=_WRITES
        ) from error
    address = found.get("address") if isinstance(found, dict) else None
    if not isinstance(address, str) or not re.fullmatch(r"[a-z]+://[^\s/]+:\d{1,5}", address):
        raise ClusterError(f"--cluster {file}: it names no scheduler's address", hint=_WRITES)
    return address
