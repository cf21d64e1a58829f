"""Days, months or years of texts, from dates as people write them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from typing import NamedTuple

_DATE = re.compile(
    r"\s*(\d{4})(?!\d{1,3}(?!\d))(?:\s*[-/.년]?\s*(\d{1,2})(?!\d{3,})(?:\s*[-/.월]?\s*(\d{1,2}))?)?", re.ASCII
)
_DAYS, _MONTHS = 62, 72  # that are shown one by one, at most


class Date(NamedTuple):
    """A year, and perhaps a month and a day, else 0."""

    year: int
    month: int = 0
    day: int = 0


def parse_date(text: str) -> Date | None:
    """The date at the beginning of a text; None for what is none.

    >>> [tuple(parse_date(text) or ()) for text in ("2024-03-09T10:00", "20240309", "2024/3", "3 May")]
    [(2024, 3, 9), (2024, 3, 9), (2024, 3, 0), ()]
    >>> parse_date("2024년 3월 9일"), parse_date("2024-13-01"), parse_date("2023-02-29")
    (Date(year=2024, month=3, day=9), None, None)
    """
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    given = found.groups()
    if (given[1] is not None and not 1 <= month <= 12) or not year:
        return None
    if given[2] is not None and not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return Date(year, month, day)


def periods(dates: Sequence[Date | None]) -> tuple[list[str], list[int]]:
    """The periods from the first date to the last, none left out, and the number of each date's, −1 for none.

    Days where there are few, else months, else years; no finer than any date is.

    >>> periods([Date(2024, 1, 30), None, Date(2024, 2, 1)])
    (['2024-01-30', '2024-01-31', '2024-02-01'], [0, -1, 2])
    >>> periods([Date(2023, 11, 2), Date(2024, 2)])[0]
    ['2023-11', '2023-12', '2024-01', '2024-02']
    """
    known = [date for date in dates if date is not None]
    if not known:
        return [], [-1] * len(dates)
    first, last = min(known), max(known)
    finest = min(2 if date.day else 1 if date.month else 0 for date in known)
    if finest == 2:
        days = [_ordinal(date) for date in (first, last)]
        if days[1] - days[0] < _DAYS:
            names = [_day(number) for number in range(days[0], days[1] + 1)]
            return names, [-1 if date is None else _ordinal(date) - days[0] for date in dates]
    months = [12 * date.year + date.month - 1 for date in (first, last)]
    if finest >= 1 and months[1] - months[0] < _MONTHS:
        names = [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(months[0], months[1] + 1)]
        return names, [-1 if date is None else 12 * date.year + date.month - 1 - months[0] for date in dates]
    names = [f"{year:04}" for year in range(first.year, last.year + 1)]
    return names, [-1 if date is None else date.year - first.year for date in dates]


def _ordinal(date: Date) -> int:
    import datetime

    return datetime.date(*date).toordinal()


def _day(number: int) -> str:
    import datetime

    return datetime.date.fromordinal(number).isoformat()
