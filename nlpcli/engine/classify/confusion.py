"""A confusion matrix as a picture or a page.

`.html` (`data/confusion.html`) needs nothing and stands by itself; pictures are drawn with matplotlib.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.io import page_style, pages, palette, pictures
from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import MissingDependency, SettingsError

_LONGEST = 22  # characters of a label
_PICTURES = (".png", ".svg", ".pdf")


def check_plot(path: str) -> None:
    """Raise now what would stand in the way later: an unknown kind, a folder, no matplotlib."""
    suffix = PurePath(path).suffix.lower()
    if suffix not in (*_PICTURES, ".html"):
        raise SettingsError(
            f"--plot: cannot draw a {suffix or 'file without an ending'}",
            hint=f"end the name in {', '.join(_PICTURES)} or .html",
        )
    check_writable(path)
    if suffix in _PICTURES:
        try:
            import matplotlib  # noqa: F401
        except ImportError as error:
            raise MissingDependency(
                "pictures need matplotlib", hint='pip install "nlpcli[plot]", or use --plot confusion.html'
            ) from error


def plot_confusion(
    result: Evaluation, path: str, counted: str = "texts", progress: Progress = SILENT
) -> None:
    """Write the confusion matrix to a file whose ending says its kind; `counted` are texts or words."""
    kind = PurePath(path).suffix.lower()[1:]
    if kind == "html":
        content = _page(result, counted).encode("utf-8", "replace")
    else:
        labels = [_short(pages.plain(label)) for label in result.labels]
        content, unseen = pictures.picture(labels, lambda: _figure(result, labels, counted), kind=kind)
        pictures.tell_unseen(unseen, progress)
    with write_atomically(path) as file:
        file.write(content)


def _shares(result: Evaluation) -> list[list[float]]:
    """Each cell as a share of its true class."""
    return [[count / max(sum(row), 1) for count in row] for row in result.confusion.tolist()]


def _page(result: Evaluation, counted: str) -> str:
    names = [pages.escaped(label) for label in result.labels]
    scores = result.per_class()
    rows = []
    for number, (name, counts, shares) in enumerate(
        zip(names, result.confusion.tolist(), _shares(result), strict=True)
    ):
        cells = "".join(
            _cell((name, other), count, (sum(counts), share), right=number == column)
            for column, (other, count, share) in enumerate(zip(names, counts, shares, strict=True))
        )
        edge = f'<td class="edge">{scores[number].recall:.1%}</td><td class="edge">{sum(counts):,}</td>'
        rows.append(f'<tr><th scope="row">{name}</th>{cells}{edge}</tr>')
    head = "".join(f'<th scope="col" class="name">{name}</th>' for name in names)
    precision = "".join(f'<td class="edge">{score.precision:.1%}</td>' for score in scores)
    count = "".join(f'<td class="edge">{total:,}</td>' for total in result.confusion.sum(axis=0).tolist())
    table = (
        f'<thead><tr><td class="corner edge">true ↓ predicted →</td>{head}<th scope="col" class="edge">recall'
        f'</th><th scope="col" class="edge">{counted}</th></tr></thead><tbody>{"".join(rows)}</tbody>'
        f'<tfoot><tr><th scope="row" class="edge">precision</th>{precision}</tr>'
        f'<tr><th scope="row" class="edge">{counted}</th>{count}</tr></tfoot>'
    )
    note = f"{result.documents:,} {counted} · accuracy {result.accuracy:.4f}"
    return page_style.page("confusion", title="Confusion matrix", heat="heat", NOTE=note, TABLE=table)


def _cell(names: tuple[str, str], count: int, of: tuple[int, float], *, right: bool) -> str:
    """A field; `of` is how many there are of the true class, and the share of these."""
    total, share = of
    said = f"{names[0]}, predicted as {names[1]}: {count:,} of {total:,} ({share:.1%})"
    percent = f"<small>{share:.0%}</small>" if count else ""
    kind = page_style.heat_class(share) + " right" * right
    return f'<td class="{kind}" data-say="{said}">{count:,}{percent}</td>'


def _short(label: str) -> str:
    """A label that leaves room for the matrix."""
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _figure(result: Evaluation, labels: list[str], counted: str) -> Any:
    size = max(4.0, 0.7 * len(labels) + 2)
    figure = pictures.empty_figure(size, size)
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    shares = _shares(result)
    colours = [[palette.rgb(palette.heat(share)) for share in row] for row in shares]
    axes.imshow(colours, interpolation="nearest")
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"accuracy {result.accuracy:.4f}, {result.documents:,} {counted}", fontsize=11)
    for row, row_shares in enumerate(shares):
        for column, share in enumerate(row_shares):
            ink = palette.ink_on(palette.heat(share))
            text = f"{int(result.confusion[row, column]):,}"
            axes.text(column, row, text, ha="center", va="center", color=ink)
    return figure
