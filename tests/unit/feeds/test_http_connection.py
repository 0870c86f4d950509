"""The HTTP client for tenants' servers: what goes over the wire, and what is made of answers."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from yarl import URL

from cordboard.engines.dns.memory import MemoryResolver
from cordboard.feeds.http_connection import MAX_HEAD_OCTETS
from cordboard.feeds.outbound import Outbound, OutboundFailed
from cordboard.sip.dns_records import RecordType
from support.certificates import make_certificates

pytestmark = pytest.mark.anyio

HOST = "127.0.0.1"
CONTENT = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsaid."


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The server runs on uvloop, tests of others on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param}


class Server:
    """Reads whole requests, and says to the n-th whatever ``says`` has for it; it closes what
    ``closes`` names."""

    def __init__(self, *says: bytes, closes: Callable[[int], bool] = lambda _: False) -> None:
        self.says = says
        self.closes = closes
        self.requests: list[bytes] = []
        self.connections = 0
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, found, length = head.partition(b"Content-Length: ")
                body = await reader.readexactly(int(length.split()[0])) if found else b""
                number = len(self.requests)
                self.requests.append(head + body)
                writer.write(self.says[min(number, len(self.says) - 1)])
                await writer.drain()
                if self.closes(number):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.over.set()


@asynccontextmanager
async def served(server: Server, seconds: float = 5.0) -> AsyncIterator[tuple[Outbound, URL]]:
    listening = await asyncio.start_server(server.serve, HOST, 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, Outbound(total_timeout=seconds) as outbound:
        yield outbound, URL(f"http://{HOST}:{port}/told?a=b c#part")


async def test_a_request_is_what_the_url_and_its_headers_say() -> None:
    server = Server(CONTENT)
    async with served(server) as (outbound, url):
        await outbound.post(url.with_user("a").with_password("b"), b"{}", {"X-A": "1"}, inside=True)
        await outbound.answer("GET", url, b"", {}, inside=True)
        await outbound.post(url, b"", {}, inside=True)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert line == "POST /told?a=b+c HTTP/1.1"
    assert body == b"{}"
    fields = dict(one.split(": ", 1) for one in headers)
    assert fields.pop("User-Agent").startswith("cordboard/")
    assert fields == {
        "Host": f"{HOST}:{url.port}",
        "Accept": "*/*",
        "Authorization": "Basic YTpi",
        "X-A": "1",
        "Content-Length": "2",
    }
    assert b"Content-Length" not in server.requests[1]
    assert b"Content-Length: 0\r\n" in server.requests[2]


@pytest.mark.parametrize("value", ["a\r\nX-B: c", "a\nb", "a\rb", "a\0b"])
async def test_no_header_says_more_than_one(value: str) -> None:
    server = Server(CONTENT)
    async with served(server) as (outbound, url):
        with pytest.raises(OutboundFailed, match="ValueError"):
            await outbound.post(url, b"{}", {"X-A": value}, inside=True)
    assert server.requests == []


@pytest.mark.parametrize(
    "says",
    [
        CONTENT,
        b"HTTP/1.1 100 Continue\r\n\r\n" + CONTENT,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + CONTENT,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nsa\r\n3\r\nid.\r\n0\r\n\r\n",
    ],
)
async def test_a_connection_is_used_again(says: bytes) -> None:
    server = Server(says)
    async with served(server) as (outbound, url):
        for _ in range(3):
            assert await outbound.ask(url, b"{}", {}, inside=True) == b"said."
    assert server.connections == 1


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nsaid.",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nsaid.",
        CONTENT + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore",
        CONTENT + b"\x00more",
    ],
)
async def test_a_connection_is_not_used_again_where_it_can_not_be_trusted(says: bytes) -> None:
    server = Server(says)
    async with served(server) as (outbound, url):
        for _ in range(2):
            assert await outbound.ask(url, b"{}", {}, inside=True) == b"said."
    assert server.connections == 2


async def test_an_answer_may_last_until_the_connection_ends() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\n\r\nsaid.", closes=lambda _: True)
    async with served(server) as (outbound, url):
        assert await outbound.ask(url, b"{}", {}, inside=True) == b"said."


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsaid.", "the connection ended"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nsa\r\n", "connection ended"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n", "is no HTTP"),
        (b"SIP/2.0 200 OK\r\n\r\n", "NoAnswer"),
        (b"", "NoAnswer"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * (MAX_HEAD_OCTETS // 6 + 1), "NoAnswer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_HEAD_OCTETS // 25 + 1), "NoAnswer"),
    ],
)
async def test_half_an_answer_is_none(says: bytes, fault: str) -> None:
    server = Server(says, closes=lambda _: True)
    async with served(server) as (outbound, url):
        with pytest.raises(OutboundFailed, match=fault):
            await outbound.ask(url, b"{}", {}, inside=True)


async def test_what_is_safe_to_repeat_is_when_the_server_has_just_hung_up() -> None:
    """A server may end an idle connection at the moment at which it is used again."""
    server = Server(CONTENT, b"", CONTENT, b"", closes=lambda number: number in (1, 3))
    async with served(server) as (outbound, url):
        assert (await outbound.answer("GET", url, b"", {}, inside=True)).status == 200
        assert (await outbound.answer("GET", url, b"", {}, inside=True)).status == 200
        with pytest.raises(OutboundFailed, match="NoAnswer"):
            await outbound.post(url, b"{}", {}, inside=True)
    assert len(server.requests) == 4


async def test_who_is_silent_is_given_up_and_so_is_his_connection() -> None:
    server = Server(b"")
    async with served(server, seconds=0.1) as (outbound, url):
        with pytest.raises(OutboundFailed, match="no answer in time"):
            await outbound.post(url, b"{}", {}, inside=True)
        await asyncio.wait_for(server.over.wait(), 5.0)


async def test_what_nobody_asked_for_ends_an_idle_connection() -> None:
    says = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(CONTENT)
        await says.wait()
        writer.write(CONTENT)
        assert await reader.read() == b""
        writer.close()
        ended.set()

    ended = asyncio.Event()
    listening = await asyncio.start_server(serve, HOST, 0)
    url = URL(f"http://{HOST}:{listening.sockets[0].getsockname()[1]}/")
    async with listening, Outbound() as outbound:
        assert await outbound.post(url, b"{}", {}, inside=True) == 200
        says.set()
        await asyncio.wait_for(ended.wait(), 5.0)


async def test_who_is_asked_over_tls_is_who_the_url_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates are looked through, and the server is told the name that is wanted of it."""
    certificates = make_certificates(tmp_path, "told.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    named: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.server)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    resolver = MemoryResolver()
    for name in ("told.example", "other.example"):
        resolver.add(RecordType.A, name, HOST)
    server = Server(CONTENT)
    listening = await asyncio.start_server(server.serve, HOST, 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    async with listening, Outbound(resolver=resolver) as outbound:
        for _ in range(2):
            url = URL(f"https://told.example:{port}/")
            assert await outbound.ask(url, b"{}", {}, inside=True) == b"said."
        with pytest.raises(OutboundFailed, match="SSLCertVerificationError"):
            await outbound.ask(URL(f"https://other.example:{port}/"), b"{}", {}, inside=True)
    assert named == ["told.example", "other.example"]
    assert f"Host: told.example:{port}\r\n".encode() in server.requests[0]
