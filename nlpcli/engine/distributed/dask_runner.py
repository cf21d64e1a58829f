"""Work on a Dask cluster: the only module that knows `distributed`, on the client and on its workers.

    pieces ─ work ─▶ partial results, which stay where they were made
                       │ merged eight at a time, from worker to worker
                       ▼
                     one result, which comes here straight from its worker

Nothing is scattered: all that a task needs is in its graph or made by another task, so that what a lost
worker held is made again. Tasks tell how far they are by events, since to hold on to their results here would
keep these in memory there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from nlpcli.engine.distributed import troubles
from nlpcli.engine.distributed.addresses import Address, address_in, parse_address
from nlpcli.engine.distributed.allocation import memory_kept
from nlpcli.engine.distributed.contact import check_contact
from nlpcli.engine.distributed.fingerprint import check_same, own_fingerprint
from nlpcli.engine.distributed.local_cluster import local_cluster
from nlpcli.engine.distributed.pace import waits_for_scheduler
from nlpcli.engine.distributed.parcels import Parcel
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.distributed.tally import Tally
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.io.places import decided
from nlpcli.engine.io.shards import merge_all
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.runtime.threads import at_most_cores, available_cores
from nlpcli.errors import INSTALL_CLUSTER, ClusterError, MissingDependency, NlpcliError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.wording import counted

Work = Callable[..., Any]
Merge = Callable[[Any, Any], Any]

_FAN_IN = 8  # partial results that one task merges
_LOOK = 0.25  # seconds between two looks at how far it is
_LAST_WORDS = 1.0  # seconds for what a result has overtaken
_CONNECT = 10.0  # seconds for the scheduler to answer, or to come back
_LOGS = ("distributed", "asyncio", "tornado")
_ENDING = ("closing", "closed", "failed")  # what a worker is that takes no more tasks
_MOST_INLINE = 16 << 20  # bytes of the work itself in all tasks together; a larger one is a task's result


@contextlib.contextmanager
def connected(where: DistributedSettings, progress: Progress) -> Iterator[Machines]:
    """The machines that `where` names, until the block ends; what they still do for it is then let go.

    Raises SettingsError for what is no address, ClusterError where no scheduler answers, MissingDependency
    without Dask.
    """
    address = parse_address(where.cluster or "")
    distributed = _imported()
    with _options(), _silent(), contextlib.ExitStack() as stack:
        target = address.address or ""
        if address.file:
            target = address_in(address.file)
        if address.workers:
            progress.note(f"starting {counted(address.workers, 'worker')} on this machine")
            target = stack.enter_context(local_cluster(distributed, address.workers))
        client = _client(distributed, address, target)
        # What is under way is let go first, and quickly also where the scheduler no longer answers.
        stack.callback(_closed, client)
        machines = Machines(client, address, progress)
        machines.wait_for_workers()
        yield machines
        machines.heard_out()


def _imported() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingDependency(
            "--cluster needs Dask, which is not installed", hint=f"{INSTALL_CLUSTER}, on every machine"
        ) from error
    return distributed


@contextlib.contextmanager
def _options() -> Iterator[None]:
    import dask

    with dask.config.set(
        {
            "distributed.comm.timeouts.connect": f"{_CONNECT:g}s",
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
        }
    ):
        yield


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Dask's log is not shown, nor that of the loop it runs in: we say ourselves what is wrong."""
    known = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _LOGS]
    logs = [logging.getLogger(name) for name in {*_LOGS, *known}]  # some have a level of their own
    before = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, before, strict=True):
            log.setLevel(level)


