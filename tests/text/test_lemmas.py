"""English dictionary forms: the families of words that tables mistake, with and without tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.text.lemmas import english_lemmas, tagged_english_lemmas

BARE, TAGGED = english_lemmas(), tagged_english_lemmas()

# Forms in -ing and -ed, whose base may or may not have an e, a doubled letter or a k less.
VERBS = """
    singing sing, swinging swing, winging wing, ringing ring, bringing bring, clinging cling, flinging fling,
    stinging sting, slinging sling, wringing wring, springing spring, stringing string, pinging ping,
    hanging hang, banging bang, longing long, changing change, ranging range, lounging lounge,
    plunging plunge, cringing cringe, hinging hinge, binging binge, impinging impinge, infringing infringe,
    hoping hope, hopping hop, scrapping scrap, planing plane, planning plan, fixing fix, playing play,
    thinking think, buying buy, growing grow, mixing mix, thanking thank, travelling travel,
    cancelling cancel, modelling model, labelling label, preferring prefer, referring refer,
    occurring occur, mimicking mimic, panicking panic, trafficking traffic, dying die, lying lie, tying tie,
    vying vie, singeing singe, agreeing agree, seeing see, fleeing flee, skiing ski, taxiing taxi,
    quizzing quiz, focusing focus, gassing gas, drenching drench, depositing deposit, passing pass,
    possessing possess, proclaiming proclaim, determining determine, swearing swear, wearing wear,
    tearing tear, bearing bear, sharing share, staring stare, starring star, writing write, sitting sit,
    setting set, serving serve, licking lick, picking pick
"""
NOUNS = """
    leaves leaf, lives life, knives knife, wolves wolf, halves half, loaves loaf, thieves thief, calves calf,
    scarves scarf, shelves shelf, wives wife, elves elf, caves cave, waves wave, gloves glove, curves curve,
    geese goose, oxen ox, mice mouse, men man, women woman, children child, feet foot, teeth tooth,
    physics physics, economics economics, mathematics mathematics, politics politics,
    linguistics linguistics, gymnastics gymnastics, scissors scissors, trousers trousers, pants pants,
    jeans jeans, tweezers tweezers, pliers pliers, news news, series series, species species, sheep sheep,
    fish fish, deer deer, aircraft aircraft, crises crisis, analyses analysis, theses thesis,
    matrices matrix, vertices vertex, criteria criterion, phenomena phenomenon, nuclei nucleus,
    stimuli stimulus, larvae larva, skies sky, cities city, boxes box, buses bus, heroes hero,
    potatoes potato, photos photo, asses ass, masses mass, crosses cross, losses loss, churches church,
    movies movie, ties tie, pies pie, cease-fires cease-fire, passers-by passer-by,
    mothers-in-law mother-in-law
"""
OTHERS = """
    better JJR good, better RBR well, worse JJR bad, bigger JJR big, happiest JJS happy, more JJR more,
    further RBR far, singed VBD singe, sang VBD sing, rose VBD rise, found VBD find, bound VBN bind,
    saw NN saw, saw VBD see, leaves VBZ leave, lives VBZ live, wound VBD wind, fell VBD fall, lay VBD lie,
    Palestinians NNPS Palestinian, CDs NNS CD, NGO's NNS NGO, DOGS NNS dog, Dogs NNS dog,
    1990s NNS 1990s, 60's NNS 60's, 5,000 CD 5000, 1,234,567.89 CD 1234567.89,
    Sept. NNP September, lay VBP lay, are VBP be, cut VBD cut,
    Tues. NNP Tuesday, Singing NNP Singing, ’s POS 's, 's POS 's, ’s VBZ be, n’t RB not, physics NN physics,
    building NN building, 'm VBP be
"""


def table(text):
    return [tuple(entry.split()) for entry in text.replace("\n", " ").split(", ")]


@pytest.mark.parametrize(("form", "lemma"), table(VERBS))
def test_a_verb_loses_its_ending_and_no_more(form, lemma):
    assert (TAGGED(form, "VBG"), BARE(form)) == (lemma, lemma)
    assert TAGGED(form.capitalize(), "VBG") == lemma


@pytest.mark.parametrize(("form", "lemma"), table(NOUNS))
def test_a_plural_becomes_its_singular_and_what_has_none_stays(form, lemma):
    assert TAGGED(form, "NNS") == lemma
    assert BARE(form) == lemma or form == "leaves"  # he leaves, too


@pytest.mark.parametrize(("form", "tag", "lemma"), table(OTHERS))
def test_the_tag_says_what_a_word_comes_from(form, tag, lemma):
    assert TAGGED(form, tag) == lemma


TAGS = "NN NNS NNP NNPS VB VBD VBG VBN VBP VBZ JJ JJR JJS RB RBR RBS CD POS FW".split()  # noqa: SIM905


@given(
    word=st.text(min_size=1, max_size=12) | st.text("ings'’-.k\ud800e", min_size=1), tag=st.sampled_from(TAGS)
)
def test_every_word_has_a_lemma(word, tag):
    assert BARE(word)
    assert TAGGED(word, tag)
