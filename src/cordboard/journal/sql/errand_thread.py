"""A thread that runs errands in order, and lets the event loop wait for them.

What the standard library has for this (a pool, its future, and another one of the loop chained to
that) takes 40 functions of Python for an errand, and half a dozen locks; a call has two of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

_T = TypeVar("_T")
_Errand = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[..., Any], Any]


class ErrandThread:
    """Begins with the first errand, and ends with the last before :meth:`close`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._errands: SimpleQueue[_Errand | None] = SimpleQueue()
        self._thread: Thread | None = None

    def run(self, errand: Callable[..., _T], *arguments: object) -> asyncio.Future[_T]:
        """Have it run; what it gives or raises is to be waited for. Who does not wait any more
        leaves it running, unless it had not begun."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()
        self._errands.put((loop, done, errand, arguments))
        return done

    def close(self) -> None:
        """Run what waits, and end."""
        if self._thread is not None:
            self._errands.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (task := self._errands.get()) is not None:
            loop, done, errand, arguments = task
            if done.cancelled():
                continue
            found: Any = None
            failed: BaseException | None = None
            try:
                found = errand(*arguments)
            except BaseException as error:
                failed = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(_settle, done, found, failed)
            del task, loop, done, errand, arguments, found, failed


def _settle(done: asyncio.Future[Any], found: object, failed: BaseException | None) -> None:
    if done.done():
        return
    if failed is not None:
        done.set_exception(failed)
    else:
        done.set_result(found)
