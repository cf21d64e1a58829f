"""The taggers that come with nlpcli: Penn tags beside gruut's, and names beside nobody's.

gruut's conditional random field (gruut-lang-en) has seen all of UD English-EWT, ours its train part; neither
has seen GUM. Both are given the treebank's words; UPOS follows from Penn tags and words by the same rules.
Types of names are brought to PER, LOC, ORG and MISC, as in training. On wikigold a tagger is measured that
was trained without its last fifth, all else is asked of the tagger that is shipped.
"""

from __future__ import annotations

import operator
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from english_models import common, english_ner
from side_by_side import data, peer
from tagging import CONLL, NER, UD, written

from nlpcli.engine.io.shipped import path_of
from nlpcli.engine.sequences.evaluation import span_metrics
from nlpcli.engine.sequences.examples import Examples
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.text.penn import upos

TREEBANKS = {
    "EWT dev": "en/ud-ewt-dev.conllu.gz",
    "EWT test": "en/ud-ewt-test.conllu.gz",
    "GUM dev": f"{UD}/ud-gum-en/dev.conllu.gz",
}
NAMES = {
    "WNUT17 dev": (f"{NER}/wnut17-en/dev.conll.gz", ()),
    "WNUT17 test": (f"{NER}/wnut17-en/test.conll.gz", ()),
    "UNER EWT test, no MISC": (f"{NER}/uner-ewt-en/test.conll.gz", ("MISC",)),
    "CoNLL++ test": (f"{CONLL}/test-conllpp.conll.gz", ()),
}  # fmt: skip
GRUUT = r"""
import base64, string, sys, time, gruut_lang_en, pycrfsuite
model = pycrfsuite.Tagger()
model.open(str(gruut_lang_en.get_lang_dir() / "pos" / "model.crf"))
def own(word):
    return {"bias": 1.0, "word": base64.b64encode(word.encode()).decode(), "len(word)": len(word),
            "word.ispunctuation": word in string.punctuation, "word.isdigit()": word.isdigit(),
            "word[:2]": word[:2], "word[:3]": word[:3], "word[-2:]": word[-2:], "word[-3:]": word[-3:]}
def features(words):
    each = [own(word if len(word) == 1 else word.replace("\u2019", "'")) for word in words]
    for place, features in enumerate(each):
        item = dict(features)
        for far in (-2, -1, 1, 2):
            if 0 <= place + far < len(each):
                item[f"{far:+d}"] = each[place + far]
        item |= {"BOS": True} if place == 0 else {}
        item |= {"EOS": True} if place == len(each) - 1 else {}
        yield item
blocks = open(sys.argv[1], encoding="utf-8").read().split("\n\n")
sentences = [[line.split("\t")[0] for line in block.split("\n") if line] for block in blocks]
begun = time.process_time()
found = [model.tag([*features(words)]) for words in sentences]
print(sum(map(len, found)) / (time.process_time() - begun))
open(sys.argv[2], "w", encoding="utf-8").write("\n\n".join("\n".join(tags) for tags in found))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts_of_speech(Path(folder))
        names(Path(folder))


def parts_of_speech(folder: Path) -> None:
    print("| treebank | tagger | Penn tags | of words | UPOS | of words | tokens/s |\n" + "|---" * 7 + "|")
    tagger, command = LinearTagger.load(path_of("english-pos")), peer(GRUUT)
    for title, name in TREEBANKS.items():
        examples = written(data(name), "xpos", folder / "rows")
        universal = written(data(name), "upos", folder / "universal").tags
        begun = time.process_time()
        found = tagger.tag(examples.words)
        rate = sum(map(len, found)) / (time.process_time() - begun)
        row(title, "english-pos", *accuracy(examples, universal, found), f"{rate:,.0f}")
        if command is not None:
            shown = subprocess.run(
                [*command, folder / "rows", folder / "tags"], check=True, capture_output=True, text=True
            ).stdout
            blocks = (folder / "tags").read_text(encoding="utf-8").split("\n\n")
            theirs = [block.split("\n") for block in blocks]
            row(title, "gruut", *accuracy(examples, universal, theirs), f"{float(shown):,.0f}")


def accuracy(
    examples: Examples, universal: Sequence[Sequence[str]], found: Sequence[Sequence[str]]
) -> list[str]:
    """Of Penn tags, and of those of words with a letter or digit; the same of the UPOS that follow."""
    penn, parts, spoken = [], [], []
    for forms, gold, parts_gold, tags in zip(examples.words, examples.tags, universal, found, strict=True):
        penn += [one == other for one, other in zip(gold, tags, strict=True)]
        spoken += [any(map(str.isalnum, form)) for form in forms]
        parts += [one == other for one, other in zip(parts_gold, upos(forms, tags), strict=True)]
    shares = [
        (sum(hits) / len(hits), sum(map(operator.and_, hits, spoken)) / sum(spoken)) for hits in (penn, parts)
    ]
    return [f"{100 * share:.2f}" for pair in shares for share in pair]


def names(folder: Path) -> None:
    print("\n| text | precision | recall | F1 | PER, LOC, ORG, MISC |\n|---|---|---|---|---|")
    tagger = LinearTagger.load(path_of("english-ner"))
    for title, (name, left_out) in NAMES.items():
        spans(title, tagger, written(data(name), "ner", folder / "rows"), left_out)
    gold = written(data(f"{NER}/wikigold-en/all.conll.gz"), "ner", folder / "rows")
    cut = len(gold.words) * 4 // 5
    most, rest = (Examples(gold.words[part], gold.tags[part]) for part in (slice(cut), slice(cut, None)))
    wnut = written(data(f"{NER}/wnut17-en/train.conll.gz"), "ner", folder / "rows")
    spans("wikigold, last fifth", english_ner([wnut, most]), rest)


def spans(title: str, tagger: LinearTagger, examples: Examples, left_out: Sequence[str] = ()) -> None:
    """A row of a text with names; types that the text does not have are left out of what is found."""
    found = [["O" if tag[2:] in left_out else tag for tag in tags] for tags in tagger.tag(examples.words)]
    rows = span_metrics([[common(tag) for tag in tags] for tags in examples.tags], found)
    there, given, right = (sum(getattr(one, name) for one in rows) for name in ("there", "found", "right"))
    types = {one.label: f"{100 * one.f1:.1f}" for one in rows}
    each = ", ".join(types.get(label, "–") for label in ("PER", "LOC", "ORG", "MISC"))
    total = 200 * right / (there + given)
    row(title, f"{100 * right / given:.2f}", f"{100 * right / there:.2f}", f"{total:.2f}", each)


def row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
