"""How good a tagger is, by figures that seqeval gave for the same labels."""

import pytest

from nlpcli.engine.sequences.evaluation import measure, span_metrics
from nlpcli.engine.sequences.examples import Examples
from nlpcli.engine.sequences.records import TaggedSentence
from nlpcli.engine.tagging.training import train
from nlpcli.settings.tagging import TaggerSettings

TRUE = [
    ["B-PER", "I-PER", "O", "B-LOC", "O"],
    ["B-ORG", "I-ORG", "I-ORG", "O", "B-PER", "B-PER"],
    ["O", "O", "B-LOC", "I-LOC", "O"],
    ["B-MISC", "O", "B-ORG", "I-ORG"],
]
FOUND = [
    ["B-PER", "I-PER", "O", "B-LOC", "B-LOC"],
    ["B-ORG", "I-ORG", "O", "O", "B-PER", "I-PER"],
    ["O", "I-LOC", "I-LOC", "I-LOC", "O"],
    ["B-MISC", "O", "B-LOC", "I-LOC"],
]
# seqeval 1.2.2: classification_report(TRUE, FOUND, output_dict=True)
SEQEVAL = {
    "LOC": (0.25, 0.5, 0.3333333333333333, 2),
    "MISC": (1.0, 1.0, 1.0, 1),
    "ORG": (0.0, 0.0, 0.0, 2),
    "PER": (0.5, 0.3333333333333333, 0.4, 3),
}


def test_spans_are_counted_as_seqeval_counts_them():
    rows = span_metrics(TRUE, FOUND)
    assert {row.label: (row.precision, row.recall, row.f1, row.there) for row in rows} == {
        label: pytest.approx(figures) for label, figures in SEQEVAL.items()
    }
    assert sum(row.right for row in rows) == 3 and sum(row.found for row in rows) == 8


def examples(words, tags, target):
    found = Examples(target=target)
    for number, pair in enumerate(zip(words, tags, strict=True)):
        found.add(TaggedSentence(*pair, "file", 10 * number + 1, True))
    return found


WORDS = [["Kim", "met", "Ann", "Lee"], ["Seoul", "is", "big"]] * 9
LABELS = [["B-P", "O", "B-P", "I-P"], ["B-L", "O", "O"]] * 9
SMALL = TaggerSettings(hash_bits=12)


def test_words_never_seen_and_whole_sentences_are_counted_apart():
    tags = [[tag[-1] for tag in sentence] for sentence in LABELS]
    model = train(WORDS, tags, "upos", SMALL)
    cases = examples([["Kim", "met", "Bob"], ["Seoul", "is"]], [["P", "O", "X"], ["L", "O"]], "upos")
    found = measure(model, cases, mistakes=5)
    assert found.unseen == (0, 1) and found.unseen_accuracy == 0
    assert found.accuracy == 0.8 and found.sentences == (1, 2) and not found.spans
    assert found.tokens.labels[-1] == "X" and found.tokens.confusion.sum() == 5
    (mistake,) = found.mistakes
    assert (mistake.place, mistake.text, mistake.true) == ("file:3", "Bob", "X")
    assert mistake.context == "Kim met [Bob]"
    record = found.to_record()
    assert record["words"] == 5 and record["unseen_words"] == 1 and "spans" not in record


def test_mistakes_of_spans_are_those_missed_those_too_many_and_those_of_another_type():
    model = train(WORDS, LABELS, "ner", SMALL)
    cases = examples([["Kim", "met", "Ann", "Lee"], ["Seoul", "is", "big"]],
                     [["B-P", "I-P", "B-L", "I-L"], ["O", "O", "O"]], "ner")  # fmt: skip
    found = measure(model, cases, mistakes=10)
    shown = [(one.place, one.text, one.true, one.predicted) for one in found.mistakes]
    assert shown == [
        ("file:1", "Kim", "O", "P"), ("file:1", "Kim met", "P", "O"), ("file:3", "Ann Lee", "L", "P"),
        ("file:11", "Seoul", "O", "L"),
    ]  # fmt: skip
    assert found.overall().right == 0 and len(measure(model, cases, mistakes=2).mistakes) == 2
    assert found.to_record()["spans"]["there"] == 2
