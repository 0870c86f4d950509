"""Ways back to a phone: the proxies that its REGISTER came by, and the flows it keeps open for
calls (Path, RFC 3327; outbound, RFC 5626).

A Path is stored whether the phone knows of it or not, for there is no other way to it behind its
proxy, as Kamailio does; it is told to phones that support it (RFC 3327 5.3).

A flow has a name of its own (instance and reg-id) only where it is kept: where the phone asks for
that and reaches us directly, or the proxy that it reaches says so (``ob``). We see the end of a
connection; over UDP the phone asks by STUN whether its way is still the same (3.5.2). Elsewhere its
reg-id means nothing and the phone is registered by its Contact, unless it insists (439): many
phones ask for outbound always and do not recover from a 439.
"""

from __future__ import annotations

from typing import Final

from cordboard.sip.address import NameAddr, parse_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.registrar_answer import Refusal
from cordboard.sip.reliable import has_option

MAX_PATH: Final = 8

FLOW_TIMER: Final = 120
"""Seconds after which a phone that has sent nothing should ping over its connection (RFC 5626
4.4.1). Over UDP it is not told: by itself it pings every half minute there (4.4.2)."""

MAX_REG_ID_DIGITS: Final = 10  # up to 2**31 - 1 (RFC 5626 4.2)
MAX_INSTANCE: Final = 255  # a UUID as URN has 47 with its quotes

OPTION: Final = "outbound"

OPENED: Final = frozenset({"udp", "tcp", "tls"})
"""Transports by which we reach a peer that has no connection to us."""


def path_of(request: Request) -> tuple[str, ...]:
    """The proxies that calls to the phone go through, ours first (RFC 3327 5.3). Raises
    SipParseError."""
    if "path" not in request.headers:
        return ()
    path = tuple(request.each("path"))
    if len(path) > MAX_PATH:
        raise SipParseError("too many proxies in Path")
    for hop in path:
        parse_name_addr(hop)
    return path


def keeps_flow(request: Request, contact: NameAddr) -> bool:
    """Whether calls to a contact go over a flow that the phone keeps (RFC 5626 6).

    Raises :class:`Refusal` (439) for a phone that insists on it where its first hop does not know
    of that.
    """
    if not _names_flow(contact.parameters):
        return False
    if not has_option(request, "supported", OPTION) and not has_option(request, "require", OPTION):
        return False
    path = path_of(request)
    if path:  # the phone's own proxy wrote its value first, and so stands last
        kept = "ob" in parse_name_addr(path[-1]).uri.parameters
    else:
        kept = len(request.each("via")) <= 1
    if not kept and has_option(request, "require", OPTION):
        raise Refusal(439, "First Hop Lacks Outbound Support")
    return kept


def way_anew(path: tuple[str, ...], lost: Flow) -> Flow | None:
    """The way to a phone once the connection of its proxy is gone: a new one to where the proxy's
    Path says that it listens, but at the address that the lost one came from, so that no phone has
    us connect to whom it likes. None without a proxy, or where only that one can connect.
    """
    if not path:
        return None
    hop = parse_name_addr(path[0]).uri
    transport = hop.transport
    if transport not in OPENED:
        return None
    name = hop.host if transport == "tls" else ""
    return Flow(transport, ("", 0), (lost.remote[0], hop.address[1]), name)


def _names_flow(parameters: dict[str, str | None]) -> bool:
    """Whether a contact names a device and one of its flows (RFC 5626 4.1, 4.2)."""
    reg_id, instance = parameters.get("reg-id") or "", parameters.get("+sip.instance") or ""
    if not reg_id.isascii() or not reg_id.isdigit() or len(reg_id) > MAX_REG_ID_DIGITS:
        return False
    return 0 < len(instance) <= MAX_INSTANCE and instance.isprintable()


def agreed(request: Request, flow: Flow, *, kept: bool) -> tuple[tuple[str, str], ...]:
    """What a 200 says of all that: the Path as it was stored, and whether the flow is ``kept``."""
    told = has_option(request, "supported", "path")
    lines = tuple(("path", hop) for hop in path_of(request)) if told else ()
    if kept:
        lines = (*lines, ("require", OPTION))
        if flow.reliable and "path" not in request.headers:  # else that is the proxy's to say
            lines = (*lines, ("flow-timer", str(FLOW_TIMER)))
    return lines
