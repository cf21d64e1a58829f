"""The report of a corpus as one HTML page that needs nothing else (`data/panels.html`), in two languages.

Each text of the page stands there in English and Korean; a button shows the other language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nlpcli.engine.corpus.statistics import Curve
from nlpcli.engine.documents.keywords import Keywords
from nlpcli.engine.io import page_style, pages
from nlpcli.engine.plots import charts
from nlpcli.engine.plots.keyword_pictures import MOST_GROUPS, bars

Rows = Sequence[Sequence[object]]
Text = tuple[str, str]  # in English and Korean

_MEASURES: dict[str, Text] = {
    "texts": ("Texts", "글 수"),
    "empty_texts": ("Empty texts", "빈 글"),
    "characters": ("Characters", "글자 수"),
    "tokens": ("Tokens", "토큰 수"),
    "types": ("Types (different tokens)", "어휘 수(서로 다른 토큰)"),
    "types_seen_once": ("Types seen once", "한 번만 나온 어휘"),
    "characters_per_text": ("Characters per text, mean", "글당 글자 수 평균"),
    "characters_median": ("Characters per text, median", "글당 글자 수 중앙값"),
    "characters_95_percent": ("95 % of the texts are no longer than", "글의 95 %가 이보다 길지 않음(글자)"),
    "characters_longest": ("Longest text, characters", "가장 긴 글(글자)"),
    "tokens_per_text": ("Tokens per text, mean", "글당 토큰 수 평균"),
    "tokens_longest": ("Longest text, tokens", "가장 긴 글(토큰)"),
    "same_texts": ("Texts that were there before, the same", "앞에 나온 글과 똑같은 글"),
    "nearly_same_texts": ("Nearly the same as an earlier one", "앞의 글과 거의 같은 글"),
    "texts_compared": ("… among the first", "… 비교한 앞부분의 글 수"),
}
_FILES: tuple[Text, ...] = (
    ("file", "파일"), ("bytes", "바이트"), ("encoding", "인코딩"), ("line ends", "줄 끝"),
)  # fmt: skip


def page(
    title: str,
    measures: Mapping[str, float | int],
    tables: Mapping[str, tuple[Sequence[str], Rows]],
    curves: tuple[Curve, Curve],
    keywords: Keywords,
) -> str:
    """The page; the arguments are those of a `CorpusReport`."""
    parts = [
        _section(("Size", "크기"), _measures(measures) + _table(_FILES, tables["files"][1])),
        _section(
            ("Lengths", "길이"),
            '<div class="two">'
            + _histogram(tables["characters"][1], ("Texts by their characters", "글자 수에 따른 글"))
            + _histogram(tables["tokens"][1], ("Texts by their tokens", "토큰 수에 따른 글"))
            + "</div>",
        ),
        _section(("Vocabulary", "어휘"), '<div class="two">' + _curves(*curves) + "</div>"),
        _section(("Words and their neighbours", "단어와 이웃"), _words(tables)),
        _section(*_keywords(keywords)),
        _section(("Duplicates and languages", "중복과 언어"), _duplicates(measures, tables)),
    ]
    button = '<button id="language">한국어</button>'
    return page_style.page(
        "panels", title=title, groups=MOST_GROUPS, LANGUAGE=button, NOTE="", BODY="".join(parts)
    )


def _both(text: Text) -> str:
    english, korean = map(pages.escaped, text)
    return f'<span class="en" lang="en">{english}</span><span class="ko" lang="ko">{korean}</span>'


def _section(title: Text, body: str) -> str:
    return f"<section><h2>{_both(title)}</h2>{body}</section>" if body else ""


def _figure(chart: str, caption: Text) -> str:
    return f"<figure>{chart}<figcaption>{_both(caption)}</figcaption></figure>"


def _measures(measures: Mapping[str, float | int]) -> str:
    cells = (
        f"<div><dt>{_both(text)}</dt><dd>{measures[name]:,}</dd></div>" for name, text in _MEASURES.items()
    )
    return f'<dl class="figures">{"".join(cells)}</dl>'


def _table(heads: Iterable[Text], rows: Rows) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{_both(text)}</th>" for text in heads)
    table = f"<table><tr>{head}</tr>{''.join(map(_row, rows))}</table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="Table">{table}</div>'


def _row(row: Sequence[object]) -> str:
    cells = (
        f'<td class="number">{cell:,}</td>' if isinstance(cell, int | float)
        else f"<td>{pages.escaped(str(cell))}</td>"
        for cell in row
    )  # fmt: skip
    return f"<tr>{''.join(cells)}</tr>"


def _histogram(classes: Rows, caption: Text) -> str:
    names = [str(least) if least == most else f"{least}–{most}" for least, most, _ in classes]
    return _figure(charts.bars(names, [int(str(row[2])) for row in classes], caption[0]), caption)


def _curves(growth: Curve, zipf: Curve) -> str:
    heaps = f"{growth.factor:.3g} · N^{growth.exponent:.2f}"
    law = f"r^{zipf.exponent:.2f}".replace("-", "−")
    return _figure(
        charts.power_law(*growth, "Growth of the vocabulary"),
        (
            f"Types after N tokens (Heaps): about {heaps}, dashed",
            f"토큰 N개까지의 어휘 수(힙스 법칙): 약 {heaps}(점선)",
        ),
    ) + _figure(
        charts.power_law(*zipf, "Counts by rank"),
        (
            f"Count of the word of rank r (Zipf): falls about as {law}, dashed",
            f"순위 r인 단어의 빈도(지프 법칙): 대략 {law}에 따라 줄어듦(점선)",
        ),
    )


def _words(tables: Mapping[str, tuple[Sequence[str], Rows]]) -> str:
    words = _table([("word", "단어"), ("count", "빈도")], tables["words"][1])
    ngrams = _table([("pair or triple", "두 단어·세 단어"), ("count", "빈도")], tables["ngrams"][1])
    return f'<div class="two">{words}{ngrams}</div>'


def _keywords(keywords: Keywords) -> tuple[Text, str]:
    groups = [group for group in keywords.groups if group.words][:MOST_GROUPS]
    drawn = "".join(bars(group, number, keywords.by) for number, group in enumerate(groups))
    if keywords.by == "class":
        title = ("Keywords of each class", "분류마다의 핵심어")
        note = (
            "z-scores of log-odds against all other classes (Monroe et al. 2008)",
            "다른 모든 분류에 견준 로그 오즈의 z 값(Monroe 외 2008)",
        )
    else:
        title = ("Keywords", "핵심어")
        note = ("Count · ln((n + 1) / texts with the word)", "빈도 · ln((n + 1) / 단어가 나온 글 수)")
    return title, f'<p class="note">{_both(note)}</p><div class="groups">{drawn}</div>' if drawn else ""


def _duplicates(measures: Mapping[str, float | int], tables: Mapping[str, tuple[Sequence[str], Rows]]) -> str:
    repeated = _table([("text that is repeated", "되풀이된 글"), ("times", "번")], tables["repeated"][1])
    sampled = measures["texts_with_language"] or 1
    shares = [
        (language, count, f"{int(str(count)) / sampled:.1%}") for language, count in tables["languages"][1]
    ]
    languages = _table([("language", "언어"), ("texts of a sample", "표본의 글"), ("share", "비율")], shares)
    labels = _table([("label", "분류"), ("texts", "글")], tables["labels"][1])
    return f'<div class="two"><div>{languages}{labels}</div>{repeated}</div>'
