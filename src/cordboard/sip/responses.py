"""Responses: reason phrases, and what every response repeats of its request (RFC 3261 8.2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.addresses import written
from cordboard.sip.address import q_of, split_name_addr, tag_of
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.grammar import delta_seconds, format_parameters, parse_parameters, split_list
from cordboard.sip.lines import clean, clean_copy, encode
from cordboard.sip.via import parse_via

if TYPE_CHECKING:
    from cordboard.sip.message import Request, Response

# Targets of a redirect that are reported; RFC 3261 sets no limit, users have a handful.
MAX_REDIRECTS = 16
MAX_RETRY_AFTER = 24 * 3600  # s; who says more means never

# RFC 3261 21 and the registry of response codes; those that we send or report.
REASONS = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    439: "First Hop Lacks Outbound Support",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}


def reason_of(status: int) -> str:
    """The usual reason phrase of a status."""
    return REASONS.get(status, "Unknown")


def retry_after_of(response: Response) -> int | None:
    """The Retry-After of a refusal in seconds, a day at most (20.33)."""
    text = (response.first("retry-after") or "").partition(";")[0].partition("(")[0].strip()
    return delta_seconds(text, MAX_RETRY_AFTER)


def redirects_of(response: Response) -> tuple[str, ...]:
    """The targets of a 3xx, the best first (8.1.3.4)."""
    try:
        values = response.each("contact")
    except SipParseError:
        return ()
    found = []
    for value in values[:MAX_REDIRECTS]:
        try:
            _, uri, parameters = split_name_addr(value)
            found.append((-q_of(parse_parameters(parameters).get("q")), uri))
        except SipParseError:
            continue
    return tuple(uri for _, uri in sorted(found, key=lambda one: one[0]))


def stamp_via(request: Request, flow: Flow) -> Flow:
    """Note in the top Via where a request came from, and say where its responses go.

    RFC 3261 18.2.1 and 18.2.2, RFC 3581 4: over the connection it came by; over UDP back to the
    source address, at its source port where ``rport`` asks for that, else at the port of sent-by.
    ``maddr`` is not followed: it is for multicast, and lets anybody aim our responses at a third
    party. Raises :class:`SipParseError`.
    """
    top = request.need("via")
    values = request.headers["via"]
    host, port = flow.remote
    sent_by = top.partition(";")[0].rpartition(" ")[2]
    if top.endswith(";rport") and "received=" not in top and "," not in top:
        # What nearly every phone sends; the careful reading below comes to the same.
        values[0] = f"{top}={port};received={host}"
        return flow
    if sent_by == written(host, port) and "rport" not in top:
        return flow
    entries = split_list(top)
    if not entries:
        raise SipParseError("empty Via")
    first, *others = entries
    via = parse_via(first)
    # What comes before the parameters goes back as it came: some only take a response with their
    # own sent-by (18.1.2), letter by letter.
    sent = first.partition(";")[0].rstrip()
    stamped = sent + format_parameters(via.as_received(host, port).parameters)
    values[0] = ", ".join([stamped, *others])
    if flow.reliable or "rport" in via.parameters:
        return flow
    return Flow(flow.transport, flow.local, (host, via.port or 5060))


def build_response(
    request: Request,
    status: int,
    to_tag: str,
    *,
    reason: str | None = None,
    lines: str = "",
    body: bytes = b"",
) -> bytes:
    """A response to ``request``, whose top Via is stamped; ``lines`` are further header lines.

    ``to_tag`` is added where the request has no To tag, but for 100 (8.2.6.2).
    Raises :class:`SipParseError` where the request lacks what must be repeated, and
    :class:`~cordboard.sip.errors.SipBuildError` for a line break in ``reason``.
    """
    headers = request.headers
    try:
        vias = headers["via"]
        to = headers["to"][0]
        from_ = headers["from"][0]
        call_id = headers["call-id"][0]
        cseq = headers["cseq"][0]
    except KeyError as missing:
        raise SipParseError(f"missing {missing.args[0]}") from None
    if status > 100 and _lacks_tag(to):
        to = f"{to};tag={to_tag}"
    via = f"Via: {vias[0]}\r\n" if len(vias) == 1 else "".join([f"Via: {v}\r\n" for v in vias])
    copied = f"{via}From: {from_}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n"
    if copied.count("\n") != len(vias) + 4 or copied.count("\r") != len(vias) + 4:
        clean_copy("\n")  # says what is wrong
    phrase = REASONS.get(status, "Unknown") if reason is None else clean(reason)
    return encode(f"SIP/2.0 {status} {phrase}\r\n{copied}{lines}", body)


def _lacks_tag(to: str) -> bool:
    try:
        return tag_of(to) is None
    except SipParseError:
        return False  # it is refused for that, and nothing can be added to it
