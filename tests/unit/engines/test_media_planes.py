"""Voice over both families: each peer on its own, and from one to the other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest

from cordboard.addresses import Hosts
from cordboard.engines.embedded.media_planes import MediaPlanes
from cordboard.engines.embedded.media_session import MediaSession
from cordboard.engines.embedded.rtp_ports import MediaPortsExhausted
from cordboard.media.audio import AudioParameters
from cordboard.media.rtp import RtpPacket
from support.ports import LOOPBACK, LOOPBACK_V6, loopbacks
from support.waiting import BOUND

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(LOOPBACK_V6 not in loopbacks(), reason="there is no IPv6 loopback address"),
]

PORTS = (42000, 42099)
PACKETS = 10


@pytest.fixture
async def planes() -> AsyncIterator[MediaPlanes]:
    made = MediaPlanes(Hosts(LOOPBACK, LOOPBACK_V6), Hosts("203.0.113.5"), PORTS)
    yield made
    made.close()


@pytest.fixture
def phones() -> Iterator[dict[str, socket.socket]]:
    """A socket at each loopback address."""
    with ExitStack() as opened:
        found = {}
        for host, family in ((LOOPBACK, socket.AF_INET), (LOOPBACK_V6, socket.AF_INET6)):
            found[host] = opened.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            found[host].bind((host, 0))
            found[host].setblocking(False)
        yield found


def open_for(planes: MediaPlanes, phone: socket.socket) -> MediaSession:
    """An answered session with a phone."""
    host, port = phone.getsockname()[:2]
    session = planes.open(host, host, lambda *_: None)
    session.configure(AudioParameters((host, port), "PCMU", 0, {0: "PCMU"}, signalling_host=host))
    session.answered()
    return session


async def hear(phone: socket.socket) -> bytes:
    """The next packet that a phone hears."""
    async with asyncio.timeout(BOUND):
        while True:
            try:
                return phone.recv(2048)
            except BlockingIOError:
                await asyncio.sleep(0.002)


async def test_phones_of_different_families_hear_each_other(
    planes: MediaPlanes, phones: dict[str, socket.socket]
) -> None:
    v4, v6 = (open_for(planes, phones[host]) for host in (LOOPBACK, LOOPBACK_V6))
    v4.bridge(v6)
    for speaker, session, hearer in ((LOOPBACK, v4, LOOPBACK_V6), (LOOPBACK_V6, v6, LOOPBACK)):
        for number in range(PACKETS):
            voice = bytes([number]) * 160
            packet = RtpPacket(0, number, number * 160, 7, voice)
            phones[speaker].sendto(bytes(packet), (speaker, session.address[1]))
            assert (await hear(phones[hearer]))[12:] == voice
        assert session.figures().packets_received == PACKETS
        assert session.figures().wrong_source == 0


async def test_a_phone_that_goes_to_the_other_family_is_met_there(
    planes: MediaPlanes, phones: dict[str, socket.socket]
) -> None:
    moving, other = (open_for(planes, phones[LOOPBACK]) for _ in range(2))
    moving.bridge(other)
    planes.move(moving, LOOPBACK_V6)
    assert moving.address[0] == LOOPBACK_V6
    port = phones[LOOPBACK_V6].getsockname()[1]
    moving.configure(
        AudioParameters((LOOPBACK_V6, port), "PCMU", 0, {0: "PCMU"}, signalling_host=LOOPBACK_V6)
    )
    packet = RtpPacket(0, 1, 160, 7, b"from there" * 16)
    phones[LOOPBACK_V6].sendto(bytes(packet), (LOOPBACK_V6, moving.address[1]))
    assert (await hear(phones[LOOPBACK])).endswith(b"from there" * 16)
    packet = RtpPacket(0, 1, 160, 8, b"from here." * 16)
    phones[LOOPBACK].sendto(bytes(packet), (LOOPBACK, other.address[1]))
    assert (await hear(phones[LOOPBACK_V6])).endswith(b"from here." * 16)
    moving.close()
    planes.move(moving, LOOPBACK)  # too late: the ports go back at once


async def test_each_family_is_told_its_own_address(planes: MediaPlanes) -> None:
    assert planes.open("192.0.2.1", "a", lambda *_: None).address[0] == "203.0.113.5"
    assert planes.open("2001:db8::1", "b", lambda *_: None).address[0] == LOOPBACK_V6


async def test_a_family_without_an_address_has_no_ports() -> None:
    planes = MediaPlanes(Hosts(LOOPBACK), port_range=PORTS)
    with pytest.raises(MediaPortsExhausted, match="there is no IPv6 address for voice"):
        planes.open("2001:db8::1", "a", lambda *_: None)
    planes.close()


async def test_wildcards_of_both_families_share_the_ports() -> None:
    planes = MediaPlanes(Hosts("0.0.0.0", "::"), Hosts(LOOPBACK), (42200, 42203))  # noqa: S104
    for number in range(2):
        planes.open(LOOPBACK, f"v4-{number}", lambda *_: None)
        planes.open(LOOPBACK_V6, f"v6-{number}", lambda *_: None)
    planes.close()
