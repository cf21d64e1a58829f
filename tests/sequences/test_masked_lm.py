"""Masked words: what is learnt, files, interrupts, `--init`, and what is asked of a model."""

from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.neural.encoder import run
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.sequences.masked_lm import KIND, Filled, MaskedLM
from nlpcli.engine.sequences.masked_training import MaskedTraining, _draws
from nlpcli.engine.sequences.recurrent_training import RecurrentTraining
from nlpcli.errors import InputError, ModelError, NlpcliError, SettingsError
from nlpcli.settings.masked import MASKED_TRAINING, MaskedSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from tests.sequences.test_recurrent_tagger import Silent, Stopped

torch = pytest.importorskip("torch")

# What a word is follows from its neighbours.
TEXTS = ["Cats chase mice", "dogs chase cats", "나는 밥을 먹는다", "너는 물을 마신다"] * 12
SIZES = {"rnn_size": 16, "word_dim": 12, "ngram_dim": 8, "bucket": 100}
SMALL = EncoderSettings(**SIZES)
ATTENDING = EncoderSettings(cell="transformer", num_heads=2, **SIZES)
QUICK = {"batch_tokens": 40, "learning_rate": 0.02, "dropout": 0.0, "val_frac": 0.1, "word_dropout": 0.0}


def training(encoder=ATTENDING, epochs=15, texts=TEXTS, masking=None, **more):
    corpus = encode_documents([texts], AnalysisSettings(), VocabularySettings())
    network = NetworkTraining(**{**MASKED_TRAINING.to_record(), **QUICK, **more})
    settings = MaskedSettings(epochs=epochs, mask_share=0.3, **(masking or {}))
    return MaskedTraining(corpus, AnalysisSettings(), settings, encoder, network)


def learnt(begun):
    begun.run(Silent())
    return begun.best()


def content(model, path):
    model.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    begun = training(SMALL, epochs=30)
    path = tmp_path_factory.mktemp("masked") / "m"
    model = learnt(begun)
    model.save(path)
    return begun, model, path


def test_words_are_found_by_what_stands_around_them_and_a_file_gives_the_same_answers(made):
    begun, model, path = made
    texts = ["dogs [MASK] cats", "나는 [MASK] 먹는다", "[MASK] chase [MASK]"]
    found = model.fill(texts, 2)
    assert [row[0].word for row in found] == ["chase", "밥을", found[2][0].word]
    assert [one.mask for one in found[2]] == [1, 1, 2, 2]
    assert found[0][0].probability > 0.5 and all(a.probability >= b.probability for a, b in found[:2])
    loaded = MaskedLM.load(path)
    assert loaded.fill(texts, 2) == found
    alone = loaded.fill("dogs ___ cats", 2, "___")[0]
    assert [one.word for one in alone] == [one.word for one in found[0]]
    assert loaded.words == [*model.words] and "[mask]" not in model.words
    everything = loaded.fill("dogs [MASK] cats", 10**6)[0]
    assert len(everything) == len(model.words)
    assert sum(one.probability for one in everything) == pytest.approx(1, abs=1e-4)
    assert begun.history[-1]["val_loss"] < begun.history[0]["val_loss"]
    assert begun.told(begun.best_loss).endswith("right")


def test_nothing_is_told_of_the_word_behind_a_mask():
    """In training the word that is asked for is nowhere in what the encoder reads of its place."""
    begun = training()
    words = begun.sentences.words.copy()
    assert begun.begin_update() == begun._asked.sum() > 0
    assert (begun.sentences.words == words).all()
    masked = [part.words[part.rows] == begun._mask for part in begun._held]
    asked = [begun._asked[places] for places in begun._places]
    assert sum(one.sum() for one in masked) > 0 and all(
        (a | ~m).all() for a, m in zip(asked, masked, strict=True)
    )
    row = np.searchsorted(begun._words, begun._mask)
    assert begun._shown[row] == 0 and begun._own[row] == len(begun._inputs.known)


