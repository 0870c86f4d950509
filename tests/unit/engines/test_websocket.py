"""SIP over WebSocket: who is let in, what a message is, and how a connection ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from cordboard.engines import connections, websocket
from cordboard.engines.capacity import Capacity
from cordboard.engines.connections import ConnectionSettings
from cordboard.engines.tls import TlsContexts, TlsSettings
from cordboard.engines.transport import Listen, ListenError, SipTransport
from cordboard.sip import keepalive
from cordboard.sip.flow import Flow
from cordboard.sip.message import MAX_MESSAGE_SIZE
from support.certificates import Certificates, make_certificates
from support.waiting import BOUND, eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

HOST = "127.0.0.1"
SIP = Subprotocol("sip")
MESSAGE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nhi"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    f"GET / HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"
).encode()


class Server:
    """A transport that listens for WebSocket, and what it has told."""

    def __init__(self, settings: ConnectionSettings, tls: TlsContexts | None) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.lost: list[Flow] = []
        self.batches = 0
        self.port = 0
        self.transport = SipTransport(
            lambda data, flow: self.received.append((data, flow)),
            self._read_all,
            self.lost.append,
            connections=settings,
            tls=tls,
        )

    def _read_all(self) -> None:
        self.batches += 1

    @property
    def messages(self) -> list[bytes]:
        return [data for data, _ in self.received]

    @property
    def flow(self) -> Flow:
        """How the last message came."""
        return self.received[-1][1]

    def send(self, data: bytes) -> None:
        self.transport.send([(self.flow, data)])


@asynccontextmanager
async def listening(
    *, maximum: int = 100, every: float = 0.0, origins: tuple[str, ...] | None = None,
    certificate: Path | None = None, proxies: frozenset[str] = frozenset(),
) -> AsyncIterator[Server]:  # fmt: skip
    tls = None if certificate is None else TlsContexts(TlsSettings(certificate))
    server = Server(ConnectionSettings(Capacity(maximum, proxies=proxies), every, origins), tls)
    name = "ws" if tls is None else "wss"
    server.port = (await server.transport.listen(Listen(name, HOST, 0)))[1]
    try:
        yield server
    finally:
        await server.transport.close()


@asynccontextmanager
async def phone(server: Server, *, said: bytes | None = MESSAGE) -> AsyncIterator[ClientConnection]:
    """A connection, over which something was said; its own pings are off."""
    async with connect(
        f"ws://{HOST}:{server.port}/", subprotocols=[SIP], ping_interval=None
    ) as made:
        if said is not None:
            heard = len(server.received)
            await made.send(said, text=True)
            await eventually(lambda: len(server.received) > heard)
        yield made


async def answer(made: ClientConnection) -> bytes | str:
    async with asyncio.timeout(BOUND):
        return await made.recv()


async def closing_code(made: ClientConnection) -> int | None:
    """Wait until the connection is closed; its code."""
    async with asyncio.timeout(BOUND):
        await made.wait_closed()
    return made.close_code


@asynccontextmanager
async def stream(
    server: Server, said: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A plain connection, without the library's manners."""
    async with asyncio.timeout(BOUND):
        reader, writer = await asyncio.open_connection(HOST, server.port)
        writer.write(said)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def is_cut(reader: asyncio.StreamReader) -> bytes:
    """Wait for the end of a stream; what came before it."""
    async with asyncio.timeout(BOUND):
        came = b""
        with suppress(ConnectionError):
            while more := await reader.read(65_536):
                came += more
        return came


# Messages


async def test_messages_go_both_ways_over_one_flow() -> None:
    async with listening() as server, phone(server) as made:
        assert made.subprotocol == "sip"
        port = made.local_address[1]
        assert server.received == [(MESSAGE, Flow("ws", (HOST, server.port), (HOST, port)))]
        server.send(b"SIP/2.0 200 OK\r\n\r\n")
        assert await answer(made) == "SIP/2.0 200 OK\r\n\r\n"
        assert server.transport.advertised(server.flow) == (HOST, server.port)
        assert server.transport.connections == 1
        assert server.transport.listening == (Listen("ws", HOST, server.port),)


