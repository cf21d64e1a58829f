"""BLEU and chrF are sacreBLEU's numbers, recorded from its version 2.6.0."""

import json

import pytest

from nlpcli.engine.translation.evaluation import compared
from nlpcli.engine.translation.scores import CHRF_SIGNATURE, bleu, chrf, tokenized, tokenizer_for
from tests.command_line import ROOT

RECORDED = json.loads((ROOT / "tests/translation/sacrebleu.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", RECORDED, ids=[case["found"][0][:20] for case in RECORDED])
def test_the_numbers_are_those_of_sacrebleu(case):
    for how in ("13a", "char", "none"):
        ours, theirs = bleu(case["found"], case["references"], how), case[how]
        assert ours.score == pytest.approx(theirs["score"], abs=1e-9)
        assert ours.precisions == pytest.approx(theirs["precisions"], abs=1e-9)
        assert ours.brevity_penalty == pytest.approx(theirs["brevity_penalty"], abs=1e-12)
        assert ours.signature == theirs["signature"]
    assert chrf(case["found"], case["references"]) == pytest.approx(case["chrf"]["score"], abs=1e-9)
    assert case["chrf"]["signature"] == CHRF_SIGNATURE


def test_tokens_of_13a():
    assert tokenized('He said: "No" &amp; left-hand 3,000.50-5.', "13a") == [
        "He", "said", ":", '"', "No", '"', "&", "left-hand", "3,000.50", "-", "5", ".",
    ]  # fmt: skip
    assert tokenized(" 나는 학교", "char") == ["나", "는", "학", "교"]


def test_the_tokenizer_goes_by_the_letters_of_the_references():
    assert tokenizer_for(["a dog runs", "나"]) == "13a"
    assert tokenizer_for(["나는 간다", "ok"]) == "char"
    assert tokenizer_for(["123"]) == "13a"


def test_an_evaluation_names_what_is_furthest_off():
    found, right = ["a b c d", "x", "a b c e"], ["a b c d", "a b c d", "a b c d"]
    result = compared(found, ["1", "2", "3"], right, mistakes=2)
    assert result.exact == pytest.approx(1 / 3)
    assert [(miss.source, miss.found) for miss in result.mistakes] == [("2", "x"), ("3", "a b c e")]
    record = json.loads(json.dumps(result.to_record()))
    assert record["bleu"]["signature"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert record["mistakes"][0]["target"] == "a b c d"
