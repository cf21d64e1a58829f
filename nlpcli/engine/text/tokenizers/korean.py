"""Korean morphological analysers by name: kiwi and mecab here, the Java ones through `konlpy.py`.

Each is a function from a line to its `Token`s: morphemes with tag, place and dictionary form.
What the libraries cannot take is kept from them: NUL and lone surrogates, decomposed Hangul,
characters beyond U+FFFF, lines so long that their time grows with the square of the length.

Not here: the process a Java analyser runs in (`runtime/processes.py`), common tag sets (`text/tagsets.py`),
and what is dropped or joined afterwards (`text/analyzer.py`).
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from nlpcli.engine.text.token import Token
from nlpcli.engine.text.tokenizers import mecab as mecab_bindings
from nlpcli.engine.text.tokenizers.morphemes import dictionary_form, guarded
from nlpcli.engine.text.tokenizers.tokenizer import Analyse
from nlpcli.errors import MissingDependency, NlpcliError


def make_analyser(name: str, user_dict: str = "") -> Analyse:
    """The analyser of that name, loaded and guarded. `user_dict` is a dictionary's content.

    Raises MissingDependency when its library, or Java, is not installed.
    """
    return guarded(ANALYSERS[name](user_dict), narrow=name in ("komoran", "kkma"))


# --- kiwi -----------------------------------------------------------------------------------


def kiwi(user_dict: str = "") -> Analyse:
    """Kiwi, the default: no Java, lemmas, places in the line."""
    model = kiwi_model(user_dict)

    def analyse(text: str) -> list[Token]:
        tokens: list[Token] = []
        for found in model.tokenize(text, compatible_jamo=True):
            token = Token(found.form, found.start, found.end, found.tag, found.lemma)
            if token.tag == "SL":
                _add_latin(tokens, token)
            else:
                tokens.append(token)
        return tokens

    return analyse


def _add_latin(tokens: list[Token], token: Token) -> None:
    """A Latin word, whole and without its period: kiwi makes `process` and `ing.` of processing."""
    if tokens and tokens[-1].tag == "SL" and tokens[-1].end == token.start:
        before = tokens.pop()
        token = before._replace(form=before.form + token.form, end=token.end)
    word = token.form[:-1]
    if token.form.endswith(".") and word.isalpha():
        tokens.append(Token(word, token.start, token.end - 1, "SL", word))
        tokens.append(Token(".", token.end - 1, token.end, "SF", "."))
    else:
        tokens.append(token._replace(lemma=token.form))


@functools.lru_cache(maxsize=2)
def kiwi_model(user_dict: str = "") -> Any:
    """A loaded `kiwipiepy.Kiwi`, shared by all who ask for the same words.

    Its dictionary of phrases (tokens with spaces inside) stays out.
    """
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise MissingDependency("kiwipiepy is not installed", hint="pip install kiwipiepy") from error
    model = Kiwi(num_workers=1, load_multi_dict=False)
    for form, tag, score in entries(user_dict):
        try:
            model.add_user_word(form, tag or "NNP", float(score or 0))
        except ValueError as error:
            raise NlpcliError(
                f"kiwi refuses the user word {form!r}: {error}",
                hint="a line is: word TAB tag TAB score, e.g. 챗봇\tNNG\t0",
            ) from error
    return model


def entries(user_dict: str) -> Iterator[tuple[str, str, str]]:
    """`form, tag, score` of each line of a user dictionary; tag and score may be missing."""
    for line in user_dict.split("\n"):
        fields = [field.strip() for field in line.split("\t")]
        if fields[0] and not line.startswith("#"):
            form, tag, score, *_ = [*fields, "", ""]
            yield unicodedata.normalize("NFC", form), tag, score


# --- mecab ----------------------------------------------------------------------------------


def mecab(user_dict: str = "") -> Analyse:
    """mecab-ko, the fastest: through a binding and a dictionary that come as wheels (`mecab.py`)."""
    parse = mecab_bindings.load([*_mecab_lines(user_dict)] if user_dict else [])

    def analyse(text: str) -> list[Token]:
        tokens: list[Token] = []
        for found in parse(text):
            parts = _mecab_parts(found.surface, found.tag, found.expression)
            tokens += [
                Token(form, found.start, found.end, tag, dictionary_form(form, tag)) for form, tag in parts
            ]
        return tokens

    return analyse


# mecab's dictionary spells endings such as ㄴ다 with the conjoining ᆫ.
_COMPATIBLE = dict(
    zip(range(0x11A8, 0x11C3), "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ", strict=True)
)


def _mecab_parts(surface: str, tag: str, expression: str) -> list[tuple[str, str]]:
    """The morphemes of a fused form: 했 `XSV+EP` is `하/XSV/*+았/EP/*`."""
    if "+" not in tag or not expression:
        return [(surface, tag)]
    parts = [part.split("/") for part in expression.split("+")]
    if any(len(part) < 2 or not part[0] for part in parts):
        return [(surface, tag)]
    return [(part[0].translate(_COMPATIBLE), part[1]) for part in parts]


def _mecab_lines(user_dict: str) -> Iterator[str]:
    """Lines as mecab's compiler wants them; `word TAB tag` is written out, CSV passes through."""
    for line in user_dict.split("\n"):
        if line.count(",") >= 11:
            yield line
    for form, tag, score in entries("\n".join(x for x in user_dict.split("\n") if x.count(",") < 11)):
        final = "T" if _has_final(form[-1]) else "F"
        # Left and right context 1786/3545 are those of a proper noun with and without a final
        # consonant in mecab-ko-dic; a low cost makes the word win over its parts.
        context = "1786,3546" if final == "T" else "1786,3545"
        yield f"{form},{context},{score or -1000},{tag or 'NNP'},*,{final},{form},*,*,*,*"


def _has_final(letter: str) -> bool:
    return "가" <= letter <= "힣" and (ord(letter) - ord("가")) % 28 > 0


# --- what they share ------------------------------------------------------------------------


def _java(name: str) -> Callable[[str], Analyse]:
    def load(user_dict: str = "") -> Analyse:
        from nlpcli.engine.text.tokenizers import konlpy

        return konlpy.make(name, user_dict)

    return load


JAVA_ANALYSERS = ("komoran", "okt", "hannanum", "kkma")
ANALYSERS: dict[str, Callable[[str], Analyse]] = {
    "kiwi": kiwi,
    "mecab": mecab,
    **{name: _java(name) for name in JAVA_ANALYSERS},
}
