"""The one way out: every request to a URL that a tenant can set leaves here.

What keeps it harmless is in this module only: plain http and https, no proxy from the environment,
no cookies, no redirects, bounded times and sizes, and a look at the very address that a connection
is about to be made to (after name resolution, so that no name leads around it).
"""

from __future__ import annotations

import asyncio
import re
import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from types import TracebackType
from typing import Final

from yarl import URL

from cordboard import __version__
from cordboard.engines.dns.addresses import NameLeadsNowhere
from cordboard.engines.dns.network import NetworkResolver
from cordboard.engines.dns.port import Resolver
from cordboard.engines.dns.settings import DnsSettings
from cordboard.feeds.http_connection import Answer, HttpConnection, NoAnswer
from cordboard.feeds.http_connections import HttpConnections, Where
from cordboard.feeds.names import Names, Resolved
from cordboard.feeds.public_addresses import is_public

TOTAL_TIMEOUT = 10.0
"""Seconds for one request with everything in it; receivers of webhooks are asked for 5 to 30 s."""

MAX_RESPONSE_BYTES = 64 * 1024
"""How much of an answer is read; the rest is not waited for and the connection is closed."""

MAX_CONNECTIONS = 1_024
"""Requests under way in all; who comes then waits for his turn."""

REMEMBERED: Final = 1_024
"""URLs whose reading is remembered: most are told again and again."""

MAX_URL_LENGTH = 2_048
"""Longest URL taken; what browsers and proxies agree on."""

USER_AGENT = f"cordboard/{__version__}"

_BODILESS: Final = frozenset({"GET", "HEAD", "DELETE"})
"""Methods that say nothing of a body where there is none (RFC 9110 8.6)."""

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that do the same if done twice (RFC 9110 9.2.2)."""

_OK = 200
_NO_PART_OF_URLS = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff]")
"""Spaces, controls, and lone surrogates, which no database takes."""


class UnusableUrl(ValueError):
    """A URL that no request can be made to; the message says why and does not repeat it."""


class OutboundFailed(Exception):
    """A request got no answer; the message says why, without the URL."""


@lru_cache(REMEMBERED)
def usable_url(text: str) -> URL:
    """Read a URL that a tenant set; raises :class:`UnusableUrl`."""
    if len(text) > MAX_URL_LENGTH:
        raise UnusableUrl(f"is longer than {MAX_URL_LENGTH} characters")
    if _NO_PART_OF_URLS.search(text):
        raise UnusableUrl("contains a space or control character")
    try:
        url = URL(text)
        host, port = url.host, url.port
        str(url).encode("ascii")
    except (ValueError, UnicodeError):
        raise UnusableUrl("is not a URL") from None
    if url.scheme not in ("http", "https"):
        raise UnusableUrl("is not an http or https URL")
    if not host or not port:
        raise UnusableUrl("has no host")
    return url


class _Forbidden(PermissionError):
    """The address may not be reached."""


class Outbound:
    """Makes requests. To be used as an async context manager, or opened and closed. ``resolver``
    takes the place of the system's name servers."""

    def __init__(
        self, *, total_timeout: float = TOTAL_TIMEOUT, resolver: Resolver | None = None
    ) -> None:
        self._names = Names(resolver or NetworkResolver(DnsSettings()))
        self._total = total_timeout
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)
        self._ways: dict[bool, HttpConnections] = {}

    async def __aenter__(self) -> Outbound:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def post(
        self, url: URL, body: bytes, headers: Mapping[str, str], *, inside: bool = False
    ) -> int:
        """POST and give the answer's status (a redirect is an answer like any other).

        Only the open Internet is reached, or with ``inside`` every address. Raises
        :class:`OutboundFailed` where no answer came.
        """
        answer = await self.answer("POST", url, body, headers, inside=inside)
        return answer.status  # what was said counts, though its body may not come

    async def ask(
        self, url: URL, body: bytes, headers: Mapping[str, str], *, inside: bool = False
    ) -> bytes:
        """POST and give what a successful answer holds (status 200), else like :meth:`post`.

        Raises :class:`OutboundFailed` where no such answer came, or one that is too long.
        """
        answer = await self.answer("POST", url, body, headers, inside=inside)
        if answer.status != _OK:
            raise OutboundFailed(f"status {answer.status}")
        return _whole(answer)

    async def exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        inside: bool = False,
    ) -> tuple[int, bytes]:
        """Send any request and give the answer's status and all that it holds, else like
        :meth:`post`. Raises :class:`OutboundFailed` also for an answer that is too long."""
        answer = await self.answer(method, url, body, headers, inside=inside)
        return answer.status, _whole(answer)

    async def answer(
        self,
        method: str,
        url: URL,
        body: bytes,
        headers: Mapping[str, str],
        *,
        inside: bool = False,
    ) -> Answer:
        """Send any request and give what came of its answer, of which a part may be missing, else
        like :meth:`post`."""
        try:
            target = _target(url)
            request = _request(method, target, body, headers)
            ways = self._opened(inside)
            until = asyncio.get_running_loop().time() + self._total
            await self._turns.acquire()
            try:
                connection = ways.idle(target.where)
                if connection is not None:
                    try:
                        return await _asked(ways, target.where, connection, request, until)
                    except NoAnswer:  # closed before the request came there
                        if method not in _REPEATABLE:
                            raise
                async with asyncio.timeout_at(until):
                    connection = await ways.open(target.where)
                return await _asked(ways, target.where, connection, request, until)
            finally:
                self._turns.release()
        except TimeoutError:
            raise OutboundFailed("no answer in time") from None
        except (OSError, ValueError) as error:
            raise OutboundFailed(_why(error)) from None

    async def close(self) -> None:
        """Close all connections."""
        ways, self._ways = tuple(self._ways.values()), {}
        for one in ways:
            one.close()

    def _opened(self, inside: bool) -> HttpConnections:
        """The connections of what may go inside, or of all else: they share none."""
        ways = self._ways.get(inside)
        if ways is None:
            make = _any_socket if inside else _public_socket
            ways = self._ways[inside] = HttpConnections(self._names, make, MAX_RESPONSE_BYTES)
        return ways


