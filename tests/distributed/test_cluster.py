"""Commands on a Dask cluster of this machine: the bytes of one process, and what can go wrong with machines.

One scheduler with two workers serves all tests but those that need one of another kind.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from nlpcli.engine.distributed import dask_runner
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.runtime.progress import SILENT
from nlpcli.errors import ClusterError, MissingFile
from nlpcli.settings.distributed import DistributedSettings

distributed = pytest.importorskip("distributed")
WORDS = ["the", "of", "나무", "and", "하늘", "to", "in", "a", "바람", "is", "that", "it"]


@pytest.fixture
def texts(tmp_path):
    """The names of a long file, an empty one, and one with words of its own."""
    long = [" ".join(WORDS[(n * k) % len(WORDS)] for k in range(1, n % 7 + 2)) for n in range(600)]
    (tmp_path / "long.txt").write_text("\n".join(long) + "\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "short.txt").write_text("rare 나무\n\nlast words")
    return ["long.txt", "empty.txt", "short.txt"]


def test_count_gives_the_same_bytes(nlpcli, address, texts, tmp_path):
    nlpcli("count", *texts, "-o", "alone.tsv")
    for size in ("1GB", "8KB", "2KB"):
        nlpcli("count", *texts, "-o", "many.tsv", "--cluster", address, "--shard-size", size)
        assert (tmp_path / "many.tsv").read_bytes() == (tmp_path / "alone.tsv").read_bytes()
    for more in (
        ["--ngrams", "1-2", "--min-count", "3"],
        ["--max-vocab", "4", "--vocab-order", "first-seen"],
    ):
        alone = nlpcli("count", *texts, *more).out
        assert nlpcli("count", *texts, *more, "--cluster", address, "--shard-size", "3KB").out == alone


def test_counts_of_a_part_are_those_of_one_machine(nlpcli, address, texts, tmp_path):
    nlpcli("count", *texts, "-o", "alone.safetensors")
    nlpcli("merge", "alone.safetensors", "-o", "alone.tsv")
    nlpcli("count", *texts, "-o", "many.safetensors", "--cluster", address, "--shard-size", "2KB")
    nlpcli("merge", "many.safetensors", "-o", "many.tsv")
    assert (tmp_path / "many.tsv").read_bytes() == (tmp_path / "alone.tsv").read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        ["tokenize", "--lowercase"],
        ["tokenize", "--jsonl"],
        ["normalize", "--squeeze-space"],
        ["tag", "english-pos"],
    ],
)
def test_maps_give_a_file_for_each(nlpcli, address, texts, tmp_path, command):
    nlpcli(*command, *texts, "-o", "out/", "--cluster", address, "--shard-size", "8KB")
    alone = nlpcli(*command, "long.txt").stdout
    parts = sorted((tmp_path / "out").glob("long.*.txt"))
    assert len(parts) > 1
    assert b"".join(part.read_bytes() for part in parts) == alone
    assert (tmp_path / "out" / "short.txt").read_bytes() == nlpcli(*command, "short.txt").stdout
    assert (tmp_path / "out" / "empty.txt").read_bytes() == b""
    assert not list((tmp_path / "out").glob(".*"))


def test_classify_labels_rows_of_parts(nlpcli, address, tmp_path):
    rows = [f"{'good' if n % 2 else 'bad'} film number {n}\t{'pos' if n % 2 else 'neg'}" for n in range(80)]
    (tmp_path / "rows.tsv").write_text("\n".join(["text\tlabel", *rows]) + "\n")
    nlpcli("train-nb", "rows.tsv", "-o", "model.safetensors")
    (tmp_path / "rows.txt").write_bytes((tmp_path / "rows.tsv").read_bytes())
    command = ["classify", "model.safetensors", "rows.txt", "--text-col", "text", "--proba"]
    nlpcli(*command, "-o", "out/", "--cluster", address, "--shard-size", "500B")
    parts = sorted((tmp_path / "out").iterdir())
    assert len(parts) > 2
    assert b"".join(part.read_bytes() for part in parts) == nlpcli(*command).stdout
    again = nlpcli(*command, "-o", "out/", "--cluster", address, "--shard-size", "1KB", code=1)
    assert "is a part from an earlier run" in again.err


@pytest.fixture
def rows(tmp_path):
    """Labelled rows, sorted by label, so that shards hold one class each."""
    rows = ["text\tlabel"]
    for number, label in enumerate(["bad", "fine", "good"]):
        rows += [
            " ".join(WORDS[(n * k + number) % 12] for k in range(n % 9 + 1)) + f"\t{label}" for n in range(60)
        ]
    (tmp_path / "rows.tsv").write_text("\n".join(rows) + "\n")
    return "rows.tsv"


@pytest.mark.parametrize(
    "more", [[], ["--char-ngrams", "2-3", "--hash-bits", "12"], ["--method", "complement"]]
)
def test_naive_bayes_of_shards_is_that_of_all(nlpcli, address, rows, tmp_path, more):
    nlpcli("train-nb", rows, *more, "-o", "alone.safetensors")
    for size in ("1MB", "2KB", "700B"):
        nlpcli("train-nb", rows, *more, "-o", "many.safetensors", "--cluster", address, "--shard-size", size)
        assert (tmp_path / "many.safetensors").read_bytes() == (tmp_path / "alone.safetensors").read_bytes()


def test_features_are_decided_by_all_texts(nlpcli, address, tmp_path, monkeypatch):
    from nlpcli.engine.classify import cluster_training

    english, korean = (
        [f"plain words {n}\tA" for n in range(30)],
        [f"한국어문장 나무와 하늘{n}\tB" for n in range(300)],
    )
    (tmp_path / "rows.tsv").write_text("\n".join(["text\tlabel", *english, *korean]) + "\n")
    monkeypatch.setattr(cluster_training, "_GUESSED_FROM", 5)
    nlpcli("train-nb", "rows.tsv", "-o", "alone.safetensors")
    told = nlpcli(
        "train-nb", "rows.tsv", "-o", "many.safetensors", "--cluster", address, "--shard-size", "500B"
    ).err
    assert "counting again" in told
    assert (tmp_path / "many.safetensors").read_bytes() == (tmp_path / "alone.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        (["--method", "nbsvm"], "large machine"),
        (["--prune"], "large machine"),
        (["--calibrate"], "large machine"),
        (["--holdout", "0.1"], "nlpcli split"),
        (["--cross-validate", "3"], "nlpcli split"),
        (["--autotune", "5"], "a part of the texts"),
    ],
)
def test_what_needs_all_texts_at_once_is_refused_with_the_way_round(nlpcli, address, rows, option, hint):
    error = nlpcli("train-nb", rows, *option, "-o", "nb.safetensors", "--cluster", address, code=2).err
    assert "does not go with --cluster" in error
    assert hint in error.split("hint:")[1]


def test_cooccurrence_of_shards_is_that_of_all(nlpcli, address, texts, tmp_path):
    nlpcli("cooccur", *texts, "--min-count", "3", "-o", "alone.npz")
    nlpcli("count", *texts, "--lowercase", "-o", "words.tsv")
    nlpcli("cooccur", *texts, "--read-vocab", "words.tsv", "-o", "given.npz")
    for size in ("1MB", "2KB"):
        cluster = ["--cluster", address, "--shard-size", size]
        nlpcli("cooccur", *texts, "--min-count", "3", "-o", "many.npz", *cluster)
        assert (tmp_path / "many.npz").read_bytes() == (tmp_path / "alone.npz").read_bytes()
    nlpcli("cooccur", *texts, "--read-vocab", "words.tsv", "-o", "many.npz", *cluster)
    assert (tmp_path / "many.npz").read_bytes() == (tmp_path / "given.npz").read_bytes()
    none = nlpcli("cooccur", "empty.txt", "--cluster", address, code=1).err
    assert none == nlpcli("cooccur", "empty.txt", code=1).err
    told = nlpcli("cooccur", "empty.txt", "-o", "many.npz", "--cluster", address).err
    assert nlpcli("cooccur", "empty.txt", "-o", "alone.npz").err in told
    assert (tmp_path / "many.npz").read_bytes() == (tmp_path / "alone.npz").read_bytes()


def test_what_does_not_go_with_a_cluster_is_refused(nlpcli, address, texts):
    refused = nlpcli("tokenize", *texts, "--cluster", address, code=2).err
    assert "hint: name a folder: -o FOLDER/" in refused
    assert "stdin" in nlpcli("count", "--cluster", address, code=2).err
    assert "nothing without --cluster" in nlpcli("count", *texts, "--shard-size", "1MB", code=2).err
    assert "--cluster cannot be 'host:1'" in nlpcli("count", *texts, "--cluster", "host:1", code=2).err
    assert "is not set" in nlpcli("count", *texts, "--cluster", "env", code=2, DASK_SCHEDULER_ADDRESS="").err


def test_the_variable_alone_moves_nothing(nlpcli, address, texts):
    alone = nlpcli("count", *texts).out
    assert nlpcli("count", *texts, DASK_SCHEDULER_ADDRESS="tcp://127.0.0.1:9").out == alone
    assert nlpcli("count", *texts, "--cluster", "env", DASK_SCHEDULER_ADDRESS=address).out == alone


def test_a_scheduler_file_leads_to_the_scheduler(nlpcli, address, texts, tmp_path):
    (tmp_path / "scheduler.json").write_text(f'{{"address": "{address}"}}')
    assert nlpcli("count", *texts, "--cluster", "scheduler.json").out == nlpcli("count", *texts).out
    assert "no such file" in nlpcli("count", *texts, "--cluster", "other.json", code=1).err


# --- troubles -------------------------------------------------------------------------------


def gone(piece, told):
    """Work on a file that this machine does not have."""
    from nlpcli.engine.io.lines import Lines

    return len([*Lines([*piece.paths])])


def tires(piece, told):
    """Work that kills its worker the first time."""
    if piece.number == 2 and not os.path.exists(piece.paths[0]):
        with open(piece.paths[0], "w"):
            os.kill(os.getpid(), signal.SIGKILL)
    return piece.number


def deadly(piece, told):
    """Work that always kills its worker."""
    if piece.number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece.number


def pieces_of(path, number=5):
    return [Piece(n, number, (str(path),), 10) for n in range(number)]


def where(address):
    return DistributedSettings(cluster=address)


def test_a_file_that_a_worker_does_not_see_is_told_with_the_machine(address, tmp_path):
    told = pytest.raises(MissingFile, match=r"no such file \(shard 1 of 1, .*, on tcp://127\.")
    with dask_runner.connected(where(address), SILENT) as machines, told as raised:
        machines.map("counting", gone, pieces_of(tmp_path / "missing", 1))
    assert "every worker must see it" in raised.value.hint


def test_a_worker_that_is_killed_is_made_up_for(address, tmp_path):
    with dask_runner.connected(where(address), SILENT) as machines:
        assert machines.map("counting", tires, pieces_of(tmp_path / "died")) == [0, 1, 2, 3, 4]


def test_another_nlpcli_is_refused_by_name(address, tmp_path, monkeypatch):
    with dask_runner.connected(where(address), SILENT) as machines:
        machines._fingerprint = machines._fingerprint._replace(version="0.0.7")
        with pytest.raises(ClusterError, match=r"worker tcp://127\..* has nlpcli .* instead of 0\.0\.7"):
            machines.map("counting", gone, pieces_of(tmp_path / "missing", 1))


def test_what_kills_every_worker_is_told_with_its_shard(tmp_path):
    import dask

    told = pytest.raises(ClusterError, match=r"shard \d ended 1 workers")
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        dask_runner.connected(where("local:1"), SILENT) as machines,
        told as raised,
    ):
        machines.map("counting", deadly, pieces_of(tmp_path, 2))
    assert "--shard-size" in raised.value.hint


def tasks_known():
    """How many tasks of nlpcli a scheduler knows."""
    return lambda dask_scheduler: sum(str(key).startswith("nlpcli-") for key in dask_scheduler.tasks)


def test_ctrl_c_leaves_a_clean_cluster(process, address, texts):
    with distributed.Client(address, set_as_default=False) as client:
        number = lambda: client.run_on_scheduler(tasks_known())  # noqa: E731
        busy = client.map(time.sleep, [4, 4.1])
        command = process.start("count", *texts, "--cluster", address, "--shard-size", "1KB")
        wait_until(lambda: number() > 0)
        command.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert command.wait(10) == -signal.SIGINT
        assert time.monotonic() - began < 4  # a busy machine may take long to end a process
        wait_until(lambda: number() == 0)
        client.cancel(busy)


@pytest.mark.parametrize("workers", ["elsewhere", "local:1"])
def test_ctrl_c_leaves_a_clean_folder(process, address, tmp_path, workers):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "long.txt").write_bytes(b"some seconds of work for a pattern\n" * 1_500_000)
    cluster = address if workers == "elsewhere" else workers
    command = process.start(
        *("tokenize", "long.txt", "--tokenizer", "regexp", "--pattern", r"\w+", "-o", "out/"),
        *("--cluster", cluster),
        TMPDIR=str(tmp_path / "tmp"),
    )
    wait_until(lambda: [*tmp_path.glob("out/.*.tmp")])
    command.send_signal(signal.SIGINT)
    told = command.communicate(timeout=60)[1]
    assert command.returncode == -signal.SIGINT
    assert not re.search(b"Traceback|resource_tracker|Error", told)
    assert told.endswith(b"interrupted; nothing was written\n")
    if workers == "elsewhere":  # they stop at the next line, not at the end of the shard
        wait_until(lambda: not [*tmp_path.glob("out/.*")])
        with distributed.Client(address, set_as_default=False) as client:
            wait_until(lambda: client.run_on_scheduler(tasks_known()) == 0)
    assert [*tmp_path.glob("out/*")] == [*tmp_path.glob("out/.*")] == [*tmp_path.glob("tmp/*")] == []


def wait_until(so):
    for _ in range(1000):
        if so():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to be so")


def test_a_scheduler_that_goes_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_runner, "_CONNECT", 1.0)
    file = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(
        [*command, "--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", file],
        stderr=subprocess.DEVNULL,
    ) as scheduler:
        wait_until(lambda: file.exists() and file.read_text().endswith("}"))
        threading.Timer(2, scheduler.kill).start()
        gone = pytest.raises(ClusterError, match=r"the scheduler at .* is gone")
        with gone, dask_runner.connected(where(str(file)), SILENT):
            pass


@pytest.fixture
def certificates(tmp_path):
    """A certificate of our own making, as Dask's options."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", key, "-out", certificate],
        check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return key, certificate


