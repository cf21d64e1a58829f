"""What a model file holds: `inspect`."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, Model

if TYPE_CHECKING:
    from nlpcli.engine.store import ModelInfo


def inspect(
    model: Model,
    json: Json = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare the checksum of all tensors.")] = False,
) -> None:
    """Show what a model file holds, without loading it.

    \b
    Examples:
      nlpcli inspect model.safetensors
      nlpcli inspect model.safetensors --json | jq .settings
      nlpcli inspect --verify downloaded.safetensors
    """
    from nlpcli.engine import store

    info = store.read_info(model)
    if verify:
        store.verify_digest(info)
    if json:
        console.print_json(store.describe(info))
        return
    rows: list[tuple[str, str]] = [("kind", info.kind)]
    rows += list(_flattened(info.header))
    rows += [(f"tensor {name}", _shape(info, name)) for name in sorted(info.tensors)]
    rows.append(("sha256", info.sha256 + (" (verified)" if verify else "")))
    console.print_table(("what", "value"), rows)


def _flattened(record: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            rows += _flattened(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json_module.dumps(value, ensure_ascii=False)
            rows.append((prefix + name, text if len(text) <= 200 else text[:200] + " …"))
    return rows


def _shape(info: ModelInfo, name: str) -> str:
    tensor = info.tensors[name]
    return f"{tensor.dtype} {' × '.join(map(str, tensor.shape)) or 'scalar'}"
