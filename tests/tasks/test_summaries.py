from __future__ import annotations

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.documents.vectorizer import find_features
from nlpcli.engine.tasks.rouge import rouge
from nlpcli.engine.tasks.sentence_ranks import diverse, lexrank, textrank, tfidf
from nlpcli.engine.tasks.summarization import sentences_of, summarized
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import SummarySettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.conftest import Run

REPORT = """The council met on Monday. The new bridge will be built over the river next to the old mill.

Nobody spoke about the weather. The bridge over the river costs nine million, and the mill stays.
Work on the bridge begins when the river is low. Tea was served.
"""


def counted(sentences: list[str]):  # type: ignore[no-untyped-def]
    settings = (AnalysisSettings(lowercase=True), VectorizeSettings(), VocabularySettings())
    return find_features([sentences], *settings).counts


def by_matrix(similar: np.ndarray) -> np.ndarray:
    """PageRank with every pair of sentences in a matrix."""
    np.fill_diagonal(similar, 0)
    size = len(similar)
    degree = similar.sum(axis=0)
    steps = np.where(degree > 1e-9, similar / np.where(degree > 1e-9, degree, 1), 1 / size)
    ranks = np.full(size, 1 / size)
    for _ in range(300):
        ranks = 0.15 / size + 0.85 * steps @ ranks
    return ranks


def some_sentences(count: int) -> list[str]:
    generator = np.random.default_rng(4)
    words = [f"w{number}" for number in range(30)]
    made = [" ".join(generator.choice(words, generator.integers(1, 12))) for _ in range(count)]
    return [*made, "unlike all others", "one"]


def test_ranks_are_those_of_the_whole_graph() -> None:
    counts = counted(some_sentences(40))
    dense = tfidf(counts).to_dense()
    assert lexrank(tfidf(counts)) == pytest.approx(by_matrix(dense @ dense.T), abs=1e-6)
    binary = (counts.to_dense() > 0).astype(float)
    length = np.log(np.maximum(counts.to_dense().sum(axis=1), 2))
    common = binary @ binary.T / (length[:, None] + length[None, :])
    assert textrank(counts) == pytest.approx(by_matrix(common), abs=1e-6)


def test_diverse_sentences_are_not_told_twice() -> None:
    rows = tfidf(counted(["a b c d", "a b c d", "e f", "a b e"]))
    flat = np.ones(4)
    assert {*diverse(rows, flat, 2, 1.0)} == {0, 1} or diverse(rows, flat, 2, 1.0)[0] == 3
    chosen = diverse(rows, flat, 3, 0.5)
    assert not {0, 1} <= {*chosen}


@pytest.mark.parametrize("method", ["lexrank", "textrank", "mmr"])
def test_a_summary_says_what_the_text_is_about(method: str) -> None:
    sentences = sentences_of(REPORT.splitlines())
    assert [one.line for one in sentences] == [1, 1, 3, 3, 4, 4]
    found = summarized(sentences, SummarySettings(method=method, sentences="2", position=0))  # type: ignore[arg-type]
    assert found.of == 6 and len(found.sentences) == 2
    assert all("bridge" in one.text for one in found.sentences)
    assert [one.line for one in found.sentences] == sorted(one.line for one in found.sentences)
    first = summarized(sentences, SummarySettings(method=method, sentences="1", position=50))  # type: ignore[arg-type]
    assert first.sentences[0].line == 1


def test_korean_is_told_by_pairs_of_syllables() -> None:
    text = ["다리를 새로 놓는다", "다리가 강을 건넌다", "강에는 다리도 있다", "차는 따뜻했다"]
    sentences = [one for line in text for one in sentences_of([line], lambda line: _whole(line))]
    ranks = [one.score for one in summarized(sentences, SummarySettings(sentences="4", position=0)).sentences]
    assert min(ranks) == ranks[3] and ranks[3] < 0.8 * min(ranks[:3])
    by_words = summarized(sentences, SummarySettings(sentences="4", position=0, unit="word")).sentences
    assert by_words[0].score == pytest.approx(by_words[3].score)  # no two words are the same


def _whole(line: str):  # type: ignore[no-untyped-def]
    from nlpcli.engine.text.token import Token

    return [Token(line, 0, len(line))]