@dataclass(frozen=True, slots=True)
class _Target:
    """Where requests to a URL go, and what of them is the same each time."""

    where: Where
    path: str
    head: str


@lru_cache(REMEMBERED)
def _target(url: URL) -> _Target:
    """Raises ValueError for what can't be said in HTTP."""
    host, port = url.raw_host, url.port
    if host is None or port is None:
        raise ValueError("the URL has no host")
    head = f"Host: {url.host_port_subcomponent}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n"
    if url.user is not None or url.password is not None:
        login = f"{url.user or ''}:{url.password or ''}".encode("latin-1")
        head += f"Authorization: Basic {b64encode(login).decode()}\r\n"
    return _Target((url.scheme, host, port), url.raw_path_qs, head)


def _request(method: str, target: _Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A request as it goes over the wire (RFC 9112 3); raises ValueError for what would
    be more than one line of it."""
    told = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if not method.isalpha():
        raise ValueError("that is no method")
    if told.count("\r") != len(headers) or told.count("\n") != len(headers) or "\0" in told:
        raise ValueError("a header has more than one line")
    length = f"Content-Length: {len(body)}\r\n" if body or method not in _BODILESS else ""
    head = f"{method} {target.path} HTTP/1.1\r\n{target.head}{told}{length}\r\n"
    return head.encode() + body


async def _asked(
    ways: HttpConnections, where: Where, connection: HttpConnection, request: bytes, until: float
) -> Answer:
    """Ask, and keep the connection for the next request where that can be. Raises TimeoutError and
    what a connection does."""
    in_vain = asyncio.get_running_loop().call_at(until, connection.out_of_time)
    try:
        answer = await connection.ask(request)
    except BaseException:
        connection.close()
        raise
    finally:
        in_vain.cancel()
    ways.keep(where, connection)
    return answer


def _any_socket(address: Resolved) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)


def _public_socket(address: Resolved) -> socket.socket:
    """A socket for a resolved address, the very one that it will be connected to, if that is on
    the open Internet."""
    if not is_public(ip_address(address[4][0].partition("%")[0])):
        raise _Forbidden("the address is not on the open Internet")
    return _any_socket(address)


def _why(error: Exception) -> str:
    """What went wrong, without the URL."""
    told = [error, *getattr(error, "exceptions", ())]
    ours = next((one for one in told if isinstance(one, _Forbidden | NameLeadsNowhere)), None)
    return str(ours) if ours is not None else type(error).__name__


def _whole(answer: Answer) -> bytes:
    """The body of an answer; raises :class:`OutboundFailed` where it is not whole."""
    if answer.cut is not None:
        raise OutboundFailed(answer.cut)
    return answer.body
