"""Files that earlier versions wrote are still read: one of each kind stands in tests/models/.

They were written on tiny texts before the packages were parted into families, and are not to be
written anew: a change that cannot read them breaks the promise of docs/MODEL_FILES.md.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nlpcli
from nlpcli.engine.cooccurrence import count_files
from nlpcli.engine.io import model_file
from nlpcli.engine.io.schemas.by_kind import COUNTS
from nlpcli.engine.loading import READERS, SENTENCEPIECE, SUPERVISED, VECTOR_FILE
from nlpcli.errors import ModelError

MODELS = Path(__file__).parent / "models"
DOCUMENT = (Path(__file__).parents[1] / "docs" / "MODEL_FILES.md").read_text()
FILMS = ["a good film", "a bad film"]


def labels(classifier):
    return classifier.classify(FILMS)


def nearest(vectors):
    return [word for word, _ in vectors.similar("king", top_k=2)]


def named(tagger):
    return [(one.text, one.label) for one in tagger.entities("The king met Ann Lee in Seoul.")[0]]


def subject(model):
    return int(abs(model.transform(["dough in the oven, a goal"])[0]).argmax()), model.top_words(1)[0][0][0]


def rows(vectorizer):
    return np.round(vectorizer.transform(["the king and queen"]).toarray(), 3).tolist()


def written(charlm):
    return charlm.generate(prime="the", length=20, seed=1)


# The answers are those of the version that wrote the files.
ANSWERS = {
    "naive-bayes.safetensors": (labels, ["pos", "neg"]),
    "linear-classifier.safetensors": (labels, ["pos", "neg"]),
    "linear-classifier-places.safetensors": (labels, ["pos", "neg"]),
    "word2vec.safetensors": (nearest, ["tea", "the"]),
    "fasttext.safetensors": (nearest, ["drinks", "rule"]),
    "glove.safetensors": (nearest, ["man", "tea"]),
    "vectors.safetensors": (nearest, ["tea", "the"]),
    "vectors-int8.safetensors": (nearest, ["tea", "the"]),
    "vectors.vec": (nearest, ["tea", "the"]),
    "vectors.bin": (nearest, ["tea", "the"]),
    "fasttext.bin": (lambda vectors: vectors.similar("film", top_k=1)[0][0], "poor"),
    "fasttext-softmax.ftz": (lambda model: model.classify(["lovely"]), ["__label__pos"]),
    "tagger.safetensors": (named, [("Ann Lee", "PER"), ("Seoul", "LOC")]),
    "recurrent-tagger.safetensors": (named, [("Ann Lee", "PER"), ("Seoul", "LOC")]),
    "recurrent-classifier.safetensors": (labels, ["pos", "neg"]),
    "seq2seq.safetensors": (lambda model: model.translate(["ab", "dc"]), ["b a", "c d"]),
    "recurrent-classifier-blend.safetensors": (labels, ["pos", "neg"]),
    "recurrent-classifier-labels.safetensors": (labels, [("film", "good"), ("bad", "film")]),
    "recurrent-classifier-pairs.safetensors": (
        lambda model: [
            round(number, 2) for number in model.classify([("the king", "the king"), ("king", "")])
        ],
        [4.94, 3.2],
    ),
    "vector-classifier.safetensors": (
        lambda model: model.probabilities([[156, 34], "171 33"])[:, 0].round(3).tolist(),
        [0.529, 0.773],
    ),
    "recurrent-classifier-transformer.safetensors": (labels, ["pos", "neg"]),
    "masked-lm.safetensors": (
        lambda model: [one.word for one in model.fill("the [MASK] drinks tea", 2)[0]],
        ["the", "and"],
    ),
    "vectorizer.safetensors": (rows, [[0.357, 0.539, 0.539, 0.539, 0, 0, 0, 0, 0, 0, 0]]),
    "token-counts.safetensors": (lambda counts: counts.vocabulary().tokens[:2], ("the", "queen")),
    "naive-bayes-counts.safetensors": (lambda part: part.counts.documents.tolist(), [1, 2]),
    "document-frequencies.safetensors": (
        lambda part: rows(part.vectorizer()),
        [[0.41, 0.41, 0.576, 0.576, 0, 0]],
    ),
    "topics.safetensors": (subject, (0, "oven")),
    "topics-nmf.safetensors": (subject, (2, "comet")),
    "topics-lsa.safetensors": (subject, (0, "referee")),
    "index.safetensors": (lambda index: index.texts[3], "the queen drinks tea"),
    "index-blocks.safetensors": (
        lambda index: [hit.line for word in ("queen", "왕이") for hit in index.search(word, top_k=1)],
        [4, 5],
    ),
    "reader.safetensors": (
        lambda reader: reader.read("Who founded Celle?", "Rain. Celle was founded by Ann Ellec in 1302."),
        "Ann Ellec",
    ),
    "morphemes.safetensors": (
        lambda model: model.tokens("나는 산에서 밥을 먹었다"),
        ["나", "는", "산", "에서", "밥", "을", "먹", "었", "다"],
    ),
    "morphemes-nouns.safetensors": (
        lambda model: model.tokens("오늘 날씨가 좋아요"),
        ["오늘", "날씨", "가", "좋", "어요"],
    ),
    "charlm.safetensors": (written, "thetm men\nta ianint tee"),
    "charlm-checkpoint.safetensors": (written, "thetm mnnlna ianint tee"),
    "charlm-label.safetensors": (lambda model: model.generate(label="duck", guidance=1.0, seed=1), "qk"),
    "charlm-label-checkpoint.safetensors": (
        lambda model: model.generate(label="duck", guidance=1.0, seed=1),
        "mk",
    ),
    "charlm-vector.safetensors": (lambda model: model.generate(vector=[9], seed=1), "moo"),
    "index-answers.safetensors": (lambda index: index.answers[1], "In Seoul."),
    "charlm-transformer.safetensors": (written, "the wilookin the oonnin"),
    "counts.npz": (lambda counts: counts.table()[1][:3], ["the", "16.66666667", "13.5"]),
    "sentencepiece.model": (lambda subwords: subwords.split("the king"), ["▁the", "▁", *"king"]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_file_of_an_earlier_version_is_read_and_answers_as_it_did(name):
    ask, answer = ANSWERS[name]
    assert ask(nlpcli.load(MODELS / name)) == answer


def test_probabilities_are_those_of_the_version_that_wrote_the_model():
    chances = nlpcli.load(MODELS / "naive-bayes.safetensors").probabilities(FILMS)
    assert chances[0].round(4).tolist() == [0.1010, 0.8990]


def test_there_is_a_file_of_every_kind_and_the_document_tells_what_is_in_it():
    kinds = {COUNTS, SENTENCEPIECE, SUPERVISED, VECTOR_FILE}
    for path in MODELS.glob("*.safetensors"):
        info = model_file.read_info(path)
        model_file.verify_digest(info)
        kinds.add(info.kind)
        arrays = {re.sub(r"^(now|best|mean|last|exp_avg|exp_avg_sq)/", "", name) for name in info.tensors}
        arrays = {re.sub(r"\d+", "N", name) for name in arrays}
        for name in {info.kind, *info.header, *arrays}:
            base, _, part = name.partition(".")
            told = f"`{name}`" in DOCUMENT or (f"`{base}`" in DOCUMENT and f"`.{part}`" in DOCUMENT)
            assert told, f"{path.name}: {name}"
    assert kinds == {*READERS}


def test_the_document_says_which_format_this_version_writes():
    assert f"| {nlpcli.__version__} | {model_file.FORMAT} | 1" in DOCUMENT
    assert f"`format` ({count_files.FORMAT};" in DOCUMENT


@pytest.mark.parametrize(
    "content",
    [b"", b"the king and the queen\nthe king drinks tea\n", b"PK\x03\x04....", b"\n\x0e\n\x05<unk>"],
)
def test_what_holds_no_model_is_a_model_error_with_a_hint(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ModelError) as caught:
        nlpcli.load(tmp_path / "file")
    assert caught.value.hint


def test_what_cannot_be_read_and_kinds_of_the_future_are_model_errors(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError):
            nlpcli.load(path)
    model_file.write_model(tmp_path / "new", "telepathy", {}, {})
    with pytest.raises(ModelError, match="telepathy") as caught:
        nlpcli.load(tmp_path / "new")
    assert "upgrade" in caught.value.hint


def test_telling_what_a_model_file_is_costs_no_numpy():
    program = f"""
import sys, nlpcli
from nlpcli.errors import ModelError
nlpcli.inspect({str(MODELS / "word2vec.safetensors")!r})
try:
    nlpcli.load("nothing.safetensors")
except ModelError:
    print("numpy" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).stdout == b"False\n"
