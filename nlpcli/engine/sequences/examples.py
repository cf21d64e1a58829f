"""Tagged text as a tagger learns from it and is measured on it: sentences of words, one scheme of labels.

Not here: files and their layouts (`tagged_text.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.records import CharacterSpan, SpannedText, TaggedSentence
from nlpcli.engine.sequences.tagged_text import TaggedText
from nlpcli.engine.sequences.words import QUOTES, Words
from nlpcli.engine.tagging.labels import OUTSIDE, Span, bio2, bioes, scheme_of, spans_of
from nlpcli.engine.text.token import Token
from nlpcli.errors import InputError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted

_SOME = 300  # sentences by which a tokenizer is chosen
_SPACES = ("_", " ")
_MANY_SPACES = 0.05  # of the words are spaces: they are no underscores of the text
_GOOD = 0.9  # agreement that is good enough not to ask a slower tokenizer
_WHOLE = 0.98  # of the words are not split further
_HANGUL = re.compile("[가-힣]")
_PUNCTUATION = frozenset(".,?!")
_PARTICLES = frozenset(["은", "는", "이", "가", "을", "를", "에", "의", "도", "다", "고", "었", "았", "하"])


@dataclass
class Examples:
    """Sentences of words with tags, where they stand, and what the tags are (upos, xpos, ner, or any tag)."""

    words: list[list[str]] = field(default_factory=list)
    tags: list[list[str]] = field(default_factory=list)
    sources: list[TaggedSentence] = field(default_factory=list)
    target: str = "tag"

    def add(self, sentence: TaggedSentence) -> None:
        """One sentence more."""
        self.words.append(sentence.words)
        self.tags.append(sentence.tags)
        self.sources.append(sentence)


def examples_of(
    found: TaggedText, words: Words, target: str = "auto", progress: Progress = SILENT
) -> Examples:
    """The sentences of tagged text. Labels of spans become BIO-2; what is mended is told.

    Raises InputError for labels that are none among others that are.
    """
    result = Examples()
    for sentence in found.sentences:
        result.add(sentence)
    result.target = _with_one_scheme(result, found, target, progress)
    _add_texts(result, found.texts, words, progress)
    if not result.words:
        raise InputError("there are no tagged words", hint="--layout and --columns say where they stand")
    return result


def _with_one_scheme(result: Examples, found: TaggedText, target: str, progress: Progress) -> str:
    """What the tags are; labels of spans, which become BIO-2, are "ner"."""
    if not result.tags:
        return "ner"
    scheme = scheme_of(result.tags)
    if not scheme.name:
        if found.texts:
            place = result.sources[0].place
            raise InputError(
                f"{place}: {result.tags[0][0]!r} is no label of spans, and other files have spans"
            )
        if target == "ner":
            result.tags = [_labelled(tags) for tags in result.tags]
            return "ner"
        return target if target != "auto" else "upos" if found.is_treebank else "tag"
    if scheme.strange is not None:
        sentence, word = scheme.strange
        raise InputError(
            f"{result.sources[sentence].place_of(word)}: {result.tags[sentence][word]!r} is no label of "
            "spans, as the others are (B-PER, I-PER, O)",
            hint="mend the line, or name the column of tags: --columns word=1,tag=2",
        )
    spans = [spans_of(tags) for tags in result.tags]
    _tell_of_repairs(result, spans, scheme.name, progress)
    result.tags = [bio2(found, len(tags)) for found, tags in zip(spans, result.tags, strict=True)]
    return "ner"


def _labelled(tags: Sequence[str]) -> list[str]:
    """Types of spans without B- and I- as labels; neighbours of one type are one span.

    >>> _labelled(["PER", "PER", "O", "LOC"])
    ['B-PER', 'I-PER', 'O', 'B-LOC']
    """
    before = [OUTSIDE, *tags]
    return [
        tag if tag == OUTSIDE else f"{'I' if tag == last else 'B'}-{tag}"
        for last, tag in zip(before, tags, strict=False)
    ]


def _tell_of_repairs(result: Examples, spans: Sequence[list[Span]], scheme: str, progress: Progress) -> None:
    """Say which labels are not as their scheme wants them, and how they are read."""
    if scheme == "bio1":
        progress.note("the labels are BIO-1, where B- only parts spans that touch: they are read so")
        return
    wrong, first = 0, ""
    for source, tags, found in zip(result.sources, result.tags, spans, strict=True):
        wanted = bioes(found, len(tags)) if scheme == "bioes" else bio2(found, len(tags))
        for word, (tag, right) in enumerate(zip(tags, wanted, strict=True)):
            if _same_letter(tag) != right:
                wrong += 1
                first = first or f"{source.place_of(word)} has {tag}, read as {right}"
    if scheme == "bioes":
        progress.note("the labels are BIOES: they are read as BIO-2")
    if wrong:
        told = counted(wrong, "label does not fit its span and is", "labels do not fit their spans and are")
        progress.note(f"{told} mended; {first}")


def _same_letter(tag: str) -> str:
    """BILOU's letters as those of BIOES."""
    return {"L": "E", "U": "S", "M": "I"}.get(tag[0], tag[0]) + tag[1:]


# --- texts whose spans become labels of words -------------------------------------------------


