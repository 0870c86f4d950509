"""A request whose body is there already, and an answer that goes out by one write.

ASGI hands over a body in pieces that may be long in coming, and takes an answer in two at least,
each looked through by the server. Most requests are a packet, and so are their answers. Our HTTP
server has this way for both in the scope as the extension :data:`EXTENSION`; where it is missing,
or can't be gone, the ordinary one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from starlette.types import Scope

EXTENSION: Final = "cordboard.at_once"

Fields = Sequence[tuple[bytes, bytes]]
"""The fields of a header, their names in lower case."""


class AtOnce(Protocol):
    """One request and its answer."""

    def body(self) -> bytes | None:
        """The whole body; None where some of it is to come, or the client has gone."""

    def answer(self, status: int, fields: Fields, body: bytes) -> bool:
        """Answer, unless the client takes nothing now. Raises :class:`RuntimeError` for a field
        that would be more than one."""


def at_once(scope: Scope) -> AtOnce | None:
    """That of a request; None where another server serves it."""
    extensions = scope.get("extensions")
    extension = None if extensions is None else extensions.get(EXTENSION)
    return None if extension is None else extension["request"]
