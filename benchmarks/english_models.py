"""The taggers that come with nlpcli, made anew: nlpcli/data/models/*.safetensors (`make models`).

python benchmarks/english_models.py UD NER              from folders with UD English-EWT, WNUT17 and wikigold
python benchmarks/english_models.py classes WIKIPEDIA   english_word_classes.tsv.gz, from a text in lower case

english-pos gives Penn tags, from EWT's train part; english-ner PER, LOC, ORG and MISC, from the train part of
WNUT17 and from wikigold. Each is the mean of five perceptrons, which differ in their seed alone. By its class
a rare word is like frequent ones: by what LemmInflect's dictionary says that it can be, and by k-means of
word2vec vectors. Settings were chosen on the dev parts of EWT and WNUT17; `english_tagger.py` measures.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import gzip
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from side_by_side import NLPCLI, ROOT

from nlpcli.engine.io.schemas.tagging import FORBIDDEN
from nlpcli.engine.sequences.examples import Examples, examples_of
from nlpcli.engine.sequences.tagged_text import read_tagged
from nlpcli.engine.sequences.word_classes import read_classes
from nlpcli.engine.sequences.words import Words
from nlpcli.engine.tagging.features import Classes
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.tagging.perceptron import Weights
from nlpcli.engine.tagging.training import train
from nlpcli.settings.tagging import TaggedTextSettings, TaggerSettings
from nlpcli.settings.text import AnalysisSettings

MODELS = ROOT / "nlpcli" / "data" / "models"
CLASSES = Path(__file__).with_name("english_word_classes.tsv.gz")
MEMBERS = 5
POS, NER = TaggerSettings(hash_bits=16), TaggerSettings(hash_bits=18, epochs=10)
FINE, MIDDLE, COARSE = 500, 200, 100  # classes of words
VECTORS = "--dim 100 --window 2 --epochs 5 --min-count 10 --deterministic --quiet"
COMMON = {
    "person": "PER", "location": "LOC", "corporation": "ORG", "group": "ORG", "product": "MISC",
    "creative-work": "MISC",
}  # fmt: skip


def main() -> None:
    match sys.argv[1:]:
        case ["classes", wikipedia]:
            write_classes(wikipedia)
        case [ud, ner]:
            MODELS.mkdir(exist_ok=True)
            english_pos(read(ud, "*ewt*train.conllu*", "xpos")).save(MODELS / "english-pos.safetensors")
            names = [read(ner, pattern, "ner") for pattern in ("*wnut17*train*", "*wikigold*.conll*")]
            english_ner(names).save(MODELS / "english-ner.safetensors")
        case _:
            sys.exit(__doc__)


def read(folder: str, pattern: str, tag: Literal["xpos", "ner"]) -> Examples:
    """The sentences of the one file below a folder whose path is like a pattern."""
    paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    wanted = [path for path in paths if fnmatch.fnmatch(path.relative_to(folder).as_posix(), pattern)]
    if len(wanted) != 1:
        sys.exit(f"{folder} holds {len(wanted)} files {pattern}; one is wanted")
    words = Words(AnalysisSettings(tokenizer="whitespace"))
    return examples_of(read_tagged([str(wanted[0])], TaggedTextSettings(tag=tag)), words, tag)


def english_pos(ewt: Examples) -> LinearTagger:
    """A tagger of Penn tags. Every other member learns from text with typographic quotation marks."""
    tags = [
        [penn(*pair) for pair in zip(*both, strict=True)] for both in zip(ewt.words, ewt.tags, strict=True)
    ]
    curled = [
        [curly(*pair) for pair in zip(*both, strict=True)] for both in zip(ewt.words, tags, strict=True)
    ]
    classes = classes_of(lexicon(), clusters()[MIDDLE])
    return mean(
        train(curled if seed % 2 == 0 else ewt.words, tags, "xpos", seeded(POS, seed), classes=classes)
        for seed in range(1, MEMBERS + 1)
    )


def english_ner(sets: Sequence[Examples]) -> LinearTagger:
    """A tagger of names, whose types are those of CoNLL."""
    words = [sentence for each in sets for sentence in each.words]
    tags = [[common(tag) for tag in sentence] for each in sets for sentence in each.tags]
    groups = clusters()
    classes = classes_of(groups[FINE], groups[COARSE])
    return mean(
        train(words, tags, "ner", seeded(NER, seed), classes=classes) for seed in range(1, MEMBERS + 1)
    )


def seeded(settings: TaggerSettings, seed: int) -> TaggerSettings:
    return dataclasses.replace(settings, seed=seed)


def mean(members: Iterable[LinearTagger]) -> LinearTagger:
    """The tagger whose weights are the means of those of others."""
    models = list(members)
    rows = sum(model.weights.rows * np.float32(model.unit) for model in models) / len(models)
    steps = sum(model.weights.transitions * model.unit for model in models) / len(models)
    unit = float(np.abs(rows).max()) / 127
    forbidden = models[0].weights.transitions == FORBIDDEN
    weights = Weights(
        np.rint(rows / unit).astype(np.int8),
        np.where(forbidden, FORBIDDEN, np.rint(steps / unit)).astype(np.int32),
    )
    return dataclasses.replace(models[0], weights=weights, unit=unit)


def penn(word: str, tag: str) -> str:
    """A word's tag by the guidelines of the Penn Treebank, where a comma alone has the tag of a comma."""
    return ":" if tag == "," and "," not in word else tag


