"""Phones that stay reachable, and those that are found to be gone: pings, pongs and STUN."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import closing

import pytest

from cordboard.sip import keepalive
from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.framing import PING, PONG
from cordboard.sip.stun import (
    BINDING_REQUEST,
    XOR_MAPPED_ADDRESS,
    StunMessage,
    parse_stun,
    xored_address,
)
from support.engine_rigs import DOMAIN, HOST, SECRET, EmbeddedRig, embedded_rig
from support.waiting import BOUND

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

ACCOUNT = f"desk@{DOMAIN}"
ELSEWHERE = "127.0.0.2"
TRANSACTION = bytes(range(12))
REQUEST = bytes(StunMessage(BINDING_REQUEST, TRANSACTION, fingerprint=True))
OPTIONS = (
    "OPTIONS sip:demo SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{port};rport\r\n"
    "From: <sip:x@demo>;tag=1\r\nTo: <sip:demo>\r\nCall-ID: {host}{port}\r\nCSeq: 1 OPTIONS\r\n"
    "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


async def ask_stun(rig: EmbeddedRig, host: str, data: bytes = REQUEST) -> StunMessage | None:
    """Ask from an address; None where OPTIONS, asked next, is answered first."""
    loop = asyncio.get_running_loop()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asking:
        asking.setblocking(False)
        asking.bind((host, 0))
        port = asking.getsockname()[1]
        server = (rig.server.host, rig.server.port)
        for said in (data, OPTIONS.format(host=host, port=port).encode()):
            asking.sendto(said, server)
        async with asyncio.timeout(BOUND):
            answer = parse_stun(await loop.sock_recv(asking, 2048))
        if answer is not None:
            seen = dict(answer.attributes)[XOR_MAPPED_ADDRESS]
            assert xored_address(seen, answer.transaction) == (host, port)
        return answer


async def test_only_where_phones_are_registered_is_stun_answered(rig: EmbeddedRig) -> None:
    assert await ask_stun(rig, HOST) is None
    contact = await rig.register("desk")
    answer = await ask_stun(rig, HOST)
    assert answer is not None
    assert (answer.transaction, answer.fingerprint) == (TRANSACTION, True)
    assert await ask_stun(rig, ELSEWHERE) is None
    await rig.unregister(contact)
    assert await ask_stun(rig, HOST) is None


async def test_what_begins_with_a_zero_and_is_no_stun_is_not_answered(rig: EmbeddedRig) -> None:
    await rig.register("desk")
    for nonsense in (bytes(20), REQUEST[:-1], bytes(1400)):
        assert await ask_stun(rig, HOST, nonsense) is None


async def test_a_phone_that_no_longer_answers_pings_is_not_registered_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keepalive, "PONG_SECONDS", 0.2)
    async with embedded_rig("tcp", keepalive=0.1) as rig:
        reader, writer = await asyncio.open_connection(rig.server.host, rig.server.port)
        await register(reader, writer)
        assert rig.engine.contacts(ACCOUNT)
        for _ in range(3):
            await heard(reader, PING)
            writer.write(PONG)
        await heard(reader, PING)
        await rig.until(lambda: not rig.engine.contacts(ACCOUNT))
        writer.close()


async def heard(reader: asyncio.StreamReader, end: bytes) -> bytes:
    """What comes, up to and with that."""
    async with asyncio.timeout(BOUND):
        return await reader.readuntil(end)


async def register(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Register by hand, as a phone that is only this connection."""
    credentials = ""
    for number, status in ((1, b"401"), (2, b"200")):
        writer.write(
            (
                f"REGISTER sip:{DOMAIN} SIP/2.0\r\n"
                f"Via: SIP/2.0/TCP {HOST}:9;branch=z9hG4bK{number}\r\n"
                f"From: <sip:{ACCOUNT}>;tag=1\r\nTo: <sip:{ACCOUNT}>\r\nCall-ID: 1\r\n"
                f"CSeq: {number} REGISTER\r\nMax-Forwards: 70\r\n"
                f"Contact: <sip:desk@{HOST}:9;transport=tcp>\r\n{credentials}"
                "Content-Length: 0\r\n\r\n"
            ).encode()
        )
        answer = await heard(reader, b"\r\n\r\n")
        assert answer.startswith(b"SIP/2.0 " + status)
        if status == b"401":
            challenge = re.search(r"WWW-Authenticate: (.*)\r", answer.decode())
            assert challenge is not None
            value = answer_challenge(
                [challenge.group(1)],
                Credentials("desk", SECRET),
                "REGISTER",
                f"sip:{DOMAIN}",
                cnonce="c",
            )
            credentials = f"Authorization: {value}\r\n"