def _add_texts(result: Examples, texts: Iterable[SpannedText], words: Words, progress: Progress) -> None:
    """Texts as sentences of words with labels; spans that words do not fit are widened, and told of."""
    widened = dropped = 0
    first = ""
    for one in texts:
        spans = _apart(one.spans)
        dropped += len(one.spans) - len(spans)
        for tokens in _joined(words.sentences(one.text), spans):
            found, wider = _spans_in(tokens, spans)
            if wider and not first:
                first = f"{one.place}: {one.text[wider[0].start : wider[0].end]!r}"
            widened += len(wider)
            tags = bio2(found, len(tokens))
            text = one.text[tokens[0].start : tokens[-1].end]
            forms = [token.form for token in tokens]
            result.add(TaggedSentence(forms, tags, one.name, one.line, False, text))
    if widened:
        progress.note(
            f"{widened:,} spans begin or end inside a word and are widened to it; the first is {first}"
        )
    if dropped:
        progress.note(f"{dropped:,} spans overlap others that are longer, and are left out")


def _apart(spans: Sequence[CharacterSpan]) -> list[CharacterSpan]:
    """Spans of which none overlap: the longer ones, in order."""
    taken: list[CharacterSpan] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
        if all(span.end <= other.start or other.end <= span.start for other in taken):
            taken.append(span)
    return sorted(taken)


def _joined(sentences: Sequence[list[Token]], spans: Sequence[CharacterSpan]) -> list[list[Token]]:
    """The sentences, but none ends within a span."""
    found: list[list[Token]] = []
    for tokens in sentences:
        cut = tokens[0].start
        if found and any(span.start < cut < span.end for span in spans):
            found[-1] += tokens
        else:
            found.append([*tokens])
    return found


def _spans_in(
    tokens: Sequence[Token], spans: Sequence[CharacterSpan]
) -> tuple[list[Span], list[CharacterSpan]]:
    """The spans of characters as spans of words, and those that the words do not fit."""
    found: list[Span] = []
    wider: list[CharacterSpan] = []
    for start, end, label in spans:
        inside = [place for place, token in enumerate(tokens) if token.start < end and token.end > start]
        inside = [place for place in inside if not found or place >= found[-1].end]
        if inside:
            found.append(Span(inside[0], inside[-1] + 1, label))
            if tokens[inside[0]].start < start or tokens[inside[-1]].end > end:
                wider.append(CharacterSpan(start, end, label))
    return found, wider


# --- the tokenizer that fits ------------------------------------------------------------------


def space_of(sentences: Iterable[TaggedSentence]) -> str:
    """The word that stands for spaces in tagged text, "" where there is none."""
    seen: Counter[str] = Counter()
    for sentence in sentences:
        seen.update(sentence.words)
    return next((space for space in _SPACES if seen[space] > _MANY_SPACES * seen.total()), "")


def fitting_tokenizer(found: TaggedText) -> str:
    """The tokenizer that cuts a bare text as the tagged text is cut."""
    sentences = found.sentences[:_SOME]
    words = [word for sentence in sentences for word in sentence.words if word not in _SPACES]
    if words and sum(map(len, words)) < 1.05 * len(words):
        return "char"
    if found.texts and not sentences:
        return _best_at_edges(found.texts[:_SOME])
    korean = sum(map(bool, map(_HANGUL.search, words))) * 2 > len(words)
    if any(sentence.text for sentence in sentences):
        scores: dict[str, float] = {}
        for name in ("nltk", "whitespace", "word", *(("kiwi",) if korean else ())):
            scores[name] = _agreement(name, sentences)
            if scores[name] > _GOOD:
                break
        return max(scores, key=lambda name: scores[name])
    if korean and sum(word in _PARTICLES for word in words) > 0.05 * len(words):
        return "kiwi"
    apart = sum(word in _PUNCTUATION for word in words) > 0.02 * len(words)
    return "nltk" if apart or _leaves_whole("nltk", words) else "whitespace"


def _leaves_whole(name: str, words: Sequence[str]) -> bool:
    """Whether a tokenizer splits hardly any word further, as it stands between others."""
    split = Words(_analysis(name))
    times = Counter(word for word in words if word not in QUOTES)
    whole = sum(count for word, count in times.items() if split.sentences(f"x {word} x")[0][1].form == word)
    return whole >= _WHOLE * times.total()


def _analysis(name: str) -> AnalysisSettings:
    return AnalysisSettings(tokenizer=cast(Any, name))


def _agreement(name: str, sentences: Sequence[TaggedSentence]) -> float:
    """The share of words that a tokenizer finds in the sentences as they were written (F1)."""
    split = Words(_analysis(name))
    common = total = 0
    for sentence in sentences:
        if sentence.text:
            wanted = Counter(word for word in sentence.words if word not in _SPACES)
            cut = Counter(token.form for tokens in split.sentences(sentence.text) for token in tokens)
            common += (wanted & cut).total()
            total += wanted.total() + cut.total()
    return 2 * common / max(total, 1)


def _best_at_edges(texts: Sequence[SpannedText]) -> str:
    """The first tokenizer that cuts at nearly every edge of a span; characters always do."""
    korean = sum(bool(_HANGUL.search(one.text)) for one in texts) * 2 > len(texts)
    names: list[str] = ["nltk", "kiwi"] if korean else ["nltk"]
    for name in names:
        split = Words(_analysis(name))
        met = there = 0
        for one in texts:
            tokens = [token for tokens in split.sentences(one.text) for token in tokens]
            starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
            met += sum((span.start in starts) + (span.end in ends) for span in one.spans)
            there += 2 * len(one.spans)
        if met >= 0.95 * there:
            return name
    return "char"
