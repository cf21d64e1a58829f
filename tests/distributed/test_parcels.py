"""Results as they travel, and the memory that tasks keep."""

import pickle
import subprocess
import sys

import numpy as np

from nlpcli.engine.distributed.parcels import Parcel


def test_arrays_arrive_where_kernels_take_them():
    sent = {"first": np.arange(5), "name": "a", "last": np.arange(3, dtype=np.int32)}
    buffers = []
    head = pickle.dumps(Parcel(sent), 5, buffer_callback=buffers.append)
    room = bytearray(300)
    arrived = []
    for number, buffer in enumerate(buffers):
        data = buffer.raw().tobytes()
        place = 100 * number + 3  # where no number begins
        room[place : place + len(data)] = data
        arrived.append(memoryview(room)[place : place + len(data)])
    got = pickle.loads(head, buffers=arrived).value
    assert got["name"] == "a"
    for name in ("first", "last"):
        assert got[name].tolist() == sent[name].tolist()
        assert got[name].flags.aligned


def test_no_array_comes_first_in_a_message():
    """Behind the header Dask reads one array with it: that one would have to be moved, as large as it is."""
    buffers = []
    array = np.arange(100_000)
    head = pickle.dumps(Parcel([array]), 5, buffer_callback=buffers.append)
    assert [buffer.raw().nbytes for buffer in buffers] == [1, array.nbytes]
    room = np.empty_like(array)
    room[:] = array
    (got,) = pickle.loads(head, buffers=[bytearray(1), room]).value
    assert np.shares_memory(got, room)


def test_a_parcel_tells_how_large_it_is():
    assert 8_000_000 < sys.getsizeof(Parcel([np.zeros(1_000_000), "text"])) < 8_001_000


KEEPS = """
import resource
from nlpcli.engine.distributed.allocation import memory_kept

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(200):
        bytearray(1 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

around = faults()
with memory_kept(), memory_kept():
    within = faults()
print(around > 20_000, within < 2_000, faults() > 20_000)
"""


def test_memory_is_used_again_where_the_nanny_has_it_given_back():
    command = [sys.executable, "-c", KEEPS]
    run = subprocess.run(command, env={"MALLOC_TRIM_THRESHOLD_": "65536", "PYTHONPATH": ":".join(sys.path)},
                         capture_output=True, text=True, check=True)  # fmt: skip
    assert run.stdout.split() == ["True"] * 3
