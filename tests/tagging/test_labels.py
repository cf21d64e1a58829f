import itertools

from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.tagging.labels import Span, bio2, bioes, may_follow, scheme_of, spans_of


@st.composite
def spans(draw):
    """Spans of a sentence that do not overlap, and its length."""
    edges = sorted(draw(st.sets(st.integers(0, 20), min_size=2)))
    found = [
        Span(start, end, draw(st.sampled_from(["PER", "LOC", "B-x"])))
        for start, end in itertools.pairwise(edges)
        if draw(st.booleans())
    ]
    return found, edges[-1] + draw(st.integers(0, 3))


@given(spans())
def test_spans_come_back_from_every_scheme(drawn):
    found, length = drawn
    assert spans_of(bio2(found, length)) == found
    assert spans_of(bioes(found, length)) == found
    letters = {"E": "L", "S": "U"}
    bilou = [letters.get(tag[0], tag[0]) + tag[1:] for tag in bioes(found, length)]
    assert spans_of(bilou) == found


@given(spans())
def test_bio_1_is_read_as_it_is_meant(drawn):
    found, length = drawn
    tags = bio2(found, length)
    first = [
        "I" + tag[1:] if tag[0] == "B" and (not place or tags[place - 1][2:] != tag[2:]) else tag
        for place, tag in enumerate(tags)
    ]
    assert spans_of(first) == found


@given(spans())
def test_labels_of_bio_2_are_legal_and_known_as_such(drawn):
    tags = bio2(*drawn)
    assert all(may_follow(before, tag) for before, tag in zip(["O", *tags], tags, strict=False))
    assert scheme_of([tags]).wrong == 0


def test_entities_are_those_that_seqeval_finds():
    # seqeval 1.2.2, get_entities, whose ends are inclusive
    tags = ["B-PER", "I-LOC", "I-LOC", "O", "I-PER", "B-PER", "I-PER", "I-ORG"]
    assert [*map(tuple, spans_of(tags))] == [
        (0, 1, "PER"), (1, 3, "LOC"), (4, 5, "PER"), (5, 7, "PER"), (7, 8, "ORG"),
    ]  # fmt: skip


def test_a_few_strange_tags_are_mistakes_and_many_are_another_kind_of_tags():
    labels = [["B-PER", "O"]] * 30
    assert scheme_of([*labels, ["O", "PER"]]).strange == (30, 1)
    assert scheme_of([["B-PER", "NN", "VB"]] * 9).name == ""
    assert scheme_of([["O", "O"]]).name == ""
