"""A folder of gzipped shards and an address give models, by the very commands of one machine."""

import gzip

import pytest

pytest.importorskip("distributed")
WORDS = ["the", "of", "나무", "and", "하늘", "to", "in", "a", "바람", "is", "that", "it"]


def line(number):
    return " ".join(WORDS[(number * k) % 12] for k in range(1, number % 7 + 3))


@pytest.fixture
def shards(tmp_path):
    """Eight shards of text, one of them empty, and as many of labelled rows, sorted by label."""
    for folder in ("corpus", "rows"):
        (tmp_path / folder).mkdir()
    for shard in range(8):
        lines = [line(number) for number in range(shard, 200 * (shard != 3), 8)]
        rows = ["text\tlabel", *(f"{text}\t{'good' if shard < 5 else 'bad'}" for text in lines)]
        for folder, content in (("corpus", lines), ("rows", rows)):
            name = tmp_path / folder / f"{shard}.{'txt' if folder == 'corpus' else 'tsv'}.gz"
            name.write_bytes(gzip.compress("".join(f"{each}\n" for each in content).encode()))
    return [f"corpus/{shard}.txt.gz" for shard in range(8)], [f"rows/{shard}.tsv.gz" for shard in range(8)]


GLOVE = ["--min-count", "3", "--dim", "4", "--epochs", "2"]


def same(tmp_path, one, other):
    assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes()


def test_a_folder_of_gzipped_shards_gives_a_classifier_and_counts_for_glove(
    nlpcli, address, shards, tmp_path
):
    corpus, rows = shards
    for command, given, name in (("train-nb", rows, "nb.safetensors"), ("cooccur", corpus, "counts.npz")):
        nlpcli(command, *given, "-o", name)
        nlpcli(command, *given, "-o", f"many-{name}", "--cluster", address, "--shard-size", "200B")
        same(tmp_path, name, f"many-{name}")


def test_glove_counts_on_a_cluster_and_trains_here(nlpcli, address, shards, tmp_path):
    corpus, _ = shards
    nlpcli("train-glove", *corpus, *GLOVE, "-o", "alone.safetensors")
    for size in ("1GB", "500B", "100B"):
        more = ["--cluster", address, "--shard-size", size]
        nlpcli("train-glove", *corpus, *GLOVE, "-o", "many.safetensors", *more)
        same(tmp_path, "alone.safetensors", "many.safetensors")
    for name, more in (("alone", []), ("many", ["--cluster", address, "--shard-size", "300B"])):
        again = ["--resume", "many.safetensors", "--epochs", "3", "-o", f"{name}.txt"]
        nlpcli("train-glove", *corpus, *again, *more)
    same(tmp_path, "alone.txt", "many.txt")
    none = ["train-glove", corpus[3], "-o", "none.txt"]
    assert nlpcli(*none, "--cluster", address, code=1).err == nlpcli(*none, code=1).err
    beside = ["train-glove", "--cooccurrences", "c.npz", "-o", "w.txt", "--cluster", address]
    assert "--cluster does nothing beside --cooccurrences" in nlpcli(*beside, code=2).err


@pytest.mark.parametrize("more", [["--iterations", "4"], ["--method", "nmf", "--text-col", "text"]])
def test_topics_of_texts_that_were_encoded_on_a_cluster(nlpcli, address, shards, tmp_path, more):
    corpus, rows = shards
    command = ["train-topics", *(rows if "--text-col" in more else corpus), *more, "--num-topics", "2"]
    nlpcli(*command, "--max-df", "1.0", "-o", "alone.safetensors")
    many = ["-o", "many.safetensors", "--cluster", address, "--shard-size", "100B"]
    nlpcli(*command, "--max-df", "1.0", *many)
    same(tmp_path, "alone.safetensors", "many.safetensors")
    none = ["train-topics", corpus[3], "-o", "none.safetensors"]
    assert nlpcli(*none, "--cluster", address, code=1).err == nlpcli(*none, code=1).err


def test_a_folder_is_told_what_to_name_instead(nlpcli, address, shards):
    for command in (["count"], ["cooccur"], ["train-glove", "-o", "g.txt"]):
        told = nlpcli(*command, "corpus/", "--cluster", address, code=1).err
        assert "hint: name its files: corpus/*.txt.gz" in told
    told = nlpcli("train-nb", "rows/", "-o", "nb.safetensors", "--cluster", address, code=1).err
    assert "/rows/*.tsv.gz" in told.split("tables are named: ")[1]
