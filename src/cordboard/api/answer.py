"""An HTTP answer as a value, and how it goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from cordboard.api.requests import note

JSON = b"application/json"
PROBLEM = b"application/problem+json"
"""RFC 9457 3."""


_encode = msgspec.json.Encoder().encode
_encode_in_ascii = json.JSONEncoder(separators=(",", ":")).encode


def compact(value: Any) -> bytes:
    """JSON without a space to spare, in printable ASCII, so that no text in it can trouble a
    client."""
    try:
        encoded = _encode(value)
        if encoded.isascii() and b"\x7f" not in encoded:
            return encoded
    except UnicodeEncodeError:  # half a surrogate pair
        pass
    return _encode_in_ascii(value).encode("ascii")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers; an ASGI application that gives just this answer. ``result`` is the
    id of what came of the request, where that is no success."""

    status: int = 200
    body: bytes = b""
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    result: str | None = None

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The header as it goes out."""
        fields = [*self.headers]
        if self.status != 204:
            fields.append((b"content-length", b"%d" % len(self.body)))
        if self.body:
            fields.append((b"content-type", self.content_type))
        return fields

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the answer; a HEAD request gets no body (RFC 9110 9.3.2)."""
        if self.result is not None:
            note(scope, result=self.result)
        await self.send(scope, send, self.fields())

    async def send(self, scope: Scope, send: Send, fields: list[tuple[bytes, bytes]]) -> None:
        """The same with another header."""
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})
