"""Reading a request's JSON object, whatever its Content-Type says.

A vendor's own page code posts JSON as a form, so the header is no help; what counts is what is
there: UTF-8 (with or without a byte order mark), one object, nothing a second parser could read
differently (RFC 8259: no NaN, no doubled names), and all of it bounded.
"""

from __future__ import annotations

import asyncio
import json
import math
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Receive, Scope

from cordboard.api.at_once import at_once

MAX_BODY_BYTES = 1024 * 1024
"""Longest body read: nginx's default too; a request is under 2 KB."""

MAX_DEPTH = 16
"""Deepest nesting; the deepest a vendor documents is 3."""

BODY_SECONDS = 10.0
"""How long a body may take to arrive."""


class UnreadableBody(Exception):
    """The body is no JSON object that we take; the message says why, without its contents."""


class BodyTooLarge(UnreadableBody):
    """The body is longer than we read."""


class ClientGone(Exception):
    """The client hung up before its request was whole."""


async def read_object(scope: Scope, receive: Receive, *, needed: bool = True) -> dict[str, Any]:
    """Read the body as a JSON object; one that is not ``needed`` may be empty.

    Raises :class:`UnreadableBody`, :class:`ClientGone`.
    """
    body = await read_body(scope, receive)
    return {} if not body and not needed else parse_object(body)


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body; raises :class:`UnreadableBody`, :class:`ClientGone`."""
    way = at_once(scope)
    body = None if way is None else way.body()
    if body is not None:
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        return body
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > MAX_BODY_BYTES:
            raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _receive_all(receive)
    except TimeoutError:
        raise UnreadableBody("the body did not arrive in time") from None


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"the body is longer than {MAX_BODY_BYTES} bytes")


def content_type_of(scope: Scope) -> str:
    """The Content-Type of a request, "" where it has none."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bytes(value).decode("latin-1")
    return ""


async def _receive_all(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read bytes as a JSON object; raises :class:`UnreadableBody`."""
    value = parse_json(body, _OBJECTS)
    if not isinstance(value, dict):
        raise UnreadableBody("the body is not a JSON object")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise UnreadableBody("the body is nested too deeply")
    return value


def json_decoder(
    *,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
    integer: Callable[[str], int | float] | None = None,
) -> json.JSONDecoder:
    """What :func:`parse_json` reads by: made once for each way to read objects and integers."""
    return json.JSONDecoder(
        object_pairs_hook=pairs,
        parse_int=integer,
        parse_float=finite,
        parse_constant=_no_constant,
    )


def parse_json(body: bytes, decoder: json.JSONDecoder) -> Any:
    """Read bytes as JSON of whatever kind; raises :class:`UnreadableBody`."""
    try:
        return decoder.decode(body.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError:
        raise UnreadableBody("the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise UnreadableBody(f"the body is not JSON: {error.msg}, {where}") from None
    except RecursionError:
        raise UnreadableBody("the body is nested too deeply") from None
    except ValueError as error:
        raise UnreadableBody(f"the body is not JSON: {error}") from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(_name: str) -> float:
    raise ValueError("NaN and Infinity are no JSON")


def finite(text: str) -> float:
    """The number that a JSON text is; ValueError for one that is beyond a float's range."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


_OBJECTS: Final = json_decoder(pairs=_without_repetition)


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return False
    return True
