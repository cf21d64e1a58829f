"""The tokenizer morph: kiwi's morphemes, by a model of nlpcli's own."""

from __future__ import annotations

import dataclasses
import functools
import unicodedata
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.engine.corpus import encoding
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.runtime.machine_code import type_of
from nlpcli.engine.tagging.morphemes import MorphemeModel, states_of
from nlpcli.engine.tagging.syllable_labels import Piece, described, form_of, labels_of, letters_of
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.morpheme_writer import MorphemeWriter
from nlpcli.engine.text.normalizers import Normalizer
from nlpcli.engine.text.tokenizers.korean import make_analyser
from nlpcli.engine.text.tokenizers.morph import Morphemes, shipped_model
from nlpcli.errors import ModelError, NlpcliError
from nlpcli.settings.text import AnalysisSettings, NormalizeSettings
from nlpcli.settings.vocabulary import VocabularySettings

ROOT = Path(__file__).parents[2]
NOTES = {
    **dict.fromkeys(("먹으므로", "먹고", "먹니", "먹지", "먹으며", "먹어서"), "먹다"),
    **dict.fromkeys(("맑고", "맑지만", "맑았는데", "맑은"), "맑다"),
}
LINES = [
    "나는 어제 학교에 갔다.",
    "그는 열심히 공부를 해서 시험에 합격했다.",
    "날씨가 더워서 물을 마셨습니다.",
    "이 노래는 정말 아름다웠어요!",
    "친구와 함께 도서관에서 책을 읽었다.",
]
HOSTILE = [
    "", " ", "\t \u3000", "\x00", "가\x00나", "\ud800", "😀", "맑은😀하늘👨\u200d👩\u200d👧", "\u200b",
    "ㅋㅋㅋ ㅠㅠ",
    "a" * 50, "가" * 9000, "가나 " * 3000, "ａｂｃ １２３", "漢字와 カタカナ", "𠀀 𝒳", "\u0301가", "\n가\r나",
]  # fmt: skip


@pytest.fixture(scope="module")
def morph():
    return Morphemes(shipped_model())


def told(tokens):
    return [(token.form, token.tag, token.start, token.end) for token in tokens]


@pytest.mark.parametrize("form", NOTES)
def test_the_ten_forms_of_the_notes(morph, form):
    tokens = morph.analyse(form)
    assert tokens[0].lemma == NOTES[form]
    assert tokens[0].tag[:2] in ("VV", "VA")
    assert all(token.tag[0] in "EN" for token in tokens[1:])


@pytest.mark.parametrize("line", LINES)
def test_it_stands_in_for_kiwi(morph, line):
    kiwi = make_analyser("kiwi")
    assert morph.analyse(line) == kiwi(line)
    assert morph.tokens(line) == [token.form for token in kiwi(line)]


def test_base_forms_are_restored_in_place(morph):
    assert told(morph.analyse("갔다")) == [("가", "VV", 0, 1), ("었", "EP", 0, 1), ("다", "EF", 1, 2)]
    assert told(morph.analyse("나온 사람"))[:2] == [("나오", "VV", 0, 2), ("ㄴ", "ETM", 1, 2)]


@pytest.mark.parametrize("line", HOSTILE)
def test_places_cover_the_text_in_order(morph, line):
    tokens = morph.analyse(line)
    assert [token.form for token in tokens] == morph.tokens(line)
    covered = set()
    for token in tokens:
        assert 0 <= token.start <= token.end <= len(line)
        assert token.form and token.tag
        covered.update(range(token.start, token.end))
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    missing = {place for place, sign in enumerate(line) if not sign.isspace()} - covered
    assert all(line[place] in "\x00\ud800" for place in missing)


def test_decomposed_text_has_the_same_morphemes(morph):
    line = unicodedata.normalize("NFD", LINES[0])
    tokens = morph.analyse(line)
    assert [token[:1] + token[3:] for token in tokens] == [t[:1] + t[3:] for t in morph.analyse(LINES[0])]
    school = next(token for token in tokens if token.form == "학교")
    assert unicodedata.normalize("NFC", line[school.start : school.end]) == "학교"


