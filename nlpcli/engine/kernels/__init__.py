"""Numba functions over bare arrays, no classes, no files, no errors raised.

Compiled kernels are cached on disk. numba looks only at a kernel's own file to see whether a cached
one is stale, though kernels are compiled into those of other files that call them; so the cache's
folder is named by the content of all of them. `runtime/compiled.py` calls them without numba.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from pathlib import Path

_HERE = Path(__file__).parent


def _cache_folder() -> Path:
    """Where compiled kernels are kept: with the package or, where that is read-only, with the user."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_HERE.rglob("*.py")))).hexdigest()
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
    return _temporary(name)


def _temporary(name: str) -> Path:
    """A folder that only this user can write to: what lies there is run."""
    if hasattr(os, "getuid"):  # elsewhere owners and modes say nothing: a new folder every time
        folder = Path(tempfile.gettempdir()) / f"nlpcli-{name}-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        if stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o077:
            return folder
    return Path(tempfile.mkdtemp(prefix=f"nlpcli-{name}-"))


def _remove_older(folder: Path, name: str) -> None:
    an_hour_ago = time.time() - 3600  # a younger one may be in use by a process that runs now
    for older in folder.glob("kernels-*"):
        if older.name != name and older.stat().st_mtime < an_hour_ago:
            shutil.rmtree(older, ignore_errors=True)


CACHE = _cache_folder()
os.environ.setdefault("NUMBA_CACHE_DIR", str(CACHE))  # numba reads it when it is imported
if "numba" in sys.modules:
    sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
