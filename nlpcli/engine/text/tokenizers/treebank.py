"""The tokens of NLTK's `word_tokenize`, five and more times as fast.

A line is cut into sentences, and each into tokens. NLTK's sentences come from a Punkt model that it
downloads; here they are those of `text/sentences.py`. The tokens of a sentence are NLTK's own, but for
two things: a typographic apostrophe inside a word (don’t) is what a typewriter's is, while NLTK takes
it for a closing quotation mark; and one beside a letter of a script that writes none ('기생충'을) is a
quotation mark, while NLTK may take it for part of the word.

The rules are those of NLTK's NLTKWordTokenizer (Apache License 2.0), after the Penn Treebank's
sed script, run here through Python's own `re`; tests hold the output to NLTK's. Two things make
it fast: NLTK itself is never loaded, and a piece between spaces, wherever it stands in a line,
gives the same tokens, so that they are looked up. Only the first piece and the end of a sentence
(where a period ends it) need the rules each time.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

from nlpcli.engine.text.english_sentences import stop_is_mark
from nlpcli.engine.text.sentences import split_english
from nlpcli.engine.text.token import Token, locate
from nlpcli.engine.text.unicode_marks import APOSTROPHES, MARKS, UNAPOSTROPHED

# NLTK's patterns run in the `regex` package, whose \w holds marks and whose \s does not hold
# the separators U+001C to U+001F.
_W = rf"[\w{MARKS}]"
_TYPOGRAPHIC = APOSTROPHES.replace("'", "")
_INNER = "\ufdd1"  # stands for a typographic apostrophe inside a word; no character
_QUOTE = "\ufdd2"  # stands for an apostrophe that is a quotation mark
_CLITIC = rf"(?i:[smd]|ll|re|ve)(?![\w{APOSTROPHES}])"  # English, also behind letters of other scripts
_Q = f"['{_INNER}]"
_S = r"[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"

# Each rule with the characters of which a text must hold one for the rule to find anything
# ("" for any text), in NLTK's order.
_BEFORE = (
    # opening quotes
    ("«“‘„`", r"([«“‘„]|[`]+)", r" \1 "),
    ('"', r"^\"", r"``"),
    ('"`', r"(``)", r" \1 "),
    ("\"'", r"([ \(\[{<])(\"|'{2})", r"\1 `` "),
    ("'", rf"(')(?<!{_W}')(?!(?i:re|ve|ll|m|t|s|d|n)(?!{_W}))(?={_W})", r"\1 "),
    # punctuation; a period only where nothing but closing marks follows
    (".", rf"([^\.])(\.)([\]\)}}>\"'»”’ ]*+){_S}*$", r"\1 \2 \3 "),
    (":,", r"([:,])([^\d])", r" \1 \2"),
    (":,", r"([:,])$", r" \1 "),
    (".", r"\.{2,}", r" \g<0> "),
    (";@#$%&", r"[;@#$%&]", r" \g<0> "),
    ("\u2012\u2013\u2014\u2015", r"[\u2012-\u2015]", r" \g<0> "),
    (".", rf"([^\.])(\.)([\]\)}}>\"']*){_S}*$", r"\1 \2\3 "),
    ("?!", r"[?!]", r" \g<0> "),
    ("'", r"([^'])' ", r"\1 ' "),
    ("*", r"[*]", r" \g<0> "),
    ("][(){}<>", r"[\]\[\(\)\{\}\<\>]", r" \g<0> "),
    ("-", r"--", r" -- "),
)
_AFTER = (
    # closing quotes, genitives and clitics
    ("»”’" + _QUOTE, rf"([»”’{_QUOTE}])", r" \1 "),
    ("'", r"''", " '' "),
    ('"', r'"', " '' "),
    ("", rf"{_S}+", " "),
    ("'" + _INNER, rf"([^'{_INNER} ])({_Q}[sS]|{_Q}[mM]|{_Q}[dD]|') ", r"\1 \2 "),
    ("'" + _INNER, rf"([^'{_INNER} ])({_Q}ll|{_Q}LL|{_Q}re|{_Q}RE|{_Q}ve|{_Q}VE|n{_Q}t|N{_Q}T) ", r"\1 \2 "),
    # words written as one
    ("", r"(?i)\b(can)(not)\b", r" \1 \2 "),
    ("'" + _INNER, rf"(?i)\b(d)({_Q}ye)\b", r" \1 \2 "),
    ("", r"(?i)\b(gim)(me)\b", r" \1 \2 "),
    ("", r"(?i)\b(gon)(na)\b", r" \1 \2 "),
    ("", r"(?i)\b(got)(ta)\b", r" \1 \2 "),
    ("", r"(?i)\b(lem)(me)\b", r" \1 \2 "),
    ("'" + _INNER, rf"(?i)\b(more)({_Q}n)\b", r" \1 \2 "),
    ("", r"(?i)\b(wan)(na)(?=\s)", r" \1 \2 "),
    ("'", r"(?i) ('t)(is)\b", r" \1 \2 "),
    ("'", r"(?i) ('t)(was)\b", r" \1 \2 "),
)
_RULES, _LAST_RULES = (
    [(frozenset(signs), re.compile(pattern), replacement) for signs, pattern, replacement in rules]
    for rules in (_BEFORE, _AFTER)
)
_CLOSING = "])}>\"'»”’ "  # what may stand between a sentence's period and the end of the line
_CLOSING_OR_SPACE = _CLOSING + "".join(filter(str.isspace, map(chr, range(0x3001))))
_CACHE_SIZE = 1 << 17
_LONG = 64  # pieces longer than this are not worth remembering

_WORD = 60  # characters of a word that are looked at
_STOP = re.compile(rf"\w\.(?:(?=(?P<more>[!?]))|(?P<closed>[\]\)}}>\"'»”’]*+)(?={_S}+(?P<next>[^\s])))")

_JOINED = re.compile(r"(?i)\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b")
# Most pieces need no rules: words with single - . / and with , : before digits inside, and signs
# that always stand alone. Possessive throughout: one way to read a piece, or none.
_WORD_OR_SIGN = (
    rf"(?:\w++(?:{_Q}\w++(?![\w.'{_INNER}/-])|(?:[-./]\w++|[,:](?=\d)\w++)*+(?:\.(?!\.))?+)"
    r"|[;@#$%&?!*()\[\]{}<>\"]|[,:](?![\d,:.])|\.{2,}+|(?<!-)--(?!-)|(?<![\w.-])/(?=>))"
)
_ORDINARY = re.compile(rf"{_WORD_OR_SIGN}++")
_PARTS = re.compile(_WORD_OR_SIGN)
_OPENERS = ("(", "[", "{", "<")


class _Pieces(dict[str, tuple[str, ...]]):
    """The tokens of pieces with a space on both sides; worked out when first asked for."""

    def __missing__(self, piece: str) -> tuple[str, ...]:
        return self.remember(piece, _ordinary(piece) or by_rules(f" {piece} x")[:-1])

    def remember(self, piece: str, tokens: list[str]) -> tuple[str, ...]:
        """The tokens, kept for the next time; of a full store the newer half goes."""
        kept = tuple(tokens)  # the garbage collector does not walk tuples of strings
        if len(piece) <= _LONG:
            if len(self) >= _CACHE_SIZE:
                for old in list(itertools.islice(self, _CACHE_SIZE // 2, None)):
                    del self[old]  # the first seen are the most frequent: they stay
            self[piece] = kept
        return kept


_inner = _Pieces()
_ends = _Pieces()


def words(line: str) -> list[str]:
    """The tokens of a line, sentence by sentence.

    >>> words("Great movie. I loved it.")
    ['Great', 'movie', '.', 'I', 'loved', 'it', '.']
    """
    return [token for start, end in _sentences(line) for token in _sentence_words(line[start:end])]


def placed_words(line: str) -> list[Token]:
    """The same tokens with their places."""
    return [*itertools.chain.from_iterable(placed_sentences(line))]


def placed_sentences(line: str) -> Iterator[list[Token]]:
    """The same, a list for each sentence."""
    for start, end in _sentences(line):
        sentence = line[start:end]
        yield [
            token._replace(start=start + token.start, end=start + token.end)
            for token in locate(sentence, _sentence_words(sentence))
        ]


def _sentences(line: str) -> list[tuple[int, int]]:
    """Where they begin and end, whatever the apostrophes inside words."""
    return split_english(_inside().sub("'", line) if _has_apostrophes(line) else line)


def _sentence_words(sentence: str) -> list[str]:
    """The tokens of a sentence, where a stop may stand before an emoticon, a note, a quotation's end."""
    if "." not in sentence[:-1]:
        return treebank(sentence)
    tokens: list[str] = []
    start = 0
    for stop in _STOP.finditer(sentence):
        if _is_mark(sentence, start, stop):
            tokens += treebank(sentence[start : stop.end()])
            start = stop.end()
    return tokens + treebank(sentence[start:])


