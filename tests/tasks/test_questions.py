"""Questions and their answers: which words, how sure, where; and a reader that learns to find them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nlpcli as api
from nlpcli.engine.tasks.passages import Passage
from nlpcli.engine.tasks.question_words import kind_of
from nlpcli.engine.tasks.squad import f1_of, read_squad, scores_of
from nlpcli.errors import InputError
from tests.conftest import Run

NOTES = {
    "bridge.txt": "The old bridge was built in 1931 by Anna Berg.\nIt is 420 metres long.\n\nIt rained.\n",
    "ko.txt": "다리는 1931년에 놓였다. 설계한 사람은 김하늘이다.\n시장은 매주 토요일에 광장에서 열린다.\n",
}
TOWNS = ("Aldra", "Borno", "Celle", "Doria", "Elmin", "Farso", "Gavor", "Hasti")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def squad(path: Path, towns: tuple[str, ...]) -> str:
    """Questions about towns: the founder stands behind «by», another name stands elsewhere."""
    paragraphs = []
    for number, town in enumerate(towns):
        founder = f"Ann {town[::-1].title()}"
        context = (
            f"Tom Ray praised the place. {town} was founded by {founder} in {1300 + number}. Rain is rare."
        )
        answers = {f"Who founded {town}?": founder, f"When was {town} founded?": str(1300 + number)}
        qas = [
            {"id": f"{town}{at}", "question": one, "answers": [{"text": a, "answer_start": context.index(a)}]}
            for at, (one, a) in enumerate(answers.items())
        ]
        paragraphs.append({"context": context, "qas": qas})
    path.write_text(json.dumps({"version": "1", "data": [{"title": "t", "paragraphs": paragraphs}]}))
    return str(path)


def test_answers_have_their_file_line_and_sentence(nlpcli: Run, notes: Path) -> None:
    [found] = json.loads(nlpcli("ask", "notes", "When was the old bridge built?", "--json").stdout)
    assert (found["answer"], found["place"]) == ("1931", "notes/bridge.txt:1")
    assert found["text"] == "The old bridge was built in 1931 by Anna Berg."
    assert 0.05 <= found["score"] <= 1
    rows = nlpcli("ask", "notes", input="다리는 언제 놓였나?\nHow long is it, in metres?\n").stdout.decode()
    assert [row.split("\t")[1] for row in rows.splitlines()[1:]] == ["1931년", "420"]


def test_no_answer_where_none_is_sure_enough(nlpcli: Run, notes: Path) -> None:
    nlpcli("index", "notes", "-o", "i.safetensors", "-q")
    [found] = json.loads(
        nlpcli("ask", "i.safetensors", "Which enzyme cuts the protein at lysine?", "--json").stdout
    )
    assert (found["answer"], found["score"], found["line"]) == ("", 0.0, None)
    several = api.ask(str(notes), ["When was the bridge built?"], top=3, min_score=0)
    assert len(next(iter(several))[1]) == 3


def test_a_reader_learns_what_answers_and_gives_the_same_bytes_again(nlpcli: Run, tmp_path: Path) -> None:
    train, test = squad(tmp_path / "a.json", TOWNS[:6]), squad(tmp_path / "b.json", TOWNS[6:])
    for name in ("r", "s"):
        nlpcli("train-reader", train, "-o", f"{name}.safetensors", "--epochs", "8", "--buckets", "4096", "-q")
    assert (tmp_path / "r.safetensors").read_bytes() == (tmp_path / "s.safetensors").read_bytes()
    scores = json.loads(nlpcli("evaluate", "r.safetensors", test, "--json").stdout)
    assert {row["measure"]: row["value"] for row in scores} == {"questions": 4, "exact": 100.0, "f1": 100.0}
    (tmp_path / "t.txt").write_text("Bob saw it. Ostia was founded by Ann Mara in 1402. Fog is rare.\n")
    [found] = json.loads(
        nlpcli("ask", "t.txt", "Who founded Ostia?", "--model", "r.safetensors", "--json").stdout
    )
    assert found["answer"] == "Ann Mara"
    assert api.load(tmp_path / "r.safetensors").read("Who?", "") == ""


def test_scores_are_those_of_squad_and_of_korquad() -> None:
    assert f1_of("the big cat", "a cat") == pytest.approx(2 * 1 / 3)
    assert f1_of("서울특별시", "서울") == pytest.approx(2 * 2 / 7)
    assert scores_of(["《서울》", "Cat!", "x"], [["서울"], ["the cat"], []]).exact == pytest.approx(200 / 3)
    assert scores_of(["", ""], [[], ["a cat"]]).f1 == 50


def test_files_of_another_layout_are_refused(nlpcli: Run, tmp_path: Path) -> None:
    broken = [
        "[]",
        "{",
        '{"data": [{"paragraphs": [{"context": 1, "qas": [{"question": "", "answers": []}]}]}]}',
    ]
    for content in broken:
        (tmp_path / "q.json").write_text(content)
        with pytest.raises(InputError, match="not a file of questions"):
            read_squad(str(tmp_path / "q.json"))
    (tmp_path / "q.json").write_text('{"data": []}')
    assert "no question" in nlpcli("train-reader", "q.json", "-o", "r.safetensors", code=1).stderr.decode()
    assert not (tmp_path / "r.safetensors").exists()


_NAMES = ["한빛", "두루", "새봄", "미르", "가온", "나래", "다온", "라온", "마루", "바름", "사랑", "아라"] * 3


def test_spans_leave_out_particles_and_stay_in_a_sentence() -> None:
    passage = Passage("김하늘은 왔다. 비가 온다.")
    found = {passage.text[a:b] for a, b in zip(passage.spans.starts, passage.spans.ends, strict=True)}
    assert {"김하늘", "김하늘은", "김하늘은 왔다", "비가 온다"} <= found
    assert "왔다. 비가" not in found
    assert (kind_of("몇 명이 왔나?"), kind_of("Where is it?")) == ("number", "where")


def test_answers_are_of_the_type_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(
        "The old bridge was built on 12 March 1931 by Anna Berg, an engineer. It is 420 metres long.\n"
        "The town library of Harnby holds 45,000 books. Per Holm designed it.\n"
        "한빛다리는 1931년 5월에 김하늘이 설계하여 새솔시에 놓았다. 길이는 420m이며 기둥은 12개이다.\n"
    )
    asked = {
        "Who built the old bridge?": "Anna Berg",
        "When was the old bridge built?": "12 March 1931",
        "How many books does the library hold?": "45,000",
        "한빛다리를 설계한 사람은 누구인가?": "김하늘",
        "한빛다리의 기둥은 몇 개인가?": "12개",
        "한빛다리를 언제 놓았나?": "1931년 5월",
    }
    found = dict(api.ask(str(tmp_path / "t.txt"), list(asked), min_score=0))
    assert {question: answers[0].answer for question, answers in found.items()} == asked


def test_words_of_the_question_are_no_answer_to_it(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(
        "새솔국의 수도는 한빛이다. 한빛은 은강을 낀다.\n가람은 바다에 접한 도시이다.\n"
    )
    asked = {"새솔국의 수도는?": "한빛", "새솔국의 수도는 어디인가?": "한빛", "바다에 접한 도시는?": "가람"}
    found = dict(api.ask(str(tmp_path / "t.txt"), list(asked), min_score=0))
    assert {question: answers[0].answer for question, answers in found.items()} == asked


def test_documents_that_cannot_be_surer_are_not_read(notes: Path) -> None:
    question = "When was the old bridge built?"
    [best] = dict(api.ask(str(notes), [question], min_score=0))[question]
    several = dict(api.ask(str(notes), [question], top=50, min_score=0))[question]
    assert best == several[0]
    assert [one.score for one in several] == sorted((one.score for one in several), reverse=True)


def test_questions_together_are_answered_as_each_alone(tmp_path: Path) -> None:
    lines = [
        f"{name}다리는 {1900 + number}년 {number % 12 + 1}월에 새솔시에 놓았다."
        for number, name in enumerate(_NAMES)
    ]
    (tmp_path / "t.txt").write_text(
        "".join(f"{line} 길이는 {7 * number + 3}m이다.\n" for number, line in enumerate(lines))
    )
    asked = [f"{name}다리를 언제 놓았나?" for name in _NAMES] + ["?", "길이는?", "What is it?"]
    text = str(tmp_path / "t.txt")
    together = list(api.ask(text, asked, top=3))
    assert [question for question, _ in together] == asked
    assert together == [pair for question in asked for pair in api.ask(text, [question], top=3)]
    assert [found[0].answer for _, found in together[:3]] == ["1900년 1월", "1901년 2월", "1902년 3월"]
