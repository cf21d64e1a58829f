"""The model of the tokenizer morph, made anew: nlpcli/data/models/korean-morphemes.safetensors.

python benchmarks/korean_morphemes.py FOLDER [MODEL]

FOLDER holds what `korean_analysed.py` writes. The model is learnt from FOLDER/*.train.tsv, without lines that
stand in a *.dev.tsv or *.test.tsv; words of kiwi's dictionary are its features. The same texts give the same
bytes. `korean_agreement.py` measures.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from array import array
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from korean_analysed import ANALYSER, read
from side_by_side import ROOT

from nlpcli.engine.kernels.tagging.arguments import (
    FREE,
    LANES,
    LENGTHS,
    LINE,
    LONGEST_KNOWN,
    NOUNS,
    ROOM,
    SYLLABLE_FEATURES,
    SyllableWeights,
)
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tagging.morphemes import MorphemeModel, lattice_for, lexicon_of, states_of
from nlpcli.engine.tagging.syllable_labels import Label, Piece, labels_of

MODEL = ROOT / "nlpcli" / "data" / "models" / "korean-morphemes.safetensors"
EPOCHS, MARGIN, LINES, BEAM, SEED = 3, 64, 400_000, 60, 1
COARSE = 8  # how much coarser weights are than eight bits allow: packed, few bits take little room
LEAST_LABEL, LEAST_CHARACTER, LEAST_CHOICE, LEAST_SHARE = 10, 5, 3, 2e-4
LONGEST = 4000  # lines with more characters are left out
LONGEST_NOUN = 3  # lengths of a noun that the search tells apart: 1, 2 and more
STEP = 2000  # lines a call
LIMIT = 32_000  # of a transition
LEAST_TIMES, ALIKE, MOST_ALIKE = 10, 0.99, 50_000  # words that are analysed alike: how often, and how many
RANKS = (3_000, 10_000, 30_000, 70_000, 150_000)  # in kiwi's dictionary
KINDS = 252  # that a word of the dictionary can have, and two for all others
PARTED = "parted"
CLASSES = [
    "", "space", "hangul", "jamo", "hanja", "lower", "upper", "digit", "kana", "letter", "mark", "punct",
    "symbol", "picture", "other",
]  # fmt: skip
CLASS = {name: number for number, name in enumerate(CLASSES)}
POOLED = ("hanja", "lower", "upper", "digit", "kana", "picture")  # no character has a unit of its own
ALWAYS = [(mark, f"W_{name}") for name in ("EMAIL", "HASHTAG", "MENTION", "URL") for mark in "BI"]
NOUN_LABELS = [(mark, tag) for tag in NOUNS for mark in "BI"]

features, syllables = Kernels("tagging.syllable_features"), Kernels("tagging.syllables")
learning, memory = Kernels("tagging.syllable_learning"), Kernels("tagging.syllable_memory")


class Text(NamedTuple):
    """The characters of all lines in a row, their labels by number, and where lines begin."""

    characters: str
    labels: np.ndarray
    lines: np.ndarray


class Units(NamedTuple):
    """Which characters have a unit of their own, and the unit of every one."""

    own: dict[str, int]
    table: np.ndarray

    def of(self, text: str) -> np.ndarray:
        """The units of a text, int32 [N]."""
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        found = np.empty(len(codes), np.int32)
        syllables.units_of(codes, self.table, found)
        return found


def main(folder: str, model: str = str(MODEL)) -> None:
    text, labels = read_texts(Path(folder))
    units = units_of(text, Path(folder, "dictionary.tsv"))
    found = train(text, labels, units, dictionary(Path(folder, "dictionary.tsv"), units))
    analyser = Path(folder, ANALYSER).read_text(encoding="utf-8").strip()
    replace(found, learnt_from=analyser).save(model)


def read_texts(folder: Path) -> tuple[Text, list[Label]]:
    """The training texts; frequent labels have the lowest numbers, lines with rare ones are left out."""
    held_out = {
        text
        for part in ("dev", "test")
        for path in sorted(folder.glob(f"*.{part}.tsv"))
        for text, _ in read(path)
    }
    numbers: dict[Label, int] = {}
    lines, labelled, counts = [], [], Counter()
    for path in sorted(folder.glob("*.train.tsv")):
        for text, morphemes in read(path):
            if text in held_out or len(text) > LONGEST:
                continue
            held_out.add(text)
            found = labels_of(text, morphemes)
            if found is not None:
                lines.append(text)
                labelled.append(array("i", [numbers.setdefault(label, len(numbers)) for label in found]))
                counts.update(labelled[-1])
    names = list(numbers)
    kept = sorted(
        (number for number, count in counts.items() if count >= LEAST_LABEL and names[number]),
        key=lambda number: (-counts[number], names[number]),
    )
    labels = [names[number] for number in kept]
    renumbered = np.full(len(names), -2)
    renumbered[kept] = np.arange(len(kept))
    renumbered[numbers.get((), 0)] = -1
    together = renumbered[np.concatenate([np.frombuffer(line, np.int32) for line in labelled])]
    begins = offsets_of([len(line) for line in lines])
    fits = np.minimum.reduceat(together, begins[:-1]) >= -1
    wanted = np.repeat(fits, np.diff(begins))
    labels += [(Piece(*one, "="),) for one in ALWAYS if (Piece(*one, "="),) not in labels]
    chosen = [line for line, fit in zip(lines, fits.tolist(), strict=True) if fit]
    offsets = offsets_of([len(one) for one in chosen])
    return Text("".join(chosen), together[wanted].astype(np.int32), offsets), labels


# --- characters -----------------------------------------------------------------------------------


def class_of(character: str) -> int:
    code, category = ord(character), unicodedata.category(character)
    ranges = {
        "hangul": ((0xAC00, 0xD7A3),),
        "jamo": ((0x3131, 0x318E), (0x1100, 0x11FF)),
        "hanja": ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x31FFF)),
        "kana": ((0x3040, 0x30FF),),
        "digit": ((0x30, 0x39),),
        "picture": ((0x1F000, 0x1FAFF),),
    }
    for name, parts in ranges.items():
        if any(first <= code <= last for first, last in parts):
            return CLASS[name]
    by_category = {"Lu": "upper", "Lt": "upper", "Ll": "lower"}
    by_letter = {"L": "letter", "M": "mark", "P": "punct", "S": "symbol"}
    return CLASS[by_category.get(category) or by_letter.get(category[0], "other")]


def units_of(text: Text, dictionary: Path) -> Units:
    """Characters that are frequent, or stand in several words of the dictionary, have a unit of their own."""
    counts = Counter(text.characters)
    words = dictionary.read_text(encoding="utf-8").split("\n")
    in_words = Counter(
        character for word in words for character in set(word.split("\t")[0]) if "가" <= character <= "힣"
    )
    for character, count in in_words.items():
        counts[character] += LEAST_CHARACTER if count >= 3 else 0
    table = np.array([class_of(chr(code)) for code in range(65536)], np.uint16)
    table[ord(" ")] = CLASS["space"]
    for place, stands_for in enumerate("\U00010400\U0001f600\U00020000"):
        table[place] = class_of(stands_for)
    pooled, own = {CLASS[name] for name in POOLED}, {}
    for character in sorted(counts, key=lambda character: (-counts[character], character)):
        frequent = counts[character] >= LEAST_CHARACTER and 2 < ord(character) < 65536
        if frequent and character != " " and class_of(character) not in pooled:
            own[character] = table[ord(character)] = len(CLASSES) + len(own)
    return Units(own, table)


def dictionary(path: Path, units: Units) -> np.ndarray:
    """The words of kiwi's dictionary and their kinds, as a hash table."""
    ranks: dict[str, dict[str, int]] = defaultdict(dict)
    parts: dict[str, str] = {}
    for rank, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n")):
        word, tag, told = line.split("\t")
        hangul = any("가" <= character <= "힣" for character in word)
        if 2 <= len(word) <= 10 and " " not in word and hangul and tag not in ("UN", "P"):
            ranks[word].setdefault(tag.split("-")[0], rank)
            parts[word] = told or parts.get(word, "")
    kinds = [kind_of(own, parts[word]) for word, own in ranks.items()]
    counts = Counter(kinds)
    known = sorted(counts, key=lambda kind: (-counts[kind], kind))[:KINDS]
    number = {kind: place for place, kind in enumerate(known, start=3)}
    numbers = [number.get(kind, 2 if kind.startswith(PARTED) else 1) for kind in kinds]
    hashes = np.zeros(len(ranks), np.uint64)
    features.word_hashes(units.of("".join(ranks)), offsets_of([len(word) for word in ranks]), hashes)
    words = np.zeros(len(ranks) * 5 // 4, np.uint32)
    features.add_words(words, hashes, np.array(numbers, np.uint8))
    return words


def kind_of(ranks: dict[str, int], parts: str) -> str:
    """What is told of a word: where kiwi parts it in a sentence, or its tags and how frequent it is."""
    others = [tag for tag in sorted(ranks) if tag not in NOUNS]
    if " " in parts:
        return " ".join([PARTED, re.sub("|".join(NOUNS), "N", parts), *others])
    tags = [parts.rstrip("0123456789"), *others] if parts else sorted(ranks)
    return f"{' '.join(tags)} {np.searchsorted(RANKS, min(ranks.values()), side='right')}"


# --- labels ---------------------------------------------------------------------------------------


def choices_of(
    units: np.ndarray, gold: np.ndarray, labels: list[Label], own: Units
) -> tuple[list[list[int]], np.ndarray]:
    """The labels that each unit can have, and how often it has which: int64 [U, L]."""
    number = len(CLASSES) + len(own.own)
    pairs = units[gold >= 0].astype(np.int64) * len(labels) + gold[gold >= 0]
    counts = np.bincount(pairs, minlength=number * len(labels)).reshape(number, len(labels))
    enough = (counts >= LEAST_CHOICE) & (counts > LEAST_SHARE * counts.sum(axis=1, keepdims=True))
    place = {label: number for number, label in enumerate(labels)}
    nouns = [place[(Piece(*one, "="),)] for one in NOUN_LABELS]
    sign = place[(Piece("B", "SW", "="),)]
    hangul = {CLASS["hangul"], *(unit for one, unit in own.own.items() if class_of(one) == CLASS["hangul"])}
    found = []
    for unit in range(number):
        chosen = {*np.flatnonzero(enough[unit]).tolist(), *(nouns if unit in hangul else ())}
        if unit > CLASS["space"] and not any(labels[label][0].mark != "I" for label in chosen):
            chosen.add(sign)
        found.append(sorted(chosen))
    return found, counts


def slots_of(choices: list[list[int]], counts: np.ndarray) -> np.ndarray:
    """Where the weights of labels stand in a line: labels between which a unit can choose stand apart."""
    labels = counts.shape[1]
    clash, weight = np.zeros((labels, labels)), counts.sum(axis=0).astype(float)
    for unit, chosen in enumerate(choices):
        own = counts[unit, chosen].astype(float)
        if len(chosen):
            clash[np.ix_(chosen, chosen)] += np.minimum.outer(own, own)
    slots, cost, load = np.zeros(labels, np.int32), np.zeros((LINE, labels)), np.zeros(LANES)
    for label in np.argsort(-weight, kind="stable").tolist():
        costs = cost[:, label] + 0.01 * np.tile(load, LINE // LANES)
        slots[label] = slot = int(costs.argmin())
        cost[slot] += clash[label]
        load[slot % LANES] += weight[label]
    return slots


# --- learning -------------------------------------------------------------------------------------


def train(text: Text, labels: list[Label], own: Units, words: np.ndarray) -> MorphemeModel:
    units = own.of(text.characters)
    choices, counts = choices_of(units, text.labels, labels, own)
    starts = offsets_of([len(chosen) for chosen in choices]).astype(np.int32)
    flat = np.array([label for chosen in choices for label in chosen], np.int32)
    lexicon = lexicon_of(labels, starts, flat, slots_of(choices, counts), LONGEST_NOUN)
    allowed = np.zeros(counts.shape, bool)
    allowed[np.repeat(np.arange(len(choices)), np.diff(starts)), flat] = True
    fits = (text.labels < 0) | allowed[units, text.labels]
    lines = np.flatnonzero(np.minimum.reduceat(fits, text.lines[:-1]))
    gold = text.labels.copy()
    learning.variants_of(gold, text.lines, lexicon)
    weights = learn(text._replace(labels=gold), units, lines, labels, lexicon, words)
    model = MorphemeModel(tuple(labels), own.table, words, lexicon, weights)
    return replace(model, always=analysed_alike(text, units, model))


def analysed_alike(text: Text, units: np.ndarray, model: MorphemeModel) -> np.ndarray:
    """Marks of the words that nearly always have the labels which the model finds for them on their own.

    Of so many the most frequent ones: each takes two bytes and a half.
    """
    rows = np.empty((len(units) // 2 + len(text.lines), 4), np.uint64)
    rows = rows[: learning.words_in(units, text.labels, text.lines, rows)]
    rows = rows[rows[:, 1] - rows[:, 0] <= LONGEST_KNOWN]
    rows = rows[np.lexsort((rows[:, 3], rows[:, 2]))]
    is_first = np.append(True, np.any(rows[1:, 2:] != rows[:-1, 2:], axis=1))
    places = np.flatnonzero(is_first)  # of each word with each of its analyses
    times, rows = np.diff(np.append(places, len(rows))), rows[places]
    words = np.flatnonzero(np.append(True, rows[1:, 2] != rows[:-1, 2]))
    total, most = np.add.reduceat(times, words), np.maximum.reduceat(times, words)
    of_word = np.repeat(np.arange(len(words)), np.diff(np.append(words, len(rows))))
    alike = (times == most[of_word]) & (total[of_word] >= LEAST_TIMES) & (times >= ALIKE * total[of_word])
    chosen = np.flatnonzero(alike)
    chosen = chosen[np.argsort(-total[of_word[chosen]], kind="stable")]
    found = []
    for begin, end, hashed, _ in rows[chosen].tolist():
        if len(found) == MOST_ALIKE:
            break
        alone = model.found([text.characters[begin:end]])
        if np.array_equal(alone, text.labels[begin:end]):
            found.append(hashed)
    marks = np.zeros(len(found) * 5 // 4 + 1, np.uint16)
    memory.add_marks(np.array(found, np.uint64), marks)
    return marks


def learn(text, units, lines, labels, lexicon, words) -> SyllableWeights:
    """The averaged perceptron's weights, in eight bits."""
    states, longest = len(states_of(labels, LONGEST_NOUN)), int(np.diff(text.lines).max())
    weights = np.zeros((LINES, LINE), np.int16)
    steps = np.zeros((2, len(lexicon.plain), states + 1), np.int32)
    morphemes = np.zeros((LENGTHS, 4, 256, states), np.int32)
    sums = tuple(np.zeros(of.shape, np.int64) for of in (weights, steps, morphemes))
    room = (
        np.empty((longest + 1, ROOM), np.uint64),
        np.empty((longest, SYLLABLE_FEATURES), np.uint32),
        lattice_for(longest, lexicon, states, np.int32),
        np.full(longest, FREE, np.int32),
    )
    model, step = SyllableWeights(weights, steps, morphemes, 1 << 28), 0
    for epoch in range(EPOCHS):
        order, wrong = lines[np.random.default_rng((SEED, epoch)).permutation(len(lines))], 0
        for first in range(0, len(order), STEP):
            step, more = learning.learn(
                units, text.labels, text.lines, order[first : first + STEP], words, lexicon, model, sums,
                MARGIN, step, *room,
            )  # fmt: skip
            wrong += more
        print(
            f"epoch {epoch + 1}: {wrong / len(units):.2%} of characters wrong, or not by the margin",
            flush=True,
        )
    found = np.empty(weights.shape, np.float32)
    for first in range(0, len(weights), 4096):
        part = slice(first, first + 4096)
        found[part] = weights[part] - sums[0][part] / step
    return rounded(found, steps - sums[1] / step, morphemes - sums[2] / step)


def rounded(weights, steps, morphemes) -> SyllableWeights:
    """Weights in units COARSE times as large as all but one of 100,000 need for eight bits."""
    unit = COARSE * max(float(np.quantile(np.abs(weights[weights != 0]), 0.99999)) / 127, 1e-9)
    eight = np.clip(np.rint(weights / np.float32(unit)), -127, 127).astype(np.int8)
    sixteen = (np.clip(np.rint(of / unit), -LIMIT, LIMIT).astype(np.int16) for of in (steps, morphemes))
    return SyllableWeights(eight, *sixteen, BEAM)


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 1 else sys.exit(__doc__)