def test_of_words_that_are_asked_for_eight_of_ten_are_masked():
    begun = training(batch_tokens=4000, texts=TEXTS * 20)
    begun.begin_update()
    asked = begun._asked
    shown = np.empty_like(begun.sentences.words)
    for part, places in zip(begun._held, begun._places, strict=True):
        shown[places] = part.words[part.rows]
    share = {name: np.mean(which[asked]) for name, which in (
        ("masked", shown == begun._mask), ("as it was", shown == begun.sentences.words),
    )}  # fmt: skip
    assert asked.mean() == pytest.approx(0.3, abs=0.04)
    assert share["masked"] == pytest.approx(0.8, abs=0.05) and 0.05 < share["as it was"] < 0.2
    assert (shown == begun.sentences.words)[~asked].all()


def test_in_training_and_at_work_a_mask_is_the_same(made):
    begun, model, _ = made
    sentences, places, rows = begun._tests
    total, count = begun.validation_losses(None)[0]
    snapshot = begun.model(begun.snapshot())
    x = snapshot.network.vectors(["[MASK]", "cats"])
    assert (x[0, 12:] == 0).all() and (x[1, 12:] != 0).any()
    by_hand = 0.0
    for sentence, place, row in zip(sentences, places, rows, strict=True):
        packing, weights = Packing.of([len(sentence)]), snapshot.network.weights
        y = run(
            begun.encoder, weights, snapshot.network.vectors(sentence), np.arange(len(sentence)), packing
        )[place]
        scores = (y @ weights["head.w"]) @ snapshot.network.own_vectors("words")[1:-1].T + weights["head.b"][
            :-1
        ]
        by_hand -= scores[row] - np.log(np.exp(scores - scores.max()).sum()) - scores.max()
    assert total == pytest.approx(by_hand, rel=1e-4) and count == len(rows)
    assert model.purpose == [KIND]


@pytest.mark.parametrize("encoder", [SMALL, ATTENDING])
def test_threads_do_not_matter_and_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path, encoder):
    one, two = (content(learnt(training(encoder, 2, threads=threads)), tmp_path / "m") for threads in (1, 2))
    assert one == two
    begun = training(encoder, 2)

    def after_update():
        if begun.step == 3:
            raise Stopped

    with pytest.raises(Stopped):
        begun.run(Silent(), after_update)
    network_checkpoint.save(begun, str(tmp_path / "left"))
    again = training(encoder, 2)
    network_checkpoint.restore(again, str(tmp_path / "left"))
    assert content(learnt(again), tmp_path / "m") == one
    with pytest.raises(ModelError, match="of another training"):
        network_checkpoint.restore(training(encoder, 3), str(tmp_path / "left"))
    with pytest.raises(ModelError, match="interrupted, no masked language model yet"):
        MaskedLM.load(tmp_path / "left")


def test_a_tagger_begins_with_it_and_knows_its_words(made):
    _, model, path = made
    sentences, tags = [["dogs", "bark"], ["cats", "sleep"]] * 6, [["N", "V"]] * 12
    initial = InitialNetwork.load(str(path), SMALL)
    begun = RecurrentTraining(
        sentences, tags, "tag", TaggerSettings(method="rnn", epochs=2), encoder=SMALL,
        training=NetworkTraining(val_frac=0), initial=initial,
    )  # fmt: skip
    known = begun._inputs.known
    assert {*model.words} | {"bark", "sleep"} == {*known}
    assert begun.begun_with == f"the encoder, {len(model.words)} of {len(known)} words"  # of Korean
    theirs = model.network.inputs.known.index("mice")
    ours = begun.tables["words"].now[known.index("mice") + 1]
    assert (ours == model.network.tables["words"][theirs + 1].astype(np.float32)).all()
    begun.run(Silent())
    assert begun.best().tag([["mice", "sleep"]])


