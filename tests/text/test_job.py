"""Text commands from Python: lists in, lists out; or files in, a file out."""

import io

import pytest

import nlpcli
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.text.tokenizers.sentencepiece import Subwords
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.text import AnalysisSettings, RunSettings

TEXTS = ["The king  eats", "", "맑은 하늘"]


@pytest.fixture(scope="module")
def subword_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subwords")
    (folder / "text").write_text("low lower lowest\n" * 5)
    model = nlpcli.train_subword(folder / "text", folder / "x.model", vocab_size=270, merges=2)
    assert [row[2] for row in model.merges] == ["lo", "low"]
    return folder / "x.model"


def test_texts_give_a_list_each():
    assert nlpcli.tokenize(TEXTS, lowercase=True) == [["the", "king", "eats"], [], ["맑은", "하늘"]]
    assert nlpcli.tokenize("a b", ngrams="1-2") == [["a", "b", "a_b"]]
    assert nlpcli.tokenize(text for text in TEXTS) == nlpcli.tokenize(TEXTS)
    assert nlpcli.normalize(TEXTS, squeeze_space=True) == ["The king eats", "", "맑은 하늘"]


def test_many_texts_keep_their_order_on_several_processes():
    texts = [f"{number} 밥" for number in range(2500)]
    found = nlpcli.tokenize(texts, tokenizer="char", running=RunSettings(jobs=2))
    assert ["".join(tokens) for tokens in found] == [text.replace(" ", "") for text in texts]


def test_a_text_may_hold_a_line_end():
    assert nlpcli.tokenize(["a\nb"]) == [["a", "b"]]
    assert nlpcli.tokenize(["하늘\n밥"], tokenizer="kiwi") == [["하늘", "밥"]]


def test_tags_and_places_are_given_by_analyse():
    [[sky, *_], []] = nlpcli.analyse(["하늘이 맑다", ""], tokenizer="kiwi")
    assert (sky.form, sky.tag, sky.start, sky.end) == ("하늘", "NNG", 0, 2)
    with pytest.raises(SettingsError, match="output="):
        nlpcli.tokenize(["하늘"], tokenizer="kiwi", pos=True)


def test_output_may_be_an_open_file(tmp_path):
    (tmp_path / "text").write_text("a b\n\nc\n")
    out = io.BytesIO()
    assert nlpcli.tokenize(tmp_path / "text", out, format="lines") == []
    assert out.getvalue() == b"a\nb\n\n\nc\n\n"


def test_no_texts_are_an_error_and_not_stdin():
    with pytest.raises(TypeError, match="give texts"):
        nlpcli.tokenize(None)


def test_subwords_go_and_come_back(subword_model):
    pieces = nlpcli.tokenize(TEXTS, tokenizer="subword", subword_model=subword_model)
    assert nlpcli.detokenize(pieces, subword_model) == TEXTS
    model = Subwords.load(subword_model)
    assert model.tokenize(TEXTS) == pieces
    assert nlpcli.detokenize([model.ids(parts) for parts in pieces], subword_model, ids=True) == TEXTS
    assert nlpcli.detokenize([" ".join(parts) for parts in pieces], subword_model) == TEXTS
    with pytest.raises(InputError, match="ids 0 to"):
        nlpcli.detokenize([[9999]], subword_model, ids=True)


def test_tokenizers_are_compared(tmp_path):
    (tmp_path / "text").write_text("\nit isn't\nso\n")
    found = nlpcli.compare_tokenizers(tmp_path / "text", ["word", "nltk"], lines=1)
    assert found.lines == ["it isn't"]
    assert [one.examples for one in found.tokenizers] == [[["it", "isn't"]], [["it", "is", "n't"]]]
    assert [one.tokens for one in found.tokenizers] == [3, 4]


def test_the_analysis_may_be_an_object():
    assert nlpcli.tokenize(["A B"], analysis=AnalysisSettings(lowercase=True)) == [["a", "b"]]


@pytest.mark.parametrize(("text", "told"), [("나는 학교에 갔다\n", 1), ("I went to 서울\n하나 I see\n", 0)])
def test_english_tags_of_korean_are_told_of(tmp_path, text, told):
    path = tmp_path / "text.txt"
    path.write_text(text * 3, encoding="utf-8")

    said: list[str] = []

    class Notes(Progress):
        def note(self, message):
            said.append(message)

    nlpcli.tokenize([path], tmp_path / "out", pos=True, progress=Notes())
    assert sum("this is Korean" in message for message in said) == told