def test_lines_that_are_prepared_give_what_they_give_alone(morph):
    ahead = Morphemes(shipped_model())
    ahead.prepare([*LINES, "", LINES[0]])
    assert [ahead.analyse(line) for line in LINES] == [morph.analyse(line) for line in LINES]


def test_addresses_are_whole(morph):
    line = "http://nlp.org/a?b=1, kim@nlp.co.kr #하늘 @kim_lee 3@5"
    tags = {token.form: token.tag for token in morph.analyse(line)}
    assert tags["http://nlp.org/a?b=1"] == "W_URL"
    assert tags["kim@nlp.co.kr"] == "W_EMAIL"
    assert tags["#하늘"] == "W_HASHTAG"
    assert tags["@kim_lee"] == "W_MENTION"
    assert "3@5" not in tags


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("#", "#/SW"),
        ("a #@b", "a/SL #/SW @b/W_MENTION"),
        ("##하늘 ##", "#/SW #하늘/W_HASHTAG ##/SW"),
        ("사과#배", "사과/NNG #배/W_HASHTAG"),
        ("#123", "#/SW 123/SN"),
        ("C#을 배운다", "C/SL #/SW "),
        ("C#은 쉽다", "C/SL #/SW 은/JX 쉽/VA-I 다/EF"),
    ],
)
def test_a_sign_of_nothing_is_no_hashtag(morph, line, told):
    found = " ".join(f"{token.form}/{token.tag}" for token in morph.analyse(line))
    assert found.startswith(told) if told.endswith(" ") else found == told


def test_user_words_are_kept_whole():
    with_words = Analyzer(AnalysisSettings(tokenizer="morph", user_dict="가나다라마\tNNP\n뚫훓\tNNG\n"))
    tokens = with_words.analyse("가나다라마는 뚫훓을 가나다라마라고")
    assert told(tokens)[:4] == [
        ("가나다라마", "NNP", 0, 5),
        ("는", "JX", 5, 6),
        ("뚫훓", "NNG", 7, 9),
        ("을", "JKO", 9, 10),
    ]
    assert tokens[4].form == "가나다라마"


def test_a_user_word_with_an_unknown_tag_is_an_error():
    with pytest.raises(NlpcliError, match="no tag NOTAG"):
        Analyzer(AnalysisSettings(tokenizer="morph", user_dict="챗봇\tNOTAG\n"))


def test_lemmas_tags_and_stop_words_go_as_with_kiwi(nlpcli):
    line = "학교에서 맑은 하늘을 보았다\n"
    for options in (["--lemma"], ["--keep-pos", "N"], ["--stopwords", "ko"], ["--pos", "--tagset", "upos"]):
        found = [
            nlpcli("tokenize", "--tokenizer", name, *options, input=line).out for name in ("morph", "kiwi")
        ]
        assert found[0] == found[1]


def test_labels_tell_morphemes_and_back():
    text = "나온 언어다"
    morphemes = [
        ("나오", "VV", 0, 2), ("ㄴ", "ETM", 1, 2), ("언어", "NNG", 3, 5), ("이", "VCP", 5, 5),
        ("다", "EF", 5, 6),
    ]  # fmt: skip
    labels = labels_of(text, morphemes)
    assert labels[1] == (Piece("I", "VV", "==0"), Piece("B", "ETM", "ㄴ"))
    assert labels[2] == ()
    assert [piece.mark for piece in labels[5]] == ["Z", "B"]
    assert form_of(text[:2], labels[:2], 0) == "나오"
    assert labels_of(text, [("나온 언어다", "NNG", 0, 6)]) is None  # white space within a morpheme
    assert labels_of(text, morphemes[:2]) is None  # characters of no morpheme


def test_letters_are_told_by_the_character():
    for letters, character in (
        ("가", "갔"),
        ("ㄴ", "온"),
        ("에게", "게"),
        ("", "우"),
        ("쉽", "쉬"),
        ("=", "가"),
    ):
        assert letters_of(described(letters, character), character) == letters or letters == "="


