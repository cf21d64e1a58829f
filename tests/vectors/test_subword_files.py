"""Subwords on their way between files: what goes with them, and what is said where they cannot go."""

from __future__ import annotations

import itertools
import unicodedata
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.vectors.conversion import convert
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import OutputError
from tests.conftest import Run
from tests.vectors.facebook_files import SUPERVISED, facebook_file

MODELS = Path(__file__).parents[1] / "models"
TEXT = "The king rules the land\nthe queen rules the lands\n한국의 왕은 한국에 있다\n" * 20
SMALL = {"dim": 6, "min_count": 1, "epochs": 2, "bucket": 500}
ASKED = ("king", "한국의", "kings", "landing", "한국이")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    (tmp_path / "text").write_text(TEXT, encoding="utf-8")
    for name in ("m.bin", "m.safetensors"):
        api.train_fasttext(tmp_path / "text", tmp_path / name, **SMALL)
    return tmp_path


def vector(path: Path, word: str) -> np.ndarray:
    return Vectors.load(str(path))[word]


@pytest.mark.parametrize("word", ASKED)
def test_both_files_of_a_training_give_the_same_vectors(trained: Path, word: str) -> None:
    np.testing.assert_allclose(
        vector(trained / "m.bin", word), vector(trained / "m.safetensors", word), rtol=1e-5, atol=1e-8
    )


