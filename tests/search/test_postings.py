"""Packed postings: the same answers as plain Python gives, and nothing of a damaged file is trusted."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.search.index import SearchIndex, build
from nlpcli.engine.search.ranking import Search
from nlpcli.engine.search.terms import terms_of_word, terms_of_words
from nlpcli.errors import ModelError, NlpcliError
from nlpcli.settings.search import IndexSettings, SearchSettings

MODELS = Path(__file__).parents[1] / "models"


def corpus(seed: int, documents: int, words: int) -> list[str]:
    """Texts of words a few of which are in most of them, as in any language."""
    draw = random.Random(seed)
    return [
        " ".join(f"w{int(words * draw.random() ** 3)}" for _ in range(1 + int(30 * draw.random() ** 2)))
        for _ in range(documents)
    ]


def by_hand(texts: list[str], query: str, by: str, k1: float, b: float) -> list[tuple[float, int]]:
    """All documents that have a word of the query, the best first, ties by number."""
    rows = [Counter(text.split()) for text in texts]
    seen = Counter(word for row in rows for word in row)
    count, wanted = len(rows), {word: n for word, n in Counter(query.split()).items() if seen[word]}
    mean = sum(sum(row.values()) for row in rows) / count
    found = []
    for number, row in enumerate(rows):
        if not any(word in row for word in wanted):
            continue
        if by == "bm25":
            room = k1 * (1 - b + b * sum(row.values()) / mean)
            parts = [
                n
                * math.log(1 + (count - seen[w] + 0.5) / (seen[w] + 0.5))
                * row[w]
                * (k1 + 1)
                / (row[w] + room)
                for w, n in wanted.items()
                if w in row
            ]
        else:
            idf = {w: math.log((1 + count) / (1 + seen[w])) + 1 for w in {*row, *wanted}}
            length = math.sqrt(sum((row[w] * idf[w]) ** 2 for w in row))
            whole = math.sqrt(sum((n * idf[w]) ** 2 for w, n in wanted.items()))
            parts = [n * row[w] * idf[w] ** 2 / length / whole for w, n in wanted.items() if w in row]
        found.append((-math.fsum(parts), number))
    return sorted((round(score, 7), number) for score, number in found)


@pytest.mark.parametrize("documents", [7, 300, 9000])
@pytest.mark.parametrize("settings", [{"by": "bm25"}, {"by": "bm25", "bm25_k1": 3.0, "bm25_b": 0.2}, {}])
def test_the_best_ten_are_those_of_plain_python_with_ties_by_number(
    tmp_path: Path, documents: int, settings: dict[str, object]
) -> None:
    texts = corpus(documents, documents, 400)
    (tmp_path / "t.txt").write_text("\n".join(texts) + "\n")
    search = Search(build([str(tmp_path / "t.txt")]), SearchSettings(**settings))  # type: ignore[arg-type]
    draw = random.Random(5)
    for _ in range(12):
        words = " ".join(f"w{int(500 * draw.random() ** 2)}" for _ in range(draw.choice([1, 2, 4, 12])))
        wanted = by_hand(
            texts, words, search.settings.by, settings.get("bm25_k1", 1.2), settings.get("bm25_b", 0.75)
        )  # type: ignore[arg-type]
        found, scores = search.rank(words)
        assert found.tolist() == [number for _, number in wanted[:10]]
        assert scores.tolist() == pytest.approx([-score for score, _ in wanted[:10]], abs=3e-7)


def test_terms_are_looked_up_and_postings_are_what_was_counted(tmp_path: Path) -> None:
    texts = corpus(3, 700, 60)
    (tmp_path / "t.txt").write_text("\n".join(texts) + "\n")
    index = build([str(tmp_path / "t.txt")])
    assert list(index.terms) == sorted({word for text in texts for word in text.split()})
    for number, term in enumerate(index.terms):
        documents, times = index.postings.of(number)
        held = [(at, text.split().count(term)) for at, text in enumerate(texts) if term in text.split()]
        assert list(zip(documents.tolist(), times.tolist(), strict=True)) == held
    assert index.terms.find("w999") is None
    assert [index.terms[int(at)] for at in index.terms.starting_with("w1")] == [
        term for term in index.terms if term.startswith("w1")
    ]


def test_korean_words_are_found_by_pairs_of_letters(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(
        "서울은 1988년에 춥다\n부산은 덥다\n제주도에서 만나자\n", encoding="utf-8"
    )
    index = build([str(tmp_path / "t.txt")])
    assert index.settings.terms == "bigrams"
    [hit] = index.search("서울에서도", top_k=1, by="bm25")
    assert (hit.line, [hit.snippet.text[a:b] for a, b in hit.snippet.marks]) == (1, ["서울"])
    assert [hit.line for hit in index.search("1988")] == [1]
    assert [hit.line for hit in index.search("제주")] == [3]
    assert terms_of_word("제주도에서", "both")[-1] == "제주도에서"
    (tmp_path / "e.txt").write_text("the cat\n서울 is a city and so is Busan, it was said to us by them\n")
    assert build([str(tmp_path / "e.txt")]).settings.terms == "words"


def test_an_index_of_the_first_format_answers_as_it_did() -> None:
    index = SearchIndex.load(MODELS / "index.safetensors")
    assert index.settings.terms == "auto"
    for by in ("tfidf", "bm25"):
        hits = index.search("queen tea", by=by, top_k=2)
        assert hits[0].snippet.text == "the queen drinks tea"
    again = [index.postings.of(number)[0].tolist() for number in range(len(index.terms))]
    plain = read_model(MODELS / "index.safetensors", "index").tensors
    assert sorted(again) == sorted(
        part.tolist() for part in np.split(plain["postings.documents"], plain["postings.starts"][1:-1])
    )


def test_forged_arrays_are_an_error_and_never_read_beyond_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("\n".join(corpus(1, 500, 30)) + "\n")
    build([str(tmp_path / "t.txt")]).save(tmp_path / "i.safetensors")
    model = read_model(tmp_path / "i.safetensors", "index")
    draw = np.random.default_rng(0)
    refused = 0
    for name in ("frequencies", "ends", "widths", "places", "packed"):
        for _ in range(12):
            tensors = {key: array.copy() for key, array in model.tensors.items()}
            flat = tensors[f"postings.{name}"].reshape(-1)
            at = int(draw.integers(len(flat)))
            flat[at] ^= flat.dtype.type(1 << int(draw.integers(flat.dtype.itemsize * 8 - 1)))
            write_model(tmp_path / "j.safetensors", "index", model.header, tensors)
            try:
                index = SearchIndex.load(tmp_path / "j.safetensors")
                for by in ("bm25", "tfidf"):
                    Search(index, SearchSettings(by=by)).rank(" ".join(f"w{n}" for n in range(30)))  # type: ignore[arg-type]
                for number in range(len(index.terms)):
                    assert index.postings.of(number)[0].max() < len(index)
            except NlpcliError as error:
                assert isinstance(error, ModelError)
                refused += 1
    assert refused >= 40


def test_old_readers_refuse_the_new_format(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("the cat\n")
    build([str(tmp_path / "t.txt")], settings=IndexSettings(terms="words")).save(tmp_path / "i.safetensors")
    content = (tmp_path / "i.safetensors").read_bytes()
    assert b'\\"format\\": 2' in content
    (tmp_path / "j.safetensors").write_bytes(content.replace(b'\\"format\\": 2', b'\\"format\\": 3'))
    with pytest.raises(ModelError, match="has model format 3, this nlpcli reads up to 2"):
        SearchIndex.load(tmp_path / "j.safetensors")


def test_terms_of_many_words_are_those_of_each() -> None:
    words = [
        "서울",
        "서울에서",
        "a",
        "39대",
        "bmw가",
        "가",
        "대",
        "년대의",
        "é",
        "서울"[:1],
        "가나다가나",
        "^서울",
    ]
    made = terms_of_words(words, "bigrams")
    names = [name.decode() for name in made.names]
    assert names == sorted(set(names), key=str.encode)
    for place, word in enumerate(words):
        mine = made.numbers[made.starts[place] : made.starts[place + 1]].tolist()
        assert sorted(names[number] for number in mine) == sorted(terms_of_word(word, "bigrams"))
