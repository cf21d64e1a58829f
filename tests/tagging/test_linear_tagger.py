"""A linear tagger: what it learns, its file, and what is not let in."""

import signal
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.tagging import checkpoint, perceptron
from nlpcli.engine.tagging.linear_tagger import KIND, UNFINISHED, LinearTagger
from nlpcli.engine.tagging.training import Training, train
from nlpcli.errors import InputError, ModelError
from nlpcli.settings.tagging import TaggerSettings

SMALL = TaggerSettings(hash_bits=12)
WORDS = [["the", "cat", "sees", "a", "dog"], ["a", "dog", "sleeps"], ["dogs", "see", "the", "cats"]] * 8
TAGS = [["D", "N", "V", "D", "N"], ["D", "N", "V"], ["N", "V", "D", "N"]] * 8
NAMES = [["Kim", "met", "Ann", "Lee", "in", "Seoul"], ["Seoul", "is", "big"]] * 8
LABELS = [["B-P", "O", "B-P", "I-P", "O", "B-L"], ["B-L", "O", "O"]] * 8
KOREAN = [["나는", "학교에", "갔다"], ["그는", "집에", "왔다"]] * 8
PIECES = [["NP+JX", "NNG+JKB", "VV+EP+EF"], ["NP+JX", "NNG+JKB", "VV+EP+EF"]] * 8
CASES = {
    "tags": (WORDS, TAGS, "upos", SMALL),
    "spans": (NAMES, LABELS, "ner", SMALL),
    "pieces": (KOREAN, PIECES, "xpos", TaggerSettings(hash_bits=12, pieces="yes")),
}


@pytest.mark.parametrize("case", CASES)
def test_it_learns_its_text_and_a_file_gives_the_same_answers(tmp_path, case):
    words, tags, target, settings = CASES[case]
    model = train(words, tags, target, settings)
    assert model.tag(words) == tags
    model.save(tmp_path / "one")
    train(words, tags, target, settings).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    loaded = LinearTagger.load(tmp_path / "one")
    unknown = [["zebras", "kick", "Lee"], [], ["그녀는"]]
    assert loaded.tag(unknown) == model.tag(unknown)
    assert loaded.tag_with_probabilities(unknown) == model.tag_with_probabilities(unknown)
    assert loaded.tag_with_probabilities(unknown)[0] == loaded.tag(unknown)


def test_another_seed_is_another_model_and_pieces_make_tags_that_were_never_seen():
    first = train(WORDS, TAGS, "upos", SMALL)
    other = train(WORDS, TAGS, "upos", TaggerSettings(hash_bits=12, seed=2))
    assert (first.weights.rows != other.weights.rows).any()
    model = train([["학교", "집에", "집"]] * 9, [["NNG", "NNG+JKB", "NNG"]] * 9, "xpos", CASES["pieces"][3])
    assert model.tags == ("JKB", "NNG") and model.most == 2


def test_labels_never_make_an_illegal_sequence():
    model = train(NAMES, LABELS, "ner", SMALL)
    found = model.tag([["Ann", "in", "Lee", "Kim", "Seoul", "is", "x"], ["Lee"]])
    for tags in found:
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_known_words_are_those_of_the_text():
    model = train(WORDS, TAGS, "upos", SMALL)
    assert model.knows(["cat", "Cat", "zebra", "dogs"]).tolist() == [True, False, False, True]


def test_what_cannot_be_learnt_is_told():
    with pytest.raises(InputError, match="all 24 words have the tag 'O'"):
        train([["a", "b"]] * 12, [["O", "O"]] * 12, "tag")
    with pytest.raises(InputError, match="no tagged words"):
        train([], [], "tag")
    with pytest.raises(InputError, match="5,000 different tags") as caught:
        train([[str(n) for n in range(5000)]], [[f"t{n}" for n in range(5000)]], "tag")
    assert "--columns" in caught.value.hint
    with pytest.raises(InputError, match="has 90 pieces"):
        train([["a", "b"]], [["A", "+".join("B" * 90)]], "tag", TaggerSettings(pieces="yes"))


# --- files -----------------------------------------------------------------------------------


