"""BLEU and chrF of translations: the numbers of sacreBLEU (Post 2018), whose signatures they carry.

BLEU = BP · exp(¼ Σ_{n=1..4} log p_n),   BP = min(1, exp(1 − r/c))           (Papineni et al. 2002)
p_n   share of the n-grams of tokens that the reference has too; where none is, half of the smallest that
      could be seen, then a quarter and so on ("exp")
chrF = 5 P R / (4 P + R)       of n-grams of characters without spaces, n = 1..6 (Popović 2015, β = 2)
"""

from __future__ import annotations

import collections
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

VERSION = "2.6.0"  # of sacreBLEU, whose numbers these are
_ORDER, _CHARACTERS, _BETA = 4, 6, 2
# Signs apart; full stops and commas but between digits; a dash behind a digit (mteval-v13a).
_SIGNS = (
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_CJK = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Bleu:
    """BLEU in percent, the precisions of n-grams in percent, what brevity costs, lengths in tokens."""

    score: float
    precisions: tuple[float, ...]
    brevity_penalty: float
    length: int
    reference_length: int
    signature: str


def tokenized(text: str, how: str) -> list[str]:
    """The tokens of a text: 13a, char or none, as sacreBLEU names them.

    >>> tokenized("It's 3.5, isn't-it?", "13a")
    ["It's", '3.5', ',', "isn't-it", '?']
    """
    text = text.rstrip()
    if how == "char":
        return [*"".join(text.split())]
    if how == "13a":
        text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
        if "&" in text:
            for entity, sign in _ENTITIES:
                text = text.replace(entity, sign)
        text = f" {text} "
        for pattern, apart in _SIGNS:
            text = pattern.sub(apart, text)
    return text.split()


def tokenizer_for(references: Sequence[str]) -> str:
    """13a; char where most letters are Korean, Chinese or Japanese, whose words are no units of BLEU."""
    sample = "".join(references[:1000])
    letters = sum(character.isalpha() for character in sample)
    return "char" if len(_CJK.findall(sample)) * 2 > letters else "13a"


def bleu(found: Sequence[str], references: Sequence[str], tokenize: str = "13a") -> Bleu:
    """BLEU of some translations, a reference each.

    >>> round(bleu(["the cat sat on the mat"], ["the cat sat on a mat"]).score, 2)
    53.73
    """
    matched, there = [0] * _ORDER, [0] * _ORDER
    length = reference_length = 0
    for one, reference in zip(found, references, strict=True):
        ours, theirs = tokenized(one, tokenize), tokenized(reference, tokenize)
        length += len(ours)
        reference_length += len(theirs)
        for n in range(_ORDER):
            grams = _ngrams(ours, n + 1)
            there[n] += max(0, len(ours) - n)
            matched[n] += sum((grams & _ngrams(theirs, n + 1)).values())
    precisions = _smoothed(matched, there)
    penalty = 1.0
    if length < reference_length:
        penalty = math.exp(1 - reference_length / length) if length else 0.0
    score = 0.0
    if all(precisions):
        score = penalty * math.exp(sum(map(math.log, precisions)) / _ORDER)
    signature = f"nrefs:1|case:mixed|eff:no|tok:{tokenize}|smooth:exp|version:{VERSION}"
    return Bleu(score, tuple(precisions), penalty, length, reference_length, signature)


def _smoothed(matched: Sequence[int], there: Sequence[int]) -> list[float]:
    """Precisions in percent; of nothing matched at all zeros."""
    precisions, half = [0.0] * _ORDER, 1.0
    for n in range(_ORDER if any(matched) else 0):
        if not there[n]:
            break
        if matched[n]:
            precisions[n] = 100 * matched[n] / there[n]
        else:
            half *= 2
            precisions[n] = 100 / (half * there[n])
    return precisions


def _ngrams(parts: Sequence[str], n: int) -> collections.Counter[tuple[str, ...]]:
    return collections.Counter(zip(*(parts[start:] for start in range(n)), strict=False))


CHRF_SIGNATURE = f"nrefs:1|case:mixed|eff:yes|nc:{_CHARACTERS}|nw:0|space:no|version:{VERSION}"


def chrf(found: Sequence[str], references: Sequence[str]) -> float:
    """chrF2 in percent of some translations, a reference each.

    >>> round(chrf(["the cat sat on the mat"], ["the cat sat on a mat"]), 2)
    72.08
    """
    counts = [[0, 0, 0] for _ in range(_CHARACTERS)]  # n-grams found, of the reference, of both
    for one, reference in zip(found, references, strict=True):
        ours, theirs = "".join(one.split()), "".join(reference.split())
        for n, count in enumerate(counts, start=1):
            grams, wanted = _substrings(ours, n), _substrings(theirs, n)
            count[0] += sum(grams.values()) if wanted else 0
            count[1] += sum(wanted.values())
            count[2] += sum((grams & wanted).values())
    known = [count for count in counts if count[0] and count[1]]
    if not known:
        return 0.0
    precision = sum(both / ours for ours, _, both in known) / len(known)
    recall = sum(both / theirs for _, theirs, both in known) / len(known)
    if not precision + recall:
        return 0.0
    return 100 * (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall)


def _substrings(text: str, n: int) -> collections.Counter[str]:
    return collections.Counter(text[start : start + n] for start in range(len(text) - n + 1))
