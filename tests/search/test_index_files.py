"""An index that is written anew, or cut, while another process has it mapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlpcli.engine.io import model_file
from nlpcli.engine.search import index as index_module
from nlpcli.engine.search.index import SearchIndex, build
from nlpcli.errors import ModelError


def _made(folder: Path, lines: int) -> SearchIndex:
    (folder / "t.txt").write_text(
        "".join(f"word{number} and the rest of line {number}\n" for number in range(lines))
    )
    return build([str(folder / "t.txt")])


def test_an_index_written_anew_leaves_the_mapped_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "_VERIFIED", 0)  # texts and postings stay in the file
    path = tmp_path / "notes.index"
    _made(tmp_path, 3000).save(path)
    mapped, before = SearchIndex.load(path), path.stat()
    _made(tmp_path, 2).save(path)  # where it cut the file, what is read below would end the process
    assert path.stat().st_ino != before.st_ino
    assert path.stat().st_size < before.st_size
    [hit] = mapped.search("word2999")
    assert (hit.line, hit.snippet.text) == (3000, "word2999 and the rest of line 2999")
    assert len(SearchIndex.load(path)) == 2


@pytest.mark.parametrize("verified", [0, 1 << 20])
def test_a_file_shorter_than_its_header_says_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verified: int
) -> None:
    monkeypatch.setattr(index_module, "_VERIFIED", verified)
    path = tmp_path / "notes.index"
    _made(tmp_path, 50).save(path)
    content = path.read_bytes()
    for size in (len(content) - 1, len(content) // 2 + 2000):
        path.write_bytes(content[:size])
        with pytest.raises(ModelError, match="bytes of data where") as raised:
            SearchIndex.load(path)
        assert raised.value.hint
    path.write_bytes(content[:300])
    with pytest.raises(ModelError, match="not a model file"):
        SearchIndex.load(path)


def test_a_file_that_changes_after_its_header_was_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.index"
    _made(tmp_path, 50).save(path)
    read = model_file.read_info

    def cut_behind(name: str) -> model_file.ModelInfo:
        info = read(name)
        path.write_bytes(path.read_bytes()[:-1])
        return info

    monkeypatch.setattr(index_module, "_VERIFIED", 0)
    monkeypatch.setattr(model_file, "read_info", cut_behind)
    with pytest.raises(ModelError, match="changed while it was read"):
        SearchIndex.load(path)