def damaged():
    """What may stand in a file of the right layout, and is refused."""
    short = lambda name: lambda tensors, header: tensors.update({name: tensors[name][:-1]})  # noqa: E731
    yield "rows", short("weights")
    yield "transitions", short("transitions")
    yield "width", lambda tensors, _: tensors.update(weights=tensors["weights"][:, :-1])
    yield "type", lambda tensors, _: tensors.update(weights=tensors["weights"].astype(np.int16))
    yield "no rows", lambda tensors, _: tensors.update(weights=tensors["weights"][:0])
    yield "missing", lambda tensors, _: tensors.pop("known_words")
    yield "order", lambda tensors, _: tensors.update(known_words=tensors["known_words"][::-1])
    yield "large", lambda tensors, _: tensors.update(transitions=tensors["transitions"] + (1 << 29))
    for name, values in {
        "tags": [None, [], ["D"], ["V", "N", "D"], ["D", "N", 3], ["D", "N", "N"], ["", "N", "V"]],
        "most_pieces": [-1, 65, 1, True, "1", None, 2.0],
        "target": ["lemma", None, 3],
        "space": [None, 3],
        "unit": [0.0, -1.0, float("nan"), float("inf"), True, "x", None],
        "settings": [None, [], {"epochs": -1}, {"colour": 1}],
        "analysis": [None, {"tokenizer": "none"}],
    }.items():
        for value in values:
            yield f"{name} {value}", lambda _, header, name=name, value=value: header.update({name: value})


@pytest.mark.parametrize(("what", "change"), [*damaged()])
def test_nothing_from_a_file_reaches_a_kernel_unchecked(tmp_path, what, change):
    train(WORDS, TAGS, "upos", SMALL).save(tmp_path / "m")
    stored = read_model(tmp_path / "m", KIND)
    header, tensors = dict(stored.header), dict(stored.tensors)
    change(tensors, header)
    write_model(tmp_path / "bad", KIND, header, tensors)
    with pytest.raises(ModelError):
        LinearTagger.load(tmp_path / "bad")


# --- interruption ------------------------------------------------------------------------------


class Interrupting(Progress):
    """Presses Ctrl-C after so many reports."""

    def __init__(self, after: int) -> None:
        self.left = after

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
        self.left -= 1
        if not self.left:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("after", [1, 4, 11])
def test_interrupted_and_resumed_training_gives_the_bytes_of_one_go(tmp_path, monkeypatch, case, after):
    monkeypatch.setattr(perceptron, "_STEPS", 7)
    words, tags, target, settings = CASES[case]
    whole = train(words, tags, target, settings)
    whole.save(tmp_path / "whole")
    first = Training(words, tags, target, settings)
    with pytest.raises(KeyboardInterrupt):
        first.go(Interrupting(after))
    checkpoint.save(first, tmp_path / "left")
    second = Training(words, tags, target, settings)
    checkpoint.restore(second, tmp_path / "left")
    assert 0 < second.learner.done < 5 * len(words)
    second.go()
    second.model().save(tmp_path / "resumed")
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.fixture
def left(tmp_path) -> Path:
    checkpoint.save(Training(WORDS, TAGS, "upos", SMALL), str(tmp_path / "left"))
    return tmp_path / "left"


@pytest.mark.parametrize(
    "other",
    [
        (WORDS[:-1], TAGS[:-1], "upos", SMALL),
        (WORDS, [[tag.lower() for tag in tags] for tags in TAGS], "upos", SMALL),
        (WORDS, TAGS, "xpos", SMALL),
        (WORDS, TAGS, "upos", TaggerSettings(hash_bits=12, seed=2)),
    ],
)
def test_a_checkpoint_wants_its_own_text_tags_and_settings(left, other):
    with pytest.raises(ModelError, match="of another training"):
        checkpoint.restore(Training(*other), str(left))


@pytest.mark.parametrize(
    ("header", "tensors"),
    [
        ({"done": -1}, {}), ({"done": 5}, {}), ({"step": 0.5}, {}), ({"done": None}, {}),
        ({"step": 1 << 70}, {}),
        ({}, {"rows": np.array([1, 1], np.int32)}), ({}, {"rows": np.array([0, 4096], np.int32)}),
        ({}, {"rows": np.array([-1, 2], np.int32)}),
        ({}, {"transitions": np.full((4, 8), 1 << 30, np.int32)}),
        ({}, {"transitions": np.zeros((9, 8), np.int32)}), ({}, {"sums": np.zeros((3, 8), np.int64)}),
    ],
)  # fmt: skip
def test_a_damaged_checkpoint_is_refused(left, tmp_path, header, tensors):
    stored = read_model(left, UNFINISHED)
    rows = len(tensors.get("rows", []))
    whole = {
        **stored.tensors,
        "weights": np.zeros((rows, 8), np.int16),
        "sums": np.zeros((rows, 8), np.int64),
    }
    write_model(tmp_path / "bad", UNFINISHED, {**stored.header, **header}, {**whole, **tensors})
    with pytest.raises(ModelError):
        checkpoint.restore(Training(WORDS, TAGS, "upos", SMALL), str(tmp_path / "bad"))
