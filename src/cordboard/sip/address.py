"""Name-addr values (From, To, Contact, Route): display name, URI, parameters (RFC 3261 20.10)."""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import format_parameters, parse_parameters, quote, unquote
from cordboard.sip.uri import SipUri, escaped, parse_uri
from cordboard.values import often_made

# Without quotes RFC 3261 25.1 lets a display name be tokens only. Phones write names as people do
# (Jürgen, 山田 太郎, alice@home, (1)); only where that could mean something else is it refused.
_AMBIGUOUS: Final = frozenset('",;:<>\\')

LONGEST_REMEMBERED: Final = 512
"""Characters: a stranger's long values are read each time, they would fill the memory."""


@often_made(frozen=True, slots=True)
class NameAddr:
    """``"Display" <uri>;parameters``; ``display`` is unquoted text."""

    uri: SipUri
    display: str = ""
    parameters: dict[str, str | None] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        # A single token may stand without quotes (25.1), but many a phone shows such a name wrong
        # or not at all; none minds the quotes.
        shown = f"{quote(self.display)} " if self.display else ""
        parameters = format_parameters(self.parameters) if self.parameters else ""
        return f"{shown}<{self.uri.text(with_headers=True)}>{parameters}"

    @property
    def tag(self) -> str | None:
        """The tag parameter (RFC 3261 19.3)."""
        return self.parameters.get("tag")

    def with_tag(self, tag: str) -> NameAddr:
        """The same address carrying ``tag``."""
        return NameAddr(self.uri, self.display, {**self.parameters, "tag": tag})


def name_addr(user: str, host: str, display: str = "") -> str:
    """``"Display" <sip:user@host>``, as From and To have it."""
    shown = f"{quote(display)} " if display else ""
    return f"{shown}<sip:{user if user.isalnum() and user.isascii() else escaped(user)}@{host}>"


def parse_name_addr(text: str) -> NameAddr:
    """Read one From, To, Contact or Route value, with or without angle brackets.

    Without brackets everything after a semicolon belongs to the header, not to the URI
    (RFC 3261 20.10). Raises :class:`SipParseError`.
    """
    display, uri, parameters = split_name_addr(text)
    return NameAddr(parse_uri(uri), display, parse_parameters(parameters))


def split_name_addr(text: str) -> tuple[str, str, str]:
    """The same three parts as bare text: unquoted display name, URI, parameters with semicolons."""
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else _split(text)


def _split(text: str) -> tuple[str, str, str]:
    text = text.strip()
    if text.startswith('"'):
        end = _closing_quote(text)
        display = unquote(text[: end + 1])
        rest = text[end + 1 :].lstrip()
        if not rest.startswith("<"):
            raise SipParseError("display name without an address in angle brackets")
    else:
        bracket = text.find("<")
        if bracket < 0:
            uri, semicolon, parameters = text.partition(";")
            uri = uri.strip()
            if "?" in uri or "," in uri:
                raise SipParseError("such a URI needs angle brackets")
            return "", uri, semicolon + parameters
        display = " ".join(text[:bracket].split())
        rest = text[bracket:]
        if not _AMBIGUOUS.isdisjoint(display):
            raise SipParseError("display name must be quoted")
    uri, closing, parameters = rest[1:].partition(">")
    if not closing:
        raise SipParseError("address without its closing bracket")
    parameters = parameters.strip()
    if parameters and not parameters.startswith(";"):
        raise SipParseError("unexpected text after an address")
    return display, uri.strip(), parameters


_remembered = lru_cache(maxsize=2048)(_split)


def _closing_quote(text: str) -> int:
    position = 1
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == '"':
            return position
        position += 1
    raise SipParseError("display name without its closing quote")


def tag_of(text: str) -> str | None:
    """The tag of a From or To value, as a rule without reading the rest of it.

    Raises :class:`SipParseError`.
    """
    start = text.find(">;tag=")
    if start >= 0 and '"' not in text[start:] and ">" not in text[start + 1 :]:
        return text[start + 6 :].partition(";")[0].strip() or None
    return parse_parameters(split_name_addr(text)[2]).get("tag") or None


def q_of(value: str | None) -> float:
    """The preference that a Contact's ``q`` parameter gives, 0.0 to 1.0; 1.0 where it gives none
    that can be read."""
    try:
        q = float(value or 1.0)
    except ValueError:
        return 1.0
    return round(q, 3) if 0.0 <= q <= 1.0 else 1.0  # three digits (RFC 3261 25.1)