def test_tls(nlpcli, texts, certificates, monkeypatch):
    import dask

    key, certificate = certificates
    tls = "distributed.comm.tls"
    settings = {f"{tls}.{who}.{what}": path for who in ("client", "worker", "scheduler")
                for what, path in (("key", key), ("cert", certificate))}  # fmt: skip
    encrypted = {"distributed.comm.require-encryption": True, f"{tls}.ca-file": certificate, **settings}
    with dask.config.set(encrypted):
        security = distributed.Security()
        with distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="tls://127.0.0.1", security=security, processes=False,
            dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False},
        ) as cluster:  # fmt: skip
            address = cluster.scheduler_address
            assert address.startswith("tls://")
            assert nlpcli("count", *texts, "--cluster", address).out == nlpcli("count", *texts).out
            with dask.config.set({"distributed.comm.require-encryption": False}):
                monkeypatch.setattr(dask_runner, "_CONNECT", 1.0)
                plain = nlpcli("count", *texts, "--cluster", f"tcp{address[3:]}", code=1).err
                assert f"hint: name it {address}" in plain


def test_rows_of_shards_are_those_of_all(nlpcli, address, texts, rows, tmp_path):
    for more in (
        [],
        ["--kind", "hashing", "--hash-bits", "8"],
        ["--kind", "onehot"],
        ["--min-df", "3", "--ngrams", "1-2"],
    ):
        cluster = ["--cluster", address, "--shard-size", "3KB"]
        nlpcli("vectorize", *texts, *more, "-o", "alone.npz")
        nlpcli("vectorize", *texts, *more, "-o", "many.npz", *cluster)
        assert (tmp_path / "many.npz").read_bytes() == (tmp_path / "alone.npz").read_bytes()
    labelled = ["vectorize", rows, "--text-col", "text", "--label-col", "label"]
    nlpcli(*labelled, "-o", "alone.svm", "--save-model", "alone.safetensors")
    nlpcli(*labelled, "-o", "many.svm", "--save-model", "many.safetensors", *cluster)
    again = [*labelled[:2], "--text-col", "text", "--model", "many.safetensors", *cluster]
    nlpcli(*again, "-o", "again.svm")
    for name in ("svm", "safetensors"):
        assert (tmp_path / f"many.{name}").read_bytes() == (tmp_path / f"alone.{name}").read_bytes()
    nlpcli("vectorize", *texts, "--save-frequencies", "alone.safetensors")
    nlpcli("vectorize", *texts, "--save-frequencies", "many.safetensors", *cluster)
    assert (tmp_path / "many.safetensors").read_bytes() == (tmp_path / "alone.safetensors").read_bytes()
    refused = nlpcli("vectorize", *texts, "--read-vocab", "x.tsv", *cluster, code=2).err
    assert "--read-vocab does not go with --cluster" in refused


@pytest.mark.parametrize("letters", ["나무 바람\n".encode(), "나무 바람\n".encode("cp949")])
def test_letters_far_from_the_beginning_tell_the_encoding(nlpcli, address, tmp_path, letters):
    plain = b"a plain word\n" * 100_000  # more than the client reads
    (tmp_path / "text").write_bytes(plain + letters * 30_000)
    nlpcli("count", "text", "--encoding", "auto", "-o", "alone.tsv")
    many = ["--cluster", address, "--shard-size", "300KB", "-o", "many.tsv"]
    nlpcli("count", "text", "--encoding", "auto", *many)
    assert (tmp_path / "many.tsv").read_bytes() == (tmp_path / "alone.tsv").read_bytes()
    assert "나무".encode() in (tmp_path / "many.tsv").read_bytes()
