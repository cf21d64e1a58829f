"""`vectorize` in two passes: the rows of parts are, to the bit, those of all documents at once."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine import jobs
from nlpcli.engine.documents.partial_counts import KIND, FrequencyCounting, FrequencyFile
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.io.shards import Shard, merge_all
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.vocabulary import VocabularySettings

LINES = ["a rose is a rose", "is it", "", "tea and a rose", "tea", "다 같이", "it is a king", "king", "a"]
N_GRAMS = [{}, {"ngrams": "1-2"}, {"ngrams": "2"}, {"char_ngrams": "2-3"}]


def files_of(folder, lines, cuts):
    """Files of the lines between cuts; some may be empty."""
    paths = []
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        path = folder / f"part{number}"
        path.write_text("".join(f"{line}\n" for line in lines[begin:end]))
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("cuts", [[], [4], [3, 3, 4], [1, 2, 3, 4, 5, 6, 8]])
@pytest.mark.parametrize("ngrams", N_GRAMS)
@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"min_df": 2, "max_df": 0.5, "sublinear_tf": True},
        {"min_count": 2, "vocab_order": "alphabetical", "norm": "l1"},
        {"kind": "bow", "max_features": 3},
        {"kind": "binary", "max_vocab": 4, "vocab_order": "first-seen"},
    ],
)
def test_rows_of_parts_and_their_model_are_those_of_all_at_once(tmp_path, cuts, ngrams, chosen):
    from scipy.sparse import load_npz, vstack

    (tmp_path / "whole").write_text("".join(f"{line}\n" for line in LINES))
    how = {**ngrams, **chosen}
    try:
        jobs.vectorize(tmp_path / "whole", tmp_path / "w.npz", save_model=str(tmp_path / "w.model"), **how)
    except InputError as error:
        failure = error
    else:
        failure = None
    paths = files_of(tmp_path, LINES, cuts)
    for path in paths:
        jobs.count_frequencies(path, f"{path}.safetensors", **ngrams)
    jobs.merge([f"{path}.safetensors" for path in paths], str(tmp_path / "all.safetensors"))
    rows = []
    for path in paths:
        files = {"read_frequencies": str(tmp_path / "all.safetensors"), "save_model": f"{path}.model"}
        if failure:
            with pytest.raises(InputError) as caught:
                jobs.vectorize(path, f"{path}.npz", **files, **chosen)
            assert caught.value.message == failure.message
            return
        jobs.vectorize(path, f"{path}.npz", **files, **chosen)
        rows.append(load_npz(f"{path}.npz"))
        assert (tmp_path / f"{path}.model").read_bytes() == (tmp_path / "w.model").read_bytes()
    together, whole = vstack(rows, format="csr"), load_npz(tmp_path / "w.npz")
    for name in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(together, name), getattr(whole, name))
    jobs.count_frequencies(tmp_path / "whole", str(tmp_path / "at-once.safetensors"), **ngrams)
    merged = (tmp_path / "all.safetensors").read_bytes()
    assert merged == (tmp_path / "at-once.safetensors").read_bytes()


words = st.lists(st.sampled_from(["a", "b", "dd", "가", "É", "eee"]), max_size=6).map(" ".join)


@settings(max_examples=40)
@given(
    lines=st.lists(words, max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=7),
    seed=st.integers(0, 99),
    ngrams=st.sampled_from(N_GRAMS),
    min_count=st.integers(1, 2),
)
def test_frequencies_of_shards_in_any_order_make_the_vectorizer_of_all(
    tmp_path_factory, lines, cuts, seed, ngrams, min_count
):
    folder = tmp_path_factory.mktemp("parts")
    (folder / "whole").write_text("".join(f"{line}\n" for line in lines))
    how = {"settings": VectorizeSettings(**ngrams), "vocabulary": VocabularySettings(min_count)}
    counting = FrequencyCounting(**how)
    paths = files_of(folder, lines, sorted(min(cut, len(lines)) for cut in cuts))
    parts = [counting.part(Shard(number, (path,))) for number, path in enumerate(paths)]
    random.Random(seed).shuffle(parts)
    merged = merge_all(parts, counting.merge)
    assert merged.documents == len(lines)
    try:
        jobs.vectorize(folder / "whole", folder / "rows.npz", save_model=str(folder / "whole.model"), **how)
    except InputError as error:
        with pytest.raises(type(error)) as caught:
            counting.finish(merged)
        assert caught.value.message.split(":")[0] == error.message.split(":")[0]
        return
    counting.finish(merged).save(folder / "merged.model")
    assert (folder / "merged.model").read_bytes() == (folder / "whole.model").read_bytes()


def test_what_does_not_go_together_is_refused(tmp_path):
    one, two = files_of(tmp_path, LINES, [4])
    jobs.count_frequencies(one, f"{one}.safetensors")
    jobs.count_frequencies(two, f"{two}.safetensors", ngrams="1-2")
    with pytest.raises(ModelError, match="different ways"):
        jobs.merge([f"{one}.safetensors", f"{two}.safetensors"], str(tmp_path / "all.safetensors"))
    read = {"read_frequencies": f"{one}.safetensors"}
    for option in ({"ngrams": "1-2"}, {"lowercase": False}):
        with pytest.raises(SettingsError, match="does nothing beside --read-frequencies"):
            jobs.vectorize(one, **read, **option)
    with pytest.raises(SettingsError, match="--read-frequencies or --read-vocab"):
        jobs.vectorize(one, **read, read_vocab=two)
    with pytest.raises(SettingsError, match="hashing needs no frequencies"):
        jobs.vectorize(one, **read, kind="hashing")
    with pytest.raises(SettingsError, match="--min-df does nothing with --save-frequencies"):
        jobs.count_frequencies(one, f"{one}.safetensors", min_df=2)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("documents", 1, "document_frequencies"),
        ("words", 0, "of no words"),
        ("ngrams", "x", "ngrams"),
        ("char_ngrams", 3, "char_ngrams"),
        ("vocabulary.counts", np.array([1, 1, 1, 1]), "more documents than it was seen"),
        ("document_frequencies", np.array([1, 2, 0, 1]), "document_frequencies"),
        ("vocabulary.bytes", np.frombuffer(b"arisitis", np.uint8), "damaged"),
    ],
)
def test_a_forged_file_is_refused(tmp_path, field, value, complaint):
    (path,) = files_of(tmp_path, ["a r is a", "is ab is"], [])
    jobs.count_frequencies(path, str(tmp_path / "part.safetensors"))
    sound = read_model(tmp_path / "part.safetensors", KIND)
    assert sound.tensors["document_frequencies"].tolist() == [1, 1, 2, 1]
    tensors = {**sound.tensors, **({field: value} if field in sound.tensors else {})}
    header = {**sound.header, **({field: value} if field in sound.header else {})}
    write_model(tmp_path / "forged.safetensors", KIND, header, tensors)
    with pytest.raises(ModelError, match=complaint):
        FrequencyFile.load(tmp_path / "forged.safetensors")