def _client(distributed: Any, address: Address, target: str) -> Any:
    check_contact(address.shown, target, _certificates(distributed, address, target), _CONNECT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions, which `fingerprint` compares for what matters
        try:
            return distributed.Client(
                target, timeout=_CONNECT, direct_to_workers=True, set_as_default=False, name="nlpcli"
            )
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise troubles.unreachable(address, error) from error


def _certificates(distributed: Any, address: Address, target: str) -> Any:
    """What Dask's settings say for TLS, as a context; None where it is not spoken. Raises ClusterError."""
    import dask

    if not target.startswith("tls:"):
        if dask.config.get("distributed.comm.require-encryption"):
            raise troubles.not_encrypted(address, target)
        return None
    names = ("ca-file", "client.cert", "client.key")
    tls = {name: dask.config.get(f"distributed.comm.tls.{name}") for name in names}
    if missing := [name for name in names[:2] if not tls[name]]:
        raise troubles.no_certificates(address, missing)
    try:
        for file in tls.values():
            if file and "\n" not in file:  # it may be the certificate itself
                open(file, "rb").close()  # Python's error of ssl does not name it
        return distributed.Security().get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        raise troubles.bad_certificates(address, error) from error


def _closed(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=1)


class Machines:
    """The workers of a scheduler, and what they are asked to do."""

    def __init__(self, client: Any, address: Address, progress: Progress) -> None:
        self._client, self._address, self._progress = client, address, progress
        self._job = os.urandom(4).hex()
        self._fingerprint = own_fingerprint()
        self._passes = 0
        self._tallies: list[Tally] = []
        self.slots = self.workers = 0
        self._crowd = 1  # tasks that share a machine
        self._paced = False  # whether it was said that the scheduler is what limits

    def wait_for_workers(self) -> None:
        """Go on once there is a worker."""
        told = False
        while not self._look():
            if not told:
                self._progress.note(troubles.no_workers(self._address))
                told = True
            time.sleep(_LOOK)

    def _look(self) -> int:
        """How many workers there are. Raises ClusterError where the scheduler is gone."""
        try:
            threads = self._client.nthreads()
        except Exception as error:
            raise troubles.lost(self._address) from error
        self.workers, self.slots = len(threads), sum(threads.values())
        on_host = Counter[str]()
        for worker, number in threads.items():
            on_host[worker.rpartition(":")[0]] += number
        self._crowd = max(on_host.values(), default=1)
        return self.workers

    # --- what is asked ----------------------------------------------------------------------

    def map(self, stage: str, work: Work, pieces: Sequence[Piece], *shared: Any) -> list[Any]:
        """`work(piece, told, *shared)` of every piece, in their order."""
        found = self.parts(stage, _Listed(work), pieces, *shared)
        return list(self.result(self.merged(found, _joined)))

    def parts(self, stage: str, work: Work, pieces: Sequence[Piece], *shared: Any) -> list[Any]:
        """What `work(piece, told, *shared)` will give for each piece; `shared` may be such a promise too.

        `told` hears what of the input was lost.
        """
        if not self._paced and (remark := waits_for_scheduler(pieces, self.slots)):
            self._paced = True
            self._progress.note(remark)
        self._passes += 1
        topic = f"nlpcli-{self._job}-{self._passes}"
        tally = Tally(stage, {piece.number: piece.size for piece in pieces})
        self._tallies.append(tally)
        self._client.subscribe_topic(topic, lambda event: tally.add(*event[1]))
        call = self._shipped((topic, self._crowd, pickle.dumps(work)), len(pieces))
        keys = [f"{topic}-{piece.number}" for piece in pieces]
        if shared and len(pieces) <= 2 * self.slots:
            # Dask would send all of few tasks where what they need lies.
            workers = sorted(self._client.nthreads())
            return [
                self._client.submit(
                    _task, call, piece, *shared, key=key, pure=False,
                    workers=[workers[piece.number * len(workers) // len(pieces)]], allow_other_workers=True,
                )
                for key, piece in zip(keys, pieces, strict=True)
            ]  # fmt: skip
        numbered = [[call] * len(pieces), pieces, *([one] * len(pieces) for one in shared)]
        return list(self._client.map(_task, *numbered, key=keys, pure=False))

    def merged(self, parts: list[Any], merge: Merge) -> Any:
        """The promise of all of them as one; neighbours are merged first. `parts` is emptied."""
        while len(parts) > 1:
            groups = [parts[first : first + _FAN_IN] for first in range(0, len(parts), _FAN_IN)]
            self._passes += 1
            call = self._shipped((pickle.dumps(partial(_merged, merge)),), len(groups))
            parts[:] = [
                self._client.submit(
                    _after, call, *group, pure=False,
                    key=f"nlpcli-{self._job}-{self._passes}-merge-{number}",
                )
                if len(group) > 1 else group[0]
                for number, group in enumerate(groups)
            ]  # fmt: skip
        return parts.pop()

    def sliced(self, parts: list[Any], takes: Sequence[Work], merge: Merge) -> list[Any]:
        """The promises of all of them as one in slices, which are merged apart: `take(part)` of each part.

        For results too large to go through one machine. `parts` is emptied.
        """
        taken = [[self.then(take, part) for part in parts] for take in takes]
        parts.clear()
        return [self.merged(each, merge) for each in taken]

    def then(self, work: Work, *promises: Any) -> Any:
        """The promise of `work(*promises)`, on whichever worker has them."""
        self._passes += 1
        return self._client.submit(
            _after, self._shipped((pickle.dumps(work),), 1), *promises, pure=False,
            key=f"nlpcli-{self._job}-{self._passes}-then",
        )  # fmt: skip

    def _shipped(self, call: tuple[Any, ...], tasks: int) -> Any:
        """What tasks are to do, with the fingerprint; of much or many, as the result of one task for all."""
        shipped = pickle.dumps((self._fingerprint, *call))
        if tasks < 2 or len(shipped) * tasks <= _MOST_INLINE:
            return shipped
        key = f"nlpcli-{self._job}-{self._passes}-work"
        return self._client.submit(_as_it_is, shipped, key=key, pure=False)

    def result(self, promise: Any) -> Any:
        """What was promised. Raises NlpcliError: whatever a worker found wrong, or went wrong with it."""
        done = threading.Event()
        promise.add_done_callback(lambda _: done.set())
        looked = time.monotonic()
        while not done.wait(_LOOK):
            if self._client.status not in ("running", "connecting", "newly-created"):
                raise troubles.lost(self._address)
            if time.monotonic() - looked > 8 * _LOOK:
                before, looked = self.workers, time.monotonic()
                if not self._look() and before:
                    self._progress.note(troubles.no_workers(self._address))
            self._tell()
        self._tell()
        if promise.status == "finished":
            try:
                return promise.result().value
            except NlpcliError:
                raise
            except Exception as error:
                raise troubles.not_fetched(self._address, error) from error
        if promise.cancelled():
            raise troubles.lost(self._address)
        raise self._meant(promise.exception())

    def heard_out(self) -> None:
        """Say that all is done; what workers still tell of it, a result may have overtaken."""
        until = time.monotonic() + _LAST_WORDS
        while not all(tally.is_done for tally in self._tallies) and time.monotonic() < until:
            time.sleep(_LAST_WORDS / 100)
        self._tell()

    def _tell(self) -> None:
        for tally in self._tallies:
            tally.tell(self._progress, self.workers)

    def _meant(self, error: BaseException) -> BaseException:
        """What an error on a worker means to who asked for the work."""
        if isinstance(error, NlpcliError):
            return error
        if type(error).__name__ == "KilledWorker":
            return troubles.killed(error, self._tallies)
        if isinstance(error, MemoryError):
            return ClusterError(str(error), hint=troubles.LESS)
        if isinstance(error, ModuleNotFoundError | AttributeError) or "deserialization" in str(error):
            return troubles.not_there(self._fingerprint.version, error)
        return error


# --- on a worker ----------------------------------------------------------------------------


class _Listed:
    """Work whose result is the only one of a list."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, *arguments: Any) -> list[Any]:
        return [self._work(*arguments)]


def _joined(one: list[Any], other: list[Any]) -> list[Any]:
    return one + other


def _as_it_is(value: Any) -> Any:
    return value


def _task(call: bytes, piece: Piece, *shared: Parcel) -> Parcel:
    """The work on one piece. What is wrong with it is said with the shard and the machine."""
    import distributed

    worker = distributed.get_worker()
    machine = f"{worker.address} ({socket.gethostname()})"
    topic, crowd, work = _checked(call, machine)
    told = Told(_abandoned(worker))
    cores = max(available_cores() // crowd, 1)
    with _named(f"{piece.shown}, on {machine}"), decided(piece.decided), at_most_cores(cores), memory_kept():
        found = pickle.loads(work)(piece, told, *(one.value for one in shared))
    worker.log_event(topic, [piece.number, told.losses])
    return Parcel(found)


def _abandoned(worker: Any) -> Callable[[], bool]:
    """Whether the task that runs here is wanted no more: its client went, or another worker has done it, or
    the scheduler went, and this worker goes too."""
    key = worker.get_current_task()

    def look() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled" or worker.status.name in _ENDING

    return look


def _after(call: bytes, *found: Parcel) -> Parcel:
    """Work on the results of other tasks."""
    import distributed

    machine = f"{distributed.get_worker().address} ({socket.gethostname()})"
    (work,) = _checked(call, machine)
    try:
        with memory_kept():
            return Parcel(pickle.loads(work)(*(one.value for one in found)))
    except MemoryError as error:
        raise MemoryError(f"not enough memory to merge on {machine}") from error


def _checked(call: bytes, machine: str) -> list[Any]:
    fingerprint, *rest = pickle.loads(call)
    check_same(fingerprint, f"worker {machine}")
    return list(rest)


def _merged(merge: Merge, *parts: Any) -> Any:
    return merge_all(parts, merge)


@contextlib.contextmanager
def _named(place: str) -> Iterator[None]:
    try:
        yield
    except NlpcliError as error:
        raise troubles.placed(error, place) from error
    except MemoryError as error:
        raise MemoryError(f"not enough memory for {place}") from error
