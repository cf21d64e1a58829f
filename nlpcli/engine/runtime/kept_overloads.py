"""What numba itself compiles of a kernel, kept with our files: for kernels that are called through numba.

numba promises nothing of what its cache is asked for; where it has changed, kernels are compiled in memory.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
from typing import Any

from nlpcli.engine.runtime.kernel_files import KernelFiles
from nlpcli.engine.runtime.machine_code import surroundings


def keep_overloads(kernel: Any, name: str, files: KernelFiles | None) -> None:
    """Let numba keep what it compiles of a kernel with our files; it compiles in memory if that fails.

    numba's own cache would read pickles from a folder that it does not look at.
    """
    if files is None:
        return
    try:
        kernel._cache = _overloads()(name, files)
    except (AttributeError, ImportError, TypeError):
        return


@functools.cache
def _overloads() -> Any:
    from numba.core import caching, compiler, serialize

    rebuild: Any = compiler.CompileResult._rebuild
    dumps: Any = serialize.dumps

    class Overloads(caching._Cache):
        """What numba asks for compiled functions."""

        cache_path = None

        def __init__(self, kernel: str, files: KernelFiles) -> None:
            self._kernel, self._files = kernel, files

        def _name(self, signature: Any) -> str:
            import hashlib

            digest = hashlib.sha256(f"{signature} {surroundings()}".encode()).hexdigest()[:16]
            return f"{self._kernel}-{digest}.numba"

        def load_overload(self, signature: Any, target_context: Any) -> Any:
            try:
                target_context.refresh()
                content = self._files.read(self._name(signature))
                if content is not None:
                    return rebuild(target_context, *pickle.loads(content))
            except Exception:  # what cannot be read is compiled
                return None

        def save_overload(self, signature: Any, data: Any) -> None:
            if not data.lifted and not data.library.has_dynamic_globals:
                with contextlib.suppress(Exception):  # without it, the next run compiles again
                    self._files.keep(self._name(signature), dumps(data._reduce()))

        def enable(self) -> None: ...

        def disable(self) -> None: ...

        def flush(self) -> None: ...

    return Overloads
