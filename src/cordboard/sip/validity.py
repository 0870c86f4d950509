"""Whether a message that could be read also makes sense, and what to answer when it does not.

:func:`~cordboard.sip.message.parse` only takes a message apart. Before a request makes a
transaction or a response is believed, :func:`check_request` or :func:`check_response` looks at what
RFC 3261 8.1.1 says that each message has. A request that fails either is answered with the error's
status; what the answer copies is found by :func:`salvage` where there is no message to copy from.
"""

from __future__ import annotations

from typing import Final

from cordboard.sip.address import parse_name_addr, split_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import is_token, parse_parameters
from cordboard.sip.headers import canonical_name
from cordboard.sip.message import (
    MAX_HEADER_LINES,
    MAX_LINE_LENGTH,
    MAX_MESSAGE_SIZE,
    Message,
    Request,
    Response,
    unfold,
)
from cordboard.sip.uri import parse_uri
from cordboard.sip.via import parse_via

METHODS: Final = frozenset(
    {
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    }
)
"""The methods of the RFCs; any other gets 501 (RFC 3261 21.5.2), one of these that we do not
support 405."""

CONTACT_METHODS: Final = frozenset({"INVITE", "REFER", "REGISTER", "SUBSCRIBE"})
"""Whose Contact says where to go on, and so has to be readable."""

MAX_MAX_FORWARDS: Final = 255  # RFC 3261 20.22

_ONCE: Final = ("call-id", "cseq", "from", "to")

# What a response copies (RFC 3261 8.2.6) and what it is refused by.
_ANSWERED: Final = frozenset({"call-id", "cseq", "from", "record-route", "timestamp", "to", "via"})


def check_request(request: Request) -> None:
    """Look at what every request has; raises :class:`SipParseError` with the status to answer.

    400 for what is missing, doubled or malformed, 414 and 416 for a Request-URI that is too long or
    of a scheme that we do not know, 501 for an unknown method whose CSeq names another.
    """
    _check_common(request)
    _, method = request.cseq
    if method != request.method:
        status = 400 if request.method in METHODS else 501
        raise SipParseError("CSeq of another method", status)
    _check_max_forwards(request)
    if parse_uri(request.uri).headers:
        raise SipParseError("headers in a Request-URI")
    if request.method in CONTACT_METHODS:
        for contact in request.each("contact"):
            _check_contact(contact, request.method)


def _check_contact(contact: str, method: str) -> None:
    """Only a registrar is offered what is not SIP: it decides what it can call."""
    if method == "REGISTER" and contact == "*":
        return
    try:
        parse_name_addr(contact)
    except SipParseError as error:
        if method != "REGISTER" or error.status != 416:
            raise


def check_response(response: Response) -> None:
    """Look at what every response has; raises :class:`SipParseError`: it is to be dropped."""
    _check_common(response)
    _ = response.cseq


def _check_common(message: Message) -> None:
    headers = message.headers
    for name in _ONCE:
        if len(headers.get(name, ())) != 1:
            raise SipParseError("a header is missing or doubled")
    if not headers["call-id"][0]:
        raise SipParseError("empty Call-ID")
    for name in ("from", "to"):
        _, uri, parameters = split_name_addr(headers[name][0])
        if not uri:
            raise SipParseError("address without a URI")
        parse_parameters(parameters)
    vias = message.each("via")
    if not vias:
        raise SipParseError("missing Via")
    for via in vias:
        parse_via(via)


def _check_max_forwards(request: Request) -> None:
    values = request.headers.get("max-forwards")
    if values is None:  # RFC 2543 had none
        return
    text = values[0]
    if len(values) > 1 or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise SipParseError("malformed Max-Forwards")
    if int(text) > MAX_MAX_FORWARDS:
        raise SipParseError("Max-Forwards out of range")


def salvage(data: bytes) -> Request | None:
    """What can be read of a request that :func:`~cordboard.sip.message.parse` refused.

    Holds the headers that an error response copies (Via, From, To, Call-ID, CSeq, Record-Route,
    Timestamp), as many as are there and without anything that could not be written again; no body.
    None where no response is possible: for a response, an ACK, or without a Via to send it by.
    Never raises.
    """
    head = data[:MAX_MESSAGE_SIZE].lstrip(b"\r\n").partition(b"\r\n\r\n")[0]
    lines = unfold(head.decode("utf-8", "surrogateescape").split("\r\n", MAX_HEADER_LINES))
    lines = lines[:MAX_HEADER_LINES]
    method, _, rest = lines[0].strip().partition(" ")
    if method == "ACK" or not is_token(method):
        return None
    found = Request(method, rest.rpartition(" ")[0].strip())
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if len(line) > MAX_LINE_LENGTH or any(mark in line for mark in "\r\n\0"):
            continue
        try:
            name = canonical_name(name)
        except SipParseError:
            continue
        # Of what may stand only once, the first counts.
        if name in _ANSWERED and (name not in found.headers or name in ("via", "record-route")):
            found.add(name, value.strip(" \t"))
    try:
        for via in found.each("via")[:1]:
            parse_via(via)
            return found
    except SipParseError:
        pass
    return None
