"""A user's pattern ends, whatever it is and whatever the line."""

import signal
import threading

import pytest

from nlpcli.engine.text.tokenizers import patterns
from nlpcli.engine.text.tokenizers.patterns import LinePattern
from nlpcli.engine.text.tokenizers.tokenizer import LineFailed
from nlpcli.errors import SettingsError

SLOW = [
    (r"(a+)+$", "a" * 40 + "!"),
    (r"(a*)*b", "a" * 40),
    (r"(a|a)*$", "a" * 40 + "b"),
    (r"(a|aa)+$", "a" * 60 + "!"),
    (r"(.*a){25}x", "a" * 40),
    (r"(?:a?){40}a{40}", "a" * 40),
    (r"(\w+\s?)*!", "aa " * 30),
    (r"^(?=(a+)+$)", "a" * 40 + "!"),
    (r"(?i)(k+)+$", "K" * 40 + "!"),
    (r"([a-z]+)*\1!", "ab" * 30),
    (r"((a{1000}){1000})*(a+)+$", "a" * 40 + "!"),
    (r".*.*.*.*.*x", "a" * 2000),
]


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(patterns, "LINE_LIMIT", 0.05)


@pytest.mark.parametrize(("pattern", "line"), SLOW)
def test_a_pattern_that_tries_every_way_runs_out_of_time(hurried, pattern, line):
    with pytest.raises(LineFailed, match=r"not done within 0\.05 s") as failed:
        LinePattern(pattern)(line)
    assert line[:40] in failed.value.message
    assert LinePattern(r"\w+")("done") == [(0, 4)]


def test_a_long_line_ends_too_and_so_does_another_thread(monkeypatch):
    monkeypatch.setattr(patterns, "LINE_LIMIT", 0.5)
    search = LinePattern("a*b|c")  # tries every place of the line, which no alarm interrupts
    with pytest.raises(LineFailed, match=r"no answer within 0\.5 s"):
        search("a" * 400_000)
    assert search("c" + "." * patterns._LONG) == [(0, 1)], "the next line finds the process replaced"
    failures = []
    exponential = LinePattern(r"(a+)+$")

    def elsewhere():
        with pytest.raises(LineFailed) as failed:
            exponential("a" * 40 + "!")
        failures.append(failed.value.message)
        failures.append(exponential("aaa"))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "no answer within 0.5 s" in failures[0] and failures[1] == [(0, 3)]


@pytest.mark.parametrize("pattern", [r"\w+", r"", r"a*", r"(?<=a)b", r"(.)\1", r"\b", r"[^ ]+(?= )"])
def test_a_long_line_has_the_matches_of_re(pattern):
    line = "abba 하나 😀 aab " * 1000
    assert len(line) > patterns._LONG
    expected = [match.span() for match in patterns.re.finditer(pattern, line)]
    assert LinePattern(pattern)(line) == expected


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "*", "a**", "[", "[z-a]", "\\", "(?P<x", "(?<=a*)b", "(?z)", r"\1", "(?(1)a|b)",
     "a{4294967295}", "a{99999999999999999999}", "(" * 5000 + ")" * 5000, "(?#", r"\N{NOPE}", "a(?i)b"],
)  # fmt: skip
def test_what_is_no_regular_expression_is_told_plainly(nlpcli, pattern):
    with pytest.raises(SettingsError, match="--pattern is not a regular expression: "):
        LinePattern(pattern)
    for command in ("tokenize", "count"):
        done = nlpcli(command, "--tokenizer", "regexp", "--pattern", pattern, input="a b\n", code=2)
        assert done.err.startswith("error: --pattern is not a regular expression")


@pytest.mark.parametrize(
    "pattern", ["((a{1000}){1000})", "(?:(?:a{1000}){1000}){1000}", "(a?){1000}" * 5, "[[a]"]
)
def test_monstrous_patterns_are_taken(pattern):
    assert LinePattern(pattern)("b" * 50) in ([], [(place, place) for place in range(51)])


def test_a_pattern_of_nothing_finds_no_empty_tokens(nlpcli):
    regexp = ("tokenize", "--tokenizer", "regexp", "--pattern")
    assert nlpcli(*regexp, "x*", input="axxb\n\n").out == "xx\n\n"
    assert nlpcli(*regexp, "x*", "--gaps", input="axxb\n\n").out == "a b\n\n"
    assert nlpcli(*regexp, "(?=a)|$", input="axxb\n").out == "\n"


def test_tokenize_names_the_line_and_goes_on_as_on_error_says(nlpcli, hurried):
    slow = ("tokenize", "--tokenizer", "regexp", "--pattern", "(a+)+$|b", "-")
    text = "b b\n" + "a" * 40 + "!\nb\n"
    done = nlpcli(*slow, input=text)
    assert done.out == "b b\n\nb\n"
    assert "<stdin>:2: regexp failed: --pattern '(a+)+$|b'" in done.err and "left empty" in done.err
    assert nlpcli(*slow, "--on-error", "keep", input=text).out == "b b\n" + "a" * 40 + "!\nb\n"
    assert "error: <stdin>:2: regexp" in nlpcli(*slow, "--on-error", "stop", input=text, code=1).err


def test_a_pattern_that_is_slow_on_many_lines_is_an_error(nlpcli, hurried):
    text = ("a" * 40 + "!\n") * 50
    done = nlpcli("tokenize", "--tokenizer", "regexp", "--pattern", "(a+)+$", input=text, code=1)
    assert "error: <stdin>:10: regexp failed" in done.err and "mend the pattern" in done.err


@pytest.mark.parametrize(
    ("command", "output"), [("count", "out"), ("train-w2v", "out.vec"), ("cooccur", "out.npz")]
)
def test_what_counts_ends_with_the_line(nlpcli, tmp_path, hurried, command, output):
    (tmp_path / "text").write_text("b b\n" + "a" * 40 + "!\n")
    options = ("--tokenizer", "regexp", "--pattern", "(a+)+$|b")
    done = nlpcli(command, "text", "-o", output, *options, code=1)
    assert done.err.startswith("error: text:2: --pattern")
    assert not (tmp_path / output).exists()


def test_an_alarm_of_the_host_program_stays_set():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(True))
    try:
        signal.setitimer(signal.ITIMER_REAL, 60, 30)
        LinePattern(r"\w+")("a b")
        left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
        assert 50 < left <= 60 and interval == 30 and not rung
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
