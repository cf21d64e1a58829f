"""train-seq2seq and translate: what is learnt, files, interrupts, searches, pages, and what is told."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.translation import checkpoint
from nlpcli.engine.translation.examples import examples_of
from nlpcli.engine.translation.lexicon import single_words
from nlpcli.engine.translation.model import KIND, Seq2Seq
from nlpcli.engine.translation.pairs import TextPairs, plainer, read_pairs, spacing_pairs
from nlpcli.engine.translation.training import Seq2SeqTraining
from nlpcli.engine.translation.units import Units, cleaned, with_subwords
from nlpcli.engine.translation.vocabulary import UnitVocabulary
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.translation import Seq2SeqSettings, TranslateSettings
from tests.sequences.test_recurrent_tagger import Silent, Stopped

pytest.importorskip("torch")

# Reversed pairs of letters: order decides, and every letter is copied.
LETTERS = "abcdefgh"
WORDS = [a + b + c for a in LETTERS for b in LETTERS for c in "ijk"]
PAIRS = TextPairs([*WORDS], [word[::-1] for word in WORDS])
SMALL = {"unit": "char", "rnn_size": 24, "embedding_dim": 16, "epochs": 12, "augment": 0.0}
QUICK = NetworkTraining(
    val_frac=0.1, batch_tokens=100, learning_rate=0.02, dropout=0.0, word_dropout=0.0, average=0.1
)


def training(network=QUICK, pairs=PAIRS, dev=None, **changes):
    settings = Seq2SeqSettings(**{**SMALL, **changes})
    return Seq2SeqTraining(examples_of(pairs, settings, dev, network.val_frac), network)


def trained(*args, **changes):
    begun = training(*args, **changes)
    begun.run(Silent())
    return begun.best()


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("seq2seq") / "model.safetensors"
    model.save(path)
    return str(path)


def content(model, path):
    model.save(path)
    return path.read_bytes()


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


# --- what is learnt -------------------------------------------------------------------------


def test_it_learns_what_order_decides(model):
    unseen = ["abi", "hgk", "dej"]
    assert model.translate(unseen) == [word[::-1] for word in unseen]


@pytest.mark.parametrize("changes", [
    {"cell": "gru"}, {"attention": "additive"}, {"attention": "none"}, {"bidirectional": False},
    {"cell": "rnn", "copy": False}, {"num_layers": 2, "decoder_layers": 3},
])  # fmt: skip
def test_the_same_seed_gives_the_same_bytes_on_one_and_two_threads(tmp_path, changes):
    made = []
    for threads in (1, 2):
        network = NetworkTraining(**{**QUICK.to_record(), "threads": threads, "dropout": 0.1})
        made.append(content(trained(network, epochs=2, **changes), tmp_path / "model"))
    assert made[0] == made[1]


def test_a_file_gives_the_same_answers(model, file):
    loaded = Seq2Seq.load(file)
    odd = ["abi", "", "zzz", "a" * 700, "  a \t b ", "ÄÖ한글😀", "\ud800", "."]
    assert loaded.translate(odd) == model.translate(odd)
    assert jobs.load(file).translate("abi") == ["iba"]
    found = next(loaded.targets(["abi"], TranslateSettings(n_best=4)))
    for target in found:
        assert target.log_probability == pytest.approx(loaded.log_probability("abi", target.text), abs=1e-4)
        assert target.probability == pytest.approx(np.exp(target.log_probability / (len(target.text) + 1)))


def test_what_is_not_known_is_copied():
    names = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]
    pairs = TextPairs([f"my name is {name}" for name in names], [f"{name} heiß ich" for name in names])
    model = trained(pairs=pairs, unit="word", min_count=10, epochs=40)
    assert not {"▁ab", "▁gh"} & {*model.vocabulary.units}
    assert model.translate(["my name is Zoë-X"[:14], "my name is qq"]) == ["Zoë heiß ich", "qq heiß ich"]


def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path):
    whole = training(epochs=3)
    whole.run(Silent())
    expected = content(whole.best(), tmp_path / "whole")
    for stops in ([1], [2, 7], [whole.total_steps]):
        begun = training(epochs=3)
        for stop in stops:

            def after_update(begun=begun, stop=stop):
                if begun.step == stop:
                    raise Stopped

            with pytest.raises(Stopped):
                begun.run(Silent(), after_update)
            checkpoint.save(begun, tmp_path / "checkpoint")
            begun = training(epochs=3)
            checkpoint.restore(begun, tmp_path / "checkpoint")
        begun.run(Silent())
        assert content(begun.best(), tmp_path / "resumed") == expected
    with pytest.raises(ModelError, match="of another training"):
        checkpoint.restore(training(epochs=4), tmp_path / "checkpoint")
    with pytest.raises(ModelError, match="interrupted, no model yet"):
        Seq2Seq.load(tmp_path / "checkpoint")


# --- at work --------------------------------------------------------------------------------


def odd_inputs(count):
    random = np.random.default_rng(5)
    letters = [*"abcdefghijkABC .,!?-'\"0123456789한글äß😀\t"]
    for number in range(count):
        length = int(random.integers(1, 60))
        if number % 4 == 0:
            yield "".join(random.choice(letters[:2], length))
        elif number % 4 == 1:
            yield str(random.choice(letters)) * length
        else:
            yield "".join(random.choice(letters, length))


def test_odd_inputs_make_no_loops_and_one_line_each(file):
    """Here of 200; nothing stands three times in a row, of 12 characters together or more."""
    texts = [*odd_inputs(200)]
    answers = jobs.translate(file, texts)
    assert len(answers) == len(texts)
    assert not [answer for answer in answers if re.search(r"(.{4,}?)\1\1|(.{1,3}?)\2{11,}", answer)]
    assert not [answer for answer in answers if "\n" in answer or "\t" in answer]
    words = trained(pairs=TextPairs(["a b c d e"] * 40, ["f g f g f g f g"] * 40), unit="word", epochs=30)
    for answer in words.translate([*odd_inputs(50), "a b c d e"]):
        grams = [*zip(*(answer.split()[start:] for start in range(4)), strict=False)]
        assert len({*grams}) == len(grams)


def test_a_long_text_is_translated_in_parts(model):
    model = Seq2Seq(
        Seq2SeqSettings(**{**model.settings.to_record(), "max_units": 4}),
        model.vocabulary,
        model.weights,
        1.0,
    )
    assert model.translate(["abi cdj efk"]) == ["iba jdc kfe"]
    assert model.translate(["abi", "hgk abi"]) == ["iba", "kgh iba"]


def test_batches_do_not_change_answers(model):
    texts = [*odd_inputs(40), *WORDS[:20]]
    alone = model.translate(texts, TranslateSettings(batch_lines=1))
    assert model.translate(texts, TranslateSettings(batch_lines=7)) == alone


def test_lines_files_and_options(file, tmp_path):
    source = written(tmp_path / "in.txt", "abi\n\ncdj\n")
    output = tmp_path / "out.txt"
    jobs.translate(file, [source], output, n_best=2, proba=True)
    lines = output.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert lines[1] == "\t1.0000"
    best, chance, _second, less = lines[0].split("\t")
    assert best == "iba" and 1 >= float(chance) >= float(less) > 0
    record = json.loads(jobs.translate(file, ["abi"], jsonl=True, n_best=2)[0])
    assert record["source"] == "abi" and record["target"] == record["n_best"][0]["text"] == "iba"
    with pytest.raises(SettingsError, match="--n-best 5 is more than --beam-size 4"):
        jobs.translate(file, ["abi"], n_best=5)


def test_the_attention_page_shows_who_looked_at_whom(file, tmp_path):
    page = tmp_path / "page.html"
    assert jobs.translate(file, ["abi", "</script><b>"], attention_page=str(page))[0] == "iba"
    html = page.read_text(encoding="utf-8")
    data = json.loads(re.search(r'type="application/json">(.*?)</script>', html)[1].replace("\\u003c", "<"))
    assert data[0]["source"] == ["a", "b", "i"] and data[0]["target"] == ["i", "b", "a", "⏎"]
    assert all(98 <= sum(row) <= 102 for line in data for row in line["percent"])
    assert "</script><b>" not in html and "http" not in html.replace("http-equiv", "")
    blind = trained(attention="none", epochs=1)
    blind.save(tmp_path / "blind.safetensors")
    with pytest.raises(SettingsError, match="no attention to show"):
        jobs.translate(str(tmp_path / "blind.safetensors"), ["a"], attention_page=str(page))


def test_answering_imports_no_torch(file):
    code = f"import sys, nlpcli; nlpcli.translate({file!r}, ['abi']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_evaluate_measures_it(file, tmp_path):
    pairs = written(tmp_path / "test.tsv", "source\ttarget\nabi\tiba\ncdj\txxx\n\tempty\n")
    result = jobs.evaluate(file, [pairs], mistakes=3)
    assert (result.judged, result.lines, result.exact) == ("translations", 2, 0.5)
    assert [miss.target for miss in result.mistakes] == ["xxx"]
    with pytest.raises(SettingsError, match="have no place"):
        jobs.evaluate(file, [pairs], plot="x.html")


# --- pairs ----------------------------------------------------------------------------------


class Told:
    def __init__(self):
        self.said = []

    def lost(self, text):
        self.said.append(text)

    note = lost

    def update(self, *_):
        pass


def test_pairs_in_every_layout(tmp_path):
    expected = TextPairs(["a b", "c"], ["x", "y z"])
    tsv = written(tmp_path / "a.tsv", "en\tko\r\n a  b\tx\r\n\r\nc\ty z\tmore\r\n")
    assert read_pairs([tsv]) == expected
    from nlpcli.engine.translation.pairs import Reading, read_two_files
    from nlpcli.settings.input import RecordSettings
    from nlpcli.settings.translation import TargetSettings

    csv = written(tmp_path / "a.csv", "id,ko,en\n1,x,a b\n2,y z,c\n")
    how = Reading(RecordSettings(text_col="en"), TargetSettings(target_col="ko"))
    assert read_pairs([csv], how) == expected
    lines = written(
        tmp_path / "a.jsonl", '{"source": "a b", "target": "x"}\n{"source": "c", "target": "y z"}\n'
    )
    assert read_pairs([lines]) == expected
    one, other = written(tmp_path / "a.en", "a b\nc\n"), written(tmp_path / "a.ko", "x\ny z\n")
    assert read_two_files(one, other) == expected


def test_what_is_wrong_with_pairs_is_told(tmp_path):
    bad = written(tmp_path / "bad.tsv", "a\tb\nno target\n")
    with pytest.raises(InputError, match=r"bad\.tsv:2: no tab in the line"):
        read_pairs([bad])
    told = Told()
    assert len(read_pairs([written(tmp_path / "e.tsv", "a\tb\n \tc\nd\t\n")], progress=told)) == 1
    assert re.search(r"2 pairs have an empty side .*e\.tsv:2", told.said[0])
    with pytest.raises(InputError, match="there are no pairs"):
        read_pairs([written(tmp_path / "none.tsv", "\n")])
    one, other = written(tmp_path / "1", "a\nb\nc\n"), written(tmp_path / "2", "x\ny\n")
    with pytest.raises(InputError, match=r"has 3 lines, .* 2"):
        jobs.train_seq2seq(None, str(tmp_path / "m"), source=one, target=other)
    with pytest.raises(SettingsError, match="--source and --target go together"):
        jobs.train_seq2seq(None, str(tmp_path / "m"), source=one)
    with pytest.raises(TypeError, match="has no argument 'label_col'"):
        jobs.train_seq2seq([bad], str(tmp_path / "m"), label_col="1")
    with pytest.raises(SettingsError, match="where should the model go"):
        jobs.train_seq2seq([bad])


def test_pairs_too_long_or_too_uneven_are_left_out_and_counted():
    settings = Seq2SeqSettings(unit="char", max_units=300)
    told = Told()
    pairs = TextPairs(["a" * 200, "ab", "c" * 301], ["b", "ba", "c"])
    examples = examples_of(pairs, settings, progress=told)
    assert len(examples.sources.starts) == 2
    assert "1 pair of more than 300 units left out" in told.said[0]
    assert "1 pair left out, of which one side is more than 9 times longer" in told.said[1]
    with pytest.raises(InputError, match="no pair is left"):
        examples_of(TextPairs(["a" * 200], ["b"]), settings)


def test_a_vocabulary_without_characters_of_the_target_is_told(tmp_path):
    with pytest.raises(InputError, match="no unit of a target is known"):
        examples_of(TextPairs(["a a", "a a"], ["b", "c"]), Seq2SeqSettings(unit="word"))
    texts = written(tmp_path / "en.txt", "the cat sat on the mat\n" * 20)
    jobs.train_subword([texts], str(tmp_path / "en.model"), vocab_size=280)
    with pytest.raises(InputError, match="no characters of the targets"):
        jobs.train_seq2seq(
            [written(tmp_path / "p.tsv", "the cat\t고양이\nthe mat\t돗자리\n")], str(tmp_path / "m"),
            subword_model=str(tmp_path / "en.model"),
        )  # fmt: skip


def test_plainer_copies_of_pairs_are_learnt_besides():
    pairs = TextPairs(["A dog.", "b", "C D!", "Go"], ["Ein Hund.", "b", "C D!", "Los"])
    assert plainer(pairs, 1.0) == TextPairs(["a dog", "c d", "go"], ["Ein Hund", "C D", "Los"])
    assert len(plainer(pairs, 0.25)) == 1 and len(plainer(pairs, 0.0)) == 0


def test_spaces_go_wrong_by_the_seed_alone():
    lines = ["아버지가 방에 들어가신다", "오늘은 날씨가 좋다"] * 20
    made = spacing_pairs(lines, 1)
    assert made.targets == lines
    assert all(
        one.replace(" ", "") == other.replace(" ", "") for one, other in zip(made.sources, lines, strict=True)
    )
    without = sum(" " not in one for one in made.sources)
    assert 10 <= without <= 32
    assert spacing_pairs(lines, 1) == made != spacing_pairs(lines, 2)


def test_noise_makes_pairs_of_plain_text(tmp_path):
    text = written(tmp_path / "text.txt", "한 줄 이다\n두 줄 이다\n" * 10)
    outcome = jobs.train_seq2seq(
        [text], str(tmp_path / "m"), noise="spaces", unit="char", rnn_size=4, embedding_dim=4, epochs=1,
        test=text,
    )  # fmt: skip
    assert outcome.evaluations["test"].lines == 20


@pytest.mark.parametrize("unit", ["subword", "word", "char", "jamo"])
def test_units_give_the_text_back(unit):
    texts = ["A b-c, (d) 3.5!", "한국어는 재미있다", "tab\there  x", "ㅋㅋ ᄒ 각"]
    units = Units(with_subwords(Seq2SeqSettings(unit=unit), texts))
    for text in texts:
        assert units.join(units.split(cleaned(text))) == cleaned(text)


# --- files that are not what they say -------------------------------------------------------


def test_a_file_that_does_not_fit_is_refused(file, tmp_path):
    model = read_model(file, KIND)
    wrong = tmp_path / "wrong.safetensors"

    def changed(header=None, **tensors):
        write_model(wrong, KIND, {**model.header, **(header or {})}, {**model.tensors, **tensors})
        return str(wrong)

    for path in (
        changed({"targets": 10_000}),
        changed({"growth": -1.0}),
        changed({"settings": {**model.header["settings"], "rnn_size": 25}}),
        changed(embedding=model.tensors["embedding"][:-1]),
        changed(**{"vocabulary.b": np.full_like(model.tensors["vocabulary.b"], np.nan)}),
    ):
        with pytest.raises(ModelError):
            Seq2Seq.load(path)
    subword = {**model.header["settings"], "unit": "subword"}
    for content in ("", "!", "AAAA"):
        with pytest.raises((ModelError, SettingsError)):
            Seq2Seq.load(changed({"settings": {**subword, "subword_model": content}})).translate(["a"])


# --- what is learnt besides, and how odd texts are read ---------------------------------------


def test_single_words_are_told_by_the_pairs_they_stand_in():
    nouns = {"dog": "Hund", "cat": "Katze", "horse": "Pferd", "bird": "Vogel"}
    verbs = {"runs": "läuft", "sleeps": "schläft", "eats": "frisst"}
    pairs = TextPairs(
        [f"The {noun} {verb}." for noun in nouns for verb in verbs],
        [f"Tier {ours} {theirs}." for ours in nouns.values() for theirs in verbs.values()],
    )
    found = dict(zip(*(lambda words: (words.sources, words.targets))(single_words(pairs, 1)), strict=True))
    assert {word: found[word] for word in (*nouns, *verbs)} == {**nouns, **verbs}
    assert found["Dog."] == "Hund." and found["Runs."] == "Läuft."
    numbers = {one: other for one, other in found.items() if one[0].isdigit()}
    assert numbers and all(one.split()[0] == other.split()[0] for one, other in numbers.items())
    assert len(single_words(TextPairs(["가나"], ["다라"]), 1)) == 0


def test_capitals_are_read_in_small_letters_unless_they_were_learnt_from():
    pairs = TextPairs(["ab cd", "cd ab"] * 20, ["x y", "y x"] * 20)
    model = trained(pairs=pairs, unit="word", epochs=20)
    assert not model.capitals
    assert model.translate(["AB CD"]) == model.translate(["ab cd"]) == ["x y"]
    loud = TextPairs([*pairs.sources, "AB CD"], [*pairs.targets, "X Y"])
    assert trained(pairs=loud, unit="word", epochs=1).capitals


def test_a_target_that_repeats_itself_comes_last(model, monkeypatch):
    from nlpcli.engine.translation import model as module
    from nlpcli.engine.translation.beam_search import Hypothesis

    words = Seq2Seq(Seq2SeqSettings(unit="word"), UnitVocabulary(["▁a", "▁b"], 4), model.weights, 1.0)
    made = [Hypothesis([2, 3, 2, 3], -1.0, -1.0), Hypothesis([2, 3], -2.0, -2.0)]
    monkeypatch.setattr(module, "beam_search", lambda *_, **__: [made])
    monkeypatch.setattr(Seq2Seq, "network", None)
    assert words.translate(["a b"], TranslateSettings(no_repeat_ngram=2)) == ["a b"]
    assert words.translate(["a b"], TranslateSettings(no_repeat_ngram=0)) == ["a b a b"]
