"""Passwords are checked beside the event loop, a few at a time, and right ones remembered.

A check takes some 20 ms on purpose. Clients send their password with every request, so that a right
one is known again by a keyed hash of it, as long as what is kept of it stays the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from typing import Final

from cordboard.directory.passwords import NOBODYS, is_quick, is_right

MAX_AT_ONCE: Final = 2
"""Checks beside each other: each takes a core, and 19 MB."""

MAX_REMEMBERED: Final = 10_000
"""Passwords that were right; 100 bytes each."""


class Passwords:
    """Checks passwords of one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._room = asyncio.Semaphore(MAX_AT_ONCE)

    async def is_right(self, kept: str | None, password: str) -> bool:
        """Whether this is the password of which that is kept; never where nothing is, at the
        same cost."""
        if kept is not None and is_quick(kept):
            return is_right(kept, password)
        mark = self._mark(kept or NOBODYS, password)
        if mark in self._right:
            self._right.move_to_end(mark)
            return True
        async with self._room:
            right = await asyncio.to_thread(is_right, kept or NOBODYS, password)
        if kept is None or not right:
            return False
        self._right[mark] = None
        if len(self._right) > MAX_REMEMBERED:
            self._right.popitem(last=False)
        return True

    def _mark(self, kept: str, password: str) -> bytes:
        text = f"{kept}\n{password}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()
