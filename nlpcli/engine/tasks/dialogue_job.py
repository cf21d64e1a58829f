"""Dialogue: what `chat` does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.tasks.dialogue import Chat, Reply
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.search import ChatSettings


@plain_settings
def chat(
    model: str,
    lines: Iterable[str] | None = None,
    settings: ChatSettings = ChatSettings(),
    *,
    paths: Paths = None,
    reading: InputSettings = InputSettings(),
) -> Iterator[Reply]:
    """An answer to each of some lines as they come, by a model of train-seq2seq or an index with answers.

    Without `lines` they are those of some files, or of stdin as they arrive. Raises ModelError for a model
    that cannot answer.

    >>> import pathlib, tempfile
    >>> import nlpcli
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder, "faq.tsv")
    ...     _ = table.write_text("q\\ta\\nWhen do you open?\\tAt nine.\\nWhere are you?\\tIn Seoul.\\n")
    ...     _ = nlpcli.index([table], f"{folder}/faq.safetensors", text_col="q", answer_col="a")
    ...     [reply] = nlpcli.chat(f"{folder}/faq.safetensors", ["when are you open"])
    >>> reply.answer
    'At nine.'
    """
    conversation = Chat(model, settings)
    if lines is None:
        return map(conversation.reply, Lines(paths, reading))
    given = lines if isinstance(lines, Iterator) else as_list(lines) or []
    return (conversation.reply(str(line)) for line in given)
