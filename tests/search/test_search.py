from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nlpcli
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.search.index import SearchIndex, build
from nlpcli.engine.search.ranking import Search
from nlpcli.engine.search.snippets import snippet
from nlpcli.engine.text.token import locate
from nlpcli.engine.text.tokenizers.rules import word
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError, ModelError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.search import IndexSettings, SearchSettings
from nlpcli.settings.text import AnalysisSettings
from tests.conftest import Run

TEXTS = ["the cat sat on the mat", "", "the dog chased the cat and the cat ran", "stocks fell today", "cat"]


@pytest.fixture
def texts(tmp_path: Path) -> str:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return str(path)


def places(search: Search, query: str) -> list[int]:
    return [hit.line for hit in search.find(query)]


def test_cosine_of_tfidf_is_the_textbook_number(texts: str) -> None:
    hits = Search(build([texts])).find("cat dog")
    documents = [text.split() for text in TEXTS if text]
    terms = sorted({term for document in documents for term in document})
    counts = np.array([[document.count(term) for term in terms] for document in documents])
    idf = np.log((1 + len(documents)) / (1 + (counts > 0).sum(axis=0))) + 1
    rows = counts * idf / np.linalg.norm(counts * idf, axis=1, keepdims=True)
    query = np.array([(term in ("cat", "dog")) * weight for term, weight in zip(terms, idf, strict=True)])
    cosines = rows @ query / np.linalg.norm(query)
    assert [hit.line for hit in hits] == [[1, 3, 4, 5][number] for number in np.argsort(-cosines)[:3]]
    assert [hit.score for hit in hits] == pytest.approx(np.sort(cosines)[::-1][:3], rel=1e-6)