def curly(word: str, tag: str) -> str:
    """A word with typographic quotation marks and apostrophes."""
    if word == '"':
        return "“" if tag == "``" else "”"
    return "‘" if word == "'" and tag == "``" else word.replace("'", "’")


def common(label: str) -> str:
    """A label of spans, of one of the four common types."""
    return label if label == "O" else label[:2] + COMMON.get(label[2:], label[2:])


def lexicon() -> dict[str, str]:
    """What every word of LemmInflect's dictionary can be, as Penn tags: saw is NN|VB|VBD|VBP."""
    import lemminflect

    forms = functools.cache(lemminflect.getAllInflections)
    path = Path(lemminflect.__file__).with_name("resources") / "lemma_lu.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    found = {}
    for word in {line.split(",")[0] for line in lines}:
        tags = {
            tag
            for part, lemmas in lemminflect.getAllLemmas(word).items()
            for lemma in lemmas
            for tag, written in forms(lemma, part).items()
            if word in written
        }
        if tags:
            found[word] = "|".join(sorted(tags))
    return found


def clusters() -> dict[int, dict[str, str]]:
    """The classes of words in Wikipedia, by how many there are."""
    rows = [line.split("\t") for line in gzip.decompress(CLASSES.read_bytes()).decode().splitlines()]
    return {
        number: {row[0]: row[column] for row in rows}
        for column, number in enumerate((FINE, MIDDLE, COARSE), start=1)
    }


def classes_of(fine: Mapping[str, str], coarse: Mapping[str, str]) -> Classes:
    """Classes as `train-tagger --clusters` reads them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "fine"), Path(folder, "coarse")
        for path, classes in zip(paths, (fine, coarse), strict=True):
            path.write_text("".join(f"{word}\t{of}\n" for word, of in classes.items()), encoding="utf-8")
        return read_classes([*map(str, paths)])


def write_classes(text: str) -> None:
    """Words of a text and their classes. Takes some minutes."""
    with tempfile.TemporaryDirectory() as folder:
        vectors = f"{folder}/vectors.safetensors"
        subprocess.run([*NLPCLI, "train-w2v", text, "-o", vectors, *VECTORS.split()], check=True)
        columns = []
        for number in (FINE, MIDDLE, COARSE):
            command = [*NLPCLI, "cluster", vectors, "--k", str(number), "--members"]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
            columns.append(dict(line.split("\t")[:2] for line in lines[1:]))
    content = "".join(
        "\t".join([word, *(classes[word] for classes in columns)]) + "\n" for word in sorted(columns[0])
    )
    CLASSES.write_bytes(gzip.compress(content.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
