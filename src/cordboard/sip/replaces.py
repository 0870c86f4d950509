"""Replaces: one dialog takes the place of another (RFC 3891)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import parse_parameters

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.message import Request
    from cordboard.sip.session import Session

OPTION_TAG = "replaces"


@dataclass(frozen=True, slots=True)
class Replaces:
    """Which dialog is meant, as whoever is asked to replace it knows it: ``to_tag`` is his own tag.

    ``early_only``: not one that is answered already.
    """

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False


def parse_replaces(text: str) -> Replaces:
    """Read the value of one Replaces header; raises :class:`SipParseError` (RFC 3891 6.1)."""
    call_id, _, rest = text.partition(";")
    parameters = parse_parameters(f";{rest}" if rest else "")
    to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
    if not call_id.strip() or not to_tag or not from_tag:
        raise SipParseError("malformed Replaces")
    return Replaces(call_id.strip(), to_tag, from_tag, "early-only" in parameters)


def replaces_of(request: Request) -> Replaces | None:
    """What an INVITE is to replace, None for one like any other. Raises :class:`SipParseError`
    where it says so twice or can't be read."""
    values = request.headers.get("replaces")
    if not values:
        return None
    if len(values) > 1:
        raise SipParseError("more than one Replaces")
    return parse_replaces(values[0])


def find_replaced(core: Core, replaces: Replaces) -> Session | None:
    """The session of the dialog that is meant, which may be over; None for none of ours."""
    session = core.sessions.get(replaces.call_id)
    if session is None or not session.owns(replaces.to_tag, replaces.from_tag):
        return None
    return session


def refusal_of_replaces(replaces: Replaces, session: Session | None) -> int | None:
    """The status for an INVITE whose dialog can't be replaced, None where it can (RFC 3891 3): 481
    for one that is unknown, or that rings at us, 603 for one that is over, 486 for one that was
    answered where only an early one is wanted."""
    if session is None:
        return 481
    if session.over:
        return 603
    if not session.up and not session.is_owner:
        return 481
    return 486 if session.up and replaces.early_only else None
