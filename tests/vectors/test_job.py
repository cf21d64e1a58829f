"""Questions to word vectors from Python: lists of them, and verbs of what is loaded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.vectors.job import analogy, odd_one_out, similar
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError, SettingsError

CORNERS = np.array([[1, 0.25], [1, 1], [0.25, 0.25], [0.25, 1], [1, 0.5]], np.float32)
VECTORS = Vectors(["man", "king", "woman", "queen", "boy"], CORNERS)


def test_a_file_and_loaded_vectors_answer_alike(tmp_path: Path) -> None:
    VECTORS.save(tmp_path / "v.txt")
    from_file = list(similar(tmp_path / "v.txt", ["king", "boy"], top_k=2))
    assert from_file == list(similar(VECTORS, ["king", "boy"], top_k=2))
    assert [word for word, _ in from_file] == ["king", "boy"]
    assert from_file[0][1] == VECTORS.similar("king", top_k=2)


def test_one_string_is_one_question() -> None:
    assert [question for question, _ in similar(VECTORS, "king")] == ["king"]
    assert dict(analogy(VECTORS, "king - man + woman", top_k=1))["king - man + woman"][0][0] == "queen"
    assert dict(odd_one_out(VECTORS, ["man boy queen"]))["man boy queen"][0][0] == "queen"


def test_many_questions_come_in_batches() -> None:
    answers = similar(VECTORS, ["king"] * 300)
    assert [len(batch) for batch in answers.batches()] == [256, 44]


def test_an_unknown_word_is_an_error_in_a_list_and_a_note_in_a_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InputError, match="no vector for 'kign'"):
        list(similar(VECTORS, ["king", "kign"]))

    class Notes(Progress):
        lines: list[str] = []  # noqa: RUF012

        def note(self, message: str) -> None:
            self.lines.append(message)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"kign\n\nking\n"))))
    assert [word for word, _ in similar(VECTORS, progress=Notes())] == ["king"]
    assert Notes.lines == ["no vector for 'kign'"]


def test_settings_are_checked_as_on_the_command_line() -> None:
    with pytest.raises(SettingsError, match="--top"):
        VECTORS.similar("king", top_k=0)
    with pytest.raises(TypeError, match="has no argument 'topk'"):
        VECTORS.similar("king", topk=3)