def test_bm25_is_the_textbook_number(texts: str) -> None:
    hits = Search(build([texts]), SearchSettings(by="bm25")).find("cat")
    lengths = np.array([6, 9, 3, 1])
    counts = np.array([1, 2, 0, 1])
    idf = np.log(1 + (4 - 3 + 0.5) / (3 + 0.5))
    scores = idf * counts * 2.2 / (counts + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
    assert [hit.score for hit in hits] == pytest.approx(np.sort(scores)[::-1][:3])
    assert [hit.line for hit in hits] == [[1, 3, 4, 5][number] for number in np.argsort(-scores)[:3]]


def test_mean_vectors_find_what_shares_no_word(texts: str) -> None:
    words = {"cat": [1, 0], "dog": [0.9, 0.1], "stocks": [0, 1], "fell": [0.1, 1], "bonds": [0, 1]}
    vectors = Vectors(words, np.array(list(words.values()), np.float32))
    search = Search(build([texts], vectors=vectors), SearchSettings(by="vectors", top_k=2))
    assert places(search, "fell") == [4, 3]
    assert search.find("fell")[0].score == pytest.approx(
        np.dot([0.1, 2], [0.1, 1]) / np.linalg.norm([0.1, 2]) / np.linalg.norm([0.1, 1])
    )
    with pytest.raises(InputError, match="index with word vectors"):
        Search(build([texts]), SearchSettings(by="vectors")).find("cat")


def test_hangul_words_find_themselves_with_their_particles(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("서울은 춥다\n부산은 덥다\n서울에서 만나자\n", encoding="utf-8")
    index = build([str(tmp_path / "t.txt")], settings=IndexSettings(terms="words"))
    assert sorted(places(Search(index), "서울")) == [1, 3]
    with pytest.raises(InputError, match="no document"):
        Search(index, SearchSettings(prefix="off")).find("서울")


def test_unknown_word_is_an_error_with_its_nearest_spellings(texts: str) -> None:
    with pytest.raises(InputError, match="no document has a word of 'chasde'") as caught:
        Search(build([texts])).find("chasde")
    assert caught.value.hint == "spelt like it: chased"


def test_loaded_index_finds_the_same_and_same_texts_give_the_same_bytes(tmp_path: Path, texts: str) -> None:
    for name in ("a", "b"):
        build([texts]).save(tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    loaded = SearchIndex.load(tmp_path / "a.safetensors")
    assert Search(loaded).find("cat dog") == Search(build([texts])).find("cat dog")


def test_an_index_answers_by_itself(texts: str) -> None:
    index = build([texts])
    assert [hit.line for hit in index.search("cat", top_k=2, by="bm25")] == [5, 3]
    assert index.search("cat dog") == Search(index).find("cat dog")


def test_queries_from_python_have_their_hits_beside_them(tmp_path: Path, texts: str) -> None:
    nlpcli.index(texts, tmp_path / "i.safetensors")
    for source in (texts, tmp_path / "i.safetensors"):
        found = nlpcli.search(source, ["dog", "stocks"])
        assert [(query, [hit.line for hit in hits]) for query, hits in found] == [
            ("dog", [3]),
            ("stocks", [4]),
        ]
    with pytest.raises(InputError, match="no document"):
        list(nlpcli.search(texts, ["zebra"]))


def test_index_brings_its_analysis(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("The CAT\n")
    build([str(tmp_path / "t.txt")], AnalysisSettings(lowercase=False)).save(tmp_path / "i.safetensors")
    search = Search(SearchIndex.load(tmp_path / "i.safetensors"))
    assert places(search, "CAT") == [1]
    with pytest.raises(InputError):
        search.find("cat")


def test_damaged_postings_are_refused(tmp_path: Path, texts: str) -> None:
    build([texts]).save(tmp_path / "i.safetensors")
    model = read_model(tmp_path / "i.safetensors", "index")
    tensors = {name: array.copy() for name, array in model.tensors.items()}
    tensors["postings.ends"][0] = 99
    write_model(tmp_path / "j.safetensors", "index", model.header, tensors)
    with pytest.raises(ModelError, match=r"postings\.ends does not hold values from 0 to below D"):
        SearchIndex.load(tmp_path / "j.safetensors")


@pytest.mark.parametrize(("unit", "lines"), [("line", [2, 5]), ("paragraph", [2, 5]), ("file", [2])])
def test_units_are_lines_paragraphs_or_files(tmp_path: Path, unit: str, lines: list[int]) -> None:
    (tmp_path / "t.txt").write_text("one\ncat two\n\nthree\ncat\n")
    index = build([str(tmp_path / "t.txt")], settings=IndexSettings(unit=unit))  # type: ignore[arg-type]
    search = Search(index, SearchSettings(width=20))
    assert len(index) == {"line": 4, "paragraph": 2, "file": 1}[unit]
    assert all("cat" in hit.snippet.text for hit in search.find("cat"))
    if unit == "line":
        assert sorted(places(search, "cat")) == lines


def test_folder_is_read_in_order_and_binary_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".hidden").write_text("cat")
    (tmp_path / "b.txt").write_text("cat b\n")
    (tmp_path / "a.bin").write_bytes(b"cat\0\n")
    (tmp_path / "c.txt").write_bytes(b"cat \xff\n")
    (tmp_path / "sub" / "a.txt").write_text("cat a\n")
    hits = Search(build([str(tmp_path)])).find("cat")
    assert [Path(hit.file).name for hit in hits] == ["b.txt", "a.txt"]
    for name in ("a.bin", "c.txt"):
        with pytest.raises(InputError):
            build([str(tmp_path / name)], reading=InputSettings(encoding="utf-8"))


def test_texts_without_a_word_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("\n \n")
    with pytest.raises(InputError, match="no text in"):
        build([str(tmp_path / "t.txt")])


def shown(text: str, wanted: set[str], width: int) -> str:
    found = snippet(text, [token for token in locate(text, word(text)) if token.form in wanted], width)
    assert {found.text[first:last] for first, last in found.marks} <= wanted
    assert found.marks
    return found.text


def test_snippet_shows_the_piece_with_most_of_the_words() -> None:
    text = "cat " + "filler " * 40 + "here the cat met the dog today " + "more " * 40
    piece = shown(text, {"cat", "dog"}, 60)
    assert "cat met the dog" in piece
    assert piece.startswith("… ")
    assert piece.endswith(" …")
    assert len(piece) <= 64


def test_short_text_is_shown_whole_with_its_words_marked() -> None:
    tokens = [token for token in locate("a cat, a dog", word("a cat, a dog")) if token.form != "a"]
    found = snippet("a cat, a dog", tokens)
    assert (found.text, found.marks) == ("a cat, a dog", [(2, 5), (9, 12)])


def test_search_a_folder_and_an_index_from_the_command_line(nlpcli: Run, tmp_path: Path, texts: str) -> None:
    (tmp_path / "notes").mkdir()
    Path(texts).rename(tmp_path / "notes" / "t.txt")
    rows = nlpcli("search", "notes", "dog", "mat").stdout.decode().splitlines()
    assert rows[0] == "score\tplace\ttext"
    assert [row.split("\t")[1] for row in rows[1:]] == ["notes/t.txt:1", "notes/t.txt:3"]
    assert b"4 documents" in nlpcli("index", "notes", "-o", "i.safetensors").stderr
    assert nlpcli("search", "i.safetensors", "dog mat").stdout.decode().splitlines() == rows
    records = nlpcli("search", "i.safetensors", "--jsonl", "-k", "1", input="dog\nzebra\nstocks\n")
    answers = [json.loads(line) for line in records.stdout.splitlines()]
    assert [(answer["query"], answer["line"]) for answer in answers] == [("dog", 3), ("stocks", 4)]
    assert b"no document has a word of 'zebra'" in records.stderr


def test_more_like_some_texts_leaves_these_out(nlpcli: Run, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text(
        "the cat sat on the mat\nstocks fell in Seoul\nthe cat lay on the mat\n\nstocks rose\nrain in Seoul\n"
    )
    nlpcli("index", "n.txt", "-o", "i.safetensors", "-q")
    for by in ("tfidf", "bm25"):
        shown = nlpcli("search", "i.safetensors", "--like", "n.txt:1", "-n", "1", "--by", by).stdout.decode()
        assert shown.splitlines()[1].endswith("n.txt:3\tthe cat lay on the mat")
    both = nlpcli("search", "i.safetensors", "--like", "n.txt:5", "--like", "n.txt:6", "--json").stdout
    assert [hit["line"] for hit in json.loads(both)] == [2]
    assert (
        "no document there" in nlpcli("search", "i.safetensors", "--like", "m.txt:1", code=1).stderr.decode()
    )
    for nowhere in ("n.txt:0", "n.txt:4", "n.txt:7", "n.txt:99999"):  # before, between and behind documents
        assert "no document there" in nlpcli("search", "i.safetensors", "--like", nowhere, code=1).err
    assert "the query is empty" in nlpcli("search", "i.safetensors", " ", code=1).err
    assert "file:line" in nlpcli("search", "i.safetensors", "--like", "n.txt", code=1).stderr.decode()
    assert "either" in nlpcli("search", "i.safetensors", "cat", "--like", "n.txt:1", code=2).stderr.decode()
    index = SearchIndex.load(tmp_path / "i.safetensors")
    assert [hit.line for hit in index.more_like(["n.txt:2"], top_k=2)] == [6, 5]


def test_an_index_that_grew_is_that_of_all_texts(nlpcli: Run, tmp_path: Path) -> None:
    for name, text in {
        "a.txt": "the cat sat\n",
        "b.txt": "rain\n\nthe dog ran\n",
        "c.txt": "서울은 춥다\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    nlpcli("index", "a.txt", "b.txt", "-o", "i.safetensors", "--terms", "bigrams", "-q")
    nlpcli("index", "c.txt", "--append", "i.safetensors", "-o", "j.safetensors", "-q")
    nlpcli("index", "a.txt", "b.txt", "c.txt", "-o", "k.safetensors", "--terms", "bigrams", "-q")
    assert (tmp_path / "j.safetensors").read_bytes() == (tmp_path / "k.safetensors").read_bytes()
    (tmp_path / "a.txt").write_text("the cat sat\nthe cow lay\n")
    nlpcli("index", "a.txt", "--append", "k.safetensors", "-o", "k.safetensors", "-q")
    places = nlpcli("search", "k.safetensors", "the", "--jsonl").stdout.decode().splitlines()
    assert sorted(json.loads(row)["place"] for row in places) == ["a.txt:1", "a.txt:2", "b.txt:3"]
    refused = nlpcli("index", "a.txt", "--append", "k.safetensors", "--lemma", "-o", "k.safetensors", code=2)
    assert "the index has its own" in refused.stderr.decode()