def _is_mark(sentence: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a full stop inside a sentence is parted from its word, as it is at a sentence's end."""
    following = sentence[stop.end() : stop.end() + 1] if stop["more"] else stop["next"]
    if following.isalnum() and not (stop["closed"] and following.islower()):
        return False  # whether a sentence ends before a word has been looked at
    before = sentence[max(start, stop.start() - _WORD) : stop.start() + 1]
    return stop_is_mark(before.rsplit(None, 1)[-1])


def treebank(text: str) -> list[str]:
    """Penn Treebank tokens of one sentence, as NLTK gives them.

    >>> treebank('They\\'ll say "I can\\'t, Mr. Lee."')
    ['They', "'ll", 'say', '``', 'I', 'ca', "n't", ',', 'Mr.', 'Lee', '.', "''"]
    """
    if not _has_apostrophes(text):
        return _treebank(text)
    marks = re.findall(f"{_inside().pattern}|{_beside().pattern}", text)
    if not marks:
        return _treebank(text)
    original = iter(marks)
    tokens = _treebank(_beside().sub(_QUOTE, _inside().sub(_INNER, text)))
    return [re.sub(f"[{_INNER}{_QUOTE}]", lambda _: next(original), token) for token in tokens]


def _has_apostrophes(text: str) -> bool:
    """Whether there is one that the rules of a sentence, written for typewriters, could misread."""
    return not text.isascii() and any(mark in text for mark in APOSTROPHES)


@functools.cache
def _beside() -> re.Pattern[str]:
    """An apostrophe beside a letter of a script that writes none: a quotation mark."""
    quote, letter = "['\uff07]", f"[{UNAPOSTROPHED}]"  # of the others the rules know that
    return re.compile(f"{quote}(?={letter})|(?<={letter}){quote}(?!{_CLITIC})|{_QUOTE}")


@functools.cache
def _inside() -> re.Pattern[str]:
    """One inside a word: between letters of scripts that write so, after a digit, or in 東京’s."""
    before, after = rf"(?<=[^\W{UNAPOSTROPHED}])|(?<=[{MARKS}])", rf"[^\W\d_{UNAPOSTROPHED}]"
    marks = f"[{_TYPOGRAPHIC}]"
    return re.compile(rf"(?:{before}){marks}(?={after})|(?<=[{UNAPOSTROPHED}]){marks}(?={_CLITIC})|{_INNER}")


def _treebank(text: str) -> list[str]:
    # Before the last space that has anything but closing marks and white space after it, pieces
    # stand alone. To the rules that look at a space, another white space is a sign inside a piece.
    cut = text.rfind(" ", 0, len(text.rstrip(_CLOSING_OR_SPACE)))
    begin = text.find(" ", 0, max(cut, 0))
    if begin < 0:
        return by_rules(text)
    tokens = _first(text[:begin])
    tokens += itertools.chain.from_iterable(map(_inner.__getitem__, text[begin + 1 : cut].split(" ")))
    tokens += _last(text[cut:])
    return tokens


def _ordinary(piece: str) -> list[str] | None:
    """The tokens of a piece that needs no rules; None when it does."""
    if _JOINED.search(piece):
        return None
    if piece.isalnum():
        return [piece]
    if not _ORDINARY.fullmatch(piece):
        return None
    tokens: list[str] = _PARTS.findall(piece)
    if "'" in piece or _INNER in piece:
        tokens = [part for token in tokens for part in _clitics(token)]
    if '"' in piece:
        for place, token in enumerate(tokens):
            if token == '"':
                tokens[place] = "``" if not place or tokens[place - 1] in _OPENERS else "''"
    return tokens


def _clitics(word: str) -> tuple[str, ...]:
    """The tokens of a word: don't is do n't, wherever it stands."""
    if "'" not in word and _INNER not in word:
        return (word,)
    return _inner.get(word) or _inner.remember(word, by_rules(f" {word} x")[:-1])


def _first(piece: str) -> list[str]:
    """A fresh list with the tokens of the piece that begins a line."""
    if "''" in piece or piece[:2] == '""':  # these open only after a space
        return by_rules(piece + " x")[:-1]
    return list(_inner[piece])


def _last(tail: str) -> tuple[str, ...]:
    """The tokens of the last piece, from the space before it to the end of the line."""
    return _ends.get(tail) or _ends.remember(tail, _ordinary_end(tail) or by_rules(tail))


def _ordinary_end(tail: str) -> list[str] | None:
    piece = tail[1:]
    if piece[-1:] != ".":
        closed = piece.rstrip(_CLOSING)  # a period within closing marks still ends the sentence
        return None if closed != piece and closed[-1:] == "." else _ordinary(piece)
    word = piece[:-1]
    tokens = _ordinary(word) if word[-1:].isalnum() else None
    return [*tokens, "."] if tokens else None


def by_rules(text: str) -> list[str]:
    """The same by applying every rule to the whole text; linear, and some thirty passes."""
    signs = set(text)
    for needed, pattern, replacement in _RULES:
        if not needed or not needed.isdisjoint(signs):
            text = pattern.sub(replacement, text)
    text = f" {text} "
    for needed, pattern, replacement in _LAST_RULES:
        if not needed or not needed.isdisjoint(signs):
            text = pattern.sub(replacement, text)
    return text.split()
