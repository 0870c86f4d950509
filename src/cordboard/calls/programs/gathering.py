"""The keys that a caller presses for a program: those of the gather that asks for them, and those
that came before anybody asked."""

from __future__ import annotations

from collections import deque

from cordboard.directory.steps import GatherStep

MAX_TYPED = 64
"""Keys kept for later: twice the longest number that anybody dials."""

SPARE_FINISH = 2.0
"""Seconds within which the finish key behind the last possible digit still belongs to it: who was
told to end with # does so, also where it was not needed."""

FULL, FINISH, TIMEOUT = "full", "finish", "timeout"
"""What ends a gather."""


class TypedAhead:
    """Keys that wait for the next gather, as people press who know the menu."""

    __slots__ = ("_keys", "_spare", "_spare_until")

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self._spare, self._spare_until = "", 0.0

    def __bool__(self) -> bool:
        return bool(self._keys)

    def add(self, key: str, now: float) -> None:
        """Keep a key; more than can be meant are not."""
        if not self.is_spare(key, now) and len(self._keys) < MAX_TYPED:
            self._keys.append(key)

    def take(self) -> str:
        """The oldest of them."""
        return self._keys.popleft()

    def spare(self, finish: str, now: float) -> None:
        """All digits are there: their finish key may follow, and means nothing."""
        self._spare, self._spare_until = finish, now + SPARE_FINISH

    def is_spare(self, key: str, now: float) -> bool:
        """Whether a key is that one; the next is not."""
        spare, self._spare = self._spare, ""
        return bool(spare) and key == spare and now <= self._spare_until


class Gathering:
    """One gather: ``entered`` so far, in the ``tries``-th try."""

    __slots__ = ("action", "entered", "tries")

    def __init__(self, action: GatherStep) -> None:
        self.action = action
        self.entered = ""
        self.tries = 1

    def wants(self, key: str) -> bool:
        """Whether a key means anything to it."""
        return key in self.action.valid or key == self.action.finish

    def take(self, key: str) -> str | None:
        """Take a key that it wants; what has ended the gather by that."""
        if key == self.action.finish:
            return FINISH
        self.entered += key
        return FULL if len(self.entered) >= self.action.digits else None

    def again(self) -> bool:
        """Nothing was entered: whether there is another try, which begins."""
        if self.entered or self.tries >= self.action.tries:
            return False
        self.tries += 1
        return True
