"""How much PyTorch keeps of what it has made ready; set before its first product."""

from __future__ import annotations

import os

_CAPACITY = "32"


def limit_caches() -> None:
    """Have torch keep few products, of those that it compiles for each shape; what the user says goes first.

    It keeps 1,024 of them, and batches of texts have as many shapes: a gigabyte for nothing.
    """
    for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(name, _CAPACITY)
