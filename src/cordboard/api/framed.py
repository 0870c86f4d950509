"""WebSocket messages (RFC 6455) that are framed once and written to many.

ASGI sends a message at a time, framed anew for each connection. Who tells many the same, several
messages at a time, frames each once, joins what is for a connection, and writes it by the
connection's :class:`Outlet`, which our HTTP server has in the scope as the extension
:data:`EXTENSION`. Messages sent in the ordinary way, pings and the close frame go on beside it.
"""

from __future__ import annotations

from typing import Final, Protocol

from starlette.types import Scope

EXTENSION: Final = "cordboard.outlet"

_BINARY: Final = 0x82
"""FIN and the opcode of a binary message (RFC 6455 5.2); servers mask nothing."""

_SHORT: Final = 126
_MIDDLE: Final = 0x10000


class Outlet(Protocol):
    """Where framed messages of one connection go, once its handshake is over."""

    def write(self, framed: bytes) -> None:
        """Have these octets follow what was written before; nothing where it is over."""

    def waiting(self) -> int:
        """How many octets wait here because the client does not read, or not as fast."""


def binary(message: bytes) -> bytes:
    """A message as one binary frame."""
    size = len(message)
    if size < _SHORT:
        return bytes((_BINARY, size)) + message
    if size < _MIDDLE:
        return b"\x82\x7e" + size.to_bytes(2, "big") + message
    return b"\x82\x7f" + size.to_bytes(8, "big") + message


def outlet_of(scope: Scope) -> Outlet:
    """That of a connection; raises :class:`RuntimeError` where another server serves it."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        raise RuntimeError(f"the HTTP server does not know the extension {EXTENSION}")
    outlet: Outlet = extension["outlet"]
    return outlet
