"""The files in a folder that texts are read from.

Hidden files and folders are left out without a word. What cannot be read is an error, or with
`--on-error skip` is told and left out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import Literal

from nlpcli.engine.io.opening import display_name
from nlpcli.engine.runtime.progress import Progress
from nlpcli.errors import InputError

OnError = Literal["stop", "skip"]


def files_in(folder: str, on_error: OnError, progress: Progress) -> Iterator[str]:
    """The files in a folder and the folders in it, in alphabetical order, those of a folder first.

    Raises InputError for what this user may not read. Links to nothing, pipes and devices are told
    and left out.
    """

    def refuse(error: OSError) -> None:
        message = f"{display_name(str(error.filename))}: cannot be read: {error.strerror}"
        if on_error == "stop":
            raise InputError(message, hint="--on-error skip goes on without it") from error
        progress.lost(f"passed over {message}")

    for here, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(here, name)  # noqa: PTH118
            if name.startswith("."):
                continue
            try:
                mode = os.stat(path).st_mode  # noqa: PTH116
                if not stat.S_ISREG(mode):
                    progress.lost(f"passed over {display_name(path)}: not a file")
                    continue
                if not os.access(path, os.R_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            except FileNotFoundError:
                progress.lost(f"passed over {display_name(path)}: a link to nothing")
            except OSError as error:
                refuse(error)
            else:
                yield path
