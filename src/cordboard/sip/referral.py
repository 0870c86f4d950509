"""What a REFER asks for (RFC 3515 2.1, RFC 3891, RFC 3892, RFC 4488)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote as percent_decode

from cordboard.sip.address import split_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.replaces import Replaces, parse_replaces
from cordboard.sip.uri import MAX_URI_LENGTH, SipUri, parse_uri

if TYPE_CHECKING:
    from cordboard.sip.message import Request


@dataclass(frozen=True, slots=True)
class Referral:
    """``target`` is to be called, in place of the dialog that ``replaces`` names where there is
    one. ``wants_news``: by NOTIFY; ``referred_by`` is what the phone says of itself, not proven."""

    target: SipUri
    replaces: Replaces | None
    wants_news: bool
    referred_by: str


def referral_of(request: Request) -> Referral:
    """Read a REFER. Raises :class:`SipParseError` where Refer-To is missing, doubled, malformed or
    of a scheme that can't be called, and with 501 where it is for another method than INVITE."""
    values = request.each("refer-to")
    if len(values) != 1:
        raise SipParseError("not just one Refer-To")
    # Headers are escaped by the book (19.1.1); some phones leave the @ of a Call-ID as it is, which
    # would else be taken for that before the host.
    text, _, headers = split_name_addr(values[0])[1].partition("?")
    if len(headers) > MAX_URI_LENGTH:
        raise SipParseError("URI too long", 414)
    target = parse_uri(text)
    method = target.parameters.get("method")
    if method is not None and method.upper() != "INVITE":
        raise SipParseError("only an INVITE can be referred", 501)
    wants_news = (request.first("refer-sub") or "true").partition(";")[0].strip().lower()
    return Referral(
        target, _replaces_in(headers), wants_news != "false", request.first("referred-by") or ""
    )


def _replaces_in(headers: str) -> Replaces | None:
    """The Replaces among the headers of a URI; what else there is may not stand in our INVITE."""
    found: list[Replaces] = []
    for header in headers.split("&"):
        name, _, value = header.partition("=")
        if percent_decode(name).strip().lower() == "replaces":
            found.append(parse_replaces(percent_decode(value, errors="surrogateescape")))
    if len(found) > 1:
        raise SipParseError("more than one Replaces")
    return found[0] if found else None
