"""Waiting for a condition, bounded in time, without guessing how long things take."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

BOUND = 20.0
"""s within which what happens at once has happened, on however busy a machine."""

POLL = 0.02
"""s between two looks at something that tells us nothing by itself."""


def wait_until(condition: Callable[[], T], seconds: float, what: str | Callable[[], str]) -> T:
    """The first true value of a condition; AssertionError with ``what`` if none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            told = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {seconds} s: {told}")
        time.sleep(POLL)
    return value


async def eventually(
    condition: Callable[[], object], seconds: float = BOUND, what: str | Callable[[], str] = "it"
) -> None:
    """Wait within the event loop for a condition, which may have to be awaited; AssertionError with
    ``what`` if it does not come in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        value = condition()
        if await value if isinstance(value, Awaitable) else value:
            return
        if loop.time() > deadline:
            told = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {seconds} s: {told}")
        await asyncio.sleep(POLL / 10)


class Observed(Generic[T]):
    """What another thread has seen, in order, each with its time; tests wait for what they need."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, T]] = []
        self._changed = threading.Condition()

    def add(self, entry: T) -> None:
        """Note one more; from any thread."""
        with self._changed:
            self._entries.append((time.monotonic(), entry))
            self._changed.notify_all()

    def all(self) -> list[T]:
        """Everything so far."""
        with self._changed:
            return [entry for _, entry in self._entries]

    def timed(self) -> list[tuple[float, T]]:
        """Everything so far, with the monotonic time of each in seconds."""
        with self._changed:
            return list(self._entries)

    def wait_for(
        self, wanted: Callable[[T], bool], seconds: float, what: str, *, after: int = 0
    ) -> T:
        """The first entry at or behind place ``after`` that is wanted."""

        def found() -> T | None:
            return next((entry for _, entry in self._entries[after:] if wanted(entry)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, seconds)
            entry = found()
            if entry is None:
                seen = "\n".join(f"  {entry}" for _, entry in self._entries[-40:])
                raise AssertionError(f"not within {seconds} s: {what}; seen:\n{seen}")
            return entry

    def wait_for_count(self, number: int, seconds: float, what: str) -> list[T]:
        """All entries, as soon as there are so many."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._entries) >= number, seconds):
                raise AssertionError(
                    f"not within {seconds} s: {number} {what}, only {len(self._entries)}"
                )
            return [entry for _, entry in self._entries]

    def __len__(self) -> int:
        with self._changed:
            return len(self._entries)


def let_last(seconds: float) -> None:
    """Let something last so long that it can be measured: a stimulus, not a wait for an effect."""
    until = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= until, seconds + 5.0, "time passes")
