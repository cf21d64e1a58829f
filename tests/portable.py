"""Runs tests as older processors would: each library is told to see less, then under emulation.

`make test-portable`, or `python tests/portable.py [VIEW ...] [-- PYTEST ARGUMENTS]`. Without arguments for
pytest, the tests of the kernels and the networks run. A processor can only be made to look older, so on one
with AVX2 the view `avx512` is not among these.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
KERNELS = re.compile(r"^from nlpcli\.engine.*(kernels|compiled)", re.MULTILINE)

# What oneDNN, PyTorch, MKL, OpenBLAS, numba and kiwi call the same processor; numpy is told below.
VIEWS = {
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "",
        "KIWI_ARCH_TYPE": "avx2",
    },
    "x86-64-v2": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NUMBA_CPU_NAME": "nehalem",
        "NUMBA_CPU_FEATURES": "",
        "KIWI_ARCH_TYPE": "sse4_1",
    },
}
NUMPY_BEYOND = {"avx2": ("X86_V4", "AVX512_"), "x86-64-v2": ("X86_V3", "X86_V4", "AVX")}
EMULATED = "qemu"  # the processor Nehalem, on which an instruction of a newer one ends the process


def numpy_features(beyond: tuple[str, ...]) -> str:
    """What numpy would use here and is not to, by the names that this version of numpy has for it."""
    from numpy._core import _multiarray_umath as core

    return " ".join(
        name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name) and name.startswith(beyond)
    )


def kernel_tests() -> list[str]:
    return [str(path) for path in sorted(HERE.rglob("test_*.py")) if KERNELS.search(path.read_text("utf-8"))]


def run(view: str, arguments: list[str]) -> bool:
    """Whether the tests pass in a view; said on the terminal."""
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *arguments]
    added = VIEWS.get(view, {})
    if view == EMULATED:
        emulator = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
        if emulator is None:
            print("# qemu: not installed (Debian: qemu-user), left out", flush=True)
            return True
        command = [emulator, "-cpu", "Nehalem", *command]
    else:
        added = {**added, "NPY_DISABLE_CPU_FEATURES": numpy_features(NUMPY_BEYOND[view])}
    print(f"# {view}: {' '.join(f'{name}={value}' for name, value in added.items())}", flush=True)
    code = subprocess.run(command, env={**os.environ, **added}, cwd=HERE.parent, check=False).returncode
    if code < 0:  # 4 is an instruction that the processor does not have
        print(f"\n# {view}: ended by signal {-code}", flush=True)
    return code == 0


def main() -> int:
    if platform.machine() not in ("x86_64", "AMD64"):
        print("older processors are known here for x86-64 only", file=sys.stderr)
        return 0
    given = sys.argv[1:]
    place = given.index("--") if "--" in given else len(given)
    views, arguments = given[:place] or [*VIEWS, EMULATED], given[place + 1 :] or kernel_tests()
    failed = [view for view in views if not run(view, arguments)]
    print(f"# {', '.join(views)}: {'failed: ' + ', '.join(failed) if failed else 'all passed'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
