"""Naive Bayes of parts of the texts: merged in any order, the bytes of all texts at once."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine import jobs
from nlpcli.engine.classify.partial_count_files import KIND, PartialCountFile
from nlpcli.engine.classify.partial_counts import ClassCounting, OtherFeatures
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.io.shards import Shard, merge_all
from nlpcli.errors import InputError, ModelError, NlpcliError, SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings

ENGLISH = [f"{label}\t{text}" for label, text in [
    ("bad", "a dull film"), ("bad", "dull and long"), ("bad", ""), ("good", "a fine film, a fine cast"),
    ("good", "warm"), ("odd", "what a film"), ("odd", "why"),
]]  # fmt: skip
KOREAN = ["bad\t지루한 영화", "bad\t길고 지루하다", "good\t따뜻한 영화", "good\t참 좋다"]


def files_of(folder, rows, cuts):
    """Files of the rows between cuts, as they are; some may be empty."""
    paths = []
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(rows)], strict=True)):
        path = folder / f"part{number}.tsv"
        path.write_text("".join(f"{row}\n" for row in rows[begin:end]))
        paths.append(str(path))
    return paths


def merged_of(paths, output, **options):
    for path in paths:
        jobs.train_nb(path, f"{path}.safetensors", partial=True, **options)
    jobs.merge([f"{path}.safetensors" for path in paths], str(output))
    return output.read_bytes()


@pytest.mark.parametrize("rows", [ENGLISH, KOREAN])
@pytest.mark.parametrize("cuts", [[], [3], [2, 2, 4], [1, 2, 3, 4]])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"method": "multinomial", "ngrams": "1-3", "char_ngrams": "2-3", "char_span": "word"},
        {"method": "complement", "min_count": 2},
        {"method": "bernoulli", "hash_bits": 9},
    ],
)
def test_parts_sorted_by_label_add_up_to_the_bytes_of_all_at_once(tmp_path, rows, cuts, options):
    paths = files_of(tmp_path, rows, cuts)
    jobs.train_nb(paths, str(tmp_path / "whole.safetensors"), **options)
    whole = (tmp_path / "whole.safetensors").read_bytes()
    assert merged_of(paths, tmp_path / "merged.safetensors", **options) == whole


rows_of_words = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.sampled_from(["film", "good", "영화", "좋은 영화", "-"]), max_size=4).map(" ".join),
    ).map("\t".join),
    max_size=12,
)


@settings(max_examples=50)
@given(
    rows=rows_of_words,
    cuts=st.lists(st.integers(0, 12), max_size=7),
    seed=st.integers(0, 99),
    features=st.sampled_from(
        [{}, {"ngrams": "1-2", "char_ngrams": "0"}, {"char_ngrams": "2-3", "hash_bits": 7}, {"binary": True}]
    ),
)
def test_any_parts_in_any_order_are_the_model_of_all(tmp_path_factory, rows, cuts, seed, features):
    folder = tmp_path_factory.mktemp("parts")
    counting = ClassCounting(
        features=FeatureSettings(**features), settings=NaiveBayesSettings(variant="multinomial")
    )
    (folder / "whole.tsv").write_text("".join(f"{row}\n" for row in rows))
    whole = counting.part(Shard(0, (str(folder / "whole.tsv"),)))
    paths = files_of(folder, rows, sorted(min(cut, len(rows)) for cut in cuts))
    guess = counting.guessing(whole)
    parts = [
        pickle.loads(pickle.dumps(guess.part(Shard(number, (path,))))) for number, path in enumerate(paths)
    ]
    random.Random(seed).shuffle(parts)
    merged = merge_all(parts, guess.merge)
    try:
        counting.finish(whole).save(folder / "whole.safetensors")
    except InputError as error:
        with pytest.raises(InputError) as caught:
            counting.finish(merged)
        assert caught.value.message == error.message
        return
    counting.finish(merged).save(folder / "merged.safetensors")
    at_once = jobs.train_nb([str(folder / "whole.tsv")], str(folder / "at-once.safetensors"),
                            method="multinomial", **features).model  # fmt: skip
    assert at_once.labels == merged.labels
    bytes_of = [(folder / f"{name}.safetensors").read_bytes() for name in ("whole", "merged", "at-once")]
    assert bytes_of[0] == bytes_of[1] == bytes_of[2]


def test_parts_that_decide_otherwise_are_to_be_counted_again_as_is_said(tmp_path):
    paths = files_of(tmp_path, [*ENGLISH[:2], *KOREAN], [2])
    with pytest.raises(
        OtherFeatures, match=r"part0.tsv.safetensors had --ngrams 1-2 --char-ngrams 0"
    ) as caught:
        merged_of(paths, tmp_path / "merged.safetensors")
    assert caught.value.hint == "count them again with --ngrams 1-2 --char-ngrams 2-4 --char-span text"
    wanted = {"ngrams": "1-2", "char_ngrams": "2-4", "char_span": "text"}
    jobs.train_nb(paths, str(tmp_path / "whole.safetensors"))
    whole = (tmp_path / "whole.safetensors").read_bytes()
    assert merged_of(paths, tmp_path / "merged.safetensors", **wanted) == whole


def test_a_guess_that_is_wrong_says_what_would_have_been_right(tmp_path):
    paths = files_of(tmp_path, [*ENGLISH[:2], *KOREAN], [2])
    counting = ClassCounting()
    shards = [Shard(number, (path,)) for number, path in enumerate(paths)]
    guess = counting.guessing(counting.part(shards[0]))
    with pytest.raises(OtherFeatures) as caught:
        counting.finish(merge_all(map(guess.part, shards), counting.merge))
    again = ClassCounting(counted=caught.value.features)
    model = counting.finish(merge_all(map(again.part, shards), counting.merge))
    assert model.features.char_ngrams == "2-4" and model.labels == ("bad", "good")
    with pytest.raises(ModelError, match="other features"):
        counting.merge(guess.part(shards[0]), again.part(shards[1]))


def test_what_a_part_cannot_have_is_refused(tmp_path):
    (path,) = files_of(tmp_path, ENGLISH, [])
    output = str(tmp_path / "part.safetensors")
    for option in (
        {"prune": True},
        {"calibrate": True},
        {"method": "nbsvm"},
        {"holdout": 0.1},
        {"test": path},
    ):
        with pytest.raises(SettingsError, match="does nothing with --partial"):
            jobs.train_nb(path, output, partial=True, **option)
    with pytest.raises(SettingsError, match="where should"):
        jobs.train_nb(path, partial=True)


def test_parts_without_two_classes_or_of_other_options_make_no_model(tmp_path):
    paths = files_of(tmp_path, ["a\tx", "a\ty", "b\tz"], [1, 2])
    merged = tmp_path / "merged.safetensors"
    with pytest.raises(InputError, match="only one class: all 2 texts are labelled 'a'"):
        merged_of(paths[:2], merged)
    with pytest.raises(InputError, match="no text with a label"):
        merged_of(files_of(tmp_path, [], []), merged)
    jobs.train_nb(paths[2], f"{paths[2]}.safetensors", partial=True, alpha=2.0)
    with pytest.raises(ModelError, match="different ways"):
        jobs.merge([f"{path}.safetensors" for path in paths[1:]], str(merged))
    part, model = f"{paths[1]}.safetensors", str(tmp_path / "model.safetensors")
    jobs.train_nb(files_of(tmp_path, ENGLISH, []), model)
    for files in ([part, model], [model, part]):
        with pytest.raises(NlpcliError, match="this command needs"):
            jobs.merge(files, str(merged))


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("labels", ["good", "bad", "odd"], "not in order"),
        ("labels", ["bad", "bad", "odd"], "twice"),
        ("labels", ["bad", "good"], "damaged"),
        ("texts", 8, "not those of its classes"),
        ("counted", FeatureSettings().to_record(), "not decided"),
        ("settings", NaiveBayesSettings(variant="nbsvm").to_record(), "nbsvm does not count"),
        ("documents", np.array([3, 0, 4]), "documents"),
        ("filled", np.array([4, 2, 2]), "not those of its classes"),
        ("features.large", np.array([999]), "do not fit together"),
    ],
)
def test_a_forged_file_is_refused(tmp_path, field, value, complaint):
    (path,) = files_of(tmp_path, ENGLISH, [])
    jobs.train_nb(path, str(tmp_path / "part.safetensors"), partial=True)
    sound = read_model(tmp_path / "part.safetensors", KIND)
    given = {field: value}
    tensors = {**sound.tensors, **{name: array for name, array in given.items() if name in sound.tensors}}
    header = {**sound.header, **{name: field for name, field in given.items() if name in sound.header}}
    write_model(tmp_path / "forged.safetensors", KIND, header, tensors)
    with pytest.raises(ModelError, match=complaint):
        PartialCountFile.load(tmp_path / "forged.safetensors")
