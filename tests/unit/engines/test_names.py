from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from cordboard.engines.embedded import names as bounds
from cordboard.engines.embedded.names import Names

pytestmark = pytest.mark.anyio


class Resolver:
    """Stands for the system's resolver; counts how often it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[str]]) -> None:
        self.asked: list[str] = []
        self._answers = answers
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self._getaddrinfo)

    async def _getaddrinfo(self, host: str, _port: Any, **_hints: Any) -> list[Any]:
        self.asked.append(host)
        await asyncio.sleep(0)
        if host not in self._answers:
            raise socket.gaierror("no such name")
        return [
            (socket.AF_INET, socket.SOCK_DGRAM, 17, "", (address, 0))
            for address in self._answers[host]
        ]


async def found(names: Names, host: str) -> tuple[str, ...]:
    answer: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
    names.look_up(host, answer.set_result)
    async with asyncio.timeout(5):
        return await answer


async def test_an_address_is_its_own_name_and_known_at_once() -> None:
    names = Names(asyncio.get_running_loop())
    got: list[tuple[str, ...]] = []
    names.look_up("192.0.2.1", got.append)
    names.look_up("2001:db8::1", got.append)
    assert got == [("192.0.2.1",), ("2001:db8::1",)]


async def test_a_name_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, {"trunk.test": ["192.0.2.5", "192.0.2.5", "192.0.2.6"]})
    names = Names(asyncio.get_running_loop())
    both = await asyncio.gather(found(names, "trunk.test"), found(names, "trunk.test"))
    assert list(both) == [("192.0.2.5", "192.0.2.6")] * 2
    assert await found(names, "trunk.test") == ("192.0.2.5", "192.0.2.6")
    assert resolver.asked == ["trunk.test"]


async def test_what_is_not_there_is_nothing_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, {})
    names = Names(asyncio.get_running_loop())
    assert await found(names, "nowhere.test") == ()
    assert await found(names, "nowhere.test") == ()
    assert resolver.asked == ["nowhere.test"]


async def test_an_old_answer_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch, {"trunk.test": ["192.0.2.5"]})
    monkeypatch.setattr(bounds, "REMEMBER_SECONDS", 0.0)
    names = Names(asyncio.get_running_loop())
    await found(names, "trunk.test")
    await found(names, "trunk.test")
    assert len(resolver.asked) == 2


async def test_nobody_is_called_back_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, {"trunk.test": ["192.0.2.5"]})
    names = Names(asyncio.get_running_loop())
    got: list[tuple[str, ...]] = []
    names.look_up("trunk.test", got.append)
    await names.close()
    assert got == []
