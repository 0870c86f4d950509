"""SIP, SIPS and tel URIs (RFC 3261 19.1, RFC 3966): parse, print, compare."""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from urllib.parse import quote as percent_encode
from urllib.parse import unquote as percent_decode

from cordboard.addresses import canonical
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.grammar import format_parameters, parse_parameters
from cordboard.values import often_made

MAX_URI_LENGTH = 1024  # nginx and Kamailio bound a request line at 8192 and a URI well below it
MAX_PORT = 65535

# Unescaped in the user part (RFC 3261 25.1: unreserved and user-unreserved).
_USER_SAFE = "-_.!~*'()&=+$,;?/"
_SCHEMES = ("sip", "sips", "tel")

# Underscores are no part of RFC 3261's host, but of many a network's names.
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
_FORBIDDEN = frozenset(' <>"\t\r\n\0')
_V6 = frozenset("0123456789abcdefABCDEF:.%")


@often_made(frozen=True, slots=True)
class SipUri:
    """One URI. ``user`` is unescaped text; ``host`` is lower case, IPv6 in brackets.

    For ``tel`` the number is ``user`` and ``host`` is empty.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    parameters: dict[str, str | None] = field(default_factory=dict, hash=False)
    headers: str = ""

    def __str__(self) -> str:
        return self.text(with_headers=True)

    def text(self, *, with_headers: bool = False) -> str:
        """The URI as it stands on the wire; ``with_headers`` only where RFC 3261 19.1.1 allows."""
        user = self.user
        if user is not None and not (user.isalnum() and user.isascii()):
            user = escaped(user)
        parameters = format_parameters(self.parameters) if self.parameters else ""
        if self.scheme == "tel":
            return f"tel:{user or ''}{parameters}"
        at = "" if user is None else f"{user}@"
        port = "" if self.port is None else f":{self.port}"
        tail = f"?{self.headers}" if with_headers and self.headers else ""
        return f"{self.scheme}:{at}{self.host}{port}{parameters}{tail}"

    @property
    def transport(self) -> str:
        """The transport parameter in lower case; ``udp`` (``tls`` for sips) where there is none."""
        value = self.parameters.get("transport")
        return value.lower() if value else ("tls" if self.scheme == "sips" else "udp")

    @property
    def loose(self) -> bool:
        """Whether the ``lr`` parameter is set (RFC 3261 16.12.1.1)."""
        return "lr" in self.parameters

    @property
    def address(self) -> tuple[str, int]:
        """Host, as :func:`~cordboard.addresses.canonical` has it, and port, with the scheme's
        default port (RFC 3261 19.1.2)."""
        default = 5061 if self.transport == "tls" else 5060
        return canonical(self.host), self.port or default

    def same_as(self, other: SipUri) -> bool:
        """RFC 3261 19.1.4 equality, as a registrar compares contacts; addresses by their value
        (RFC 5954)."""
        if (self.scheme, self.user, self.port) != (other.scheme, other.user, other.port):
            return False
        if self.host != other.host and canonical(self.host) != canonical(other.host):
            return False
        mine, theirs = self.parameters, other.parameters
        for name in ("user", "ttl", "method", "maddr", "transport"):
            if _lower(mine.get(name)) != _lower(theirs.get(name)):
                return False
        if sorted(self.headers.split("&")) != sorted(other.headers.split("&")):
            return False
        shared = mine.keys() & theirs.keys()
        return all(_lower(mine[name]) == _lower(theirs[name]) for name in shared)


def escaped(user: str) -> str:
    """A user as it stands in a URI; raises :class:`SipBuildError` where it can't."""
    try:
        return percent_encode(user, safe=_USER_SAFE, errors="surrogateescape")
    except UnicodeEncodeError:
        raise SipBuildError("a user name is not encodable text") from None


def _unescape(text: str) -> str:
    return percent_decode(text, errors="surrogateescape") if "%" in text else text


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


@lru_cache(maxsize=4096)
def parse_uri(text: str) -> SipUri:
    """Read one URI without angle brackets.

    Raises :class:`SipParseError`: 414 when too long, 416 for a scheme that is not SIP's, else 400.
    """
    if len(text) > MAX_URI_LENGTH:
        raise SipParseError("URI too long", 414)
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or not scheme:
        raise SipParseError("URI without a scheme")
    if scheme not in _SCHEMES:
        raise SipParseError("unsupported URI scheme", 416)
    if not _FORBIDDEN.isdisjoint(text):
        raise SipParseError("character not allowed in a URI")
    if scheme == "tel":
        number, _, parameters = rest.partition(";")
        return SipUri("tel", _unescape(number), "", None, parse_parameters(parameters))
    # The user part may itself hold ; and ? (RFC 4475 3.1.1.13), so the @ decides first.
    user_part, at, host_part = rest.rpartition("@")
    user = _unescape(user_part.partition(":")[0]) if at else None
    host_part, _, headers = host_part.partition("?")
    host_port, _, parameters = host_part.partition(";")
    host, port = split_host_port(host_port)
    return SipUri(scheme, user, host, port, parse_parameters(parameters), headers)


def split_host_port(text: str) -> tuple[str, int | None]:
    """``host``, ``host:port`` or ``[v6]:port`` as (lower-case host, port or None)."""
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        if not bracket or (rest and not rest.startswith(":")) or not _V6.issuperset(host[1:]):
            raise SipParseError("malformed IPv6 host")
        return (host + "]").lower(), parse_port(rest[1:]) if rest else None
    host, colon, port = text.partition(":")
    host = host.strip()
    if not host or not _HOST.issuperset(host):
        raise SipParseError("malformed host")
    return host.lower(), parse_port(port.strip()) if colon else None


def parse_port(text: str) -> int:
    """A port number, 1 to 65535; raises :class:`SipParseError`."""
    if not text.isascii() or not text.isdigit() or len(text) > 5 or not 0 < int(text) <= MAX_PORT:
        raise SipParseError("port out of range")
    return int(text)
