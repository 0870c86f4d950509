"""Which methods are served, and how the others are refused (RFC 3261 8.2.1, 21.4.6, 21.5.2)."""

from __future__ import annotations

from cordboard.sip.validity import METHODS

SERVED = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "PRACK", "UPDATE", "REFER")
ALLOW_LINE = f"Allow: {', '.join(SERVED)}\r\n"
ALLOW_WITH_REGISTER_LINE = f"Allow: {', '.join((*SERVED, 'REGISTER'))}\r\n"
SUPPORTED = ("100rel", "timer", "replaces", "norefersub")
"""Option tags of extensions that a Require may name to us (RFC 3261 27.1)."""

SUPPORTED_WITH_REGISTER = (*SUPPORTED, "path", "outbound")
"""The same for REGISTER (RFC 3327 4, RFC 5626 4.2.1)."""

SUPPORTED_LINE = f"Supported: {', '.join(SUPPORTED)}\r\n"
# Without an offer in the INVITE a reliable 1xx may hold one, which a PRACK would have to answer.
SUPPORTED_WITHOUT_OFFER_LINE = f"Supported: {', '.join(SUPPORTED[1:])}\r\n"
ACCEPT_LINE = "Accept: application/sdp\r\n"
ACCEPT_ENCODING_LINE = "Accept-Encoding: identity\r\n"


def refusal_of_method(method: str, allow: str = ALLOW_LINE) -> tuple[int, str]:
    """Status and header lines for a request that nobody here serves.

    SUBSCRIBE and PUBLISH name an event package, of which there is none (489, RFC 6665 4.2.1.1,
    RFC 3903 6); a NOTIFY belongs to no subscription of ours (481, RFC 6665 4.1.3).
    """
    if method in ("SUBSCRIBE", "PUBLISH"):
        return 489, allow
    if method == "NOTIFY":
        return 481, allow
    return (405 if method in METHODS else 501), allow
