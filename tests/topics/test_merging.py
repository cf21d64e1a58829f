"""Topic models added up, and Mallet's state read and written."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.topics import mallet
from nlpcli.engine.topics.merging import matched
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.errors import InputError, ModelError, OutputError
from tests.conftest import Run
from tests.topics.test_topics import SUBJECTS, made_texts

SMALL = {"num_topics": 3, "iterations": 40, "min_df": 1}


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """Models of two halves of some texts; the second has words of its own."""
    texts = made_texts(120)
    texts[60:] = [f"{text} extra{number % 2}" for number, text in enumerate(texts[60:])]
    (tmp_path / "all.txt").write_text("\n".join(texts) + "\n")
    found = []
    for number, seed in ((0, 1), (1, 5)):
        text = tmp_path / f"{number}.txt"
        text.write_text("\n".join(texts[60 * number : 60 * number + 60]) + "\n")
        found.append(tmp_path / f"{number}.safetensors")
        api.train_topics(text, found[-1], **SMALL, seed=seed)
    return found


def words_of(model: TopicModel) -> dict[str, int]:
    assert model.word_counts is not None
    totals = model.word_counts.sum(axis=1)
    assert np.array_equal(totals, model.vocabulary.counts)
    return dict(zip(model.vocabulary.tokens, totals.tolist(), strict=True))


def test_words_are_counted_as_in_all_the_text_and_subjects_stay_together(
    nlpcli: Run, parts: list[Path], tmp_path: Path
) -> None:
    done = nlpcli("merge", *parts, "-o", tmp_path / "sum.safetensors")
    assert "topics matched" in done.err and "120 texts" in done.err
    merged = api.load(tmp_path / "sum.safetensors")
    whole = api.train_topics(tmp_path / "all.txt", tmp_path / "whole.safetensors", **SMALL)
    assert words_of(merged) == words_of(whole)
    assert merged.documents == whole.documents == 120
    found = [{word for word, _ in words} for words in merged.top_words(8)]
    assert sorted(map(sorted, found)) == sorted(sorted(subject.split()) for subject in SUBJECTS)
    assert merged.sizes.tolist() == sorted(merged.sizes, reverse=True)
    assert merged.transform(["oven dough bread"]).max() > 0.6


def test_a_model_added_to_itself_has_twice_the_counts(parts: list[Path], tmp_path: Path) -> None:
    one = api.load(parts[0])
    twice = api.merge([parts[0], parts[0]], tmp_path / "twice.safetensors")
    assert np.array_equal(twice.word_counts, 2 * one.word_counts)
    assert twice.alpha == pytest.approx(one.alpha) and twice.documents == 2 * one.documents


def test_seeded_topics_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("\n".join(made_texts(60)) + "\n")
    seeds = ["goal match", "oven flour"]
    files = []
    for seed in (1, 2):
        files.append(tmp_path / f"{seed}.safetensors")
        api.train_topics(tmp_path / "t.txt", files[-1], **SMALL, seed=seed, seed_words=seeds)
    merged = api.merge(files, tmp_path / "sum.safetensors")
    for number, subject in enumerate((SUBJECTS[1], SUBJECTS[0], SUBJECTS[2])):
        assert {word for word, _ in merged.top_words(8)[number]} == {*subject.split()}
    assert np.array_equal(merged.seeds, api.load(files[0]).seeds)


def test_each_topic_goes_to_one_and_the_likest_go_first() -> None:
    one = np.array([[10, 0, 5], [0, 10, 5], [1, 1, 1]])
    other = np.array([[6, 9, 0], [4, 1, 10], [1, 0, 1]])
    order, likeness = matched(one, other)
    assert order.tolist() == [1, 2, 0] and likeness.shape == (3,)
    assert matched(one, other, seeded=2)[0].tolist() == [0, 1, 2]


def test_what_does_not_add_up_is_told(parts: list[Path], tmp_path: Path) -> None:
    text, out = tmp_path / "0.txt", tmp_path / "out.safetensors"
    for options, said in (
        ({"num_topics": 2}, "3 and 2 topics"),
        ({"beta": 0.5}, "differ in beta: 0.01 and 0.5"),
        ({"stem": "porter"}, "differ in stem"),
        ({"method": "nmf"}, "keeps no counts"),
    ):
        other = tmp_path / "other.safetensors"
        api.train_topics(text, other, **{**SMALL, **options})
        with pytest.raises(ModelError, match=said):
            api.merge([parts[0], other], out)
    with pytest.raises(ModelError):
        api.merge([parts[0], Path(__file__).parents[1] / "models" / "naive-bayes.safetensors"], out)
    assert not out.exists()


# --- Mallet ---------------------------------------------------------------------------------

STATE = """#doc source pos typeindex type topic
#alpha : 0.25 1.5\x20
#beta : 0.05
0 NA 0 0 bread 1
0 NA 1 4 oven 1
2 a file.txt 0 4 oven 1
2 a file.txt 1 2 goal 0
"""


def state(folder: Path, text: str, name: str = "state.gz") -> Path:
    (folder / name).write_bytes(gzip.compress(text.encode()))
    return folder / name


def test_a_state_becomes_a_model(nlpcli: Run, tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    done = nlpcli("convert", state(tmp_path, STATE), out)
    assert "2 topics, 3 words" in done.err
    model = api.load(out)
    assert model.vocabulary.tokens == ("bread", "goal", "oven")
    assert model.word_counts.tolist() == [[0, 1], [1, 0], [0, 2]]
    assert model.alpha.tolist() == [0.25, 1.5] and model.settings.beta == 0.05
    assert model.documents == 3 and model.analysis.lowercase
    assert model.transform(["Oven"])[0].argmax() == 1
    (tmp_path / "plain").write_text(STATE.replace("bread", "Bread"))
    assert not api.convert(tmp_path / "plain", out).analysis.lowercase


def test_a_model_goes_there_and_comes_back(nlpcli: Run, parts: list[Path], tmp_path: Path) -> None:
    back, again = tmp_path / "back.safetensors", tmp_path / "again.gz"
    nlpcli("convert", parts[0], "-o", tmp_path / "s.gz", "-q")
    api.convert(tmp_path / "s.gz", back)
    api.convert(back, again)
    assert again.read_bytes() == (tmp_path / "s.gz").read_bytes()
    one, other = api.load(parts[0]), api.load(back)
    for name in ("word_counts", "alpha"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert one.vocabulary.tokens == other.vocabulary.tokens and one.documents == other.documents
    assert np.array_equal(one.transform(made_texts(9)), other.transform(made_texts(9)))
    lines = gzip.decompress(again.read_bytes()).decode().splitlines()
    assert len(lines) == 3 + one.word_counts.sum()
    assert {int(line.split()[0]) for line in lines[3:]} == {*range(60)}


def test_more_texts_than_tokens_come_back_too(tmp_path: Path) -> None:
    text = "#doc source pos typeindex type topic\n#alpha : 1 \n#beta : 1\n99 NA 0 0 a 0\n"
    model = mallet.read_state(str(state(tmp_path, text)))
    mallet.write_state(model, str(tmp_path / "s.gz"))
    assert model.documents == mallet.read_state(str(tmp_path / "s.gz")).documents == 100


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#alpha : 0.25 1.5 ", "#alpha :", "2: expected #alpha"),
        ("0.25 1.5", "0.25 nan", "2: expected numbers above 0"),
        ("0.25 1.5", "0.25 -1", "2: expected numbers above 0"),
        ("0.25 1.5", "0.25 1e300", "2: expected numbers above 0"),
        ("0.25", " ".join(["1"] * 5000), "2: there are 5,001 topics"),
        ("0.05", "0.05 0.05", "3: there is one"),
        ("0.05", "1" + "0" * 5000, "3: expected numbers above 0"),
        ("#beta : 0.05\n", "", "3: expected #beta"),
        ("0 bread 1", "0 bread 2", "4: topic 2 of 2"),
        ("0 bread 1", "0 bread", "4: expected doc source"),
        ("0 bread 1", "0 bread -1", "4: expected doc source"),
        ("0 bread 1", "0 bread ١", "4: expected doc source"),
        ("1 4 oven", "1 0 oven", "5: the type 0 is both 'bread' and 'oven'"),
        ("1 4 oven", "1 5 oven", "6: 'oven' has two numbers, 5 and 4"),
        ("2 a file.txt 1", "1 a file.txt 1", "7: texts are numbered"),
        ("2 a file.txt 1", "9999999999 a 1", "7: texts are numbered"),
    ],
)
def test_forged_lines_are_told_with_their_number(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        api.convert(state(tmp_path, STATE.replace(old, new, 1)), tmp_path / "m.safetensors")
    assert f"state.gz:{said}" in caught.value.message and caught.value.hint
    assert not (tmp_path / "m.safetensors").exists()


def test_outputs_and_options_that_do_not_fit_are_refused(
    nlpcli: Run, parts: list[Path], tmp_path: Path
) -> None:
    path = state(tmp_path, STATE)
    with pytest.raises(InputError, match="no token"):
        api.convert(state(tmp_path, STATE[: STATE.index("0 NA")], "empty.gz"), tmp_path / "m.safetensors")
    assert ".safetensors file" in nlpcli("convert", path, tmp_path / "m.vec", code=1).err
    assert ".gz file" in nlpcli("convert", parts[0], tmp_path / "m.vec", code=1).err
    said = nlpcli("convert", path, tmp_path / "m.safetensors", "--normalize", code=2).err
    assert "--normalize does nothing with topics" in said
    spaced = tmp_path / "spaced.safetensors"
    api.train_topics(
        tmp_path / "0.txt", spaced, **SMALL, tokenizer="regexp", pattern="[a-z]+ [a-z]+", max_df=1.0
    )
    with pytest.raises(OutputError, match="holds no word with a space"):
        api.convert(spaced, tmp_path / "s.gz")
    assert not (tmp_path / "s.gz").exists()
