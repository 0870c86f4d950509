"""Which methods are served, and how the others are refused (RFC 3261 8.2.1, 21.4.6, 21.5.2)."""

from __future__ import annotations

SERVED = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO")
ALLOW_LINE = f"Allow: {', '.join(SERVED)}\r\n"
ALLOW_WITH_REGISTER_LINE = f"Allow: {', '.join((*SERVED, 'REGISTER'))}\r\n"
ACCEPT_LINE = "Accept: application/sdp\r\n"
ACCEPT_ENCODING_LINE = "Accept-Encoding: identity\r\n"

# The registry of SIP methods; what is not in it gets 501.
_KNOWN = frozenset(
    (*SERVED, "MESSAGE", "NOTIFY", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE")
)


def refusal_of_method(method: str, allow: str = ALLOW_LINE) -> tuple[int, str]:
    """Status and header lines for a request that nobody here serves.

    SUBSCRIBE and PUBLISH name an event package, of which there is none (489, RFC 6665 4.2.1.1,
    RFC 3903 6); a NOTIFY belongs to no subscription of ours (481, RFC 6665 4.1.3).
    """
    if method in ("SUBSCRIBE", "PUBLISH"):
        return 489, allow
    if method == "NOTIFY":
        return 481, allow
    return (405 if method in _KNOWN else 501), allow
