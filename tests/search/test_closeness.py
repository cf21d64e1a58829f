"""Queries that are ranked together, and documents ranked again by how near the words of a query stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from nlpcli.engine.search.index import SearchIndex, build
from nlpcli.engine.search.ranking import Search
from nlpcli.errors import SettingsError
from nlpcli.settings.search import SearchSettings

Made = Callable[..., SearchIndex]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def index(*lines: str) -> SearchIndex:
        (tmp_path / "t.txt").write_text("".join(f"{line}\n" for line in lines))
        return build([str(tmp_path / "t.txt")])

    return index


def _scores(index: SearchIndex, query: str, rerank: int) -> dict[int, float]:
    documents, scores = Search(index, SearchSettings(by="bm25", rerank=rerank)).rank(query)
    return dict(zip(documents.tolist(), scores.tolist(), strict=True))


def _gain(index: SearchIndex, query: str) -> dict[int, float]:
    """What ranking again adds to each document."""
    before, after = _scores(index, query, 0), _scores(index, query, 10)
    assert set(before) == set(after)
    return {document: after[document] - before[document] for document in before}


def test_terms_that_stand_together_count_more(made: Made) -> None:
    far = "나무다리 옆에 " + "그리고 오늘은 비가 내렸다 " * 5 + "등대지기 있다"
    index = made(far, "그리고 오늘은 비가 내렸다 " * 5 + "나무다리 옆에 등대지기 있다", "강물이 흐른다")
    gain = _gain(index, "나무다리와 등대지기")
    assert gain[1] > gain[0] > 0


def test_words_that_stand_there_whole_count_more(made: Made) -> None:
    index = made("은하수 이야기", "은하 하수 이야기", "강물이 흐른다", "7호선 열차", "17호선 열차")
    gain = _gain(index, "은하수를")
    assert gain[0] > gain[1] > 0
    gain = _gain(index, "7호선에서")
    assert gain[3] > gain[4] > 0


def test_letters_that_are_no_hangul_are_found_whole_and_in_any_case(made: Made) -> None:
    index = made("갤럭시 S7 엣지", "갤럭시 s79 엣지", "카페 Zoë가 열렸다", "빈 줄 하나")
    gain = _gain(index, "S7")
    assert list(gain) == [0]
    assert gain[0] > 0
    assert _gain(index, "zoë")[2] > 0


def test_queries_together_are_answered_as_each_alone(made: Made) -> None:
    draw = Random(3)
    syllables = "가나다라마바사아자차카타"
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(60)]
    index = made(*(" ".join(draw.choices(words, k=draw.randint(1, 30))) for _ in range(300)))
    queries = [" ".join(draw.choices(words, k=draw.randint(1, 5))) for _ in range(70)] + ["없음없음", "가"]
    for settings in (SearchSettings(), SearchSettings(by="bm25"), SearchSettings(by="bm25", rerank=15)):
        search = Search(index, settings)
        together = search.rank_all(queries)
        assert len(together) == len(queries)
        for query, (documents, scores) in zip(queries, together, strict=True):
            alone = search.rank(query)
            assert documents.tolist() == alone[0].tolist()
            assert scores.tolist() == alone[1].tolist()
            assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert not len(together[-2][0])


def test_an_index_of_words_is_not_ranked_again(made: Made) -> None:
    with pytest.raises(SettingsError, match="pairs of letters"):
        Search(made("a cat sat", "a dog ran"), SearchSettings(by="bm25", rerank=5))
