"""Passwords are checked beside the loop, a few at a time, and remembered when they were right."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cordboard.api import passwords
from cordboard.api.passwords import MAX_AT_ONCE, Passwords
from cordboard.directory.passwords import held_password, kept_password

pytestmark = pytest.mark.anyio

KEPT = kept_password("secret", "demo")


async def test_right_and_wrong() -> None:
    checked = Passwords()
    assert await checked.is_right(KEPT, "secret")
    assert not await checked.is_right(KEPT, "other")
    assert not await checked.is_right(None, "secret")
    assert await checked.is_right(held_password("secret"), "secret")


class Slow:
    """Counts checks, and how many there are at once: each waits a moment for company."""

    def __init__(self) -> None:
        self.checks = self.now = self.most = 0
        self._lock = threading.Lock()
        self._company = threading.Barrier(MAX_AT_ONCE + 1)

    def __call__(self, kept: str, password: str) -> bool:
        with self._lock:
            self.checks += 1
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            self._company.wait(timeout=0.02)
        except threading.BrokenBarrierError:
            self._company.reset()
        with self._lock:
            self.now -= 1
        return (kept, password) == (KEPT, "secret")


async def test_a_right_password_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, checked = Slow(), Passwords()
    monkeypatch.setattr(passwords, "is_right", slow)
    for _ in range(3):
        assert await checked.is_right(KEPT, "secret")
        assert not await checked.is_right(KEPT, "wrong")
    assert slow.checks == 1 + 3
    assert not await checked.is_right(KEPT + "x", "secret"), "another hash is another password"


async def test_guesses_do_not_take_every_core(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, checked = Slow(), Passwords()
    monkeypatch.setattr(passwords, "is_right", slow)
    await asyncio.gather(*(checked.is_right(KEPT, str(guess)) for guess in range(20)))
    assert slow.checks == 20
    assert slow.most == MAX_AT_ONCE
