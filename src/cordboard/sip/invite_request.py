"""The first INVITE of a call, written from its invitation (RFC 3261 13.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.dialog import by_way_of
from cordboard.sip.errors import SipParseError
from cordboard.sip.lines import (
    MAX_FORWARDS,
    InviteLines,
    clean,
    content_type_line,
    encode,
    lines_of,
    route_lines,
)
from cordboard.sip.media_type import SDP
from cordboard.sip.methods import ALLOW_LINE, SUPPORTED_LINE, SUPPORTED_WITHOUT_OFFER_LINE

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.invitation import Invitation


def write_invite(
    core: Core,
    invitation: Invitation,
    *,
    call_id: str,
    from_: str,
    number: int,
    branch: str,
    timer_lines: str,
    credentials: str,
) -> tuple[InviteLines, bytes]:
    """The INVITE, and what its ACK and CANCEL repeat of it; ``from_`` carries the tag.

    Raises :class:`~cordboard.sip.errors.SipBuildError` for a value that can't stand in a message.
    """
    flow, offer = invitation.flow, invitation.offer or b""
    uri, routes = _way_to(invitation)
    lines = InviteLines(
        uri,
        f"{core.via(flow)}{branch}\r\n",
        route_lines(routes),
        f"From: {clean(from_)}\r\n",
        f"To: {clean(str(invitation.callee))}\r\n",
        f"Call-ID: {call_id}\r\n",
        number,
        credentials,
    )
    data = encode(
        f"INVITE {lines.uri} SIP/2.0\r\n{lines.via}{lines.routes}{MAX_FORWARDS}{lines.from_}"
        f"{lines.to}{lines.call_id}CSeq: {number} INVITE\r\n"
        f"{core.contact(flow, invitation.contact_user)}{core.agent_line}{ALLOW_LINE}"
        f"{SUPPORTED_LINE if offer else SUPPORTED_WITHOUT_OFFER_LINE}{timer_lines}"
        f"{lines_of(invitation.headers)}{credentials}{content_type_line(SDP, offer)}",
        offer,
    )
    return lines, data


def _way_to(invitation: Invitation) -> tuple[str, tuple[str, ...]]:
    """Request-URI and Route values; routes that can't be read go out as they are."""
    uri, routes = clean(invitation.uri), invitation.routes
    if not routes:
        return uri, routes
    routes = tuple([clean(route) for route in routes])
    try:
        return by_way_of(routes, uri)
    except SipParseError:
        return uri, routes
