"""SIP over real sockets of the loopback: datagrams, connections, and what we are called."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from cordboard.addresses import Family, Hosts
from cordboard.engines import connections as bounds
from cordboard.engines import own_addresses as routes
from cordboard.engines import tcp, udp
from cordboard.engines.capacity import Capacity
from cordboard.engines.connections import ConnectionSettings
from cordboard.engines.transport import Listen, ListenError, SipTransport
from cordboard.sip import keepalive
from cordboard.sip.flow import Flow
from cordboard.sip.keepalive import Keepalive
from support.waiting import BOUND, eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

HOST = "127.0.0.1"
WILDCARD = "0.0.0.0"  # noqa: S104 - that address is what is tested
MESSAGE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nhi"


class End:
    """A transport and what it has told."""

    def __init__(self, **settings: object) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.lost: list[Flow] = []
        self.batches = 0
        self.transport = SipTransport(
            lambda data, flow: self.received.append((data, flow)),
            self._read_all,
            self.lost.append,
            **settings,  # type: ignore[arg-type]  # tests hand on what they were given
        )

    def _read_all(self) -> None:
        self.batches += 1

    async def listen(self, transport: str) -> tuple[str, int]:
        return await self.transport.listen(Listen(transport, HOST, 0))

    def send(self, flow: Flow, data: bytes = MESSAGE) -> None:
        self.transport.send([(flow, data)])


@pytest.fixture
async def ends() -> AsyncIterator[tuple[End, End]]:
    pair = End(), End()
    yield pair
    for end in pair:
        await end.transport.close()


async def stream(address: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(BOUND):
        return await asyncio.open_connection(*address)


async def is_cut(reader: asyncio.StreamReader) -> None:
    """Wait for the end of a stream, also one that was cut with data on its way."""
    async with asyncio.timeout(BOUND):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""


# UDP


async def test_datagrams_go_both_ways_over_one_flow(ends: tuple[End, End]) -> None:
    a, b = ends
    a_at, b_at = await a.listen("udp"), await b.listen("udp")
    a.send(a.transport.flow_to("udp", b_at))
    await eventually(lambda: b.received)
    data, flow = b.received[0]
    assert (data, flow) == (MESSAGE, Flow("udp", b_at, a_at))
    b.send(flow, b"answer")
    await eventually(lambda: a.received)
    assert a.received == [(b"answer", Flow("udp", a_at, b_at))]


async def test_a_batch_is_told_of_once_and_keep_alives_not_at_all(ends: tuple[End, End]) -> None:
    a, b = ends
    await a.listen("udp")
    to_b = a.transport.flow_to("udp", await b.listen("udp"))
    for data in (b"\r\n\r\n", b"\r\n", b"\0", b""):
        a.send(to_b, data)
    for number in range(10):
        a.send(to_b, b"datagram %d" % number)
    await eventually(lambda: len(b.received) == 10)
    assert [data for data, _ in b.received] == [b"datagram %d" % n for n in range(10)]
    assert b.batches == 1


async def test_a_flood_lets_others_have_their_turn(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "DATAGRAMS_PER_WAKEUP", 4)
    a, b = ends
    await a.listen("udp")
    to_b = a.transport.flow_to("udp", await b.listen("udp"))
    for _ in range(10):
        a.send(to_b)
    await eventually(lambda: len(b.received) == 10)
    assert b.batches >= 3


async def test_a_peer_is_one_flow_and_those_that_are_known_are_bounded(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "MAX_KNOWN_FLOWS", 2)
    server, _ = ends
    at = await server.listen("udp")
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
    with contextlib.ExitStack() as stack:
        for peer in peers:
            stack.enter_context(peer)
            for _ in range(2):
                peer.sendto(MESSAGE, at)
        await eventually(lambda: len(server.received) == 8)
        addresses = [peer.getsockname() for peer in peers for _ in range(2)]
    flows = [flow for _, flow in server.received]
    assert sorted(flow.remote for flow in flows) == sorted((HOST, port) for _, port in addresses)
    assert len({id(flow) for flow in flows}) == 4
    assert len(server.transport._udp[at]._flows) <= 2


async def test_errors_of_the_network_end_nothing(ends: tuple[End, End]) -> None:
    a, b = ends
    await a.listen("udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind((HOST, 0))
        nobody = unused.getsockname()
    a.send(a.transport.flow_to("udp", nobody))  # an ICMP error comes back
    a.send(Flow("udp", ("", 0), ("203.0.113.1", 0)))  # the system refuses port 0
    a.send(Flow("udp", ("", 0), ("not an address", 5060)))
    a.send(a.transport.flow_to("udp", await b.listen("udp")), bytes(70_000))  # too long
    a.send(a.transport.flow_to("udp", await b.listen("udp")))
    await eventually(lambda: b.received)
    assert a.lost == []


# TCP


async def test_a_connection_is_made_used_both_ways_and_reused(ends: tuple[End, End]) -> None:
    a, b = ends
    to_b = a.transport.flow_to("tcp", await b.listen("tcp"))
    a.send(to_b)
    a.send(to_b, MESSAGE.replace(b"hi", b"ho"))
    await eventually(lambda: len(b.received) == 2)
    flow = b.received[0][1]
    assert flow == b.received[1][1]
    b.send(flow)
    await eventually(lambda: a.received)
    assert a.received == [(MESSAGE, to_b)]
    assert (a.transport.connections, b.transport.connections) == (1, 1)


async def test_messages_are_cut_out_of_the_stream_and_pings_answered(ends: tuple[End, End]) -> None:
    _, b = ends
    reader, writer = await stream(await b.listen("tcp"))
    writer.write(b"\r\n\r\n" + MESSAGE[:10])
    async with asyncio.timeout(BOUND):
        assert await reader.readexactly(2) == b"\r\n"
    writer.write(MESSAGE[10:] + MESSAGE)
    await eventually(lambda: len(b.received) == 2)
    assert {data for data, _ in b.received} == {MESSAGE}
    writer.close()
    await eventually(lambda: b.lost)
    assert b.lost == [b.received[0][1]]
    assert b.transport.connections == 0


async def test_a_stream_that_makes_no_sense_is_cut(ends: tuple[End, End]) -> None:
    _, b = ends
    reader, writer = await stream(await b.listen("tcp"))
    writer.write(b"x" * (bounds.MAX_WAITING_OCTETS))
    await is_cut(reader)
    await eventually(lambda: len(b.lost) == 1)
    writer.close()


async def test_nobody_there_is_a_lost_flow(ends: tuple[End, End]) -> None:
    a, b = ends
    address = await b.listen("tcp")
    await b.transport.close()
    to_b = a.transport.flow_to("tcp", address)
    a.send(to_b)
    assert a.lost == []  # never from within send
    await eventually(lambda: a.lost)
    assert a.lost == [to_b]
    assert a.transport.connections == 0


async def test_a_connection_that_a_peer_made_is_not_made_by_us(ends: tuple[End, End]) -> None:
    a, b = ends
    gone = Flow("tcp", await a.listen("tcp"), await b.listen("tcp"))
    a.send(gone)
    await eventually(lambda: a.lost)
    assert a.lost == [gone]
    assert b.transport.connections == 0


async def test_what_cant_be_sent_while_connecting_is_bounded(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "MAX_WAITING_OCTETS", 100)
    a, b = ends
    to_b = a.transport.flow_to("tcp", await b.listen("tcp"))
    for _ in range(3):
        a.send(to_b)
    await eventually(lambda: a.lost)
    assert a.lost == [to_b]
    assert a.transport.connections == 0
    assert b.received == []


async def test_a_peer_that_takes_nothing_is_cut_off(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_WAITING_OCTETS", 1000)
    _, b = ends
    _, writer = await stream(await b.listen("tcp"))
    writer.write(MESSAGE)
    await eventually(lambda: b.received)
    for _ in range(50):
        b.send(b.received[0][1], bytes(1_000_000))
    await eventually(lambda: b.lost)
    writer.close()


async def test_where_there_is_no_room_the_oldest_stranger_gives_way() -> None:
    registered: set[Flow] = set()
    end = End(connections=ConnectionSettings(Capacity(2)), holds=registered.__contains__)
    address = await end.listen("tcp")
    _, phone = await stream(address)
    phone.write(MESSAGE)
    await eventually(lambda: end.received)
    registered.add(end.received[0][1])
    stranger, first = await stream(address)
    await eventually(lambda: end.transport.connections == 2)
    another, second = await stream(address)
    await is_cut(stranger)
    assert registered.isdisjoint(end.lost)
    other = End()
    ours = end.transport.flow_to("tcp", await other.listen("tcp"))
    end.send(ours)  # a trunk is called all the same
    await is_cut(another)
    await eventually(lambda: other.received)
    refused, third = await stream(address)  # what is left is needed
    await is_cut(refused)
    to_us = end.transport.flow_to("tcp", address)
    end.send(to_us)
    await eventually(lambda: end.lost[-1:] == [to_us])
    assert end.transport.connections == 2
    assert registered.isdisjoint(end.lost)
    for writer in (phone, first, second, third):
        writer.close()
    await end.transport.close()
    await other.transport.close()


async def test_a_connection_without_a_word_is_cut(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "FIRST_MESSAGE_SECONDS", 0.05)
    monkeypatch.setattr(bounds, "SWEEP_SECONDS", 0.02)
    _, b = ends
    address = await b.listen("tcp")
    _, talker = await stream(address)
    talker.write(MESSAGE)
    await eventually(lambda: b.received)
    reader, silent = await stream(address)
    await is_cut(reader)
    assert b.transport.connections == 1
    for writer in (talker, silent):
        writer.close()


@pytest.mark.parametrize("said", [b"\r\n\r\n", MESSAGE + MESSAGE[:-10]])
async def test_neither_pings_nor_half_a_message_hold_a_connection(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    for module in (bounds, tcp):
        monkeypatch.setattr(module, "FIRST_MESSAGE_SECONDS", 0.05)
    monkeypatch.setattr(bounds, "SWEEP_SECONDS", 0.02)
    _, b = ends
    reader, writer = await stream(await b.listen("tcp"))
    writer.write(said)
    async with asyncio.timeout(BOUND):
        assert await reader.read() in (b"", b"\r\n")
    writer.close()


async def test_a_connection_of_ours_is_cut_too_once_it_is_idle(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(bounds, "SWEEP_SECONDS", 0.02)
    a, b = ends
    a.send(a.transport.flow_to("tcp", await b.listen("tcp")))
    await eventually(lambda: a.lost)
    assert a.transport.connections == 0


async def test_a_connection_that_is_let_go_of_is_cut_soon(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "RELEASED_SECONDS", 0.05)
    monkeypatch.setattr(bounds, "SWEEP_SECONDS", 0.02)
    a, b = ends
    flow = a.transport.flow_to("tcp", await b.listen("tcp"))
    a.transport.release(flow)  # there is none
    a.send(flow)
    await eventually(lambda: b.received)
    assert a.transport.connections == 1
    a.transport.release(flow)
    await eventually(lambda: a.lost)
    assert a.transport.connections == 0


async def test_silent_peers_are_pinged_and_strangers_are_not() -> None:
    end = End(connections=ConnectionSettings(keepalive=0.1))
    address = await end.listen("tcp")
    stranger, saying_nothing = await stream(address)
    reader, writer = await stream(address)
    writer.write(MESSAGE)
    async with asyncio.timeout(BOUND):
        for _ in range(3):  # it never answers, and stays
            assert await reader.readexactly(4) == b"\r\n\r\n"
    assert end.lost == []
    saying_nothing.close()
    assert await stranger.read() == b""
    writer.close()
    await end.transport.close()


async def test_a_peer_that_has_answered_pings_is_cut_when_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keepalive, "PONG_SECONDS", 0.1)
    end = End(connections=ConnectionSettings(keepalive=0.1))
    reader, writer = await stream(await end.listen("tcp"))
    writer.write(MESSAGE)
    async with asyncio.timeout(BOUND):
        for _ in range(2):
            assert await reader.readexactly(4) == b"\r\n\r\n"
            writer.write(b"\r\n")
        assert await reader.readexactly(4) == b"\r\n\r\n"
    await is_cut(reader)
    await eventually(lambda: end.lost)
    assert end.lost == [end.received[0][1]]
    writer.close()
    await end.transport.close()


@pytest.mark.parametrize("option", ["TCP_USER_TIMEOUT", None])
async def test_two_of_us_keep_each_other_alive(
    monkeypatch: pytest.MonkeyPatch, option: str | None
) -> None:
    monkeypatch.setattr(keepalive, "PONG_SECONDS", 0.2)
    if option is None:
        monkeypatch.delattr(socket, "TCP_USER_TIMEOUT")
    answered: list[float] = []
    pong = Keepalive.pong

    def note(self: Keepalive, now: float) -> None:
        answered.append(now)
        pong(self, now)

    monkeypatch.setattr(Keepalive, "pong", note)
    pair = [End(connections=ConnectionSettings(keepalive=0.05)) for _ in range(2)]
    a, b = pair
    a.send(a.transport.flow_to("tcp", await b.listen("tcp")))
    await eventually(lambda: len(answered) > 10)
    assert (a.lost, b.lost) == ([], [])
    for end in pair:
        await end.transport.close()


async def test_closing_tells_nobody_and_leaves_nothing(ends: tuple[End, End]) -> None:
    a, b = ends
    to_b = a.transport.flow_to("tcp", await b.listen("tcp"))
    a.send(to_b)
    await eventually(lambda: b.received)
    a.send(a.transport.flow_to("tcp", ("192.0.2.1", 5060)))  # still being made
    await a.transport.close()
    await eventually(lambda: b.lost)
    assert a.lost == []


# Addresses


async def test_an_address_in_use_is_named(ends: tuple[End, End]) -> None:
    a, b = ends
    for transport in ("udp", "tcp"):
        host, port = await a.listen(transport)
        with pytest.raises(ListenError, match=f"{transport}:{host}:{port}: .*in use"):
            await b.transport.listen(Listen(transport, host, port))
    with pytest.raises(ListenError, match="no transport 'sctp'"):
        await b.transport.listen(Listen("sctp", HOST, 0))


async def test_a_flow_needs_a_listener_of_its_kind(ends: tuple[End, End]) -> None:
    a, _ = ends
    with pytest.raises(ListenError):
        a.transport.flow_to("udp", (HOST, 5060))
    local = await a.listen("udp")
    assert a.transport.flow_to("udp", (HOST, 5060)) == Flow("udp", local, (HOST, 5060))
    assert a.transport.listening == (Listen("udp", *local),)
    for transport, remote in (("udp", "::1"), ("ws", HOST)):
        with pytest.raises(ListenError):
            a.transport.flow_to(transport, (remote, 5060))


async def test_peers_are_told_the_address_they_find_us_at(ends: tuple[End, End]) -> None:
    a, _ = ends
    local = await a.listen("udp")
    assert a.transport.advertised(Flow("udp", local, (HOST, 5060))) == local
    assert a.transport.advertised(Flow("udp", ("", 0), (HOST, 5060))) == local
    everywhere = await a.transport.listen(Listen("udp", WILDCARD, 0))
    flow = Flow("udp", everywhere, (HOST, 5060))
    assert a.transport.advertised(flow) == (HOST, everywhere[1])


async def test_a_connections_own_port_is_told_to_nobody(ends: tuple[End, End]) -> None:
    a, _ = ends
    listener = await a.listen("tcp")
    assert a.transport.advertised(Flow("tcp", ("", 0), (HOST, 5060))) == listener
    assert a.transport.advertised(Flow("tcp", listener, (HOST, 40000))) == listener


async def test_an_address_without_any_listener_is_still_an_address(ends: tuple[End, End]) -> None:
    a, _ = ends
    assert a.transport.advertised(Flow("tcp", ("", 0), (HOST, 40000))) == (HOST, 5060)


async def test_the_advertised_host_takes_the_place_of_ours() -> None:
    end = End(advertised=Hosts("198.51.100.7"))
    local = await end.listen("udp")
    flow = Flow("udp", local, (HOST, 5060))
    assert end.transport.advertised(flow) == ("198.51.100.7", local[1])
    await end.transport.close()


async def test_known_routes_are_bounded(
    ends: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_KNOWN_ROUTES", 2)
    a, _ = ends
    local = await a.listen("udp")
    for port in range(5060, 5065):
        assert a.transport.advertised(Flow("udp", local, (HOST, port))) == local


V6 = "::1"


async def heard(end: End) -> None:
    await eventually(lambda: end.received)


async def listen_at(end: End, transport: str, host: str, port: int = 0) -> tuple[str, int]:
    return await end.transport.listen(Listen(transport, host, port))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_both_families_side_by_side(transport: str) -> None:
    server, peers = End(), [End(), End()]
    local = await listen_at(server, transport, WILDCARD)
    assert (await listen_at(server, transport, "[::]", local[1]))[1] == local[1]
    assert server.transport.families == {Family.IPV4, Family.IPV6}
    for host, peer in zip((HOST, V6), peers, strict=True):
        if transport == "udp":
            await listen_at(peer, transport, host)
        peer.send(peer.transport.flow_to(transport, (host, local[1])))
        await eventually(lambda: server.received)
        _, flow = server.received.pop()
        assert flow.remote[0] == host
        assert server.transport.advertised(flow) == (host, local[1])
        server.send(flow)
        await heard(peer)
    for end in (server, *peers):
        await end.transport.close()


async def test_a_peer_is_reached_from_an_address_of_its_family_on_the_way_to_it() -> None:
    end = End()
    at = {host: await listen_at(end, "udp", host) for host in ("127.0.0.2", HOST, V6)}
    assert end.transport.flow_to("udp", ("[0:0::0:1]", 5060)) == Flow("udp", at[V6], (V6, 5060))
    assert end.transport.flow_to("udp", (HOST, 5060)).local == at[HOST]
    opened = Flow("tcp", ("", 0), (V6, 40000))
    for host in (HOST, V6):
        at[host] = await listen_at(end, "tcp", host)
    assert end.transport.advertised(opened) == at[V6]
    await end.transport.close()


async def test_each_family_is_told_its_own_address() -> None:
    end = End(advertised=Hosts("198.51.100.7", "2001:db8::7"))
    local = [await listen_at(end, "udp", host) for host in (HOST, V6)]
    told = [end.transport.advertised(Flow("udp", one, (one[0], 5060))) for one in local]
    assert told == [("198.51.100.7", local[0][1]), ("2001:db8::7", local[1][1])]
    await end.transport.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_family_that_is_not_listened_at_is_said(transport: str) -> None:
    end = End()
    await listen_at(end, "udp", HOST)
    with pytest.raises(ListenError, match=r"no way to \[2001:db8::9\]:5060: .* over IPv6"):
        end.transport.flow_to(transport, ("2001:DB8:0::9", 5060))
    flow = Flow("udp", ("", 0), ("2001:db8::9", 5060))
    end.send(flow)
    await eventually(lambda: end.lost == [flow])
    await end.transport.close()
