"""The one way out: every request to a URL that a tenant can set leaves here.

What keeps it harmless is in this module only: plain http and https, no proxy from the environment,
no cookies, no redirects, bounded times and sizes, and a policy that sees the very address every
connection is about to be made to (after name resolution, so a name can't lead around it).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType

import aiohttp
from yarl import URL

from cordboard import __version__

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

AddressPolicy = Callable[[IPv4Address | IPv6Address], bool]
"""Whether a connection to an address may be made."""


class UnusableUrl(ValueError):
    """A URL that no request can be made to; the message says why and does not repeat it."""


class OutboundFailed(Exception):
    """A request got no answer; the message says why, without the URL."""


def usable_url(text: str) -> URL:
    """Read a URL that a tenant set; raises :class:`UnusableUrl`."""
    if len(text) > MAX_URL_LENGTH:
        raise UnusableUrl(f"is longer than {MAX_URL_LENGTH} characters")
    if any(character <= " " or "\x7f" <= character <= "\xa0" for character in text):
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


def any_address(_address: IPv4Address | IPv6Address) -> bool:
    """The policy that lets every connection be made, also to private addresses."""
    return True


class Outbound:
    """Makes requests. To be used as an async context manager, or opened and closed."""

    def __init__(
        self, policy: AddressPolicy = any_address, *, total_timeout: float = TOTAL_TIMEOUT
    ) -> None:
        self._policy = policy
        self._timeout = aiohttp.ClientTimeout(total=total_timeout, sock_connect=CONNECT_TIMEOUT)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Outbound:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> int:
        """POST and give the answer's status (a redirect is an answer like any other).

        Raises :class:`OutboundFailed` where none came.
        """
        try:
            async with self._opened().post(
                url,
                data=body,
                headers={"User-Agent": USER_AGENT, **headers},
                allow_redirects=False,
            ) as response:
                await _read_away(response)
                return response.status
        except TimeoutError:
            raise OutboundFailed("no answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise OutboundFailed(type(error).__name__) from None

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=MAX_CONNECTIONS, socket_factory=self._permitted_socket
                ),
                timeout=self._timeout,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    def _permitted_socket(
        self, address: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
    ) -> socket.socket:
        """A socket for a resolved address, if the policy lets it be reached."""
        family, kind, protocol, _, destination = address
        if not self._policy(ip_address(destination[0].partition("%")[0])):
            raise PermissionError("the address may not be reached")
        return socket.socket(family, kind, protocol)


async def _read_away(response: aiohttp.ClientResponse) -> None:
    """Read a short answer, so that its connection can be used again; give up on a long one."""
    read = 0
    async for chunk in response.content.iter_any():
        read += len(chunk)
        if read > MAX_RESPONSE_BYTES:
            response.close()
            return
