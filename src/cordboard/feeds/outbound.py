"""The one way out: every request to a URL that a tenant can set leaves here.

What keeps it harmless is in this module only: plain http and https, no proxy from the environment,
no cookies, no redirects, bounded times and sizes, and a look at the very address that a connection
is about to be made to (after name resolution, so that no name leads around it).
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from types import TracebackType

import aiohttp
from yarl import URL

from cordboard import __version__
from cordboard.engines.dns.addresses import NameLeadsNowhere
from cordboard.engines.dns.network import NetworkResolver
from cordboard.engines.dns.port import Resolver
from cordboard.engines.dns.settings import DnsSettings
from cordboard.feeds.names import Names
from cordboard.feeds.public_addresses import is_public

TOTAL_TIMEOUT = 10.0
"""Seconds for one request with everything in it; receivers of webhooks are asked for 5 to 30 s."""

CONNECT_TIMEOUT = 3.0
"""Seconds for one TCP connection: a second SYN (1 s) and a third (3 s) have been tried by then."""

MAX_RESPONSE_BYTES = 64 * 1024
"""How much of an answer is read; the rest is not waited for and the connection is closed."""

MAX_CONNECTIONS = 1_024
"""Open connections in all: twice the deliveries in flight, the rest is kept alive for reuse."""

MAX_URL_LENGTH = 2_048
"""Longest URL taken; what browsers and proxies agree on."""

USER_AGENT = f"cordboard/{__version__}"

_OK = 200
_NO_PART_OF_URLS = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff]")
"""Spaces, controls, and lone surrogates, which no database takes."""


class UnusableUrl(ValueError):
    """A URL that no request can be made to; the message says why and does not repeat it."""


class OutboundFailed(Exception):
    """A request got no answer; the message says why, without the URL."""


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
        self._timeout = aiohttp.ClientTimeout(total=total_timeout, sock_connect=CONNECT_TIMEOUT)
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

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
        return await self.told("POST", url, body, headers, inside=inside)

    async def told(
        self,
        method: str,
        url: URL,
        body: bytes,
        headers: Mapping[str, str],
        *,
        inside: bool = False,
    ) -> int:
        """Send any request and give the answer's status, like :meth:`post`."""
        async with self._sent(method, url, body, headers, inside) as response:
            with suppress(TimeoutError, aiohttp.ClientError):  # what was said, counts
                await _read_away(response)
            return response.status

    async def ask(
        self, url: URL, body: bytes, headers: Mapping[str, str], *, inside: bool = False
    ) -> bytes:
        """POST and give what a successful answer holds (status 200), else like :meth:`post`.

        Raises :class:`OutboundFailed` where no such answer came, or one that is too long.
        """
        async with self._sent("POST", url, body, headers, inside) as response:
            if response.status != _OK:
                raise OutboundFailed(f"status {response.status}")
            return await _read_whole(response)

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
        async with self._sent(method, url, body, headers, inside) as response:
            return response.status, await _read_whole(response)

    @asynccontextmanager
    async def _sent(
        self, method: str, url: URL, body: bytes, headers: Mapping[str, str], inside: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._opened(inside).request(
                method,
                url,
                data=body or None,
                headers={"User-Agent": USER_AGENT, **headers},
                allow_redirects=False,
            ) as response:
                yield response
        except TimeoutError:
            raise OutboundFailed("no answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OutboundFailed(_why(error)) from None

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = tuple(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    def _opened(self, inside: bool) -> aiohttp.ClientSession:
        """The session of what may go inside, or of all else: they share no connection."""
        session = self._sessions.get(inside)
        if session is None:
            connector = aiohttp.TCPConnector(
                limit=MAX_CONNECTIONS,
                socket_factory=_any_socket if inside else _public_socket,
                resolver=self._names,
                use_dns_cache=False,  # what was checked is what is connected to, each time
            )
            session = self._sessions[inside] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return session


_Resolved = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


def _any_socket(address: _Resolved) -> socket.socket:
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)


def _public_socket(address: _Resolved) -> socket.socket:
    """A socket for a resolved address, the very one that it will be connected to, if that is on
    the open Internet."""
    if not is_public(ip_address(address[4][0].partition("%")[0])):
        raise _Forbidden("the address is not on the open Internet")
    return _any_socket(address)


def _why(error: Exception) -> str:
    """What went wrong, without the URL."""
    cause = getattr(error, "os_error", None) or error.__cause__ or error
    told = [cause, *getattr(cause, "exceptions", ())]
    ours = next((one for one in told if isinstance(one, _Forbidden | NameLeadsNowhere)), None)
    return str(ours) if ours is not None else type(error).__name__


async def _read_whole(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer that is not too long."""
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > MAX_RESPONSE_BYTES:
            response.close()
            raise OutboundFailed(f"the answer is longer than {MAX_RESPONSE_BYTES} octets")
    return bytes(read)


async def _read_away(response: aiohttp.ClientResponse) -> None:
    """Read a short answer, so that its connection can be used again; give up on a long one."""
    read = 0
    async for chunk in response.content.iter_any():
        read += len(chunk)
        if read > MAX_RESPONSE_BYTES:
            response.close()
            return
