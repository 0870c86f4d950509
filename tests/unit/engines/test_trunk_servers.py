"""Trunks with several servers, over the wire: real name servers, real sockets."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from cordboard.addresses import Hosts
from cordboard.calls.causes import Cause
from cordboard.calls.ports import Answered, Failed, HangUp, Ringing, TrunkEndpoint
from cordboard.directory.model import Trunk
from cordboard.engines.dns.settings import DnsSettings
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.tls import TlsSettings
from cordboard.engines.transport import Listen
from cordboard.sip.framing import StreamFramer
from cordboard.sip.message import Request, parse
from cordboard.sip.responses import build_response
from cordboard.sip.timers import Timers
from support.dns_server import DnsServer
from support.engine_rigs import QUICK, EmbeddedRig, directory, embedded_rig, media_ports
from support.ports import free_ports
from support.wire_peer import WirePeer

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

DNS_TIMEOUT = 0.3
PATIENCE = 10 * QUICK.t1
TRUNK = Trunk("carrier", "sip:carrier.test")

LONG_STORY = "\x1b[31mfull " + "x" * 5000

Answering = Callable[[Request], tuple[int, str] | None]


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.add("host.carrier.test", "A", "127.0.0.1")
        yield server


@pytest.fixture
async def rig(names: DnsServer) -> AsyncIterator[EmbeddedRig]:
    async with embedded_rig(dns=DnsSettings((names.address,), DNS_TIMEOUT)) as made:
        yield made


@asynccontextmanager
async def peer(answer: Answering | None = None) -> AsyncIterator[WirePeer]:
    made = await WirePeer.start(answer)
    try:
        yield made
    finally:
        made.close()


def says(status: int, lines: str = "") -> Answering:
    """The same answer to every INVITE."""
    return lambda request: (status, lines) if request.method == "INVITE" else (200, "")


def publish(names: DnsServer, *ports: int, transport: str = "udp") -> None:
    """The servers of the trunk, the best first."""
    servers = (f"{n} 0 {port} host.carrier.test." for n, port in enumerate(ports, 1))
    names.add(f"_sip._{transport}.carrier.test", "SRV", *servers)


def dial(rig: EmbeddedRig, trunk: Trunk = TRUNK) -> str:
    return rig.dial(TrunkEndpoint(trunk, "0398765432"))


def invited(rig: EmbeddedRig, channel: str) -> list[str]:
    """Where the INVITEs of a channel went, in order, without repeats."""
    return [
        line.peer
        for line in rig.engine.trace(channel)
        if line.sent and line.summary.startswith("INVITE") and not line.retransmission
    ]


async def test_the_next_server_takes_the_call_where_the_first_is_dead(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer() as dead:
        trunk = rig.phones["trunk"]
        publish(names, dead.port, trunk.address[1])
        channel = dial(rig)
        await rig.until(lambda: trunk.calls)
        trunk.last().ring()
        trunk.last().answer()
        await rig.event(Answered, channel)
        first, second = dead.of("INVITE")[0], trunk.last().request
    assert len(dead.of("INVITE")) == 1
    assert first.call_id == second.call_id == channel
    assert first.need("via") != second.need("via")
    assert first.need("from") != second.need("from")
    assert first.uri == second.uri == "sip:0398765432@carrier.test"
    here = "udp:127.0.0.1"
    assert invited(rig, channel) == [f"{here}:{dead.port}", f"{here}:{trunk.address[1]}"]


async def test_the_next_call_begins_with_the_server_that_answers(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer() as dead, peer(says(486)) as alive:
        publish(names, dead.port, alive.port)
        await rig.event(Failed, dial(rig))
        channel = dial(rig)
        failed = await rig.event(Failed, channel)
    assert (failed.status, failed.local) == (486, False)
    assert invited(rig, channel) == [f"udp:127.0.0.1:{alive.port}"]


async def test_a_port_where_nobody_is_leads_to_the_next_server_at_once(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer(says(404)) as other:
        publish(names, free_ports(), other.port)
        began = asyncio.get_running_loop().time()
        assert (await rig.event(Failed, dial(rig))).status == 404
        assert asyncio.get_running_loop().time() - began < PATIENCE


async def test_a_server_that_is_full_sends_the_call_to_the_next_at_once(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer(says(503)) as full, peer(says(404)) as other:
        publish(names, full.port, other.port)
        began = asyncio.get_running_loop().time()
        failed = await rig.event(Failed, dial(rig))
        assert asyncio.get_running_loop().time() - began < PATIENCE
        await rig.until(lambda: full.methods() == ["INVITE", "ACK"])
        assert failed.status == 404
        await rig.event(Failed, dial(rig))
        assert len(full.of("INVITE")) == 2, "a 503 counts for its own call only"


async def test_a_server_that_asks_for_time_is_given_it(rig: EmbeddedRig, names: DnsServer) -> None:
    async with peer(says(503, "Retry-After: 60\r\n")) as full, peer(says(404)) as other:
        publish(names, full.port, other.port)
        for _ in range(3):
            assert (await rig.event(Failed, dial(rig))).status == 404
        assert len(full.of("INVITE")) == 1
        assert len(other.of("INVITE")) == 3


async def test_a_connection_that_is_refused_leads_to_the_next_server(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    closed = free_ports()
    publish(names, closed, transport="tcp")
    async with peer(says(404)) as other:
        publish(names, other.port)
        names.add(
            "carrier.test",
            "NAPTR",
            '1 1 "s" "SIP+D2T" "" _sip._tcp.carrier.test.',
            '1 2 "s" "SIP+D2U" "" _sip._udp.carrier.test.',
        )
        channel = dial(rig)
        failed = await rig.event(Failed, channel)
    assert failed.status == 404
    assert invited(rig, channel) == [f"tcp:127.0.0.1:{closed}", f"udp:127.0.0.1:{other.port}"]


async def test_a_connection_that_is_refused_is_told_as_such(rig: EmbeddedRig) -> None:
    closed = free_ports()
    trunk = Trunk("closed", f"sip:127.0.0.1:{closed};transport=tcp")
    failed = await rig.event(Failed, dial(rig, trunk))
    assert (failed.status, failed.local) == (503, True)
    assert failed.reason == f"Service Unavailable: tcp:127.0.0.1:{closed} (connection refused)"


async def test_a_call_that_is_over_leaves_nothing_to_the_garbage_collector(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer(says(503)) as full, peer(says(404)) as other:
        publish(names, full.port, other.port)
        gc.collect()
        gc.disable()
        try:
            await rig.event(Failed, dial(rig))
            await rig.until(lambda: not any(isinstance(one, Channel) for one in gc.get_objects()))
        finally:
            gc.enable()


@pytest.mark.parametrize("status", [400, 408, 480, 486, 500, 600, 603])
async def test_any_other_answer_is_an_answer(
    rig: EmbeddedRig, names: DnsServer, status: int
) -> None:
    async with peer(says(status)) as first, peer() as second:
        publish(names, first.port, second.port)
        failed = await rig.event(Failed, dial(rig))
        assert (failed.status, failed.local) == (status, False)
        assert second.requests == []


async def test_a_503_after_100_leads_to_the_next_server(rig: EmbeddedRig, names: DnsServer) -> None:
    async with peer() as first, peer(says(404)) as second:
        publish(names, first.port, second.port)
        channel = dial(rig)
        await rig.until(lambda: first.requests)
        first.respond(first.requests[0], 100)
        first.respond(first.requests[0], 503)
        assert (await rig.event(Failed, channel)).status == 404
        await rig.until(lambda: "ACK" in first.methods())


async def test_what_a_full_server_says_is_told_within_bounds(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer() as first, peer() as second:
        publish(names, first.port, second.port)
        channel = dial(rig)
        await rig.until(lambda: first.requests)
        first.respond(first.requests[0], 503, phrase=LONG_STORY)
        await rig.until(lambda: second.requests)
        second.respond(second.requests[0], 503, phrase=LONG_STORY)
        failed = await rig.event(Failed, channel)
        assert failed.reason.isprintable()
        assert len(failed.reason) < 500


async def test_a_503_of_a_server_that_rang_does_not(rig: EmbeddedRig, names: DnsServer) -> None:
    async with peer() as first, peer(says(404)) as second:
        publish(names, first.port, second.port)
        channel = dial(rig)
        await rig.until(lambda: first.requests)
        first.respond(first.requests[0], 180)
        await rig.event(Ringing, channel)
        first.respond(first.requests[0], 503)
        failed = await rig.event(Failed, channel)
        assert (failed.status, failed.local) == (503, False)
        assert failed.reason == "Service Unavailable"
        assert second.requests == []


async def test_what_was_given_up_and_rings_after_all_is_cancelled(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer() as slow:
        trunk = rig.phones["trunk"]
        publish(names, slow.port, trunk.address[1])
        channel = dial(rig)
        await rig.until(lambda: trunk.calls)
        slow.answer = says(487)
        slow.respond(slow.requests[0], 180)
        await rig.until(lambda: "CANCEL" in slow.methods())
        trunk.last().answer()
        await rig.event(Answered, channel)
        assert trunk.last().ended is None
        assert slow.of("CANCEL")[0].need("via") == slow.of("INVITE")[0].need("via")


async def test_what_was_given_up_and_answers_after_all_is_hung_up(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer() as slow:
        trunk = rig.phones["trunk"]
        publish(names, slow.port, trunk.address[1])
        channel = dial(rig)
        await rig.until(lambda: trunk.calls)
        trunk.last().answer()
        await rig.event(Answered, channel)
        contact = f"Contact: <sip:x@127.0.0.1:{slow.port}>\r\n"
        slow.respond(slow.requests[0], 200, contact)
        await rig.until(lambda: "BYE" in slow.methods())
        assert "ACK" in slow.methods()
        assert trunk.last().ended is None
        assert rig.ends(channel) == []


async def test_hanging_up_ends_the_tries(rig: EmbeddedRig, names: DnsServer) -> None:
    async with peer() as dead, peer() as other:
        publish(names, dead.port, other.port)
        channel = dial(rig)
        await rig.until(lambda: dead.requests)
        rig.execute(HangUp(channel, Cause.CANCELLED))
        failed = await rig.event(Failed, channel)
        assert (failed.status, failed.local) == (487, True)
        assert other.requests == []
        assert rig.embedded.channels == 0


async def test_when_all_are_dead_it_is_told_what_was_tried(names: DnsServer) -> None:
    timers = Timers(0.02, 0.08, 0.1)
    async with (
        embedded_rig(timers=timers, dns=DnsSettings((names.address,), DNS_TIMEOUT)) as rig,
        peer() as silent,
        peer(says(503)) as full,
        peer() as other,
    ):
        publish(names, silent.port, full.port, other.port)
        began = asyncio.get_running_loop().time()
        failed = await rig.event(Failed, dial(rig))
        took = asyncio.get_running_loop().time() - began
        assert (failed.status, failed.local) == (408, True)
        assert failed.reason == (
            f"Request Timeout: udp:127.0.0.1:{silent.port} (no answer), "
            f"udp:127.0.0.1:{full.port} (503 Service Unavailable), "
            f"udp:127.0.0.1:{other.port} (no answer)"
        )
        assert took < timers.timeout + 1.0
        assert rig.embedded.channels == 0
        # Then those that said nothing come last, and all are tried all the same
        channel = dial(rig)
        await rig.event(Failed, channel)
        assert invited(rig, channel)[0] == f"udp:127.0.0.1:{full.port}"
        assert len(invited(rig, channel)) == 3


async def test_a_server_that_comes_back_is_tried_last_and_then_first_again(
    names: DnsServer,
) -> None:
    timers = Timers(0.02, 0.08, 0.1)
    async with (
        embedded_rig(timers=timers, dns=DnsSettings((names.address,), DNS_TIMEOUT)) as rig,
        peer() as first,
        peer() as second,
    ):
        publish(names, first.port, second.port)
        await rig.event(Failed, dial(rig))  # both are put down
        first.answer = says(404)
        for _ in range(2):
            channel = dial(rig)
            assert (await rig.event(Failed, channel)).status == 404
            assert invited(rig, channel) == [f"udp:127.0.0.1:{first.port}"]


async def test_silent_name_servers_are_told_within_the_bound(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    names.silent = True
    began = asyncio.get_running_loop().time()
    failed = await rig.event(Failed, dial(rig))
    assert asyncio.get_running_loop().time() - began < 2 * DNS_TIMEOUT + 0.5
    assert (failed.status, failed.local) == (503, True)
    assert failed.reason == "Trunk not found: NAPTR carrier.test: no name server answers"


async def test_a_domain_without_servers_is_told(rig: EmbeddedRig) -> None:
    failed = await rig.event(Failed, dial(rig))
    assert failed.reason == "Trunk not found: there is no such name: carrier.test"


async def test_servers_of_the_same_priority_share_the_calls_by_their_weights(
    rig: EmbeddedRig, names: DnsServer
) -> None:
    async with peer(says(404)) as heavy, peer(says(404)) as light:
        names.add(
            "_sip._udp.carrier.test",
            "SRV",
            f"1 90 {heavy.port} host.carrier.test.",
            f"1 10 {light.port} host.carrier.test.",
        )
        for _ in range(200):
            channel = dial(rig)
            await rig.event(Failed, channel)
            rig.events.clear()
        assert len(heavy.of("INVITE")) + len(light.of("INVITE")) == 200
        assert 160 < len(heavy.of("INVITE")) < 198


@asynccontextmanager
async def tls_server(certificate: Path, status: int) -> AsyncIterator[int]:
    """A SIP server over TLS that answers every INVITE with the same status; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = StreamFramer()
        while data := await reader.read(65_536):
            for one in framer.feed(data):
                request = parse(one)
                if isinstance(request, Request) and request.method == "INVITE":
                    writer.write(build_response(request, status, "tls"))
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_certificate_for_another_name_leads_to_the_next_server(
    names: DnsServer, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    for name in ("carrier.test", "host.carrier.test"):
        issued = authority.issue_cert(name)
        issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{name}.pem")
    tls = TlsSettings(authorities=tmp_path / "authority.pem")
    async with (
        tls_server(tmp_path / "host.carrier.test.pem", 486) as of_host,
        tls_server(tmp_path / "carrier.test.pem", 404) as of_domain,
        embedded_rig(dns=DnsSettings((names.address,), DNS_TIMEOUT), tls=tls) as rig,
    ):
        names.add(
            "_sips._tcp.carrier.test",
            "SRV",
            *(f"{n} 0 {port} host.carrier.test." for n, port in enumerate((of_host, of_domain))),
        )
        trunk = Trunk("secure", "sip:carrier.test;transport=tls")
        channel = dial(rig, trunk)
        failed = await rig.event(Failed, channel)
        assert failed.status == 404, "the name in the SRV record is not the one to believe"
        here = "tls:127.0.0.1"
        assert invited(rig, channel) == [f"{here}:{of_host}", f"{here}:{of_domain}"]
        names.add("_sips._tcp.other.test", "SRV", f"1 0 {of_host} host.carrier.test.")
        failed = await rig.event(
            Failed, dial(rig, replace(trunk, uri="sip:other.test;transport=tls"))
        )
        assert (failed.status, failed.local) == (503, True)
        assert "is not valid for 'other.test'" in failed.reason


async def test_a_server_of_both_families_is_tried_in_both(names: DnsServer) -> None:
    settings = EngineSettings(
        listen=(Listen("udp", "127.0.0.1", 0), Listen("udp", "::1", 0)),
        media_hosts=Hosts("127.0.0.1", "::1"),
        media_ports=media_ports(),
        timers=QUICK,
        dns=DnsSettings((names.address,), DNS_TIMEOUT),
    )
    engine = EmbeddedEngine(settings, directory)
    await engine.start()
    rig = EmbeddedRig(engine)
    names.add("host.carrier.test", "AAAA", "::1")
    try:
        async with peer(says(404)) as four:
            publish(names, four.port)
            channel = dial(rig)
            assert (await rig.event(Failed, channel)).status == 404
            assert invited(rig, channel) == [
                f"udp:[::1]:{four.port}",
                f"udp:127.0.0.1:{four.port}",
            ]
    finally:
        await engine.stop()
