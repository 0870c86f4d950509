"""Names of header fields: canonical (lower case, long form) inside, the RFCs' spelling outside."""

from __future__ import annotations

from typing import Final

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.grammar import is_token

# RFC 3261 7.3.3, 20 and the registry of header fields
_COMPACT: Final = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}

# What every message has, in the spelling of most; more are learnt as they are met.
_COMMON: Final = (
    "Accept",
    "Alert-Info",
    "Allow",
    "Allow-Events",
    "Authorization",
    "Call-ID",
    "Call-Info",
    "Contact",
    "Content-Disposition",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Date",
    "Diversion",
    "Event",
    "Expires",
    "From",
    "Max-Forwards",
    "MIME-Version",
    "Min-Expires",
    "P-Asserted-Identity",
    "Path",
    "Privacy",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "RAck",
    "Reason",
    "Record-Route",
    "Refer-To",
    "Require",
    "Retry-After",
    "Route",
    "RSeq",
    "Server",
    "Session-Expires",
    "Subject",
    "Supported",
    "Timestamp",
    "To",
    "Unsupported",
    "User-Agent",
    "Via",
    "Warning",
    "WWW-Authenticate",
)

LIST_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "alert-info",
        "allow",
        "allow-events",
        "call-info",
        "contact",
        "content-encoding",
        "content-language",
        "error-info",
        "in-reply-to",
        "path",
        "proxy-require",
        "reason",
        "record-route",
        "require",
        "route",
        "service-route",
        "supported",
        "unsupported",
        "via",
        "warning",
    }
)
"""Comma-separated lists (RFC 3261 7.3.1, 20); any other header's commas are its own."""

MAX_KNOWN_NAMES: Final = 1024
"""Spellings that are remembered; bounded, so that no peer can grow the tables."""

known_names: Final[dict[str, str]] = {
    **{name: name.lower() for name in _COMMON},
    **{name.lower(): name.lower() for name in _COMMON},
    **_COMPACT,
}
"""Names as written -> canonical."""

known_labels: Final[dict[str, str]] = {name.lower(): name for name in _COMMON}
"""Canonical names -> as written."""


def canonical_name(name: str) -> str:
    """The lower-case long form of a header name as written; raises :class:`SipParseError`."""
    known = known_names.get(name)
    if known is not None:
        return known
    stripped = name.rstrip(" \t")
    if not is_token(stripped):
        raise SipParseError("malformed header name")
    lowered = stripped.lower()
    canonical = _COMPACT.get(lowered, lowered)
    if len(known_names) < MAX_KNOWN_NAMES:
        known_names[name] = canonical
    return canonical


def label_of(name: str) -> str:
    """A header name as written on the wire; raises :class:`SipBuildError` where it is no name."""
    label = known_labels.get(name)
    if label is None:
        if not is_token(name):
            raise SipBuildError("malformed header name")
        label = "-".join(word.capitalize() for word in name.split("-"))
        if len(known_labels) < MAX_KNOWN_NAMES:
            known_labels[name] = label
    return label
