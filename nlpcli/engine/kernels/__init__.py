"""Numba functions over bare arrays, no classes, no files, no errors raised.

`runtime/compiled.py` calls them as machine code, and keeps that. numba's own cache is not used: its files
are pickles without a checksum, which are code wherever they come from.
"""

from __future__ import annotations

import os
import sys

if os.environ.get("NLPCLI_CHECK_BOUNDS") == "1":  # every index is checked, in all kernels; for tests
    os.environ["NUMBA_BOUNDSCHECK"] = "1"  # numba reads it when it is imported
    if "numba" in sys.modules:
        sys.modules["numba"].config.BOUNDSCHECK = 1
