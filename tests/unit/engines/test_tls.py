"""TLS: what certificates do to connections, and how they are changed while we run."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from cordboard.engines.tls import TlsContexts, TlsError, TlsSettings
from cordboard.engines.transport import Listen, SipTransport
from cordboard.sip.flow import Flow
from support.certificates import Certificates, make_certificates
from support.waiting import BOUND, eventually

pytestmark = pytest.mark.anyio

HOST = "127.0.0.1"
MESSAGE = (
    b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK1\r\n"
    b"From: <sip:a>;tag=1\r\nTo: <sip:a>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    b"Content-Length: 0\r\n\r\n"
)


class End:
    """A transport and what it has told."""

    def __init__(self, settings: TlsSettings) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.lost: list[Flow] = []
        self.contexts = TlsContexts(settings)
        self.transport = SipTransport(
            lambda data, flow: self.received.append((data, flow)),
            lambda: None,
            self.lost.append,
            tls=self.contexts,
        )

    def say(self, address: tuple[str, int], name: str = HOST) -> Flow:
        """Send a message over a new connection."""
        flow = self.transport.flow_to("tls", address, name)
        self.transport.send([(flow, MESSAGE)])
        return flow


@asynccontextmanager
async def ends(*settings: TlsSettings) -> AsyncIterator[list[End]]:
    made = [End(one) for one in settings]
    async with AsyncExitStack() as stack:
        for end in made:
            stack.push_async_callback(end.transport.close)
        yield made


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def trusting(certificates: Certificates) -> TlsSettings:
    """A client that believes in the tests' authority."""
    return TlsSettings(authorities=certificates.authority)


async def test_messages_go_both_ways_over_one_connection(certificates: Certificates) -> None:
    async with ends(TlsSettings(certificates.server), trusting(certificates)) as (server, phone):
        at = await server.transport.listen(Listen("tls", HOST, 0))
        flow = phone.say(at)
        await eventually(lambda: server.received)
        data, back = server.received[0]
        assert (data, back.transport, back.local) == (MESSAGE, "tls", at)
        assert server.transport.advertised(back) == at
        server.transport.send([(back, MESSAGE)])
        await eventually(lambda: phone.received)
        assert phone.received == [(MESSAGE, flow)]
        await phone.transport.close()
        await eventually(lambda: server.lost)
        assert server.lost == [back]


@pytest.mark.parametrize("name", ["elsewhere.test", "127.0.0.2"])
async def test_a_certificate_of_somebody_else_is_not_believed(
    certificates: Certificates, name: str
) -> None:
    async with ends(TlsSettings(certificates.server), trusting(certificates)) as (server, phone):
        at = await server.transport.listen(Listen("tls", HOST, 0))
        flow = phone.say(at, name)
        await eventually(lambda: phone.lost)
        assert (phone.lost, server.received) == ([flow], [])


async def test_two_names_at_one_address_are_two_connections(certificates: Certificates) -> None:
    """What one name has proven says nothing of another."""
    async with ends(TlsSettings(certificates.server), trusting(certificates)) as (server, phone):
        at = await server.transport.listen(Listen("tls", HOST, 0))
        phone.say(at, HOST)
        phone.say(at, "localhost")
        await eventually(lambda: len(server.received) == 2)
        assert phone.transport.connections == 2
        stranger = phone.say(at, "elsewhere.test")
        await eventually(lambda: phone.lost)
        assert (phone.lost, len(server.received)) == ([stranger], 2)
        assert "elsewhere.test" in phone.transport.fault(stranger)
        again = phone.say(at, "localhost")
        await eventually(lambda: len(server.received) == 3)
        assert phone.transport.connections == 2
        assert phone.transport.fault(again) == "connection lost"


async def test_an_unknown_authority_is_not_believed_unless_all_are(
    certificates: Certificates,
) -> None:
    for verify in (True, False):
        settings = TlsSettings(verify=verify)
        async with ends(TlsSettings(certificates.server), settings) as (server, phone):
            at = await server.transport.listen(Listen("tls", HOST, 0))
            phone.say(at)
            await eventually(lambda: phone.lost or server.received)
            assert bool(server.received) is not verify


async def test_certificates_that_are_gone_fail_the_connection_and_no_more(
    certificates: Certificates, tmp_path: Path
) -> None:
    ours = tmp_path / "ours.pem"
    ours.write_bytes(certificates.server.read_bytes())
    async with ends(TlsSettings(ours)) as (end,):
        ours.unlink()  # what we would show a trunk is read when one is first called
        for _ in range(2):
            flow = end.say(("127.0.0.1", 9))
            await eventually(lambda: end.lost)
            assert end.lost.pop() == flow


async def test_who_does_not_speak_tls_is_cut_off(certificates: Certificates) -> None:
    async with ends(TlsSettings(certificates.server)) as (server,):
        at = await server.transport.listen(Listen("tls", HOST, 0))
        reader, writer = await asyncio.open_connection(*at)
        writer.write(MESSAGE)
        async with asyncio.timeout(BOUND):
            await reader.read()
        writer.close()
        assert server.received == []


async def test_tls_is_listened_for_with_a_certificate_only() -> None:
    async with ends(TlsSettings()) as (server,):
        with pytest.raises(Exception, match="there is no certificate"):
            await server.transport.listen(Listen("tls", HOST, 0))


def serial_of(address: tuple[str, int]) -> bytes:
    """The certificate that a server shows to a new connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(address, timeout=BOUND) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
        assert shown is not None
        return shown


async def test_a_new_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    first = make_certificates(tmp_path / "first").server.read_bytes()
    second = make_certificates(tmp_path / "second").server.read_bytes()
    file = tmp_path / "server.pem"
    file.write_bytes(first)
    async with ends(TlsSettings(file)) as (server,):
        at = await server.transport.listen(Listen("tls", HOST, 0))
        before = await asyncio.to_thread(serial_of, at)
        assert not server.contexts.has_changed()
        file.write_bytes(second)
        assert server.contexts.has_changed()
        server.contexts.reload()
        after = await asyncio.to_thread(serial_of, at)
        assert after != before
        file.write_text("rubbish")
        with pytest.raises(TlsError):
            server.contexts.reload()
        assert await asyncio.to_thread(serial_of, at) == after


@pytest.mark.parametrize("content", [None, "", "rubbish"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "server.pem"
    if content is not None:
        file.write_text(content)
    for settings in (TlsSettings(certificate=file), TlsSettings(authorities=file)):
        with pytest.raises(TlsError, match=r"server\.pem: cannot be (read|used)"):
            TlsContexts(settings)


def test_a_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    one, other = make_certificates(tmp_path / "one"), make_certificates(tmp_path / "other")
    with pytest.raises(TlsError, match="mismatch"):
        TlsContexts(TlsSettings(one.server, other.server))
