"""The parameters of a request to Enswitch's API, however they come: a flat map of texts.

``;`` and ``&`` part them, also mixed (vendor facts, 1). The query string and the body of a POST, a
form or a JSON object, count together, and of a name that comes twice the last one. Everything is
percent-decoded, as UTF-8.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import Receive, Scope

from cordboard.api.body import UnreadableBody, content_type_of, parse_object, read_body
from cordboard.api.form_parts import MULTIPART, UnreadableForm, form_parts, media_type

JSON: Final = "application/json"

MAX_PARAMETERS: Final = 200
"""Of one request: the longest list that the vendor documents has some 40."""

LONGEST_PARAMETERS: Final = 64 * 1024
"""Octets of a form or a query string."""

_PARTED: Final = re.compile(rb"[&;]")

Parameters = dict[str, str]


class UnreadableParameters(Exception):
    """The parameters can't be read; the message says why, ``key`` of which it is, if of one."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


async def read_parameters(scope: Scope, receive: Receive) -> Parameters:
    """Read a request's parameters.

    Raises :class:`UnreadableParameters`, and what reading a body raises
    (:class:`~cordboard.api.body.UnreadableBody`, :class:`~cordboard.api.body.ClientGone`).
    """
    body = await read_body(scope, receive)
    return parameters_of(content_type_of(scope), body, scope["query_string"])


def parameters_of(content_type: str, body: bytes, query: bytes) -> Parameters:
    """The parameters of a whole request; raises :class:`UnreadableParameters`."""
    found = parse_form(query)
    sent = body.strip()
    kind, boundary = media_type(content_type)
    if kind == MULTIPART and sent:
        found |= parse_parts(body, boundary)
    elif kind == JSON or kind.endswith("+json") or sent[:1] == b"{":
        found |= parse_json(sent) if sent else {}
    else:
        found |= parse_form(sent)
    if len(found) > MAX_PARAMETERS:
        raise UnreadableParameters(f"There are more than {MAX_PARAMETERS} parameters.")
    return found


def parse_form(encoded: bytes) -> Parameters:
    """Read ``a=1;b=2&c=3``; raises :class:`UnreadableParameters`."""
    if len(encoded) > LONGEST_PARAMETERS:
        raise UnreadableParameters(f"The parameters are longer than {LONGEST_PARAMETERS} octets.")
    fields = [field for field in _PARTED.split(encoded, maxsplit=4 * MAX_PARAMETERS) if field]
    if len(fields) > MAX_PARAMETERS:
        raise UnreadableParameters(f"There are more than {MAX_PARAMETERS} parameters.")
    found = {}
    for field in fields:
        name, _, value = field.partition(b"=")
        key = _decoded(name, "")
        found[key] = _decoded(value, key)
    return found


def parse_json(body: bytes) -> Parameters:
    """Read an object of scalars; ``null`` counts as absent. Raises
    :class:`UnreadableParameters`."""
    try:
        given = parse_object(body)
    except UnreadableBody as fault:
        raise UnreadableParameters(_sentence(str(fault))) from None
    found = {}
    for name, value in given.items():
        if isinstance(value, bool):
            found[name] = "1" if value else "0"
        elif isinstance(value, str | int | float):
            found[name] = str(value)
        elif value is not None:
            raise UnreadableParameters("Expected a text or a number.", _shown(name))
    return found


def parse_parts(body: bytes, boundary: str) -> Parameters:
    """Read a form in parts; raises :class:`UnreadableParameters`."""
    try:
        fields = list(form_parts(body, boundary, MAX_PARAMETERS))
    except UnreadableForm as fault:
        raise UnreadableParameters(_sentence(str(fault))) from None
    found = {}
    for name, value in fields:
        key = _text(name, "")
        found[key] = _text(value, key)
    return found


def _decoded(encoded: bytes, key: str) -> str:
    return _text(unquote_to_bytes(encoded.replace(b"+", b" ")), key)


def _text(octets: bytes, key: str) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableParameters("The value is not UTF-8.", _shown(key)) from None


def _shown(key: str) -> str:
    """A parameter's name in a reply: none that is longer than any of the vendor's."""
    return key if len(key) <= 64 and key.isprintable() else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
