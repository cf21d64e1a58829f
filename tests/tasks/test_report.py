"""Reports of a corpus: figures that are counted by hand, a page that stands alone."""

import json
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import nlpcli
from nlpcli import report
from nlpcli.engine.corpus import statistics
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.documents.keywords import document_counts
from nlpcli.engine.io.file_facts import facts_of
from nlpcli.engine.tasks.corpus_report import Watched
from nlpcli.errors import InputError, OutputError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

TEXT = "a rose is a rose\n\na rose is red\nso is it\na rose is red\n"
TABLE = "label\ttext\ngood\ta fine fine film\nbad\ta dull film\ngood\tfine indeed\n"
REAL = Path(__file__).parents[3] / "shared" / "data" / "ko" / "nsmc-test.tsv.gz"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "t.tsv").write_text(TABLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def corpus_of(lines):
    return encode_documents([lines], AnalysisSettings(), VocabularySettings(vocab_order="first-seen"))


def test_figures_are_those_of_the_text(folder):
    found = nlpcli.report("text", top=3)
    wanted = {
        "texts": 5, "empty_texts": 1, "characters": 50, "tokens": 16, "types": 6, "types_seen_once": 2,
        "characters_longest": 16, "tokens_longest": 5, "same_texts": 1, "nearly_same_texts": 0,
        "characters_median": 13, "texts_compared": 5,
    }  # fmt: skip
    assert {name: found.measures[name] for name in wanted} == wanted
    assert found.words == [("a", 4), ("rose", 4), ("is", 4)]
    assert found.ngrams[:3] == [("a rose", 4), ("rose is", 3), ("is red", 2)]
    assert ("a rose is", 3) in found.ngrams
    assert found.repeated == [("a rose is red", 2)]
    assert found.files == [("text", 50 + 5, "ascii", "LF")]
    assert sum(one.texts for one in found.characters) == sum(one.texts for one in found.tokens) == 5


def test_growth_counts_the_types_so_far():
    dice = np.random.default_rng(1)
    words = [f"w{number}" for number in dice.zipf(1.4, 5000) % 900]
    curve = statistics.growth(corpus_of([" ".join(words[at : at + 7]) for at in range(0, 5000, 7)]))
    assert curve.x[0] == 1 and curve.x[-1] == 5000
    assert curve.y == [len({*words[:place]}) for place in curve.x]
    assert 0.3 < curve.exponent < 1


def test_ranks_and_their_power_law():
    curve = statistics.ranks(np.array([1000 // rank for rank in range(1, 200)][::-1]))
    assert curve.y[0] == 1000 and curve.x[-1] == 199 and curve.exponent == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_ngrams_are_counted_within_documents_whatever_the_pieces(monkeypatch, size):
    dice = np.random.default_rng(size)
    lines = [" ".join(f"w{word}" for word in dice.integers(0, 12, dice.integers(0, 9))) for _ in range(400)]
    wanted = Counter(
        " ".join(words[at : at + size])
        for words in map(str.split, lines)
        for at in range(len(words) - size + 1)
    )
    for piece, at_once in ((1 << 20, 1 << 22), (50, 64)):
        monkeypatch.setattr(statistics, "_PIECE", piece)
        monkeypatch.setattr(statistics, "_AT_ONCE", at_once)
        corpus = corpus_of(lines)
        found = statistics.top_ngrams(corpus, size, 40)
        named = {" ".join(corpus.vocabulary.tokens[word] for word in run): count for run, count in found}
        assert sorted(named.values(), reverse=True) == sorted(wanted.values(), reverse=True)[: len(named)]
        assert all(wanted[name] == count for name, count in named.items()) and len(named) == min(
            40, len(wanted)
        )
        frequencies = Counter(word for line in lines for word in {*line.split()})
        tokens = corpus.vocabulary.tokens
        assert document_counts(corpus).tolist() == [frequencies[token] for token in tokens]


def test_a_sample_is_drawn_from_all_and_is_the_same_each_time():
    lines = [f"line {number}" for number in range(9000)]
    seen = Watched()
    assert [line for batch in seen.through([lines[:5000], lines[5000:]]) for line in batch] == lines
    again = Watched()
    assert [*again.through([[line] for line in lines])] and again.sample == seen.sample
    late = sum(int(line.split()[1]) >= 4500 for line in seen.sample)
    assert len(seen.sample) == 2000 and 850 < late < 1150


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        (b"", ("ascii", "none")),
        ("가\r\n나\r\n".encode(), ("utf-8", "CRLF")),
        ("\ufeffa\n".encode(), ("utf-8-sig", "LF")),
        ("한국어\n".encode("cp949"), ("cp949", "LF")),
        ("한\n".encode("utf-16"), ("utf-16", "not looked at")),
        (b"a\rb\r", ("ascii", "CR")),
        (b"a\r\nb\n", ("ascii", "mixed")),
        (b"\xff\xff\xff\n", ("unknown", "LF")),
        ("가".encode()[:1], ("unknown", "none")),
    ],
)
def test_what_bytes_tell(folder, content, facts):
    (folder / "f").write_bytes(content)
    assert facts_of("f") == (len(content), *facts)


def test_keywords_and_sizes_of_classes(folder):
    found = nlpcli.report("t.tsv", label_col="label")
    assert found.labels == [("bad", 1), ("good", 2)] and found.keywords.by == "class"
    assert found.measures["texts"] == 3


class Page(HTMLParser):
    """The tags of a page, each of which is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("meta", "path", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone_in_two_languages(folder):
    (folder / "sly.tsv").write_text(TABLE + "</script>\t<img src=x onerror=alert(1)> <b>\n<i>\tthe <i> one\n")
    for name in ("a.html", "b.html"):
        nlpcli.report("sly.tsv", name, label_col="label", tokenizer="whitespace", title="<Films> & more")
    text = (folder / "a.html").read_text()
    assert text == (folder / "b.html").read_text()
    page = Page(text)
    assert "default-src 'none'" in text and "&lt;Films&gt; &amp; more" in text and text.count("<script>") == 1
    assert not [tag for tag, _ in page.seen if tag in ("img", "link", "iframe", "b", "i")]
    assert not [value for _, given in page.seen for name, value in given.items() if name in ("src", "href")]
    both = [{"en", "ko"} & {*given.get("class", "").split()} for _, given in page.seen]
    assert both.count({"en"}) == both.count({"ko"}) > 20
    assert "Growth of the vocabulary" in text and "어휘" in text


def test_figures_as_json_and_as_tables(nlpcli, folder):
    found = json.loads(nlpcli("report", "t.tsv", "--label-col", "label", "--json").out)
    assert found["measures"]["tokens"] == 9 and found["keywords"][0]["class"] == "bad"
    assert {"files", "words", "ngrams", "characters", "growth", "zipf", "languages"} <= {*found}
    shown = nlpcli("report", "t.tsv", "--label-col", "label", "-q").out
    assert "tokens\t9" in shown and "fine\t3" in shown


def test_stdin_and_other_encodings(nlpcli, folder):
    done = nlpcli("report", "--json", input="영화 좋다\n".encode("cp949"))
    assert json.loads(done.out)["measures"]["tokens"] == 2


def test_what_cannot_be_reported(nlpcli, folder):
    (folder / "empty").write_text("\n\n")
    with pytest.raises(InputError, match="token"):
        report("empty", "r.html")
    with pytest.raises(OutputError, match=r"r\.pdf: what is written is a page"):
        report("text", "r.pdf")
    assert "--title does nothing" in nlpcli("report", "text", "--title", "x", code=2).err
    assert not [*folder.glob("r.*")]


@pytest.mark.skipif(not REAL.exists(), reason="the corpus is absent")
def test_a_real_corpus(folder):
    import gzip

    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        (folder / "nsmc.tsv").write_text("".join(line for line, _ in zip(file, range(2001), strict=False)))
    found = nlpcli.report("nsmc.tsv", "r.html", text_col="document", label_col="label")
    assert found.measures["texts"] == 2000 and found.languages[0][0] == "ko"
    assert 0.8 < found.growth.exponent < 1 and found.measures["same_texts"] > 0
    Page((folder / "r.html").read_text())
