"""Sentences: boundaries of treebanks, beside Punkt, pysbd, kiwi, syntok, spaCy, sentencex and BlingFire.

Sentences of a document are joined by a space and parted again; UD Korean-GSD knows no documents, so ten
make one. A boundary is right where a sentence of the treebank ends. Each splitter runs in a process of
its own, one after the other; CPU s is the best of five runs over all documents, loading left out.
"""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from side_by_side import PEERS, data

# A function `split` from a text to its sentences.
OURS = """
from nlpcli.engine.text.sentences import make_sentences
sentences = make_sentences()
split = lambda text: [token.form for token in sentences(text)]
"""
SPLITTERS = {
    # NLTK's own splitter with NLTK's own English parameters, which the package `punkt` carries
    "Punkt (nltk)": """
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer
from punkt.data import english
parameters = PunktParameters()
parameters.abbrev_types = set(english.ABBREV_TYPES)
parameters.collocations = set(map(tuple, english.COLLOCATIONS))
parameters.sent_starters = set(english.SENT_STARTERS)
parameters.ortho_context.update(english.ORTHO_CONTEXT)
split = PunktSentenceTokenizer(parameters).tokenize
""",
    "pysbd": "import pysbd\nsplit = pysbd.Segmenter(language='en', clean=False).segment",
    "kiwi": """
from kiwipiepy import Kiwi
kiwi = Kiwi(num_workers=1)
split = lambda text: [sentence.text for sentence in kiwi.split_into_sents(text)]
""",
    "syntok": """
from syntok.segmenter import process
split = lambda text: ["".join(token.spacing + token.value for token in sentence)
                      for paragraph in process(text) for sentence in paragraph]
""",
    "spaCy sentencizer": """
import spacy
english = spacy.blank("en")
english.add_pipe("sentencizer")
split = lambda text: [sentence.text for sentence in english(text).sents]
""",
    "sentencex": "import sentencex\nsplit = lambda text: list(sentencex.segment('en', text))",
    "BlingFire": "import blingfire\nsplit = lambda text: blingfire.text_to_sentences(text).split('\\n')",
}
RUN = """
import json, sys, time
documents = json.load(sys.stdin)
split("Warm up. 안녕하세요. 그는 갔다 나는 왔다.")
seconds = []
for _ in range(5):
    begun = time.process_time()
    found = [split(text) for text in documents]
    seconds.append(time.process_time() - begun)
json.dump((found, min(seconds)), sys.stdout)
"""
SETS = {
    "UD English-EWT test": ("en/ud-ewt-test.conllu.gz", 0),
    "UD English-GUM dev": ("tasks/tag-pos/ud-gum-en/dev.conllu.gz", 0),
    "UD Korean-GSD test": ("tasks/tag-pos/ud-gsd-ko/test.conllu.gz", 10),
    "UD Korean-Kaist test": ("ko/ud-kaist-test.conllu.gz", 10),
}


def main() -> None:
    for name, (file, size) in SETS.items():
        documents = list(read(data(file), size))
        print(f"\n### {name}: {sum(map(len, documents)):,} sentences in {len(documents)} documents\n")
        print("| | F1 | precision | recall | CPU s |\n|---|---|---|---|---|")
        report("nlpcli", [sys.executable, "-c", OURS + RUN], documents)
        for peer, program in SPLITTERS.items():
            report(peer, [str(PEERS), "-c", program + RUN], documents)


def read(path: Path, size: int) -> Iterable[list[str]]:
    """The sentences of each document of a CoNLL-U file; of `size` sentences, where it is not 0."""
    documents: list[list[str]] = [[]]
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.startswith("# newdoc"):
                documents.append([])
            elif line.startswith("# text = "):
                documents[-1].append(line.removeprefix("# text = ").strip())
    if size:
        flat = list(itertools.chain(*documents))
        return (flat[start : start + size] for start in range(0, len(flat), size))
    return filter(None, documents)


def boundaries(sentences: Sequence[str]) -> set[int]:
    """Where sentences end but the last, counted in characters other than white space."""
    lengths = (len("".join(sentence.split())) for sentence in sentences)
    places = list(itertools.accumulate(lengths))
    return set(places[:-1]) - {places[-1], 0} if places else set()


def report(name: str, command: Sequence[str], documents: Sequence[Sequence[str]]) -> None:
    texts = json.dumps([" ".join(document) for document in documents])
    try:
        done = subprocess.run(command, input=texts, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        print(f"| {name} | not at hand | | | |")
        return
    found, seconds = json.loads(done.stdout)
    right = mine = wanted = 0
    for sentences, document in zip(found, documents, strict=True):
        ends, gold = boundaries(sentences), boundaries(document)
        right, mine, wanted = right + len(ends & gold), mine + len(ends), wanted + len(gold)
    precision, recall = 100 * right / max(mine, 1), 100 * right / wanted
    print(
        f"| {name} | {200 * right / (mine + wanted):.2f} | {precision:.2f} | {recall:.2f} | {seconds:.3f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