async def test_text_and_octets_are_both_messages_whole_or_in_pieces() -> None:
    async with listening() as server, phone(server, said=None) as made:
        await made.send(MESSAGE, text=True)
        await made.send(MESSAGE)
        await made.send([MESSAGE[:9], b"", MESSAGE[9:20], MESSAGE[20:]])
        await eventually(lambda: len(server.received) == 3)
        assert server.messages == [MESSAGE] * 3
        assert 1 <= server.batches <= 3


async def test_what_is_no_text_goes_as_octets() -> None:
    async with listening() as server, phone(server) as made:
        for data in (b"caf\xc3\xa9", b"caf\xe9"):
            server.send(data)
        assert await answer(made) == "caf\u00e9"
        assert await answer(made) == b"caf\xe9"


async def test_a_ping_as_over_tcp_is_answered() -> None:
    async with listening() as server, phone(server, said=None) as made:
        await made.send("\r\n\r\n")
        assert await answer(made) == "\r\n"
        await made.send("\r\n")
        async with asyncio.timeout(BOUND):
            await (await made.ping())  # a ping of WebSocket is too
        assert server.received == []


async def test_secured_connections_carry_their_own_name(tmp_path: Path) -> None:
    certificates: Certificates = make_certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=certificates.authority)
    async with (
        listening(certificate=certificates.server) as server,
        connect(f"wss://{HOST}:{server.port}/", subprotocols=[SIP], ssl=trusting) as made,
    ):
        await made.send(MESSAGE)
        await eventually(lambda: server.received)
        assert server.flow.transport == "wss"
        server.send(MESSAGE)
        assert await answer(made) == MESSAGE.decode()


async def test_phones_of_ipv6_have_their_own_listener() -> None:
    async with listening() as server:
        await server.transport.listen(Listen("ws", "::1", server.port))
        for host in (HOST, "::1"):
            at = f"[{host}]" if ":" in host else host
            async with connect(f"ws://{at}:{server.port}/", subprotocols=[SIP]) as made:
                await made.send(MESSAGE, text=True)
                await eventually(lambda: server.received)
                assert server.flow.remote == (host, made.local_address[1])
                assert server.transport.advertised(server.flow) == (host, server.port)
                server.received.clear()


async def test_secured_connections_need_a_certificate() -> None:
    transport = SipTransport(lambda *_: None, lambda: None, lambda _: None)
    with pytest.raises(ListenError, match="there is no certificate"):
        await transport.listen(Listen("wss", HOST, 0))


# Who is let in


@pytest.mark.parametrize("offered", [None, [Subprotocol("chat")]])
async def test_nobody_is_let_in_who_does_not_speak_sip(offered: list[Subprotocol] | None) -> None:
    async with listening() as server:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{HOST}:{server.port}/", subprotocols=offered)
        assert refused.value.response.status_code == 400
        await eventually(lambda: server.transport.connections == 0)


