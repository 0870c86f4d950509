"""Which SIP events a channel is told of, by the method that takes them."""

from __future__ import annotations

from typing import Final

from cordboard.sip.events import (
    InfoReceived,
    InviteAnswered,
    InviteFailed,
    InviteRinging,
    InviteTrying,
    OfferAnswered,
    OfferReceived,
    OfferRejected,
    ReferReceived,
    SessionConfirmed,
    SessionEnded,
)

HANDLERS: Final[dict[type, str]] = {
    InviteTrying: "on_trying",
    InviteRinging: "on_ringing",
    InviteAnswered: "on_answered",
    InviteFailed: "on_failed",
    SessionEnded: "on_ended",
    OfferReceived: "on_offer",
    OfferAnswered: "on_offer_answered",
    OfferRejected: "on_offer_rejected",
    SessionConfirmed: "on_confirmed",
    InfoReceived: "on_info",
    ReferReceived: "on_refer",
}