def test_facebooks_layout_is_what_fasttext_and_gensim_load(trained: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    theirs = fasttext.load_model(str(trained / "m.bin"))
    for word in ASKED:
        np.testing.assert_allclose(
            theirs.get_word_vector(word), vector(trained / "m.safetensors", word), rtol=1e-5, atol=1e-8
        )


def test_gensim_loads_the_same_vectors(trained: Path) -> None:
    gensim = pytest.importorskip("gensim.models.fasttext")
    theirs = gensim.load_facebook_vectors(str(trained / "m.bin"))
    for word in ASKED:
        np.testing.assert_allclose(
            theirs[word], vector(trained / "m.safetensors", word), rtol=1e-5, atol=1e-8
        )


def test_subwords_go_from_file_to_file(trained: Path) -> None:
    chain = ["m.safetensors", "a.bin", "b.safetensors", "c.bin"]
    for source, target in itertools.pairwise(chain):
        convert(str(trained / source), str(trained / target))
        for word in ASKED:
            np.testing.assert_allclose(
                vector(trained / target, word), vector(trained / "m.bin", word), rtol=1e-5, atol=1e-8
            )
    assert (trained / "a.bin").read_bytes() == (trained / "c.bin").read_bytes()


def test_a_converted_model_can_be_trained_on(trained: Path) -> None:
    convert(str(trained / "m.bin"), str(trained / "again.safetensors"))
    model = api.train_fasttext(
        trained / "text", trained / "more.safetensors", resume=str(trained / "again.safetensors"), epochs=1
    )
    assert model.vectors.shape[1] == SMALL["dim"]


@pytest.mark.parametrize(
    ("source", "target", "options", "message"),
    [
        ("m.safetensors", "x.vec", (), "does not hold the subwords"),
        ("m.safetensors", "x.npy", (), "does not hold the subwords"),
        ("m.safetensors", "x.bin", ("--format", "word2vec-bin"), "does not hold the subwords"),
        ("m.safetensors", "x.bin", ("--normalize",), "does not hold the subwords"),
        ("m.bin", "x.safetensors", ("--dtype", "int8"), "does not hold the subwords"),
        ("m.safetensors", "x.bin", (), "does not hold how text was analysed"),
    ],
)
def test_what_a_layout_cannot_hold_is_said(
    nlpcli: Run, trained: Path, source: str, target: str, options: tuple[str, ...], message: str
) -> None:
    run = nlpcli("convert", source, target, *options)
    assert f"{target} {message}" in run.err
    assert nlpcli("similar", target, "king", "-k", "1").out


def test_training_says_so_too(nlpcli: Run, trained: Path) -> None:
    small = ("--dim", "4", "--min-count", "1", "--epochs", "1", "--bucket", "50")
    for name, options in (("x.vec", ()), ("jamo.bin", ("--jamo",))):
        assert (
            f"{name} will hold the words alone"
            in nlpcli("train-fasttext", "text", "-o", name, *small, *options).err
        )
        assert len(Vectors.load(str(trained / name)).tokens) > 5


def test_subwords_are_not_made_up(trained: Path) -> None:
    convert(str(trained / "m.bin"), str(trained / "plain.vec"))
    with pytest.raises(OutputError, match="no subwords to write"):
        convert(str(trained / "plain.vec"), str(trained / "x.bin"), layout="fasttext-bin")
    convert(str(trained / "plain.vec"), str(trained / "w2v.bin"))
    assert (trained / "w2v.bin").read_bytes().startswith(b"10 6\n")


def test_the_first_words_keep_their_vectors_and_all_n_grams(trained: Path) -> None:
    convert(str(trained / "m.safetensors"), str(trained / "top.bin"), top=3)
    top = Vectors.load(str(trained / "top.bin"))
    assert len(top) == 3
    np.testing.assert_allclose(top["landing"], vector(trained / "m.bin", "landing"), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("target", ["x.bin", "x.safetensors"])
def test_a_pruned_model_keeps_its_words_vectors_and_directions(tmp_path: Path, target: str) -> None:
    kept = [(bucket, row) for row, bucket in enumerate((6, 1, 3, 4))]
    (tmp_path / "p.ftz").write_bytes(facebook_file(quantised=True, kept=kept, dim=4).data)
    convert(str(tmp_path / "p.ftz"), str(tmp_path / target))
    before, after = Vectors.load(str(tmp_path / "p.ftz")), Vectors.load(str(tmp_path / target))
    np.testing.assert_allclose(after.matrix, before.matrix, rtol=1e-4, atol=1e-6)
    first, second = before["unseen"], after["unseen"]
    assert first @ second == pytest.approx(np.linalg.norm(first) * np.linalg.norm(second), rel=1e-5)


def test_labels_do_not_get_lost_in_silence(nlpcli: Run, tmp_path: Path) -> None:
    file = facebook_file(labels=[("__label__a", 3), ("__label__b", 2)], model=SUPERVISED)
    (tmp_path / "s.bin").write_bytes(file.data)
    assert "does not hold the labels" in nlpcli("convert", "s.bin", "x.safetensors").err


def test_a_file_of_an_earlier_version_answers_as_it_did_for_unseen_words() -> None:
    old = Vectors.load(str(MODELS / "fasttext.safetensors"))
    assert old.model is not None
    subwords = old.model.subwords
    _, wanted = subwords.rule.buckets(["kinging"])
    assert subwords.buckets is not None
    known = wanted[np.isin(wanted, subwords.buckets)]
    assert 0 < len(known) < len(wanted)
    rows = subwords.rows[np.searchsorted(subwords.buckets, known)]
    np.testing.assert_allclose(old["kinging"], rows.mean(axis=0), rtol=1e-5)


# --- questions ------------------------------------------------------------------------------

DECOMPOSED = unicodedata.normalize("NFD", "한국의")


@pytest.mark.parametrize(
    "question", ["The", "THE", "Th\u00ade", "\ufeffthe", "the\u00a0", "The,"], ids=lambda text: ascii(text)
)
def test_a_question_goes_through_the_models_own_analysis(nlpcli: Run, trained: Path, question: str) -> None:
    model = api.load(trained / "m.safetensors")
    assert model.similar(question) == model.similar("the")  # type: ignore[union-attr]
    assert question in model  # type: ignore[operator]
    assert (
        nlpcli("similar", "m.safetensors", question).out.replace(question, "the")
        == nlpcli("similar", "m.safetensors", "the").out
    )


@pytest.mark.parametrize("name", ["m.safetensors", "m.bin", "m.vec", "m.glove", "m.npy", "nfd.vec"])
def test_what_looks_the_same_is_found_in_every_layout(nlpcli: Run, trained: Path, name: str) -> None:
    if not (trained / name).exists():
        convert(str(trained / "m.bin"), str(trained / name.replace("nfd", "m")))
    if name == "nfd.vec":
        text = unicodedata.normalize("NFD", (trained / "m.vec").read_text(encoding="utf-8"))
        (trained / name).write_text(text, encoding="utf-8")
    composed = unicodedata.normalize("NFC", DECOMPOSED)
    for question in (composed, DECOMPOSED):
        rows = nlpcli("similar", name, question, "-k", "3").out.splitlines()[1:]
        assert len(rows) == 3
        assert not any(unicodedata.normalize("NFC", row.split("\t")[1]) == composed for row in rows)
        run = nlpcli("similar", name, "-k", "3", input=question + "\n")
        assert run.out.splitlines()[1:] == rows


def test_all_questions_go_the_same_way(nlpcli: Run, trained: Path) -> None:
    (trained / "pairs").write_text(f"King QUEEN 5\nThe Land 3\n{DECOMPOSED} Rules 1\n", encoding="utf-8")
    for options in ((), ("--case-sensitive",)):
        rows = nlpcli("evaluate-vectors", "m.safetensors", "pairs", *options).out.splitlines()
        assert rows[1].split("\t")[-2:] == ["3", "3"]
    upper = nlpcli("analogy", "m.safetensors", "King Queen Land").out.splitlines()
    lower = nlpcli("analogy", "m.safetensors", "king queen land").out.splitlines()
    assert [row.split("\t")[1:] for row in upper] == [row.split("\t")[1:] for row in lower]
    odd = nlpcli("odd-one-out", "m.safetensors", "The", "the", "king", DECOMPOSED).out.splitlines()
    assert len(odd) == 4  # the same word counts once
    unseen = api.load(trained / "m.safetensors")
    np.testing.assert_array_equal(unseen["Landing"], unseen["landing"])  # type: ignore[index]


def test_a_word_that_is_not_there_is_still_an_error(nlpcli: Run, trained: Path) -> None:
    api.train_w2v(trained / "text", trained / "w.safetensors", dim=4, min_count=1, epochs=1)
    run = nlpcli("similar", "w.safetensors", "kign", code=1)
    assert run.err == "error: no vector for 'kign'\nhint: spelt like it: king\n"
