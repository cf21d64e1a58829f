"""Words that the tokenizer morph always analyses alike: what they are on their own, wherever they stand."""

from __future__ import annotations

import dataclasses
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tagging import morphemes
from nlpcli.engine.tagging.morphemes import MorphemeModel
from nlpcli.engine.text.tokenizers.morph import Morphemes, shipped_model
from nlpcli.errors import ModelError

LINES = [
    "나는 어제 학교에 갔다.",
    "그는 학교에 가는 길에 나는 새를 보았다.",
    "하늘을 나는 새, 나는 나.",
    "어제 나는 #나는 새 10번 보았다.",
    "학교에서 학교에 가는",
    "학교에",
]

syllables, learning = Kernels("tagging.syllables"), Kernels("tagging.syllable_learning")
memory = Kernels("tagging.syllable_memory")


def knowing(words):
    """The shipped model, to which these words are always analysed alike."""
    model = shipped_model()
    marks = np.zeros(2 * len(words) + 1, np.uint16)
    memory.add_marks(np.array([hash_of(model, word) for word in words], np.uint64), marks)
    return dataclasses.replace(model, always=marks)


def hash_of(model, word):
    units, rows = units_of(model, word), np.empty((1, 4), np.uint64)
    learning.words_in(units, np.zeros(len(units), np.int32), np.array([0, len(units)]), rows)
    return rows[0, 2]


def units_of(model, text):
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    units = np.empty(len(codes), np.int32)
    syllables.units_of(codes, model.units, units)
    return units


def without():
    return dataclasses.replace(shipped_model(), always=np.zeros(0, np.uint16))


def told(model, line, user_words=None):
    return [tuple(token) for token in Morphemes(model, user_words).analyse(line)]


@pytest.mark.parametrize("name", ["shipped", "made"])
def test_a_known_word_has_the_labels_that_it_has_alone(name):
    model = knowing(["나는", "학교에", "갔다.", "새"]) if name == "made" else shipped_model()
    found, start, compared = model.found(LINES), 0, []
    for line in LINES:
        place = start
        for word in line.split(" "):
            if memory.is_known(model.always, hash_of(model, word)):
                own = found[place : place + len(word)]
                assert own.tolist() == without().found([word]).tolist(), word
                compared.append(word)
            place += len(word) + 1
        start += len(line)
    assert {"made": {"나는", "학교에", "갔다.", "새"}, "shipped": {"학교에"}}[name] <= {*compared}
    assert (found >= 0).tolist() == (without().found(LINES) >= 0).tolist()


def test_words_that_are_not_known_are_found_in_their_line():
    assert knowing(["우주선"]).found(LINES).tolist() == without().found(LINES).tolist()
    assert knowing(["나는"]).found(["하늘을 나는"]).tolist() != without().found(["하늘을 나는"]).tolist()


@pytest.mark.parametrize("room", [None, 0, 1])
def test_neither_the_order_of_lines_nor_the_room_for_words_changes_what_is_found(monkeypatch, room):
    words = sorted({word for line in LINES for word in line.split(" ")})
    expected = {line: told(knowing(words), line) for line in LINES}
    if room is not None:
        whole = morphemes.memory_for
        monkeypatch.setattr(
            morphemes,
            "memory_for",
            lambda always: whole(always)._replace(
                keys=np.zeros(2 * room + 1, np.uint64), places=np.zeros(2 * room + 1, np.int32)
            ),
        )
    model = knowing(words)
    chance = random.Random(1)
    for _ in range(20):
        line = chance.choice(LINES)
        assert told(model, line) == expected[line]


def test_threads_find_the_same():
    model = knowing(sorted({word for line in LINES for word in line.split(" ")}))
    expected = [model.found([line]).tolist() for line in LINES]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            assert [found.tolist() for found in pool.map(model.found, [[line] for line in LINES])] == expected


def test_what_the_user_says_of_a_word_comes_first():
    model = knowing(["학교에", "갔다."])
    tokens = Morphemes(model, {"학교에": "NNP"}).analyse("어제 학교에 갔다.")
    assert ("학교에", "NNP") in [(token.form, token.tag) for token in tokens]


def test_long_words_are_never_known():
    word = "가나다라마바사아자"
    assert (
        knowing([word]).found([f"어제 {word} 갔다."]).tolist()
        == without().found([f"어제 {word} 갔다."]).tolist()
    )


def test_a_file_keeps_the_known_words_and_a_full_table_is_refused(tmp_path):
    model, path = knowing(["나는", "학교에"]), tmp_path / "model"
    model.save(path)
    again = MorphemeModel.load(path)
    assert again.always.tolist() == model.always.tolist()
    assert again.found(LINES).tolist() == model.found(LINES).tolist()
    kept = read_model(path, "morphemes")
    for always in (np.ones(5, np.uint16), np.zeros(0, np.uint16)):
        write_model(path, "morphemes", kept.header, {**kept.tensors, "always": always})
        with pytest.raises(ModelError, match="no room"):
            MorphemeModel.load(path)
    without().save(path)
    assert len(MorphemeModel.load(path).always) == 0
