"""Where a 3xx points, as the calls understand it."""

from __future__ import annotations

from collections.abc import Container, Iterable

from cordboard.calls.ports import RedirectTarget
from cordboard.sip.errors import SipParseError
from cordboard.sip.uri import parse_uri

TEL_SCHEME = "tel:"


def redirect_targets(contacts: Iterable[str], ours: Container[str]) -> tuple[RedirectTarget, ...]:
    """The targets behind Contact URIs, in their order; what names nobody is left out.

    ``ours`` are the hosts that mean this server or the peer itself. A ``tel`` URI (RFC 3966) is a
    number wherever it comes from.
    """
    found = []
    for contact in contacts:
        if contact.lower().startswith(TEL_SCHEME):
            number = contact[len(TEL_SCHEME) :].partition(";")[0]
            found.append(RedirectTarget(number.replace("-", ""), "", ours=True))
            continue
        try:
            uri = parse_uri(contact)
        except SipParseError:
            continue
        if uri.user:
            host = uri.address[0]
            found.append(RedirectTarget(uri.user.partition(";")[0], host, host in ours))
    return tuple(found)
