"""Settings behave as frozen dataclasses do, whose methods they do not have each to themselves."""

import copy
import dataclasses
import inspect
import pickle
import re

import pytest

from nlpcli.settings.frozen import Frozen, frozen


@frozen
class Ours(Frozen):
    size: int
    word: str = "a"
    parts: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Pythons:
    size: int
    word: str = "a"
    parts: list[int] = dataclasses.field(default_factory=list)


@pytest.mark.parametrize(
    ("values", "named"), [((1,), {}), ((1, "b"), {"parts": [2]}), ((), {"size": 3, "word": "c"})]
)
def test_they_are_made_shown_and_taken_apart_alike(values, named):
    ours, pythons = Ours(*values, **named), Pythons(*values, **named)
    assert repr(ours) == repr(pythons).replace("Pythons", "Ours")
    assert dataclasses.asdict(ours) == dataclasses.asdict(pythons)
    assert [one.name for one in dataclasses.fields(ours)] == ["size", "word", "parts"]
    assert copy.deepcopy(ours) == pickle.loads(pickle.dumps(ours)) == ours
    assert dataclasses.replace(ours, size=9) == Ours(9, ours.word, ours.parts) != ours
    assert [*inspect.signature(Ours).parameters] == [*inspect.signature(Pythons).parameters]


def test_a_list_is_nobody_elses():
    assert Ours(1).parts is not Ours(1).parts


def test_equal_ones_have_one_hash_and_another_class_is_another():
    assert hash(Ours(1, parts=())) == hash(Ours(1, parts=())) != hash(Ours(2, parts=()))
    assert Ours(1) != Pythons(1)


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, "a", [], 4), {}), ((1,), {"size": 2}), ((1,), {"colour": 2})]
)
def test_what_cannot_be_made_is_refused_in_the_same_words(values, named):
    with pytest.raises(TypeError) as raised:
        Pythons(*values, **named)
    said = re.sub(r"from 2 to 4 positional", "4 positional", str(raised.value)).replace("Pythons", "Ours")
    with pytest.raises(TypeError, match=re.escape(said)):
        Ours(*values, **named)


def test_they_cannot_be_changed():
    for kind in (Ours, Pythons):
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'size'"):
            kind(1).size = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'size'"):
            del kind(1).size
