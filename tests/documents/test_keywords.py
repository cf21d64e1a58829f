"""Keywords: the figures of the paper's formulas, what is left out, and pages and pictures of them."""

import json
import math
import re

import numpy as np
import pytest

import nlpcli
from nlpcli.engine.documents.keywords import log_odds
from nlpcli.engine.plots import word_cloud
from nlpcli.errors import InputError, OutputError, SettingsError

TABLE = "label\ttext\n" + "good\ta fine fine film 영화\nbad\ta dull film 영화\ngood\tfine 최고 최고\n" * 5


@pytest.fixture
def table(tmp_path, monkeypatch):
    (tmp_path / "films.tsv").write_text(TABLE)
    (tmp_path / "text").write_text("a rose is a rose\nthe sun is up\nthe rose, the sun\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(found):
    return {group.name: [one.word for one in group.words] for group in found.groups}


def test_log_odds_are_those_of_the_formula():
    here, everything, size = np.array([6, 3, 1]), np.array([8, 8, 4]), 5.0
    delta, z = log_odds(here, everything, size)
    for word in range(3):
        prior = size * everything[word] / 20
        a, b = here[word] + prior, everything[word] - here[word] + prior
        wanted = math.log(a / (10 + size - a)) - math.log(b / (10 + size - b))
        assert delta[word] == pytest.approx(wanted)
        assert z[word] == pytest.approx(wanted / math.sqrt(1 / a + 1 / b))


def test_a_word_that_was_never_seen_tells_nothing():
    delta, z = log_odds(np.array([3, 0]), np.array([5, 0]), 10.0)
    assert delta[1] == z[1] == 0 and np.isfinite(z).all()


def test_classes_are_told_by_their_own_words(table):
    found = nlpcli.keywords("films.tsv", label_col="label", prior_size=10)
    assert found.by == "class" and found.columns[:3] == ("class", "word", "z")
    named = words(found)
    assert [*named] == ["bad", "good"] and named["good"][0] == "fine" and "dull" in named["bad"]
    assert "fine" not in named["bad"] and "a" not in named["bad"]


def test_a_large_prior_holds_rare_words_back(table):
    loose, strict = (nlpcli.keywords("films.tsv", label_col="label", prior_size=size) for size in (1, 1e6))
    for one, other in zip(loose.groups, strict.groups, strict=True):
        assert one.words[0].score > other.words[0].score


def test_of_a_document_and_of_all(table):
    found = [*nlpcli.keywords("text", by="document", top=2).groups]
    assert [group.name for group in found] == ["1", "2", "3"] and found[0].words[0].word == "rose"
    assert found[0].words[0].score == pytest.approx(2 * math.log(4 / 2))
    best = next(iter(nlpcli.keywords("text", by="corpus").groups)).words
    assert (best[0].word, best[0].count, best[0].elsewhere) == ("rose", 3, 2)
    assert best[0].score == pytest.approx(3 * math.log(4 / 2))


def test_short_words_and_what_has_no_letter_are_left_out(table):
    (table / "signs").write_text("ab 12 x abc ... 2024\n")
    assert sorted(words(nlpcli.keywords("signs", tokenizer="whitespace"))[""]) == ["ab", "abc"]
    assert words(nlpcli.keywords("signs", min_length=3))[""] == ["abc"]
    with pytest.raises(InputError, match="no word has 9 characters"):
        nlpcli.keywords("signs", min_length=9)


def test_pairs_of_words(table):
    assert "the sun" in words(nlpcli.keywords("text", ngrams="2", top=20))[""]


def test_parts_of_speech(table):
    (table / "ko").write_text("고양이가 물을 마신다\n고양이는 잔다\n")
    found = words(nlpcli.keywords("ko", tokenizer="kiwi", keep_pos="NNG", min_length=1))[""]
    assert "고양이" in found and "마시" not in found


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["films.tsv", "--label-col", "label", "--by", "corpus"], "--label-col does nothing"),
        (["text", "--prior-size", 3], "--prior-size does nothing"),
        (["text", "--font", "f.ttf"], "--font does nothing"),
        (["text", "--ngrams", "0"], "leaves no keywords"),
    ],
)
def test_what_would_do_nothing_is_refused(nlpcli, table, arguments, error):
    assert error in nlpcli("keywords", *arguments, code=2).err


