from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.vectors.evaluation import AnalogiesResult, PairsResult, evaluate, pearson, spearman
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.engine.vectors.writing import write_vectors
from nlpcli.errors import InputError
from nlpcli.settings.vectors import VectorEvaluationSettings
from tests.conftest import Run

# Angles in the plane: cosines are known in closed form.
ANGLES = {"a": 0, "b": 30, "c": 60, "d": 90, "e": 180}
FLAT = Vectors(
    ANGLES, np.array([[np.cos(np.radians(x)), np.sin(np.radians(x))] for x in ANGLES.values()], np.float32)
)
PAIRS = [("a", "b", 9), ("a", "c", 5), ("a", "d", 4), ("a", "e", 1)]
CAPITALS = {
    "Paris": [1, 0, 0, 1],
    "France": [1, 0, 0, 0],
    "Rome": [0, 1, 0, 1],
    "Italy": [0, 1, 0, 0],
    "Seoul": [0, 0, 1, 1],
    "Korea": [0, 0, 1, 0],
    "korea": [0, 0, 1, 0.1],
}


def capitals() -> Vectors:
    return Vectors(CAPITALS, np.array(list(CAPITALS.values()), np.float32))


def pairs(path: Path, text: str, **options: object) -> PairsResult:
    path.write_text(text, encoding="utf-8")
    [result] = evaluate(FLAT, [str(path)], VectorEvaluationSettings(**options))  # type: ignore[arg-type]
    assert isinstance(result, PairsResult)
    return result


def test_correlations_are_those_of_the_cosines(tmp_path: Path) -> None:
    result = pairs(tmp_path / "p.tsv", "".join(f"{a}\t{b}\t{score}\n" for a, b, score in PAIRS))
    cosines = [3**0.5 / 2, 0.5, 0, -1]
    assert result.spearman == pytest.approx(1)
    assert result.pearson == pytest.approx(np.corrcoef(cosines, [9, 5, 4, 1])[0, 1])
    assert (result.known, result.pairs) == (4, 4)


@pytest.mark.parametrize(
    ("line", "header"),
    [
        ("{}\t{}\t{}", "word1\tword2\tscore"),
        ("{},{},{}", "\ufeffword 1,word 2,kor_score"),
        ("{};{};{}", ""),
        ("{} {} {}", "# a comment"),
        ("{}\t{}\tN\t{}\t3.2", "word1\tword2\tPOS\tSimLex999\tconc"),
        ('"{}","{}",{}\r', ""),
    ],
)
def test_pairs_are_read_with_any_separator_and_with_or_without_header(
    tmp_path: Path, line: str, header: str
) -> None:
    lines = ([header] if header else []) + [line.format(*pair) for pair in PAIRS]
    result = pairs(tmp_path / "p", "\n".join(lines) + "\n")
    assert (result.spearman, result.pairs) == (pytest.approx(1), 4)


def test_unknown_words_are_passed_over_or_count_as_cosine_zero(tmp_path: Path) -> None:
    text = "a b 9\na c 5\na e 4\na x 8\n"
    assert pairs(tmp_path / "p", text).known == 3
    assert pairs(tmp_path / "p", text).spearman == pytest.approx(1)
    wrong = pairs(tmp_path / "p", text, unknown="wrong")
    assert wrong.spearman == pytest.approx(spearman(np.array([9.0, 5, 4, 8]), np.array([0.87, 0.5, -1, 0])))


def test_case_is_ignored_unless_asked(tmp_path: Path) -> None:
    text = "A B 9\nA C 5\na d 4\n"
    assert pairs(tmp_path / "p", text).known == 3
    assert pairs(tmp_path / "p", text, case_sensitive=True).known == 1


def test_ranks_of_equal_values_are_their_mean() -> None:
    assert spearman(np.array([1.0, 2, 2, 3]), np.array([1.0, 2, 3, 4])) == pytest.approx(
        4.5 / (4.5 * 5) ** 0.5
    )


def test_correlation_with_a_constant_is_not_a_number() -> None:
    assert np.isnan(pearson(np.ones(3), np.arange(3.0)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b 1\na b\n", r"p:2: expected two words and a score"),
        (": s\na b c\n", r"p:2: expected an analogy"),
        ("", "neither word pairs"),
        ("x y 1\n", "know none of its 1 word pairs"),
        (": s\nx y z a\n", "know none of its 1 analogies"),
    ],
)
def test_files_that_are_no_evaluation_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p").write_text(text)
    with pytest.raises(InputError, match=message):
        evaluate(FLAT, [str(tmp_path / "p")])


