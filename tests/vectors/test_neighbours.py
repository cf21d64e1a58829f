from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.vectors import neighbours
from nlpcli.engine.vectors.neighbours import Neighbours, odd_one_out, parse_analogy
from nlpcli.engine.vectors.spelling import nearest_spellings
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError

RANDOM = np.random.default_rng(4)
MANY = Vectors([f"w{row}" for row in range(3000)], RANDOM.normal(size=(3000, 12)).astype(np.float32))


def test_one_hot_vectors_of_different_words_have_cosine_0_and_distance_root_2() -> None:
    search = Neighbours(np.eye(3, dtype=np.float32))
    assert search.similar([0], top_k=1)[0] == [(1, 0.0)]
    assert search.similar([0], top_k=2, by="euclidean")[0] == [
        (1, pytest.approx(2**0.5)),
        (2, pytest.approx(2**0.5)),
    ]


@pytest.mark.parametrize("by", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("block_bytes", [1 << 14, 16 << 20])
def test_nearest_are_those_that_a_full_sort_finds(
    by: neighbours.By, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block_bytes)
    points = MANY.matrix.astype(np.float64)
    rows = [5, 17, 2999]
    found = Neighbours(MANY.matrix).similar(rows, top_k=7, by=by)
    for row, near in zip(rows, found, strict=True):
        if by == "euclidean":
            scores = np.linalg.norm(points - points[row], axis=1)
            order = np.argsort(scores)
        else:
            scores = points @ points[row]
            if by == "cosine":
                scores /= np.linalg.norm(points, axis=1) * np.linalg.norm(points[row])
            order = np.argsort(-scores)
        expected = [number for number in order if number != row][:7]
        assert [number for number, _ in near] == expected
        assert [score for _, score in near] == pytest.approx(scores[expected])


def test_many_questions_at_once_answer_as_one_by_one() -> None:
    search = Neighbours(MANY.matrix)
    assert search.similar([1, 2, 3]) == [search.similar([row])[0] for row in (1, 2, 3)]


def test_limit_looks_among_the_first_words_only() -> None:
    assert all(row < 50 for row, _ in Neighbours(MANY.matrix, 50).similar([2000], top_k=50)[0])


def test_vector_of_zeros_is_near_nothing_and_breaks_nothing() -> None:
    search = Neighbours(np.array([[0, 0], [1, 0], [1, 1]], np.float32))
    assert search.similar([0], top_k=2)[0] == [(1, 0.0), (2, 0.0)]
    assert search.similar([1], top_k=2)[0][1] == (0, 0.0)


def test_fewer_words_than_top_k_gives_all_of_them() -> None:
    assert len(Neighbours(np.eye(2, dtype=np.float32)).similar([0], top_k=10)[0]) == 1


def test_analogy_adds_and_subtracts_unit_vectors() -> None:
    corners = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3], [1, -1, 1], [-1, 1, 1]], np.float32)
    search = Neighbours(corners)
    found = search.analogy(corners[[0, 2]], corners[[1]], without=[0, 1, 2])
    assert found == [(3, pytest.approx(1.0)), (4, pytest.approx(-1 / 3))]


def test_multiplicative_analogy_is_levy_and_goldbergs_formula() -> None:
    points = MANY.matrix.astype(np.float64)
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    shifted = (1 + unit @ unit[[10, 20, 30]].T) / 2
    scores = shifted[:, 1] * shifted[:, 2] / (shifted[:, 0] + 1e-6)
    scores[[10, 20, 30]] = -1
    rows = MANY.matrix
    found = Neighbours(MANY.matrix).analogy(
        rows[[20, 30]], rows[[10]], method="3cosmul", without=[10, 20, 30], top_k=5
    )
    assert [row for row, _ in found] == np.argsort(-scores)[:5].tolist()
    assert [score for _, score in found] == pytest.approx(np.sort(scores)[::-1][:5])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("king - man + woman", (["king", "woman"], ["man"])),
        ("man king woman", (["king", "woman"], ["man"])),
        ("- man + king + woman", (["king", "woman"], ["man"])),
        ("서울은 - 한국의 + 일본의", (["서울은", "일본의"], ["한국의"])),
        ("well-known + co-op", (["well-known", "co-op"], [])),
        ("king", (["king"], [])),
    ],
)
def test_analogy_is_an_expression_or_three_words(text: str, words: tuple[list[str], list[str]]) -> None:
    assert parse_analogy(text) == words


@pytest.mark.parametrize("text", ["", "king queen", "king - ", "+ -", "- man", "a b c d", "king - + man"])
def test_anything_else_is_not_an_analogy(text: str) -> None:
    with pytest.raises(InputError, match="not an analogy"):
        parse_analogy(text)


def test_odd_one_out_is_the_largest_mean_distance_to_the_others() -> None:
    apart = odd_one_out(np.array([[0.0, 0], [0, 1], [3, 4]]))
    assert apart == pytest.approx([(1 + 5) / 2, (1 + 18**0.5) / 2, (5 + 18**0.5) / 2])


def test_odd_one_out_by_cosine_is_farthest_from_the_mean_direction() -> None:
    apart = odd_one_out(np.array([[1.0, 0], [5, 0], [0, 1]]), "cosine")
    mean = np.array([2, 1]) / 5**0.5
    assert apart == pytest.approx(1 - np.array([mean[0], mean[0], mean[1]]))


def test_odd_one_out_of_two_words_makes_no_sense() -> None:
    with pytest.raises(InputError, match="three words"):
        odd_one_out(np.eye(2))


def _distance(first: str, second: str) -> int:
    """Optimal string alignment, cell by cell."""
    table = {(row, -1): row + 1 for row in range(-1, len(first))}
    table |= {(-1, column): column + 1 for column in range(-1, len(second))}
    for row, left in enumerate(first):
        for column, right in enumerate(second):
            cost = table[row - 1, column - 1] + (left != right)
            table[row, column] = min(table[row - 1, column] + 1, table[row, column - 1] + 1, cost)
            if row and column and left == second[column - 1] and first[row - 1] == right:
                table[row, column] = min(table[row, column], table[row - 2, column - 2] + 1)
    return table[len(first) - 1, len(second) - 1]


def test_nearest_spellings_are_those_of_the_textbook_table() -> None:
    letters = np.random.default_rng(0)
    words = list(
        dict.fromkeys("".join(letters.choice(list("abc"), letters.integers(1, 8))) for _ in range(400))
    )
    ranked = sorted(
        (word for word in words if _distance("abcab", word) <= 1), key=lambda word: _distance("abcab", word)
    )
    assert nearest_spellings("abcab", PackedTokens.of(words), 3) == ranked[:3]


def test_spellings_know_jamo_case_and_odd_words() -> None:
    tokens = PackedTokens.of(["부산", "서울", "나라", "", "a\nb", "kings"])
    assert nearest_spellings("서을", tokens) == ["서울"]
    assert nearest_spellings("😀", PackedTokens.of(["a", "b"])) == []
    assert nearest_spellings("x", PackedTokens.of(["X", "y"])) == ["X"]
    assert nearest_spellings("KINGS", tokens) == ["kings"]
    assert nearest_spellings("zzzzz", tokens) == []


def test_unknown_word_is_an_error_with_its_nearest_spellings() -> None:
    with pytest.raises(InputError, match="no vector for 'w1x'") as caught:
        MANY.look_up("w1x")
    assert caught.value.hint is not None
    assert "w1" in caught.value.hint
