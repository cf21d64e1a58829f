"""The numbers on the way to a result, as tables: what `--show-work` prints, and how large it may be.

Not here: the steps themselves, which stand beside what they show (`classify/shown_work.py`,
`documents/shown_work.py`, `embeddings/shown_work.py`, `charlm/shown_work.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nlpcli.engine.io.record_formats import Documents, count_texts
from nlpcli.errors import InputError
from nlpcli.wording import counted


class WorkTable(NamedTuple):
    """One step: its name, its headings, a row for each thing that it is about."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def records(self) -> list[dict[str, object]]:
        """The rows as dictionaries, with the headings as keys.

        >>> WorkTable("classes", ["class", "P(c)"], [["pos", "1/2"]]).records()
        [{'class': 'pos', 'P(c)': '1/2'}]
        """
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def check_shown(what: str, found: int, most: int, hint: str | None = None) -> None:
    """Raise InputError for more than can be shown. `what` is counted, in the plural."""
    if found > most:
        raise too_large(f"{found:,} {what}, and at most {most:,} are shown", hint)


def too_large(found: str, hint: str | None = None) -> InputError:
    """The error for an input that is too large to be shown."""
    return InputError(f"--show-work is for small inputs: {found}", hint=hint or "give a few short lines")


def few_texts(batches: Iterable[Documents], most: int) -> Iterator[Documents]:
    """The batches, of which no more are read when there are more texts than can be shown: InputError."""
    texts = 0
    for batch in batches:
        texts += count_texts(batch)
        if texts > most:
            raise too_large(f"more than {counted(most, 'text')}")
        yield batch
