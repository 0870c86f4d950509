"""The parameters of a request to While1's API, however they come.

A body counts before the query string, for clients send form data by GET too. JSON is known by its
Content-Type or by its first octet, multipart/form-data by its Content-Type, and all else is a form,
whatever it is called: the vendor's own samples send one as ``text/xml`` (vendor facts, 1).
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.types import Receive, Scope

from cordboard.api.body import content_type_of, read_body
from cordboard.api.form_parts import MULTIPART, UnreadableForm, form_parts, media_type
from cordboard.api.while1.php_forms import MAX_VARIABLES, gathered, parse_form
from cordboard.api.while1.php_json import parse_json
from cordboard.api.while1.php_values import PhpArray, UnreadableParameters

JSON = "application/json"


async def read_parameters(scope: Scope, receive: Receive) -> PhpArray:
    """Read a request's parameters as PHP would see them.

    Raises :class:`UnreadableParameters`, and what reading a body raises
    (:class:`~cordboard.api.body.UnreadableBody`, :class:`~cordboard.api.body.ClientGone`).
    """
    body = await read_body(scope, receive)
    return parameters_of(content_type_of(scope), body, scope["query_string"])


def parameters_of(content_type: str, body: bytes, query: bytes) -> PhpArray:
    """The parameters of a whole request; raises :class:`UnreadableParameters`."""
    if not body.strip():
        return parse_form(query)
    kind, boundary = media_type(content_type)
    if kind == MULTIPART:
        return gathered(_parts(body, boundary))
    if kind == JSON or kind.endswith("+json") or body.lstrip()[:1] == b"{":
        return parse_json(body)
    return parse_form(body.strip())


def _parts(body: bytes, boundary: str) -> Iterator[tuple[bytes, bytes]]:
    """The fields of a form in parts; files are none, as PHP keeps them apart."""
    try:
        yield from form_parts(body, boundary, MAX_VARIABLES + 1)
    except UnreadableForm as fault:
        raise UnreadableParameters(str(fault)) from None
