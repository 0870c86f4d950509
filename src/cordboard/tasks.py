"""Tasks that go on in the background of an event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any


async def cancelled(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task, and wait until it has ended; None is one that never began.

    What it raises other than by its cancelling goes through.
    """
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
