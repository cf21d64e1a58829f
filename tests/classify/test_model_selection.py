from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.classify import model_selection
from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.examples import examples_of, folds, held_out
from nlpcli.engine.classify.model_selection import Trial, autotune, cross_validate, pooled, why
from nlpcli.engine.classify.naive_bayes import train
from nlpcli.errors import InputError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

PLAIN = AnalysisSettings(lowercase=True)
# Sorted by label, as real files are.
TEXTS = [f"good word{number % 7}" for number in range(40)] + [f"bad word{number % 5}" for number in range(20)]
LABELS = ["pos"] * 40 + ["neg"] * 20
EXAMPLES = examples_of(TEXTS, LABELS, PLAIN)
WORDS = FeatureSettings(ngrams="1", char_ngrams="0")


def test_held_out_texts_are_random_and_of_every_class():
    part = held_out(EXAMPLES, 0.2, 1)
    assert EXAMPLES.chosen(part).documents_per_class().tolist() == [4, 8]
    assert (part == held_out(EXAMPLES, 0.2, 1)).all()
    assert (part != held_out(EXAMPLES, 0.2, 2)).any()


def test_folds_part_the_texts_evenly():
    parts = list(folds(EXAMPLES, 4, 1))
    assert np.sum(parts, axis=0).tolist() == [1] * 60
    assert all(EXAMPLES.chosen(part).documents_per_class().tolist() == [5, 10] for part in parts)
    with pytest.raises(InputError, match="the class 'neg' has 20 texts, too few for 21 folds"):
        next(folds(EXAMPLES, 21, 1))


def test_leaving_texts_out_is_training_without_them(tmp_path):
    chosen = np.arange(60) % 3 > 0
    train(EXAMPLES.only(chosen), PLAIN, WORDS).save(tmp_path / "a")
    alone = examples_of(
        [text for text, wanted in zip(TEXTS, chosen, strict=True) if wanted],
        [label for label, wanted in zip(LABELS, chosen, strict=True) if wanted],
        PLAIN,
    )
    one, other = train(EXAMPLES.only(chosen), PLAIN, WORDS), train(alone, PLAIN, WORDS)
    assert one.counts.keys.tolist() == other.counts.keys.tolist()
    assert one.counts.counts.tolist() == other.counts.counts.tolist()
    assert one.documents.tolist() == other.documents.tolist()


@pytest.mark.parametrize("variant", ["binary-multinomial", "nbsvm"])
def test_cross_validation_measures_every_text_once(variant):
    parts = cross_validate(EXAMPLES, 3, PLAIN, WORDS, NaiveBayesSettings(variant=variant))
    assert pooled(parts).documents == 60
    assert pooled(parts).accuracy == 1.0


def test_search_tries_at_least_one_and_sorts_by_accuracy():
    trials = autotune(EXAMPLES, 0.0, PLAIN, FeatureSettings(), NaiveBayesSettings())
    assert trials
    assert [trial.accuracy for trial in trials] == sorted((trial.accuracy for trial in trials), reverse=True)
    assert "--method" in trials[0].describe()


def test_a_better_one_that_is_not_chosen_is_told_of():
    usual, other = (Trial(FeatureSettings(), NaiveBayesSettings(), accuracy) for accuracy in (0.7, 0.71))
    assert "of 1 with a higher accuracy none is surely better" in why([usual, other])
    assert why([other, usual]) == ""


def test_auto_is_decided_before_it_is_stored():
    assert train(EXAMPLES, PLAIN, FeatureSettings()).features.char_ngrams == "0"
    korean = examples_of(["좋은 영화", "나쁜 영화"], ["1", "0"], PLAIN)
    assert train(korean, PLAIN, FeatureSettings()).features.char_ngrams == "2-4"
    kept = FeatureSettings(char_ngrams="3")
    assert resolved(kept, "multinomial", korean.corpus).char_ngrams == "3"


@pytest.mark.parametrize("variant", ["multinomial", "binary-multinomial", "bernoulli", "complement"])
def test_a_model_without_a_part_is_that_of_the_rest_to_the_byte(tmp_path, variant):
    texts = [f"{'good' if number % 3 else 'bad'} film {number % 7} of {number % 11}" for number in range(60)]
    examples = examples_of(texts, [f"class {number % 3}" for number in range(60)], AnalysisSettings())
    parts = list(folds(examples, 4, 1))
    features, settings = FeatureSettings(ngrams="1-2"), NaiveBayesSettings(variant=variant)
    models = model_selection._trained_without(examples, parts, AnalysisSettings(), features, settings)
    for part, model in zip(parts, models, strict=True):
        alone = train(examples.only(~part), AnalysisSettings(), features, settings)
        for name, each in (("one", model), ("other", alone)):
            each.save(tmp_path / name)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
