"""Which language a text is in, by py3langid: naive Bayes over byte n-grams (Lui and Baldwin 2011, 2012).

Text whose letters are all Hangul is Korean without a look at the model; text without a letter is
"und" (undetermined, ISO 639-2). A line of two languages is told by what there is more of, and its
probability says how doubtful that is: "이 movie는 very good" is ko at 0.5 to 0.7.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from nlpcli.errors import MissingDependency, SettingsError
from nlpcli.settings.fields import no_such_choice

UNDETERMINED = "und"
# Those with the most text on the web, so that a short line is not taken for a small relative of English.
COMMON = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id",
    "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "ta", "th", "tr", "uk", "ur",
    "vi", "zh",
)  # fmt: skip


# Names that are written where a code is due; three letters are ISO 639-2 and 639-3.
_NAMES = {
    "ar": "arabic ara", "cs": "czech ces", "da": "danish dan", "de": "german deutsch deu ger",
    "el": "greek ell", "en": "english eng en-us en-gb", "es": "spanish spa", "fa": "persian fas",
    "fi": "finnish fin", "fr": "french fra fre", "he": "hebrew heb", "hi": "hindi hin", "hu": "hungarian hun",
    "id": "indonesian ind", "it": "italian ita", "ja": "japanese jpn jp", "ko": "korean kor kr ko-kr 한국어",
    "nl": "dutch nld", "no": "norwegian nor nb", "pl": "polish pol", "pt": "portuguese por",
    "ru": "russian rus", "sv": "swedish swe", "th": "thai tha", "tr": "turkish tur", "uk": "ukrainian ukr",
    "vi": "vietnamese vie", "zh": "chinese zho zh-cn zh-tw cn",
}  # fmt: skip


def no_such_language(option: str, given: str, known: Sequence[str]) -> SettingsError:
    """The error for what is no code of a language; the code, where its name was given.

    >>> no_such_language("--among", "Korean", ["en", "ko"]).hint
    'did you mean ko?'
    """
    meant = [code for code, names in _NAMES.items() if given.lower().replace("_", "-") in names.split()]
    error = no_such_choice(option, given, known)
    hint = f"did you mean {meant[0]}?" if meant else "codes are ISO 639-1, such as ko,en; or all, or common"
    return SettingsError(error.message, hint=hint)


class Languages:
    """Tells the language of texts, `among` some: codes, "common" or "all".

    >>> languages = Languages(("ko", "en"))
    >>> languages.of("세종대왕은 한글을 만들었다"), languages.of("2024!"), languages.of("where is the cat")[0]
    (('ko', 1.0), ('und', 0.0), 'en')

    Raises MissingDependency without the library, SettingsError for a code it does not know.
    """

    def __init__(self, among: tuple[str, ...] = ("common",)) -> None:
        self._identifier = _identifier()
        known = sorted(self._identifier.labels)
        codes = {code for name in among for code in (COMMON if name == "common" else (name,))}
        for code in sorted(codes - {"all"}):
            if code not in known:
                raise no_such_language("--among", code, known)
        if "all" not in codes:
            if len(codes) < 2:
                raise SettingsError(
                    "--among names one language: there is nothing to tell", hint="such as --among ko,en"
                )
            self._identifier.set_languages(sorted(codes))
        self.codes = (*sorted(self._identifier.labels), UNDETERMINED)
        self._may_be_korean = "ko" in self.codes

    def of(self, text: str) -> tuple[str, float]:
        """The code (ISO 639-1, or 639-3 where that has none) and how probable it is among the languages."""
        letters = [letter for letter in text if letter.isalpha()]
        if not letters:
            return UNDETERMINED, 0.0
        if self._may_be_korean and all(map(_is_hangul, letters)):
            return "ko", 1.0
        code, probability = self._identifier.classify(text)
        return str(code), float(probability)


def _is_hangul(letter: str) -> bool:
    return "가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ" or "\u1100" <= letter <= "\u11ff"


@functools.cache
def _loaded() -> Any:
    try:
        from py3langid import langid
    except ImportError as error:
        raise MissingDependency("telling languages needs py3langid", hint="pip install py3langid") from error
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)


def _identifier() -> Any:
    """The model, whole again: other languages may have been left out of it before."""
    model = _loaded()
    model.set_languages(None)
    return model
