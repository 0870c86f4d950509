"""Who is let in by a listening socket, and who is turned away before anything is said."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cordboard.engines import doors as bounds
from cordboard.engines.capacity import Capacity
from cordboard.engines.doors import Doors
from cordboard.engines.tls import TlsContexts, TlsSettings
from support.certificates import Certificates, make_certificates
from support.waiting import BOUND, eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


class Guest(asyncio.Protocol):
    """A connection that says hello."""

    def __init__(self, house: House) -> None:
        self.network: str | None = None
        self._house = house

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._house.inside.append(self)
        transport.write(b"hello")  # type: ignore[attr-defined]  # uvloop's is no WriteTransport

    def connection_lost(self, _error: Exception | None) -> None:
        self._house.inside.remove(self)
        self._house.doors.left(self)
        self._house.doors.left(self)


class House:
    """Doors, and who is inside."""

    def __init__(self, capacity: Capacity, certificate: Path | None) -> None:
        tls = None if certificate is None else TlsContexts(TlsSettings(certificate))
        self.inside: list[Guest] = []
        self.doors = Doors(
            asyncio.get_running_loop(),
            capacity,
            lambda: Guest(self),
            lambda coming: len(self.inside) + coming < capacity.connections,
            tls,
        )
        self.address = self.doors.open((HOST, 0))


@asynccontextmanager
async def house(capacity: Capacity, certificate: Path | None = None) -> AsyncIterator[House]:
    made = House(capacity, certificate)
    yield made
    await made.doors.close()
    assert not made.doors


class Visitor:
    """Somebody who connects, and what he hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def at(cls, address: tuple[str, int], how: ssl.SSLContext | None = None) -> Visitor:
        return cls(*await asyncio.open_connection(*address, ssl=how))

    async def hears(self) -> bytes:
        try:
            async with asyncio.timeout(BOUND):
                return await self._reader.read(5)
        except ConnectionError:
            return b""

    def leave(self) -> None:
        self._writer.close()


async def test_a_network_has_its_share_and_no_more() -> None:
    async with house(Capacity(of_a_network=2)) as there:
        first, second, third = [await Visitor.at(there.address) for _ in range(3)]
        assert [await v.hears() for v in (first, second, third)] == [b"hello", b"hello", b""]
        first.leave()
        await eventually(lambda: len(there.inside) == 1)
        fourth = await Visitor.at(there.address)
        assert await fourth.hears() == b"hello"
        for visitor in (second, third, fourth):
            visitor.leave()
        await eventually(lambda: not there.inside)
        assert not there.doors._guests


async def test_a_proxy_has_no_share_for_its_guests_are_of_others() -> None:
    async with house(Capacity(of_a_network=1, proxies=frozenset({HOST}))) as there:
        visitors = [await Visitor.at(there.address) for _ in range(3)]
        assert [await visitor.hears() for visitor in visitors] == [b"hello"] * 3
        assert not there.doors._guests
        for visitor in visitors:
            visitor.leave()
        await eventually(lambda: not there.inside)


async def test_a_full_house_takes_nobody() -> None:
    async with house(Capacity(connections=1)) as there:
        first = await Visitor.at(there.address)
        assert await first.hears() == b"hello"
        second = await Visitor.at(there.address)
        assert await second.hears() == b""
        first.leave()
        second.leave()
        await eventually(lambda: not there.inside)


async def test_handshakes_are_bounded_in_number(certificates: Certificates) -> None:
    async with house(Capacity(handshakes=2), certificates.server) as there:
        silent = [await Visitor.at(there.address) for _ in range(2)]
        await eventually(lambda: len(there.doors._handshakes) == 2)
        turned_away = await Visitor.at(there.address)
        assert await turned_away.hears() == b""
        assert there.inside == []
        for visitor in silent:
            visitor.leave()
        await eventually(lambda: not there.doors._handshakes)
        assert not there.doors._guests
        how = ssl.create_default_context(cafile=certificates.authority)
        welcome = await Visitor.at(there.address, how)
        assert await welcome.hears() == b"hello"
        welcome.leave()
        turned_away.leave()
        await eventually(lambda: not there.doors._guests)


async def test_a_handshake_that_takes_too_long_is_over(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "HANDSHAKE_SECONDS", 0.05)
    async with house(Capacity(), certificates.server) as there:
        silent = await Visitor.at(there.address)
        assert await silent.hears() == b""
        await eventually(lambda: not there.doors._handshakes and not there.doors._guests)
        silent.leave()


async def test_closing_ends_the_handshakes(certificates: Certificates) -> None:
    async with house(Capacity(), certificates.server) as there:
        silent = await Visitor.at(there.address)
        await eventually(lambda: there.doors._handshakes)
    assert await silent.hears() == b""
    assert not there.doors._guests
    silent.leave()


async def test_without_a_certificate_nothing_is_opened() -> None:
    doors = Doors(
        asyncio.get_running_loop(),
        Capacity(),
        asyncio.Protocol,
        lambda _: True,
        TlsContexts(TlsSettings()),
    )
    with pytest.raises(OSError, match="no certificate"):
        doors.open((HOST, 0))
    assert not doors


async def test_an_address_in_use_is_told() -> None:
    async with house(Capacity()) as there:
        with pytest.raises(OSError, match="in use"):
            there.doors.open(there.address)


async def test_no_descriptor_left_is_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "EXHAUSTED_SECONDS", 0.01)
    async with house(Capacity()) as there:
        listening = there.doors._sockets[0]

        class Exhausted:
            """The same socket in a process that has too many files."""

            def accept(self) -> None:
                raise OSError(24, "Too many open files")

            def fileno(self) -> int:
                return listening.fileno()

        there.doors._accept(Exhausted())  # type: ignore[arg-type]  # as far as it is used
        visitor = await Visitor.at(there.address)
        visitor.leave()
        there.doors._accept_again(listening)
        visitor = await Visitor.at(there.address)
        assert await visitor.hears() == b"hello"
        visitor.leave()
        await eventually(lambda: not there.inside)
