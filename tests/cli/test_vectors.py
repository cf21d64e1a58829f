from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.vectors.writing import write_vectors
from tests.command_line import Processes
from tests.conftest import Run

WORDS = {
    "king": [0.9, 0.8, 0.1],
    "man": [0.9, 0.1, 0.1],
    "woman": [0.1, 0.1, 0.9],
    "queen": [0.1, 0.8, 0.9],
    "apple": [0.5, -0.9, 0.5],
    "서울은": [0.2, 0.3, 0.4],
}


@pytest.fixture
def vectors(tmp_path: Path) -> str:
    path = tmp_path / "v.safetensors"
    write_vectors(path, WORDS, np.array(list(WORDS.values()), np.float32))
    return str(path)


def test_similar_prints_tsv(nlpcli: Run, vectors: str) -> None:
    assert nlpcli("similar", vectors, "king", "woman", "--top-k", "1").stdout.decode() == (
        "word\tneighbour\tcosine\nking\tman\t0.8176\nwoman\t서울은\t0.8357\n"
    )


def test_similar_streams_words_and_passes_over_unknown_ones(nlpcli: Run, vectors: str) -> None:
    run = nlpcli("similar", vectors, "--jsonl", "-k", "1", input="king\n\nnobody\n서울은\n")
    answers = [json.loads(line) for line in run.stdout.decode().splitlines()]
    assert [(answer["word"], answer["neighbour"]) for answer in answers] == [
        ("king", "man"),
        ("서울은", "queen"),
    ]
    assert run.stderr.decode() == "no vector for 'nobody'\n"


def test_similar_says_how_an_unknown_word_may_be_spelt(nlpcli: Run, vectors: str) -> None:
    run = nlpcli("similar", vectors, "kign", code=1)
    assert run.stdout == b""
    assert run.stderr.decode() == "error: no vector for 'kign'\nhint: spelt like it: king\n"


def test_stream_without_one_answer_is_an_error(nlpcli: Run, vectors: str) -> None:
    assert "none of 2 questions" in nlpcli("similar", vectors, "-", input="x\ny\n", code=1).stderr.decode()


@pytest.mark.parametrize(
    "question", [["king - man + woman"], ["king", "-", "man", "+", "woman"], ["man", "king", "woman"]]
)
@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_king_without_man_and_with_woman_is_queen(
    nlpcli: Run, vectors: str, question: list[str], method: str
) -> None:
    run = nlpcli("analogy", vectors, "--method", method, "--top-k", "1", *question)
    assert run.stdout.decode().splitlines()[1].split("\t")[1] == "queen"


def test_analogies_stream(nlpcli: Run, vectors: str) -> None:
    run = nlpcli("analogy", vectors, "-k", "1", input="man king woman\nking - man + woman\n")
    assert [line.split("\t")[1] for line in run.stdout.decode().splitlines()[1:]] == ["queen", "queen"]


@pytest.mark.parametrize("by", ["euclidean", "cosine"])
def test_odd_one_out_lists_the_odd_one_first(nlpcli: Run, vectors: str, by: str) -> None:
    run = nlpcli("odd-one-out", vectors, "king", "man", "apple", "queen", "--by", by)
    assert run.stdout.decode().splitlines()[1].split("\t")[1] == "apple"
    assert len(run.stdout.decode().splitlines()) == 5


def test_similar_needs_neither_numba_nor_scipy(process: Processes, vectors: str) -> None:
    script = (
        "import sys, nlpcli.cli as cli\n"
        f"sys.argv = ['nlpcli', 'similar', {vectors!r}, 'king']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sorted({'numba', 'scipy', 'torch', 'sklearn', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    assert process.python(script).err.strip() == ""


def test_convert_says_what_it_wrote_and_what_int8_costs(nlpcli: Run, vectors: str) -> None:
    run = nlpcli("convert", vectors, "w.safetensors", "--dtype", "int8", "--top", "5")
    assert run.stdout == b""
    lines = run.stderr.decode().splitlines()
    assert lines[0] == "w.safetensors: 5 words × 3"
    assert lines[1].startswith("int8: mean cosine with float32 0.9999")
    assert (
        nlpcli("similar", "w.safetensors", "king", "-k", "1").stdout.splitlines()[1].startswith(b"king\tman")
    )
