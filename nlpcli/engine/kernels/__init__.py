"""The basement: numba functions over bare arrays, no classes, no files, no errors raised.

Compiled kernels are cached on disk. numba looks only at a kernel's own file to see whether a cached
one is stale, though kernels are compiled into those of other files that call them; so the cache's
folder is named by the content of all of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).parent


def _cache_folder() -> Path:
    """Where compiled kernels are kept: with the package or, where that is read-only, with the user."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.py")))).hexdigest()
    name = f"kernels-{digest[:16]}"
    beside = _HERE / "__pycache__"
    of_user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nlpcli"
    for folder in (beside, of_user):
        try:
            if not (folder / name).is_dir():
                (folder / name).mkdir(parents=True)
                if folder == beside:
                    _remove_older(folder, name)
        except OSError:
            continue
        if os.access(folder / name, os.W_OK):
            return folder / name
    return Path(tempfile.gettempdir()) / f"nlpcli-{name}-{os.getuid()}"


def _remove_older(folder: Path, name: str) -> None:
    an_hour_ago = time.time() - 3600  # a younger one may be in use by a process that runs now
    for older in folder.glob("kernels-*"):
        if older.name != name and older.stat().st_mtime < an_hour_ago:
            shutil.rmtree(older, ignore_errors=True)


if "NUMBA_CACHE_DIR" not in os.environ:
    import numba

    numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]
