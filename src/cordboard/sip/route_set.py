"""Route sets: the proxies that all requests of a dialog pass (RFC 3261 12.1, 12.2.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.address import split_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.lines import clean_copy
from cordboard.sip.uri import parse_uri

if TYPE_CHECKING:
    from cordboard.sip.message import Request, Response

MAX_ROUTES = 32  # Kamailio adds at most two a hop; no network has 16 proxies in a row


def by_way_of(routes: tuple[str, ...], target: str) -> tuple[str, tuple[str, ...]]:
    """Request-URI and Route values of a request for ``target`` by a route set that is not empty: a
    strict router (no ``lr``, RFC 2543) takes the Request-URI's place (12.2.1.1). Raises
    SipParseError for a first route that can't be read."""
    hop = split_name_addr(routes[0])[1]
    if _is_loose(hop):
        return target, routes
    return clean_copy(hop), (*routes[1:], f"<{target}>")


def routes_of_request(request: Request) -> tuple[str, ...]:
    """The route set that a request makes for its receiver (12.1.1). Raises SipParseError."""
    return _bounded(request.each("record-route"))


def routes_of_response(response: Response) -> tuple[str, ...]:
    """The route set that a response makes for its receiver (12.1.2). Raises SipParseError."""
    if "record-route" not in response.headers:
        return ()
    return _bounded(response.each("record-route")[::-1])


def recorded_routes(request: Request) -> str:
    """The Record-Route lines that a response which makes a dialog repeats (12.1.1)."""
    recorded = request.headers.get("record-route", ())
    return "".join([f"Record-Route: {clean_copy(value)}\r\n" for value in recorded])


def _bounded(routes: list[str]) -> tuple[str, ...]:
    if len(routes) > MAX_ROUTES:
        raise SipParseError("too many routes")
    for route in routes:
        split_name_addr(route)
    return tuple(routes)


def _is_loose(uri: str) -> bool:
    try:
        return parse_uri(uri).loose
    except SipParseError:
        return True
