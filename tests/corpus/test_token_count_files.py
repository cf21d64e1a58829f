"""`count -o FILE.safetensors` and `merge`: the same bytes as counting all files at once."""

from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.corpus.token_count_files import KIND, TokenCountFile
from nlpcli.engine.io.model_file import write_model
from nlpcli.errors import ModelError, NlpcliError, OutputError, SettingsError
from nlpcli.settings.text import AnalysisSettings

SHARDS = [
    "the king and the queen\nthe king\n",
    "",
    "tea\n",
    "\n \n",
    "a queen drinks tea\nking\n",
    "다 the 다\n",
]


@pytest.fixture
def shards(tmp_path):
    """The names of some files of text, an empty one and one of a single line among them."""
    paths = [tmp_path / f"shard{number}" for number in range(len(SHARDS))]
    for path, text in zip(paths, SHARDS, strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def counted(shards, **settings):
    for path in shards:
        jobs.count(path, f"{path}.safetensors", **settings)
    return [f"{path}.safetensors" for path in shards]


@pytest.mark.parametrize("ngrams", ["1", "1-2", "3"])
@pytest.mark.parametrize(
    "chosen",
    [{}, {"min_count": 2}, {"max_vocab": 3, "vocab_order": "first-seen"}, {"vocab_order": "alphabetical"}],
)
def test_counts_of_shards_add_up_to_the_bytes_of_all_at_once(shards, tmp_path, ngrams, chosen):
    try:
        jobs.count(shards, str(tmp_path / "at-once"), ngrams=ngrams, **chosen)
    except NlpcliError as error:
        with pytest.raises(type(error)) as caught:
            jobs.merge(counted(shards, ngrams=ngrams), str(tmp_path / "merged"), **chosen)
        assert caught.value.message == error.message
        return
    jobs.merge(counted(shards, ngrams=ngrams), str(tmp_path / "merged"), **chosen)
    assert (tmp_path / "merged").read_bytes() == (tmp_path / "at-once").read_bytes() != b""


def test_merged_counts_can_be_merged_further(shards, tmp_path):
    parts = counted(shards, lowercase=True)
    jobs.merge(parts[:3], str(tmp_path / "one.safetensors"))
    jobs.merge(parts[3:], str(tmp_path / "two.safetensors"))
    halves = [str(tmp_path / "one.safetensors"), str(tmp_path / "two.safetensors")]
    jobs.merge(halves, str(tmp_path / "merged.safetensors"))
    jobs.count(shards, str(tmp_path / "all.safetensors"), lowercase=True)
    merged = (tmp_path / "merged.safetensors").read_bytes()
    assert merged == (tmp_path / "all.safetensors").read_bytes()
    found = TokenCountFile.load(tmp_path / "all.safetensors")
    assert (found.documents, found.counts.words) == (8, 16)
    assert found.vocabulary().tokens[:3] == ("the", "king", "queen")


def test_counts_of_nothing_add_up_to_nothing(tmp_path):
    (tmp_path / "empty").write_text("\n")
    parts = counted([str(tmp_path / "empty")])
    assert len(jobs.merge(parts * 2, str(tmp_path / "merged.tsv"))) == 0
    assert (tmp_path / "merged.tsv").read_bytes() == b""


def test_what_does_not_go_together_is_refused(shards, tmp_path):
    one, two = counted(shards[:1])[0], str(tmp_path / "two.safetensors")
    jobs.count(shards[1], two, lowercase=True)
    with pytest.raises(ModelError, match="different ways"):
        jobs.merge([one, two], str(tmp_path / "merged.tsv"))
    for number in (1, 2):
        with pytest.raises(SettingsError, match="--min-count does nothing"):
            jobs.merge([one] * number, str(tmp_path / "merged.safetensors"), min_count=2)
    with pytest.raises(SettingsError, match="--max-vocab does nothing"):
        jobs.count(shards, two, max_vocab=2)
    with pytest.raises(OutputError, match="npz"):
        jobs.merge([one], str(tmp_path / "merged.npz"))


@pytest.mark.parametrize(
    ("header", "counts", "complaint"),
    [
        ({}, [1, 1, 1], "stands twice"),
        ({"words": 4}, [1, 1, 1], "do not add up"),
        ({"ngrams": "2", "words": 0}, [1, 1, 1], "no words"),
        ({"ngrams": "2-x"}, [1, 1, 1], "ngrams"),
        ({"documents": -1}, [1, 1, 1], "documents"),
        ({}, [0, 1, 2], "counts"),
    ],
)
def test_a_forged_file_is_refused(tmp_path, header, counts, complaint):
    sound = {"analysis": AnalysisSettings().to_record(), "ngrams": "1", "documents": 1, "words": 3}
    tensors = {
        "vocabulary.bytes": np.frombuffer(b"aba", np.uint8),
        "vocabulary.offsets": np.arange(4),
        "vocabulary.counts": np.array(counts),
    }
    write_model(tmp_path / "forged", KIND, {**sound, **header}, tensors)
    with pytest.raises(ModelError, match=complaint):
        TokenCountFile.load(tmp_path / "forged")
