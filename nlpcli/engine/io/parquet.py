"""Rows of Parquet files, told by content, in batches; pyarrow reads them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from nlpcli.engine.io.opening import STDIN, display_name, first_bytes, open_bytes
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import INSTALL_PARQUET, InputError, MissingDependency

_MAGIC = b"PAR1"
_BATCH = 1000  # rows


def is_parquet(path: str, progress: Progress = SILENT) -> bool:
    """Whether it is a Parquet file; in a named pipe it is not looked for."""
    head = first_bytes(path, 8, progress)
    return head[:4] == _MAGIC and not head.decode("latin-1").isprintable()  # "PAR1 of 3" is a text


def imported(name: str) -> tuple[Any, Any]:
    """Pyarrow and its part for Parquet. Raises MissingDependency."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependency(
            f"{name}: this is a Parquet file, and the package for those is not installed",
            hint=f"{INSTALL_PARQUET}, or use a table as CSV or JSON lines",
        ) from error
    return pyarrow, pyarrow.parquet


class ParquetRows:
    """The columns and rows of a Parquet file. Raises InputError for a damaged one."""

    def __init__(self, path: str) -> None:
        self.name = display_name(path)
        self._arrow, parquet = imported(self.name)
        try:
            self._file = parquet.ParquetFile(_source(path))
        except (OSError, self._arrow.ArrowException) as error:
            raise self._damaged(error) from error
        self.schema: Any = self._file.schema_arrow
        self.header: list[str] = [str(name) for name in self.schema.names]

    def batches(self) -> Iterator[list[list[object]]]:
        """The rows' values, some rows at a time."""
        batches = self._file.iter_batches(batch_size=_BATCH)
        while True:
            try:
                batch = next(batches, None)
            except (OSError, self._arrow.ArrowException) as error:
                raise self._damaged(error) from error
            if batch is None:
                return
            columns = [column.to_pylist() for column in batch.columns]
            yield [[*row] for row in zip(*columns, strict=True)]

    def _damaged(self, error: Exception) -> InputError:
        reason = str(error).partition("\n")[0]
        return InputError(
            f"{self.name}: the Parquet file cannot be read: {reason}",
            hint="write its table as CSV or JSON lines, as duckdb or pandas can",
        )


def _source(path: str) -> Any:
    """The file; what comes from a pipe or is compressed is taken into memory: its end is read first."""
    with open_bytes(path) as (stream, raw):
        if path != STDIN and stream is raw:
            return path
        return io.BytesIO(stream.read())
