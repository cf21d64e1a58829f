"""What is written of a text and its targets: one line, with tabs or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nlpcli.engine.translation.model import Target
from nlpcli.settings.translation import TranslateSettings


def answer_line(text: str, targets: Sequence[Target], settings: TranslateSettings) -> str:
    """The targets of a text, best first, as `translate` writes them; no target holds a tab or a line end."""
    if settings.jsonl:
        return json.dumps(_record(text, targets, settings), ensure_ascii=False)
    cells = []
    for target in targets:
        cells.append(target.text)
        if settings.proba:
            cells.append(f"{target.probability:.4f}")
    return "\t".join(cells)


def _record(text: str, targets: Sequence[Target], settings: TranslateSettings) -> dict[str, object]:
    best = [
        {
            "text": target.text,
            "probability": round(target.probability, 6),
            "log_probability": round(target.log_probability, 6),
            "score": round(target.score, 6),
        }
        for target in targets
    ]
    record: dict[str, object] = {"source": text, "target": targets[0].text}
    if settings.proba or settings.n_best > 1:
        record["n_best"] = best
    return record
