"""A confusion matrix as a picture or a page.

`.html` needs nothing and stands by itself; pictures are drawn with matplotlib.
"""

from __future__ import annotations

from pathlib import PurePath

from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.io import pages
from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.errors import MissingDependency, SettingsError

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


def plot_confusion(result: Evaluation, path: str, counted: str = "texts") -> None:
    """Write the confusion matrix to a file whose ending says its kind; `counted` are texts or words."""
    suffix = PurePath(path).suffix.lower()
    if suffix == ".html":
        with write_atomically(path) as file:
            file.write(_page(result, counted).encode())
    else:
        from matplotlib import rc_context

        with rc_context({"text.parse_math": False}):  # a label is no formula
            _draw(result, path, suffix[1:], counted)


def _shares(result: Evaluation) -> list[list[float]]:
    """Each cell as a share of its true class."""
    return [[count / max(sum(row), 1) for count in row] for row in result.confusion.tolist()]


def _page(result: Evaluation, counted: str) -> str:
    names = [pages.escaped(label) for label in result.labels]
    rows = []
    for name, counts, shares in zip(names, result.confusion.tolist(), _shares(result), strict=True):
        cells = "".join(
            f'<td style="background:rgba(31,119,180,{share:.3f})">{count:,}<br>{share:.1%}</td>'
            for count, share in zip(counts, shares, strict=True)
        )
        rows.append(f"<tr><th>{name}</th>{cells}</tr>")
    head = "".join(f"<th>{name}</th>" for name in names)
    return pages.page(
        '<!doctype html><meta charset="utf-8"><title>confusion matrix</title>'
        "<style>body{font-family:sans-serif}table{border-collapse:collapse}"
        "td,th{border:1px solid #ccc;padding:.5em;text-align:center}</style>"
        f"<h1>accuracy {result.accuracy:.4f}</h1><p>{result.documents:,} {counted}; rows are the true class, "
        f"columns the one predicted.</p><table><tr><th></th>{head}</tr>{''.join(rows)}</table>\n"
    )


def _draw(result: Evaluation, path: str, kind: str, counted: str) -> None:
    import warnings

    from matplotlib import font_manager
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = max(4.0, 0.7 * len(result.labels) + 2)
    figure = Figure(figsize=(size, size), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(_shares(result), cmap="Blues", vmin=0, vmax=1)
    fonts = {font.name for font in font_manager.fontManager.ttflist}
    korean = [
        name for name in ("Noto Sans CJK KR", "NanumGothic", "Malgun Gothic", "AppleGothic") if name in fonts
    ]
    family = [*korean, "DejaVu Sans"]
    labels = [pages.plain(label) for label in result.labels]
    axes.set_xticks(range(len(labels)), labels, rotation=45, family=family)
    axes.set_yticks(range(len(labels)), labels, family=family)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"accuracy {result.accuracy:.4f}, {result.documents:,} {counted}")
    for row, shares in enumerate(_shares(result)):
        for column, share in enumerate(shares):
            text = f"{int(result.confusion[row, column]):,}"
            axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.5 else "black")
    with write_atomically(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that no font here has is drawn as a box
        figure.savefig(file, format=kind)