def test_rouge_by_hand() -> None:
    assert rouge("a b c d", "a c b d") == pytest.approx((1.0, 0.0, 0.75))
    assert rouge("The Cat!", ["dogs", "the cat sat"]) == pytest.approx((0.8, 2 / 3, 0.8))
    assert rouge("", "a") == (0, 0, 0)


def test_the_command_prints_sentences_places_json_and_rouge(nlpcli: Run, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "one.txt").write_text(REPORT)
    (tmp_path / "r" / "two.txt").write_text("It snowed in the hills. All roads are closed.\n")
    (tmp_path / "r" / "picture.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "r" / "empty.txt").write_text("\n")
    lead = nlpcli("summarize", "r/one.txt", "--method", "lead", "--sentences", "1").stdout.decode()
    assert lead == "The council met on Monday.\n"
    run = nlpcli("summarize", "r", "--method", "lead", "--sentences", "1")
    assert run.stdout.decode() == (
        "r/one.txt:1\tThe council met on Monday.\nr/two.txt:1\tIt snowed in the hills.\n"
    )
    assert "picture.png" in run.stderr.decode() and "empty.txt" in run.stderr.decode()
    rows = json.loads(nlpcli("summarize", "--json", "--sentences", "50%", input=REPORT).stdout)
    assert len(rows) == 3 and {*rows[0]} == {"file", "line", "text", "score"}
    (tmp_path / "wanted").write_text("the council met\tnothing\nit snowed in the hills\n")
    measured = nlpcli(
        "summarize", "r", "-q", "--method", "lead", "--sentences", "1", "--reference", "wanted", "--json"
    )
    assert json.loads(measured.stdout)[0]["f1"] == pytest.approx((0.75 + 1) / 2)
    complaint = nlpcli("summarize", "r/one.txt", "--reference", "wanted", code=1).stderr.decode()
    assert "2 summaries for 1 text" in complaint and "a line for each text" in complaint


@pytest.mark.parametrize("given", ["0", "-1", "x", "101%", "%", "1%%", "٣"])
def test_sentences_that_are_no_number_are_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="--sentences cannot be"):
        SummarySettings(sentences=given)


def test_a_text_without_words_gives_its_first_sentences_and_none_is_an_error(tmp_path: Path) -> None:
    assert summarized(sentences_of(["?!", "--", "++"]), SummarySettings(sentences="2")).of == 3
    (tmp_path / "empty").write_text(" \n")
    with pytest.raises(InputError, match="no text in it"):
        list(api.summarize(tmp_path / "empty"))


def test_a_page_marks_the_sentences_of_a_summary(nlpcli, tmp_path):
    (tmp_path / "t.txt").write_text("Cats <b>sleep</b>. A cat sat on a mat.\nDogs bark. A cat likes a mat.\n")
    printed = nlpcli("summarize", "t.txt", "--sentences", 2, "--highlight", "p.html").out.splitlines()
    page = (tmp_path / "p.html").read_text()
    assert re.findall(r"<mark [^>]*>(.*?)</mark>", page) == [html.escape(line) for line in printed]
    assert len(re.findall("<(?:mark|span) data-say", page)) == 4 and "2 of 4 sentences" in page
    assert "&lt;b&gt;sleep" in page and page.count("<p>") == 2
    refused = nlpcli("summarize", "t.txt", "--highlight", "q.html", "-o", "s.csv", code=2).err
    assert "--highlight does nothing with a table" in refused and not (tmp_path / "q.html").exists()


def test_korean_sentences_end_by_rules_or_where_kiwi_says(tmp_path: Path, nlpcli: Run) -> None:
    (tmp_path / "t.txt").write_text("어제는 비가 왔다 오늘은 날이 갰다. 고마워요 또 오세요\n")
    plain, kiwi = (
        nlpcli("summarize", "t.txt", "--sentences", "9", *more, "--jsonl").stdout.decode().splitlines()
        for more in ([], ["--splitter", "kiwi"])
    )
    told = [json.loads(line)["text"] for line in plain]
    assert told == ["어제는 비가 왔다 오늘은 날이 갰다.", "고마워요", "또 오세요"]
    assert [json.loads(line)["text"] for line in kiwi] == ["어제는 비가 왔다", "오늘은 날이 갰다.", *told[1:]]
