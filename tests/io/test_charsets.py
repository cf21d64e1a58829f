"""Every encoding that Python knows either reads text or is refused by name."""

import encodings
import encodings.aliases
import pkgutil

import pytest

from nlpcli.engine.io.charsets import checked_encoding
from nlpcli.engine.io.lines import Lines
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings

NAMES = sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)})
NOT_TEXT = {
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "idna",
    "punycode",
    "quopri_codec",
    "rot_13",
    "undefined",
}
NOT_TEXT |= {"uu_codec", "zlib_codec", "unicode_escape", "raw_unicode_escape"}
NOT_HERE = {"aliases", "mbcs", "oem"}


def test_what_is_no_encoding_of_text_is_refused_by_name():
    for name in NOT_TEXT:
        with pytest.raises(SettingsError, match=f"--encoding: {name} is not an encoding of text"):
            checked_encoding(name)
    for name in ("", "utf-99", "한글", "../utf-8", "a\0b", "x" * 10_000):
        with pytest.raises(SettingsError, match="no encoding is called"):
            checked_encoding(name)


def test_every_alias_reads_or_is_refused():
    for alias, name in encodings.aliases.aliases.items():
        if name in NOT_TEXT:
            with pytest.raises(SettingsError):
                checked_encoding(alias)
        elif name not in NOT_HERE and alias.islower():  # Python finds no other
            assert checked_encoding(alias) == checked_encoding(name)


@pytest.mark.parametrize("errors", ["strict", "replace", "skip"])
def test_every_encoding_of_text_reads_its_lines_however_they_are_cut(tmp_path, monkeypatch, errors):
    monkeypatch.setattr("nlpcli.engine.io.opening.CHUNK", 3)
    path = tmp_path / "text"
    for name in set(NAMES) - NOT_TEXT - NOT_HERE:
        path.write_bytes("hello\nworld 12\n\nend".encode(name))
        lines = list(Lines([str(path)], InputSettings(encoding=name, errors=errors)))
        assert lines == ["hello", "world 12", "", "end"], name


def test_bytes_of_no_encoding_are_an_error_with_their_place_or_replaced(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(bytes(range(256)) * 2)
    for name in set(NAMES) - NOT_TEXT - NOT_HERE:
        for errors in ("strict", "replace", "skip"):
            try:
                list(Lines([str(path)], InputSettings(encoding=name, errors=errors)))
            except InputError as error:
                assert error.message.startswith(f"{path}:"), (name, errors)
                assert errors == "strict" or name in ("utf_16", "utf_32"), (name, errors)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_wide_encoding_without_its_mark_wants_the_order_of_the_bytes(nlpcli, tmp_path, encoding):
    (tmp_path / "text").write_bytes("hello\n".encode(f"{encoding}-le"))
    done = nlpcli("tokenize", "text", "--encoding", encoding, code=1)
    assert done.err.startswith(f"error: text:1: not {encoding}: ") and f"--encoding {encoding}-le" in done.err
    assert nlpcli("tokenize", "text", "--encoding", f"{encoding}-le").out == "hello\n"
