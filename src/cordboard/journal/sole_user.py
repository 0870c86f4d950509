"""A file by whose lock a server keeps others from what lies beside it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from cordboard.journal.port import StoreFailed

_OWNER_ONLY: Final = 0o600


def locked(path: Path, what: object) -> int:
    """The handle of a lock file, which is held as long as that is open.

    Raises :class:`~cordboard.journal.port.StoreFailed`, naming ``what`` is used, where another
    process holds it, and OSError.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise StoreFailed(f"{what}: another server uses it") from None
        raise
    return handle