async def test_sip_is_found_among_other_subprotocols() -> None:
    offered = [Subprotocol("chat"), SIP]
    async with (
        listening() as server,
        connect(f"ws://{HOST}:{server.port}/ws?a=b", subprotocols=offered) as made,
    ):
        assert made.subprotocol == "sip"


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [("https://good.test", True), ("https://bad.test", False), (None, False)],
)
async def test_only_pages_of_the_sites_named_are_let_in(origin: str | None, welcome: bool) -> None:
    async with listening(origins=("https://good.test", "https://also.test")) as server:
        from_there = None if origin is None else Origin(origin)
        opening = connect(f"ws://{HOST}:{server.port}/", subprotocols=[SIP], origin=from_there)
        if welcome:
            async with opening:
                assert server.transport.connections == 1
        else:
            with pytest.raises(InvalidStatus) as refused:
                await opening
            assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("forwarded", "seen"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["10.0.0.9, 198.51.100.7"], "198.51.100.7"),  # the first is what the phone itself claims
        (["10.0.0.9", "198.51.100.7, 192.0.2.1"], "198.51.100.7"),  # by two proxies of ours
        (["192.0.2.1"], HOST),
        (["2001:db8::7"], HOST),
        (["unknown"], HOST),
        (["198.51.100.7:4711"], HOST),
        ([""], HOST),
        ([], HOST),
    ],
)
async def test_behind_a_proxy_of_ours_a_phone_is_seen_where_it_is(
    forwarded: list[str], seen: str
) -> None:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    async with (
        listening(proxies=frozenset({HOST, "192.0.2.1"})) as server,
        connect(
            f"ws://{HOST}:{server.port}/", subprotocols=[SIP], additional_headers=headers
        ) as made,
    ):
        await made.send(MESSAGE, text=True)
        await eventually(lambda: server.received)
        port = made.local_address[1]
        assert server.flow == Flow("ws", (HOST, server.port), (seen, port))
        server.send(MESSAGE)
        assert await answer(made) == MESSAGE.decode()
        await made.close()
        await eventually(lambda: server.lost)
        assert server.lost == [server.flow]
        assert server.transport.connections == 0


async def test_nobody_else_is_believed_where_he_is() -> None:
    headers = [("X-Forwarded-For", "198.51.100.7")]
    async with (
        listening() as server,
        connect(
            f"ws://{HOST}:{server.port}/", subprotocols=[SIP], additional_headers=headers
        ) as made,
    ):
        await made.send(MESSAGE, text=True)
        await eventually(lambda: server.received)
        assert server.flow.remote[0] == HOST


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"426"),
        (HANDSHAKE.replace(b"GET", b"POST") + b"\r\n", b"405"),
        (HANDSHAKE.replace(b"Version: 13", b"Version: 8") + b"\r\n", b"400"),
        (b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b""),
        (b"\x00" * 10_000, b""),
    ],
)
async def test_what_is_no_handshake_is_refused_and_cut(said: bytes, status: bytes) -> None:
    async with listening() as server, stream(server, said) as (reader, _):
        came = await is_cut(reader)
        assert status in came.partition(b"\r\n")[0]
        assert server.received == []
        await eventually(lambda: server.transport.connections == 0)


async def test_a_handshake_is_bounded() -> None:
    async with listening() as server, stream(server, HANDSHAKE) as (reader, writer):
        for number in range(100):
            writer.write(b"Cookie: %d%s\r\n" % (number, b"x" * 1000))
        assert await is_cut(reader) == b""


@pytest.mark.parametrize("said", [b"", HANDSHAKE])
async def test_a_handshake_has_its_time(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "HANDSHAKE_SECONDS", 0.05)
    async with listening() as server, stream(server, said) as (reader, _), phone(server):
        assert await is_cut(reader) == b""
        assert server.transport.connections == 1  # who was quick enough stays


async def test_the_number_of_connections_is_bounded() -> None:
    async with listening(maximum=1) as server, stream(server, HANDSHAKE) as (stranger, _):
        await eventually(lambda: server.transport.connections == 1)
        async with phone(server):
            assert await is_cut(stranger) == b""
            assert server.transport.connections == 1


# How it ends


