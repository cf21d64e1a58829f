"""Texts in a bucket: S3 spoken with a server on this machine, where `s3fs` and `moto` are installed."""

import gzip
import subprocess
import sys

import pytest

TEXT = "".join(f"word{n % 7} 나무 {n}\n" for n in range(300)).encode()


@pytest.fixture(scope="module")
def bucket():
    """An S3 server with a bucket; the file system that writes there."""
    s3fs = pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        system = s3fs.S3FileSystem()
        system.mkdir("texts")
        system.pipe("texts/shards/a.txt", TEXT)
        system.pipe("texts/shards/b.txt.gz", gzip.compress(TEXT, mtime=0))
        yield system
        server.stop()


@pytest.fixture
def local(tmp_path):
    """The same files here."""
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(TEXT, mtime=0))
    return ["a.txt", "b.txt.gz"]


def test_a_bucket_is_read_like_files(nlpcli, bucket, local):
    there = "s3://texts/shards/*"
    assert nlpcli("tokenize", there).stdout == nlpcli("tokenize", *local).stdout
    assert nlpcli("count", "S3://texts/shards/b.txt.gz").out == nlpcli("count", "b.txt.gz").out


def test_lines_are_written_to_a_bucket(nlpcli, bucket, local):
    nlpcli("tokenize", "a.txt", "-o", "s3://texts/out/한 글#1.txt")
    assert bucket.cat("texts/out/한 글#1.txt") == nlpcli("tokenize", "a.txt").stdout


def test_what_is_not_in_a_bucket_is_told(nlpcli, bucket, local):
    assert "s3://texts/c.txt: no such file" in nlpcli("count", "s3://texts/c.txt", code=1).err
    assert "s3://none/c.txt: no such file" in nlpcli("count", "s3://none/c.txt", code=1).err
    for folder in ("s3://texts", "s3://texts/shards"):
        told = nlpcli("count", folder, code=1).err
        assert f"{folder} is a folder" in told
        assert f"'{folder}/*'" in told
    told = nlpcli("tokenize", "a.txt", "-o", "s3://none/a.txt", code=1).err
    assert "cannot write s3://none/a.txt: no such folder or bucket" in told


def test_on_a_cluster_parts_come_from_a_bucket_and_go_to_one(bucket, local, tmp_path):
    pytest.importorskip("distributed")
    command = [sys.executable, "-m", "nlpcli"]
    maps = ["tokenize", "s3://texts/shards/a.txt", "-o", "s3://texts/tokens/", "--shard-size", "2KB"]
    counts = ["count", "s3://texts/shards/*", "-o", "counts.tsv", "--shard-size", "2KB"]
    for each in (maps, counts):
        subprocess.run([*command, *each, "-q", "--cluster", "local:1"], cwd=tmp_path, check=True)
    bucket.invalidate_cache()
    parts = sorted(bucket.ls("texts/tokens", detail=False))
    assert len(parts) > 1
    for output, texts in (("tokens", local[:1]), ("wanted", local)):
        job = "tokenize" if output == "tokens" else "count"
        subprocess.run([*command, job, *texts, "-q", "-o", output], cwd=tmp_path, check=True)
    assert b"".join(map(bucket.cat_file, parts)) == (tmp_path / "tokens").read_bytes()
    assert (tmp_path / "counts.tsv").read_bytes() == (tmp_path / "wanted").read_bytes()


def test_who_does_not_let_in_is_told_with_what_to_set(nlpcli, bucket, local, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    bucket.clear_instance_cache()
    told = nlpcli("tokenize", "a.txt", "-o", "s3://texts/x.txt", code=1).err
    assert "cannot write s3://texts/x.txt: Could not connect" in told
    assert "AWS_ENDPOINT_URL" in told
