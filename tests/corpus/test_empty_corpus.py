"""A text of which no token is left is told why."""

import pytest

from nlpcli.engine import jobs
from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoding import encode, encode_documents
from nlpcli.engine.corpus.word_ngrams import with_ngrams
from nlpcli.engine.runtime.progress import Progress
from nlpcli.errors import InputError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

STOP = ("the", "of")
REASONS = [
    ("", {}, "no tokens: it is empty$"),
    ("\n\n", {}, "empty but for white space"),
    (" \t\n\u3000\n", {"stopwords": STOP}, "empty but for white space"),
    ("the\nof the\n", {"stopwords": STOP}, "no tokens but stop words"),
    ("!!! The\nOF\n", {"stopwords": STOP, "lowercase": True}, "no tokens but stop words"),
    ("the, of\n", {"stopwords": (*STOP, ","), "tokenizer": "nltk"}, "no tokens but stop words"),
    ("은 는\n", {"stopwords": ("은", "는")}, "no tokens but stop words"),
    ("... ?!\n", {}, "tokenizer word finds none in '... \\?!'"),
    ("... ?!\n", {"stopwords": STOP}, "tokenizer word finds none"),
    ("!" * 50 + "\n", {}, "none in '!{20}…'"),
    ("abc\n", {"tokenizer": "regexp", "pattern": "[0-9]+"}, "tokenizer regexp finds none in 'abc'"),
    ("http://a.kr\n", {"strip": ("url",)}, "but what --strip"),
    ("<br>\n", {"html": True, "tokenizer": "whitespace"}, "but what --strip, --html"),
    ("하늘 바다\n", {"tokenizer": "kiwi", "keep_pos": ("V",)}, "that --keep-pos V keeps"),
    ("하늘 바다\n", {"tokenizer": "kiwi", "drop_pos": ("N", "X")}, "but those that --drop-pos N,X drops"),
    (
        "하늘은 푸르다\n",
        {"tokenizer": "kiwi", "keep_pos": ("N",), "stopwords": ("하늘",)},
        "but stop words|that --keep-pos",
    ),
    (
        "the http://a.kr\n",
        {"strip": ("url",), "stopwords": STOP, "tokenizer": "whitespace"},
        "but stop words|but what --strip",
    ),
]


@pytest.mark.parametrize(("text", "settings", "reason"), REASONS)
def test_the_reason_is_told(tmp_path, text, settings, reason):
    path = tmp_path / "text"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NoTokens, match=reason) as caught:
        encode([str(path)], AnalysisSettings(**settings), VocabularySettings())
    assert caught.value.hint


@pytest.mark.parametrize(("text", "settings", "reason"), [REASONS[1], REASONS[3], REASONS[7]])
def test_the_reason_is_told_of_a_large_text_too(tmp_path, text, settings, reason):
    path = tmp_path / "text"
    path.write_text(text * (1_200_000 // len(text)), encoding="utf-8")
    with pytest.raises(NoTokens, match=reason):
        encode([str(path)], AnalysisSettings(**settings), VocabularySettings())


def test_what_drops_tokens_only_together_is_told_so():
    settings = AnalysisSettings(tokenizer="kiwi", drop_pos=("N",), stopwords=("하늘",))
    with pytest.raises(NoTokens, match="all of these options together"):
        encode_documents([["하늘"]], settings, VocabularySettings())


@pytest.mark.parametrize(
    "command",
    [
        ("train-nb", "--label-col", "1", "--text-col", "2", "-o", "m"),
        ("vectorize", "-o", "v.npz"),
        ("vectorize", "--ngrams", "1-2", "-o", "v.npz"),
        ("vectorize", "--char-ngrams", "2-3", "-o", "v.npz"),
        ("train-w2v", "-o", "w.vec"),
        ("train-fasttext", "-o", "w.safetensors"),
        ("train-glove", "-o", "w.vec"),
        ("cooccur", "-o", "pairs.tsv"),
        ("index", "-o", "i"),
    ],
)
def test_every_command_says_that_only_stop_words_are_left(nlpcli, tmp_path, command):
    text = "the of\nof the\n" if command[0] != "train-nb" else "a\tthe of\nb\tof the\n"
    (tmp_path / "text").write_text(text)
    said = nlpcli(*command, "text", "--stopwords", "en", code=1).err
    assert "error: the input holds no tokens but stop words\nhint: leave out --stopwords" in said


def test_count_says_why_it_counted_nothing(nlpcli):
    for ngrams in ("1", "1-2"):
        done = nlpcli("count", "--stopwords", "en", "--ngrams", ngrams, input="the of\n")
        assert (done.out, done.err) == ("", "the input holds no tokens but stop words\n")
    assert "it is empty" in nlpcli("count").err
    said: list[str] = []
    progress = Progress()
    progress.note = said.append  # type: ignore[method-assign]
    assert len(jobs.count(["/dev/null"], progress=progress)) == 0
    assert said == ["the input holds no tokens: it is empty"]


def test_a_query_of_stop_words_is_told_so(nlpcli, tmp_path):
    (tmp_path / "text").write_text("the cat\n")
    assert (
        "the query holds no tokens but stop"
        in nlpcli("search", "text", "of the", "--stopwords", "en", code=1).err
    )
    assert "the tokenizer word finds none in '?!'" in nlpcli("search", "text", "?!", code=1).err


def test_n_grams_longer_than_any_text_are_told_so():
    words = encode_documents([["a b", "c"]], AnalysisSettings(), VocabularySettings(vocab_order="first-seen"))
    with pytest.raises(InputError, match="no n-gram is left: no text has 3 tokens"):
        with_ngrams(words, 3, 3, VocabularySettings())