async def test_a_connection_that_ends_is_a_lost_flow_and_never_made_anew() -> None:
    async with listening() as server:
        async with phone(server):
            pass
        await eventually(lambda: server.lost)
        assert server.lost == [server.flow]
        assert server.transport.connections == 0
        server.send(MESSAGE)
        await eventually(lambda: len(server.lost) == 2)
        with pytest.raises(ListenError):
            server.transport.flow_to("ws", (HOST, server.port))


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x02hi", 1002),  # a client masks what it sends
        (b"\x83\x80\0\0\0\0", 1002),  # no such kind of frame
        (b"\xc1\x80\0\0\0\0", 1002),  # compressed, which was not agreed
        (b"\x80\x80\0\0\0\0", 1002),  # goes on with what was not begun
        (b"\x01\x82\0\0\0\0hi\x81\x82\0\0\0\0hi", 1002),  # another before the first is whole
        (b"\x81\xff\0\0\0\0\0\x01\0\0\0\0\0\0", 1009),  # 64 KiB, before any of it is here
        (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 1009),
    ],
)
async def test_frames_that_make_no_sense_end_the_connection(frame: bytes, code: int) -> None:
    async with listening() as server, stream(server, HANDSHAKE + b"\r\n") as (reader, writer):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        writer.write(frame)
        came = await is_cut(reader)
        assert (came[0], int.from_bytes(came[2:4])) == (0x88, code)
        assert server.received == []
        await eventually(lambda: server.lost)


async def test_a_message_in_pieces_is_no_larger_than_one_in_one() -> None:
    async with listening() as server, phone(server) as made:
        await made.send(MESSAGE + bytes(MAX_MESSAGE_SIZE - len(MESSAGE)))
        await eventually(lambda: len(server.received) == 2)
        with suppress(ConnectionClosed):
            await made.send([MESSAGE, *([bytes(10_000)] * 7)])
        assert await closing_code(made) == 1009
        assert len(server.received) == 2


async def test_what_is_no_sip_is_no_reason_to_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "FIRST_MESSAGE_SECONDS", 0.1)
    monkeypatch.setattr(connections, "SWEEP_SECONDS", 0.02)
    async with listening() as server, phone(server), phone(server, said=None) as made:
        with suppress(ConnectionClosed):
            for nonsense in ("", "\r\n\r\n", '{"call": "me"}', b"\0" * 100):
                await made.send(nonsense)
        assert await closing_code(made) == 1006
        assert server.messages == [MESSAGE]
        assert server.transport.connections == 1


async def test_a_phone_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_WAITING_OCTETS", 1000)
    async with listening() as server, stream(server, HANDSHAKE + b"\r\n") as (_, writer):
        writer.write(b"\x81" + bytes([0x80 + len(MESSAGE)]) + bytes(4) + MESSAGE)
        await eventually(lambda: server.received)
        for _ in range(50):
            server.send(bytes(1_000_000))
        await eventually(lambda: server.lost)


async def test_pings_find_out_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "PONG_SECONDS", 0.1)
    async with listening(every=0.1) as server, phone(server):
        async with stream(server, HANDSHAKE + b"\r\n") as (reader, writer):
            writer.write(b"\x81" + bytes([0x80 + len(MESSAGE)]) + bytes(4) + MESSAGE)
            await eventually(lambda: len(server.received) == 2)
            came = await is_cut(reader)  # it is alive, but does not answer
            assert came.endswith(b"\x89\0")
        await eventually(lambda: server.lost)
        assert server.lost == [server.flow]
        assert server.transport.connections == 1  # the other phone does


async def test_connections_are_pinged_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_SECONDS", 0.05)
    async with listening() as server, stream(server, HANDSHAKE + b"\r\n") as (reader, writer):
        writer.write(b"\x81" + bytes([0x80 + len(MESSAGE)]) + bytes(4) + MESSAGE)
        assert (await reader.readuntil(b"\x89\0")).endswith(b"\x89\0")


async def test_the_end_of_the_server_is_told() -> None:
    async with listening() as server, phone(server) as made:
        await server.transport.close()
        assert await closing_code(made) == 1001
        assert server.lost == []


async def test_a_port_is_shared_with_nobody() -> None:
    async with listening() as server:
        other = Server(ConnectionSettings(), None)
        with pytest.raises(ListenError, match="in use"):
            await other.transport.listen(Listen("ws", HOST, server.port))
        with socket.socket() as probe:
            probe.connect((HOST, server.port))
    async with AsyncExitStack():
        await other.transport.close()
