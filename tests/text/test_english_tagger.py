"""English parts of speech: tags, and what they decide."""

from __future__ import annotations

import functools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.lemmas import resolve_clitics
from nlpcli.engine.text.penn import upos
from nlpcli.engine.text.stemmers import make_english_lemmatizer, make_tagged_lemmatizer
from nlpcli.engine.text.stopwords import load
from nlpcli.engine.text.tagsets import ENGLISH, converted
from nlpcli.settings.text import AnalysisSettings

SENTENCE = "I saw the saw. It's a better meeting than Ann's, she said."


@functools.cache
def analyzer(**settings):
    return Analyzer(AnalysisSettings(**{"tokenizer": "nltk", **settings}))


def tagged(text, **settings):
    return " ".join(
        f"{token.form}/{token.tag}" for token in analyzer(tag_english=True, **settings).analyse(text)
    )


def test_words_have_penn_tags():
    assert tagged("They can't fish, can they?") == "They/PRP ca/MD n't/RB fish/VB ,/, can/MD they/PRP ?/."


def test_a_word_has_the_tag_of_the_treebank_token_it_begins_with():
    assert tagged("I don't panic!", tokenizer="whitespace") == "I/PRP don't/VBP panic!/VB"
    assert tagged('He said "no".', tokenizer="word") == "He/PRP said/VBD no/UH"
    found = tagged("(we lost)", tokenizer="regexp", pattern=r"\S+t|.")
    assert found == "(/-LRB- w/PRP e/PRP  / lost/VBD )/-RRB-"


def test_a_line_is_tagged_sentence_by_sentence():
    assert tagged("We left. The left lost.") == "We/PRP left/VBD ./. The/DT left/NN lost/VBD ./."


def test_tags_go_to_upos_by_word_and_context():
    tokens = analyzer(tag_english=True).analyse("She has not done what she has.")
    found = [token.tag for token in converted("nltk", tokens, "upos")]
    assert found == ["PRON", "AUX", "PART", "VERB", "PRON", "PRON", "VERB", "PUNCT"]


@pytest.mark.parametrize(
    ("words", "tags", "parts"),
    [
        ("did you see that", "VBD PRP VB DT", "AUX PRON VERB PRON"),
        ("after she left", "IN PRP VBD", "SCONJ PRON VERB"),
        ("after the rain", "IN DT NN", "ADP DET NOUN"),
        ("this one is mine", "DT NN VBZ PRP", "DET NOUN AUX PRON"),
        ("nobody has it", "NN VBZ PRP", "PRON VERB PRON"),
    ],
)
def test_penn_tags_that_mean_two_things(words, tags, parts):
    assert upos(words.split(), tags.split()) == parts.split()


def test_lemmas_go_by_tag():
    found = " ".join(analyzer(lemma=True, tag_english=True).tokens(SENTENCE))
    assert found == "I see the saw . it be a good meeting than Ann 's , she say ."
    lemma = make_tagged_lemmatizer()
    assert [lemma("left", tag) for tag in ("VBD", "JJ", "NN")] == ["leave", "left", "left"]
    assert [lemma("meeting", tag) for tag in ("NN", "VBG")] == ["meeting", "meet"]
    assert [lemma(word, "NNP") for word in ("Edwards", "AM")] == ["Edwards", "AM"]
    assert [lemma(word, "NNPS") for word in ("Beatles", "Romans")] == ["Beatles", "Roman"]
    assert [lemma("학교에서", "NN"), lemma("it’s", "PRP")] == ["학교", "it’s"]


def test_without_tags_a_clitic_is_told_by_its_neighbours():
    assert analyzer(lemma=True).tokens("It's Ann's idea.") == ["it", "be", "Ann", "'s", "idea", "."]
    assert [token.form for token in analyzer(lemma=True).analyse("It's so")] == ["it", "be", "so"]
    assert resolve_clitics(["’s", "'s"]) == ["’s", "'s"]


def test_a_lone_surrogate_has_no_lemma():
    assert analyzer(lemma=True).tokens("\ud800ing \ud800") == ["\ud800ing", "\ud800"]
    assert make_tagged_lemmatizer()("\ud800ing", "VBG") == "\ud800ing"


def test_contractions_have_no_lemma():
    lemma = make_english_lemmatizer()
    assert [lemma(word) for word in ("it's", "Don't", "n't")] == ["it's", "Don't", "not"]


def test_words_are_kept_and_dropped_by_tag():
    text = "The old man quickly gave her two books."
    assert analyzer(keep_pos=("NN,VB",)).tokens(text) == ["man", "gave", "books"]
    assert analyzer(keep_pos=("NOUN", "VERB"), lemma=True).tokens(text) == ["man", "give", "book"]
    assert analyzer(drop_pos=("PUNCT", "D"), tokenizer="word").tokens(text)[0] == "old"
    assert not analyzer(keep_pos=("NOUN",), tokenizer="word").is_plain


def test_stop_words_go_before_lemmas():
    found = analyzer(lemma=True, tag_english=True, stopwords=load(["en"])).tokens("The men are mine.")
    assert found == ["man", "my", "."]


def test_a_mask_is_tagged_as_a_symbol():
    assert tagged("See https://a.kr/b now", mask=("url",)) == "See/VB <url>/SYM now/RB"


@pytest.mark.parametrize("name", [name for name in ENGLISH if name != "regexp"])
@given(text=st.text(alphabet="ab.\"' \n\x00\x85\ud800가!é—…(", max_size=40) | st.text(max_size=20))
@example("a" * 5000 + " b" * 500)
def test_tags_change_nothing_but_tags(name, text):
    bare, tokens = (
        analyzer(tokenizer=name).analyse(text),
        analyzer(tokenizer=name, tag_english=True).analyse(text),
    )
    assert bare == [token._replace(tag="", lemma="") for token in tokens]
    assert all(token.tag for token in tokens)


def test_it_needs_no_library_and_no_file_of_the_same_name_is_taken_for_it(process, tmp_path):
    (tmp_path / "english-pos").write_text("mine")
    program = "import sys; sys.modules.update(dict.fromkeys(('pycrfsuite', 'gruut_lang_en', 'torch')));"
    program += "import nlpcli; print(nlpcli.analyse(['I saw the saw.'], tokenizer='nltk', tag_english=True))"
    assert "Token(form='saw', start=10, end=13, tag='NN', lemma='saw')" in process.python(program).out


def test_every_format_shows_tags_and_lemmas_when_they_are_asked_for():
    from nlpcli.engine.text.token_formats import Details
    from nlpcli.settings.text import TokenFormatSettings

    analysis = AnalysisSettings(tokenizer="nltk", tag_english=True)
    tokens = Analyzer(analysis).analyse("It is.")
    universal = converted("nltk", tokens, "upos")

    def lines(**shape):
        details = Details(TokenFormatSettings(pos=True, **shape), analysis, True, None)
        return [*details.head(), *details.lines("It is.", tokens, universal)]

    assert lines(format="text") == ["It/PRP is/VBZ ./."]
    assert lines(format="lines")[1] == "is\tVBZ"
    assert lines(format="tsv")[:3] == [
        "line\ttoken\ttag\tlemma\tstart\tend",
        "1\tIt\tPRP\tit\t0\t2",
        "1\tis\tVBZ\tbe\t3\t5",
    ]
    assert '"tags": ["PRP", "VBZ", "."], "lemmas": ["it", "be", "."]' in lines(format="jsonl")[0]
    assert lines(format="conllu")[3].startswith("2\tis\tbe\tAUX\tVBZ\t")