@pytest.mark.parametrize(
    ("number", "tag"),
    [
        ("010-1234-5678", "W_SERIAL"),
        ("2024-03-09", "W_SERIAL"),
        ("192.168.0.1", "W_SERIAL"),
        ("12:30", "W_SERIAL"),
        ("1,000,000", "SN"),
        ("3.14", "SN"),
        ("2024", "SN"),
    ],
)
def test_a_number_is_one_token(number, tag):
    for line in (number, f"전화는 {number} 입니다."):
        begin = line.index(number)
        tokens = [token for token in Analyzer(AnalysisSettings(tokenizer="morph")).analyse(line)
                  if token.start >= begin and token.end <= begin + len(number)]  # fmt: skip
        assert [(token.form, token.tag) for token in tokens] == [(number, tag)]


def written(lines, analyzer, tags):
    block = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    return MorphemeWriter(analyzer, tags).lines(block).decode().split("\n")[:-1]


def by_tokens(lines, analyzer, tags):
    if tags:
        tokens = map(analyzer.analyse, lines)
        return [" ".join(f"{token.form}/{token.tag}" for token in line) for line in tokens]
    return [" ".join(analyzer.tokens(line)) for line in lines]


any_line = st.text(
    st.one_of(
        st.sampled_from(
            "갔온다었ㅋㅠ하해됐 .,12@#:/aB\t\u00a0\u1112\u1161\u11ab\u0301\u200b\u200d\ufe0f"
            "❤👩👍\U0001f3fd🇰🇷\u20e3\u0915\u094d\u0646\x00漢"
        ),
        st.characters(exclude_characters="\n\r"),
    ),
    max_size=40,
)  # fmt: skip
WRITTEN = [AnalysisSettings(tokenizer="morph", **one) for one in (
    {}, {"keep_pos": ("NNG", "VV", "S")}, {"drop_pos": ("J", "E"), "user_dict": "가나다\tNNP\n뚫훓\tNNG\n"}
)]  # fmt: skip
ANALYZERS = [functools.cache(functools.partial(Analyzer, one)) for one in WRITTEN]


@pytest.mark.parametrize("tags", [False, True])
@pytest.mark.parametrize("settings", WRITTEN)
def test_the_kernel_writes_what_the_tokens_are(settings, tags):
    analyzer = Analyzer(settings)
    lines = [
        *LINES,
        *NOTES,
        *(line.replace("\n", "") for line in HOSTILE),
        "뚫훓은 가나다라고 http://a.kr",
        *LINES,
    ]
    assert written(lines, analyzer, tags) == by_tokens(lines, analyzer, tags)


@hypothesis.settings(max_examples=60)
@given(lines=st.lists(any_line, max_size=4), number=st.integers(0, 2), tags=st.booleans())
def test_the_kernel_writes_any_text_as_the_tokens_are(lines, number, tags):
    analyzer = ANALYZERS[number]()
    assert written(lines, analyzer, tags) == by_tokens(lines, analyzer, tags)


@hypothesis.settings(max_examples=40)
@given(lines=st.lists(any_line, max_size=4), lowercase=st.booleans())
def test_both_roads_to_ids_give_the_same_tokens(lines, lowercase):
    analyzer = Analyzer(AnalysisSettings(tokenizer="morph", lowercase=lowercase))
    block = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    found = encoding._scan_blocks([block], analyzer, keep=True)
    if not len(found.types):
        assert not any(map(analyzer.tokens, lines))
        return
    corpus = encoding.finish(found, VocabularySettings(vocab_order="first-seen"))
    tokens = [[corpus.vocabulary.tokens[number] for number in line] for line in corpus]
    assert tokens == [analyzer.tokens(line) for line in lines]


@pytest.mark.parametrize("options", [[], ["--pos"], ["--keep-pos", "N,V"]])
def test_files_come_out_as_lines_do(nlpcli, tmp_path, options):
    text = tmp_path / "text.txt"
    text.write_bytes("".join(f"{line}\r\n" for line in [*LINES, "", "좋아요👍🏽 ❤️"]).encode())
    assert nlpcli("tokenize", "--tokenizer", "morph", *options, text).out == (
        nlpcli("tokenize", "--tokenizer", "morph", "--jobs", "2", *options, text).out
    )