def test_what_cannot_be_done_says_why(table):
    (table / "one.tsv").write_text("label\ttext\na\tred sun\na\tmoon\n")
    with pytest.raises(InputError, match="all texts are labelled 'a'"):
        nlpcli.keywords("one.tsv", label_col="label")
    with pytest.raises(OutputError, match=r"a page is \.html"):
        nlpcli.keywords("text", chart="bars.pdf")
    with pytest.raises(SettingsError, match="--by cannot be"):
        nlpcli.keywords("text", by="author")
    (table / "many").write_text("".join(f"word{number} here\n" for number in range(30)))
    with pytest.raises(InputError, match="too many to look at"):
        nlpcli.keywords("many", by="document", chart="bars.html")


def test_pages_are_self_contained_and_safe(table):
    (table / "sly.tsv").write_text("label\ttext\n<b>\t<script> & co\n</script>\tplain words\n")
    nlpcli.keywords(
        "sly.tsv", label_col="label", tokenizer="whitespace", chart="bars.html", cloud="cloud.html"
    )
    for name in ("bars.html", "cloud.html"):
        page = (table / name).read_text()
        assert "Content-Security-Policy" in page and "default-src 'none'" in page
        assert (
            page.count("<script>") == 1 and "&lt;script&gt;" in page and "http" not in page.split("<body>")[1]
        )


def test_a_cloud_is_the_same_each_time_and_no_word_meets_another(table):
    for name in ("a.html", "b.html"):
        nlpcli.keywords("films.tsv", label_col="label", prior_size=1, cloud=name)
    page = (table / "a.html").read_text()
    assert page == (table / "b.html").read_text()
    svg = re.search(r'<svg class="desk".*?</svg>', page)[0]
    boxes = [tuple(map(float, found)) for found in re.findall(
        r'x="([\d.]+)" y="([\d.]+)" font-size="([\d.]+)" textLength="([\d.]+)"', svg)]  # fmt: skip
    assert len(boxes) >= 4
    for number, (x, y, size, wide) in enumerate(boxes):
        for u, v, other, broad in boxes[:number]:
            assert x + wide <= u or u + broad <= x or y <= v - other * 0.9 or v <= y - size * 0.9


def test_boxes_lie_within_the_frame_and_shrink_where_there_are_many():
    heights = word_cloud.sizes([1.0] * 60, 300)
    found = word_cloud.placed(heights, lambda _, size: (4 * size, size), 300, 200)
    assert None not in found and found[0][0] < heights[0]
    boxes = [box for _, box in found]
    assert all(x >= 0 and x + w <= 300 and y >= 0 and y + h <= 200 for x, y, w, h in boxes)
    for number, (x, y, w, h) in enumerate(boxes):
        assert all(x + w <= u or u + v <= x or y + h <= t or t + s <= y for u, t, v, s in boxes[:number])


def test_a_word_wider_than_the_frame_is_left_out():
    assert word_cloud.placed([10.0], lambda *_: (1000.0, 10.0), 100, 100) == [None]


def test_pictures(table):
    pytest.importorskip("matplotlib")
    (table / "en.tsv").write_text("label\ttext\na\tred red sun\nb\tblue moon moon\n")
    nlpcli.keywords("en.tsv", label_col="label", chart="bars.png", cloud="cloud.png")
    first = (table / "cloud.png").read_bytes()
    assert first.startswith(b"\x89PNG") and (table / "bars.png").read_bytes().startswith(b"\x89PNG")
    nlpcli.keywords("en.tsv", label_col="label", cloud="cloud.png")
    assert (table / "cloud.png").read_bytes() == first


def test_documents_as_lines_of_json(nlpcli, table):
    lines = nlpcli("keywords", "text", "--by", "document", "-n", 1, "--jsonl").out.splitlines()
    assert json.loads(lines[0])["word"] == "rose" and json.loads(lines[0])["document"] == 1
