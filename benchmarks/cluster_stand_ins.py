"""Stand-ins for workers: they speak a worker's part of Dask's protocol, and sleep where it would work.

A thousand of Dask's own workers on one machine need all of its cores for what a thousand machines do each for
themselves. These need a tenth of that: they register, beat, take tasks in the order of their priority, one at
a time, tell that they are done and what copies they hold, give tasks up to others that steal them, and
hand out a result. They compute nothing, and fetch nothing from each other. What the scheduler gets to hear is
what a real worker tells it, message for message.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import pickle
import time
from collections.abc import Mapping
from typing import Any

import dask
import distributed
from distributed.batched import BatchedSend
from distributed.comm import connect, listen
from distributed.core import rpc
from distributed.protocol import to_serialize
from distributed.versions import get_versions

from nlpcli.engine.distributed.parcels import Parcel

TYPE = pickle.dumps(Parcel)
SETTINGS = {"distributed.comm.timeouts.connect": "60s", "distributed.worker.http.routes": []}


class StandIn:
    """One worker with one thread.

    lasts: seconds of a task; joins: of one that works on the results of others
    """

    def __init__(self, scheduler: str, lasts: float, joins: float, like: Mapping[str, Any]) -> None:
        self._scheduler, self._lasts, self._joins, self._like = scheduler, lasts, joins, like
        self._held: set[str] = set()
        self._waiting: list[tuple[Any, str]] = []  # a heap: the priority and the key
        self._messages: dict[str, dict[str, Any]] = {}  # of tasks that wait
        self._running: str | None = None
        self._stream = BatchedSend(interval="2ms")

    async def join(self) -> None:
        """Register with the scheduler."""
        self._listener = await listen("tcp://127.0.0.1:0", self._hand_out)
        self.address = self._listener.contact_address
        # What tasks are made of stays as it came: it is not run.
        self._comm = await connect(self._scheduler, deserialize=False)
        await self._comm.write(
            {
                "op": "register-worker", "reply": False, "address": self.address, "status": "running",
                "nthreads": 1, "name": self.address, "now": time.time(), "resources": {},
                "memory_limit": None, "local_directory": "", "services": {}, "nanny": None,
                "pid": os.getpid(), "stimulus_id": f"worker-connect-{time.time()}",
                "server_id": f"Worker-{self.address}", **self._like,
            },
            serializers=["msgpack"],
        )  # fmt: skip
        answer = await self._comm.read()
        assert answer["status"] == "OK", answer
        self._stream.start(self._comm)

    async def work(self) -> None:
        """Do what the scheduler says, until it goes."""
        beating = asyncio.create_task(self._beat())
        try:
            while True:
                for message in await self._comm.read():
                    self._take(message)
        except (OSError, asyncio.CancelledError):
            beating.cancel()

    def _take(self, message: dict[str, Any]) -> None:
        what = message["op"]
        if what == "compute-task":
            key = message["key"]
            heapq.heappush(self._waiting, (tuple(message["priority"]), key))
            self._messages[key] = message
            self._next()
        elif what in ("free-keys", "remove-replicas"):
            for key in message["keys"]:
                self._messages.pop(key, None)
                if key in self._held:
                    self._held.remove(key)
                    self._tell("release-worker-data", message["stimulus_id"], key=key)
        elif what == "steal-request":
            key = message["key"]
            waits = self._messages.pop(key, None) is not None
            state = "ready" if waits else "executing" if key == self._running else None
            self._tell("steal-response", message["stimulus_id"], key=key, state=state)

    def _next(self) -> None:
        """Begin the next task, if none runs."""
        while self._running is None and self._waiting:
            _, key = heapq.heappop(self._waiting)
            message = self._messages.pop(key, None)
            if message is None:
                continue  # it was given up
            self._running = key
            for needed in message["who_has"]:
                if needed not in self._held:
                    self._held.add(needed)
                    self._tell("add-keys", f"gather-{time.time()}", keys=[needed])
            asyncio.get_running_loop().call_later(
                self._joins if message["who_has"] else self._lasts,
                self._done, key, message["run_id"], not message["who_has"], time.time(),
            )  # fmt: skip

    def _done(self, key: str, run: int, counts: bool, began: float) -> None:
        self._running = None
        self._held.add(key)
        if counts:  # as `_task` of dask_runner.py does, for the line of progress
            topic, _, number = key.rpartition("-")
            self._stream.send({"op": "log-event", "topic": topic, "msg": [int(number), []]})
        now = time.time()
        self._tell(
            "task-finished", f"task-finished-{now}", key=key, run_id=run, nbytes=100, type=TYPE,
            typename="nlpcli.engine.distributed.parcels.Parcel", metadata={}, thread=0, status="OK",
            startstops=[{"action": "compute", "start": began, "stop": now}],
        )  # fmt: skip
        self._next()

    def _tell(self, what: str, because: str, **more: Any) -> None:
        self._stream.send({"op": what, "stimulus_id": because, **more})

    async def _beat(self) -> None:
        async with rpc(self._scheduler) as scheduler:
            while True:
                executing = {} if self._running is None else {self._running: 1.0}
                answer = await scheduler.heartbeat_worker(
                    address=self.address, now=time.time(), metrics=self._like["metrics"], executing=executing,
                    extensions={},
                )  # fmt: skip
                await asyncio.sleep(answer.get("heartbeat-interval", 1))

    async def _hand_out(self, comm: Any) -> None:
        """Answer to who wants a result, or to talk."""
        try:
            while True:
                asked = await comm.read()
                data = {key: to_serialize(Parcel([0])) for key in asked.get("keys", ()) if key in self._held}
                await comm.write({"status": "OK", "data": data})
        except OSError:
            comm.abort()


async def play(address: str, number: int, lasts: float, joins: float) -> None:
    """Be so many workers, until their scheduler goes."""
    with dask.config.set(SETTINGS):
        # What a worker says of itself when it comes: once from a real one, which is not started.
        real = distributed.Worker(address, nthreads=1, memory_limit=0, dashboard=False, host="127.0.0.1")
        like = {
            "metrics": await real.get_metrics(), "extra": await real.get_startup_information(),
            "versions": get_versions(),
        }  # fmt: skip
        workers = [StandIn(address, lasts, joins, like) for _ in range(number)]
        for first in range(0, number, 20):
            await asyncio.gather(*(worker.join() for worker in workers[first : first + 20]))
        await asyncio.gather(*(worker.work() for worker in workers))