def test_the_jobs_train_fill_and_begin_with_it(tmp_path):
    rows = str(tmp_path / "rows.tsv")
    Path(rows).write_text("label\ttext\n" + "pos\tgood cats\nneg\tbad mice\n" * 8)
    (tmp_path / "text").write_text("\n".join(TEXTS))
    output = str(tmp_path / "m.safetensors")
    quick = {name: value for name, value in QUICK.items() if name != "val_frac"}
    jobs.train_mlm(
        str(tmp_path / "text"), output, epochs=1, cell="transformer", num_heads=2, **SIZES, **quick
    )
    answers = list(jobs.fill_mask(output, "dogs [MASK] cats", top=1))
    assert [(text, len(found)) for text, found in answers] == [("dogs [MASK] cats", 1)]
    assert isinstance(answers[0][1][0], Filled)
    sizes = {**SIZES, "cell": "transformer", "num_heads": 2, "epochs": 1}
    begun = jobs.train_rnn(rows, str(tmp_path / "c"), init=output, **sizes)
    assert "mice" in begun.model.network.inputs.known
    with pytest.raises(SettingsError, match="made with --cell transformer and --num-heads 2"):
        jobs.train_rnn(rows, str(tmp_path / "c"), init=output, **SIZES)
    with pytest.raises(SettingsError, match="made without --vectors"):
        (tmp_path / "v.vec").write_text("1 2\nking 1 2\n")
        jobs.train_rnn(rows, str(tmp_path / "c"), init=output, vectors=str(tmp_path / "v.vec"), **sizes)


def test_what_cannot_be_asked_is_told(made):
    model = made[1]
    with pytest.raises(InputError, match="no \\[MASK\\] in 'dogs chase cats'"):
        model.fill(["dogs chase cats"])
    with pytest.raises(SettingsError, match="--mask-token is empty"):
        model.fill(["dogs"], mask=" ")
    assert model.fill([]) == [] and len(model.fill("[MASK]")[0]) == 5
    long = "cats " * 5000 + "[MASK] mice" + " dogs" * 5000
    assert len(model.fill(long + " [MASK]", 1)[0]) == 2
    with pytest.raises(InputError, match="no word is in the text 2 times or more"):
        training(texts=["each word once"])


def test_only_the_most_frequent_words_are_found():
    begun = training(masking={"max_vocab": 2})
    assert len(begun.model(begun.snapshot()).words) == 2
    assert {*begun.model(begun.snapshot()).words} == {"cats", "chase"}


def test_long_lines_are_cut():
    begun = training(texts=["a b c d e f g"] * 9, masking={"context": 3}, val_frac=0)
    assert begun.sentences.sizes.tolist() == [3, 3, 1] * 9


def test_a_forged_file_is_told(made, tmp_path):
    model = read_model(made[2], KIND)
    header = {key: value for key, value in model.header.items() if key != "kind"}
    known = model.tensors["known.bytes"].copy()
    known[-2] += 1
    for change, arrays in (
        ({"encoder": {**header["encoder"], "cell": "gru"}}, {}),
        ({"encoder": {**header["encoder"], "cell": "transformer", "num_heads": 3}}, {}),
        ({"given_dim": 4}, {}),
        ({}, {"known.bytes": known}),
        ({}, {"head.b": model.tensors["head.b"][1:]}),
    ):
        write_model(tmp_path / "forged", KIND, {**header, **change}, {**model.tensors, **arrays})
        with pytest.raises(NlpcliError):
            MaskedLM.load(tmp_path / "forged")


def test_with_candidates_the_same_is_learnt_as_with_all_words(tmp_path):
    frequent = [f"w{n} w{n} x{n % 3} w{n}" for n in range(40)] * 3
    losses = {}
    for candidates in (0, 25):
        begun = training(SMALL, 20, frequent, {"candidates": candidates}, learning_rate=0.01)
        assert (len(begun._draws) > 0) == (candidates > 0)
        begun.run(Silent())
        losses[candidates] = begun.best_loss  # over all words
    chance = np.log(len(begun._inputs.known))
    assert losses[0] < chance - 1 and losses[25] == pytest.approx(losses[0], abs=0.5)
    made = [training(SMALL, 2, frequent, {"candidates": 9}, threads=threads) for threads in (1, 2)]
    one, two = (content(learnt(begun), tmp_path / "m") for begun in made)
    assert one == two


def test_candidates_are_drawn_as_often_as_is_said():
    counts = np.array([100, 10, 1, 0])
    sums, logarithms = _draws(counts, 2)
    seen = np.zeros(4)
    for n in range(4000):
        seen[np.unique(np.searchsorted(sums, np.random.default_rng(n).random(2), side="right"))] += 1
    assert np.exp(logarithms[:3]) == pytest.approx(seen[:3] / 4000, abs=0.03)
    assert _draws(counts, 9)[0].size == _draws(counts, 0)[0].size == 0