@pytest.mark.parametrize(
    "picture",
    ["👨\u200d👩\u200d👧", "🇰🇷", "👍🏽", "❤\ufe0f", "©\ufe0f", "🏴\U000e0067\U000e0062\U000e007f"],
)
def test_a_picture_is_whole(morph, picture):
    line = f"축구{picture}{picture} 좋아요{picture}"
    assert Normalizer(NormalizeSettings(mask=("emoji",)))(line) == "축구<emoji><emoji> 좋아요<emoji>"
    tokens = [token for token in Analyzer(WRITTEN[0]).analyse(line) if not token.form[0].isalpha()]
    assert [token.form for token in tokens] == [picture] * 3
    assert {token.tag for token in tokens} == {"SW" if picture == "🇰🇷" else "W_EMOJI"}
    assert all(line[token.start : token.end] == picture for token in tokens)


@pytest.mark.parametrize("name", ["morphemes", "morphemes-nouns"])
def test_a_model_is_packed_and_comes_back(tmp_path, name):
    given = ROOT / "tests" / "models" / f"{name}.safetensors"
    model, path = MorphemeModel.load(given), tmp_path / "packed.safetensors"
    model.save(path)
    again = MorphemeModel.load(path)
    for one, other in zip((*model.weights, *model.lexicon), (*again.weights, *again.lexicon), strict=True):
        assert np.array_equal(one, other)
    assert path.stat().st_size <= given.stat().st_size
    assert [*Morphemes(again).tokens(LINES[0])] == Morphemes(model).tokens(LINES[0])
    kept, damaged = read_model(path, "morphemes"), path.with_name("damaged.safetensors")
    for packed in ("weights.packed", "morphemes.packed"):
        for content in (kept.tensors[packed].tobytes()[:-9], b"\0" * 90):
            tensors = {**kept.tensors, packed: np.frombuffer(content, np.uint8)}
            write_model(damaged, "morphemes", kept.header, tensors)
            with pytest.raises(ModelError, match="damaged"):
                MorphemeModel.load(damaged)
    write_model(damaged, "morphemes", {**kept.header, "lines": 7}, kept.tensors)
    with pytest.raises(ModelError, match="damaged"):
        MorphemeModel.load(damaged)


@pytest.mark.parametrize("name", ["morphemes", "morphemes-nouns"])
def test_what_a_file_holds_is_where_kernels_read_it(name):
    """In older files arrays begin anywhere; one not aligned brings in numba: half a second a start."""
    given = MorphemeModel.load(ROOT / "tests" / "models" / f"{name}.safetensors")
    for model in (given, shipped_model()):
        assert "?" not in type_of((model.units, model.words, tuple(model.lexicon), tuple(model.weights)))


def test_what_a_noun_weighs_is_told_by_its_length_and_its_place():
    model = MorphemeModel.load(ROOT / "tests" / "models" / "morphemes-nouns.safetensors")
    begins_and_ends, state = 3, states_of(model.labels, 3)["NNG", 2]

    def nouns(weight):
        morphemes = np.zeros_like(model.weights.morphemes)
        morphemes[2, begins_and_ends, :, state] = weight
        weights = model.weights._replace(morphemes=morphemes, beam=1 << 20)
        tokens = Morphemes(dataclasses.replace(model, weights=weights)).analyse("가방 책상 우리학교에")
        return [token.form for token in tokens if token.tag == "NNG" and len(token.form) == 2]

    assert nouns(30_000)[:2] == ["가방", "책상"]
    assert not {"가방", "책상"}.intersection(nouns(-30_000))


def test_inspect_tells_whose_analyses_were_learnt_from(nlpcli):
    told = nlpcli("inspect", "korean-morphemes").out
    assert "learnt from analyses by kiwipiepy 0.2" in told
    assert "learnt_from" not in nlpcli("inspect", ROOT / "tests" / "models" / "morphemes.safetensors").out
