"""Where requests for a peer go that has sent us one over UDP.

As a rule to where its own came from: that is what reaches a phone behind a NAT, and nearly every
phone sends and listens at one port. Some send from any port and listen at the one that their Via
and Contact name (Cisco's 7940 and 7960 among them), as RFC 3261 18.1.1 has it. They do not ask for
``rport`` (RFC 3581), and where no NAT stands between us they can be taken at their word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.uri import parse_uri

if TYPE_CHECKING:
    from cordboard.sip.message import Request


def way_back(request: Request, contact: str | None, flow: Flow) -> Flow:
    """The flow for requests to the peer of a request that came over ``flow`` and whose Via is
    stamped; ``contact`` is the URI of its Contact."""
    vias = request.headers.get("via", ())
    # Stamped, a Via names the source where it is another address: that is a NAT, or a proxy's.
    if flow.reliable or len(vias) != 1 or "rport" in vias[0] or "received" in vias[0]:
        return flow
    if contact is None or "," in vias[0] or "path" in request.headers:
        return flow
    try:
        uri = parse_uri(contact)
    except SipParseError:
        return flow
    host, port = uri.address
    if host != flow.remote[0] or uri.transport != flow.transport:
        return flow
    return Flow(flow.transport, flow.local, (host, port))
