"""What the SIP stack tells its user: small frozen values, one per thing that happened.

A session is one INVITE exchange and the dialog it makes, named by its Call-ID; every outgoing
session ends in exactly one :class:`InviteFailed` or :class:`SessionEnded`, every incoming one in
exactly one :class:`SessionEnded`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import msgspec

from cordboard.sip.callers import KnownCaller
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.uri import SipUri


class EndedBy(Enum):
    """Who ended a session."""

    REMOTE = "remote"
    LOCAL = "local"
    TIMEOUT = "timeout"
    """The dialog became unusable: a re-INVITE or INFO got no answer, 408 or 481, or no ACK came."""
    TRANSPORT = "transport"


class InviteTrying(msgspec.Struct, frozen=True, gc=False):
    """A 100 came: the far end has the request."""

    call_id: str


class InviteRinging(msgspec.Struct, frozen=True, gc=False):
    """A provisional response above 100 came; ``sdp`` where it carries an answer.

    ``early_dialogs`` counts the different To tags seen so far (RFC 3261 12.1: forking).
    """

    call_id: str
    status: int
    reason: str
    sdp: bytes | None
    to_tag: str | None
    early_dialogs: int


class InviteAnswered(msgspec.Struct, frozen=True, gc=False):
    """The first 2xx came and its ACK was sent; ``sdp`` is the answer (or the offer of a 2xx to an
    INVITE without one)."""

    call_id: str
    sdp: bytes | None
    user_agent: str | None


class InviteFailed(msgspec.Struct, frozen=True, gc=False):
    """The outgoing INVITE ended without a call.

    ``status`` is the final SIP status (408 for Timer B, 503 for a transport error or over our own
    limits). After a cancel it is 487, unless the peer itself refused with another status first.
    ``contacts`` are the targets of a 3xx, ``reason_header`` the Reason value (RFC 3326).
    """

    call_id: str
    status: int
    reason: str
    contacts: tuple[str, ...] = ()
    retry_after: int | None = None
    reason_header: str | None = None
    local: bool = False
    """Whether the status was made here (timeout, transport error) rather than received."""


@dataclass(frozen=True, slots=True)
class InviteReceived:
    """A new call is offered to us; nothing but 100 has been sent. ``caller`` is who was found to
    call, where that is asked; ``replaces`` is the session that it is to take the place of (RFC
    3891), which is left to the user: it goes on until he ends it."""

    call_id: str
    request: Request
    flow: Flow
    sdp: bytes | None
    caller: KnownCaller | None = None
    replaces: str | None = None


class SessionConfirmed(msgspec.Struct, frozen=True, gc=False):
    """The ACK of our 2xx came; ``sdp`` where the ACK carries the answer (offer in our 2xx)."""

    call_id: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The peer offers a new session description, by re-INVITE or UPDATE.

    It may come before an outgoing call is answered (RFC 3311 5.1). To be answered by
    ``answer_offer`` or ``reject_offer``; ``sdp`` None means we must offer. ``flow`` is by which the
    peer is reached now.
    """

    call_id: str
    sdp: bytes | None
    flow: Flow | None = field(default=None, compare=False)


class OfferAnswered(msgspec.Struct, frozen=True, gc=False):
    """The peer answered our offer, with 2xx to our re-INVITE, in the ACK of our own 2xx, or in the
    PRACK of a reliable response of ours; ``sdp`` None where it forgot to."""

    call_id: str
    sdp: bytes | None


class OfferRejected(msgspec.Struct, frozen=True, gc=False):
    """The peer refused our re-INVITE; the session stays as it was."""

    call_id: str
    status: int


class InfoReceived(msgspec.Struct, frozen=True, gc=False):
    """A SIP INFO came in a call and was answered 200 (DTMF relay bodies)."""

    call_id: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The peer of a confirmed session wants us to call ``target`` for him (RFC 3515), which is to
    be answered by ``answer_referral``; ``referral`` is its number.

    ``replaced`` is the session whose dialog that call is to take the place of (RFC 3891), with its
    own tags, so that it is known to the peer; ``elsewhere``: it is none of ours. ``referred_by`` is
    what the peer says of itself (RFC 3892), not proven.
    """

    call_id: str
    referral: int
    target: SipUri
    replaced: str | None = None
    elsewhere: bool = False
    referred_by: str = ""


class SessionEnded(msgspec.Struct, frozen=True, gc=False):
    """A confirmed or offered session is over; ``reason_header`` is the Reason of BYE or CANCEL.

    Told at once where we end it: a session is over when its BYE is sent (RFC 3261 15.1.1), whatever
    becomes of the BYE. ``cancelled`` says that an incoming call was given up before its answer.
    """

    call_id: str
    by: EndedBy
    cancelled: bool = False
    reason_header: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """One registered contact of an account (RFC 3261 10).

    ``contact`` is the URI as registered; ``flow`` is where its REGISTER came from and where calls
    to it go; ``expires_at`` is in the stack's ``now`` seconds; ``q`` is 0.0 to 1.0; ``instance``
    and ``reg_id`` name the device and which of its flows this is (RFC 5626 4.1, 4.2), ``kept`` says
    that the device keeps that flow open for calls.
    """

    account: str
    contact: str
    flow: Flow
    expires_at: float
    call_id: str
    cseq: int
    q: float = 1.0
    user_agent: str | None = None
    path: tuple[str, ...] = ()
    instance: str | None = None
    reg_id: str | None = None
    kept: bool = False

    @property
    def key(self) -> str:
        """What makes it one binding of its account: the flow, else the URI (RFC 5626 6)."""
        return f"{self.instance} {self.reg_id}" if self.kept else self.contact

    @property
    def phone(self) -> str:
        """What its calls go by, so that they follow it where it registers anew."""
        return f"{self.account} {self.key}"


@dataclass(frozen=True, slots=True)
class BindingsChanged:
    """The contacts of an account changed: registered, refreshed, unregistered or expired."""

    account: str
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class RegistrationsBlocked:
    """Somebody has guessed too often: registrations from ``source`` or for ``account`` (as asked
    for, it may not exist) are not served for a while. Told once each time a limit is reached."""

    source: str
    account: str


@dataclass(frozen=True, slots=True)
class RegistrationSucceeded:
    """Our own REGISTER was accepted for ``expires`` seconds (0: we are unregistered)."""

    registration: str
    expires: int


@dataclass(frozen=True, slots=True)
class RegistrationFailed:
    """Our own REGISTER was refused or timed out; it is tried again at the stack's own pace."""

    registration: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReachabilityChanged:
    """A watched peer answers again, or does not answer any more; ``reason`` says how we know."""

    watch: str
    reachable: bool
    reason: str


SipEvent = (
    InviteTrying
    | InviteRinging
    | InviteAnswered
    | InviteFailed
    | InviteReceived
    | SessionConfirmed
    | OfferReceived
    | OfferAnswered
    | OfferRejected
    | InfoReceived
    | ReferReceived
    | SessionEnded
    | BindingsChanged
    | RegistrationsBlocked
    | RegistrationSucceeded
    | RegistrationFailed
    | ReachabilityChanged
)