QUESTIONS = """: capital
Paris France Rome Italy
Paris France Seoul Korea
Rome Italy Paris Oslo
: gram1-nonsense
France Paris Italy Seoul
"""


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_analogies_are_counted_by_section_and_kind(tmp_path: Path, method: str) -> None:
    (tmp_path / "q").write_text(QUESTIONS)
    [result] = evaluate(capitals(), [str(tmp_path / "q")], VectorEvaluationSettings(method=method))  # type: ignore[arg-type]
    assert isinstance(result, AnalogiesResult)
    counted = [(s.section, s.correct, s.known, s.questions) for s in (*result.sections, *result.sums())]
    assert counted == [
        ("capital", 2, 2, 3),
        ("gram1-nonsense", 0, 1, 1),
        ("semantic", 2, 2, 3),
        ("syntactic", 0, 1, 1),
        ("total", 2, 3, 4),
    ]


def test_vocab_limit_and_unknown_as_wrong_change_what_is_answerable(tmp_path: Path) -> None:
    (tmp_path / "q").write_text(QUESTIONS)
    for options, known in (({"vocab": 4}, 1), ({"unknown": "wrong"}, 4)):
        [result] = evaluate(capitals(), [str(tmp_path / "q")], VectorEvaluationSettings(**options))  # type: ignore[arg-type]
        assert isinstance(result, AnalogiesResult)
        assert result.sums()[-1].known == known


def test_gensim_gives_the_same_numbers(tmp_path: Path) -> None:
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    random = np.random.default_rng(8)
    words = [f"{'wW'[number % 2]}{number // 2}" for number in range(600)]
    matrix = random.normal(size=(600, 6)).astype(np.float32)
    write_vectors(tmp_path / "v.txt", words, matrix)
    theirs = keyedvectors.KeyedVectors.load_word2vec_format(str(tmp_path / "v.txt"))
    chosen = random.integers(0, 320, (900, 4))
    (tmp_path / "q").write_text(": s\n" + "".join(f"w{a} W{b} w{c} w{d}\n" for a, b, c, d in chosen))
    scored = "".join(f"w{a}\tw{b}\t{c / 10}\n" for a, b, c, _ in chosen)
    (tmp_path / "p").write_text(scored)
    for vocab in (300_000, 250):
        settings = VectorEvaluationSettings(vocab=vocab)
        analogies, scores = evaluate(
            Vectors(words, matrix), [str(tmp_path / "q"), str(tmp_path / "p")], settings
        )
        accuracy, _ = theirs.evaluate_word_analogies(str(tmp_path / "q"), restrict_vocab=vocab)
        assert isinstance(analogies, AnalogiesResult)
        assert analogies.sums()[-1].accuracy == pytest.approx(accuracy)
        r, rho, unknown = theirs.evaluate_word_pairs(str(tmp_path / "p"), restrict_vocab=vocab)
        assert isinstance(scores, PairsResult)
        assert (scores.pearson, scores.spearman) == (
            pytest.approx(r[0], abs=1e-6),
            pytest.approx(rho[0], abs=1e-5),
        )
        assert 100 * (1 - scores.known / scores.pairs) == pytest.approx(unknown)


def test_command_line_prints_rows_and_json(nlpcli: Run, tmp_path: Path) -> None:
    write_vectors(tmp_path / "v.txt", CAPITALS, capitals().matrix)
    (tmp_path / "q").write_text(QUESTIONS)
    (tmp_path / "p").write_text("Paris Rome 5\nPorto Rome 2\nSeoul Korea 9\n")
    rows = nlpcli("evaluate-vectors", "v.txt", "p", "q").stdout.decode().splitlines()
    assert rows[1].split("\t")[:2] + rows[1].split("\t")[4:] == ["p", "", "2", "3"]
    assert rows[-1] == "q\ttotal\taccuracy\t0.6667\t3\t4"
    records = [
        json.loads(line)
        for line in nlpcli("evaluate-vectors", "v.txt", "p", "q", "--jsonl").stdout.splitlines()
    ]
    assert (records[0]["measure"], records[0]["value"]) == ("spearman", pytest.approx(1))
    assert records[-1]["value"] == pytest.approx(2 / 3)
