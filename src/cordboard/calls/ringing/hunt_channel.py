"""A channel of a hunt: how it is dialled, how far it is, and why it is over.

It lives by :data:`CHANNEL_TRANSITIONS`; what the table does not know has no effect, so a late
answer or a second farewell changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cordboard.calls.causes import Cause, cause_of_status
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import LegPlan, PlannedChannel
from cordboard.calls.ports import Failed, RedirectTarget, TrunkEndpoint
from cordboard.calls.said import NOTHING, Said
from cordboard.directory.model import Trunk
from cordboard.values import Word


class ChannelState(Word):
    """Where a channel is."""

    DIALLING = "dialling"
    RINGING = "ringing"
    SCREENED = "screened"
    ANSWERED = "answered"
    LEAVING = "leaving"
    GONE = "gone"


class ChannelTrigger(Word):
    """What moves a channel."""

    RANG = "rang"
    PICKED_UP = "picked up"
    ANSWERED = "answered"
    REDIALLED = "redialled"
    HUNG_UP = "hung up by us"
    ENDED = "ended"


_S, _T = ChannelState, ChannelTrigger
CHANNEL_TRANSITIONS: dict[ChannelState, dict[ChannelTrigger, ChannelState]] = {
    _S.DIALLING: {
        _T.RANG: _S.RINGING,
        _T.PICKED_UP: _S.SCREENED,
        _T.ANSWERED: _S.ANSWERED,
        _T.REDIALLED: _S.DIALLING,
        _T.HUNG_UP: _S.LEAVING,
        _T.ENDED: _S.GONE,
    },
    _S.RINGING: {
        _T.PICKED_UP: _S.SCREENED,
        _T.ANSWERED: _S.ANSWERED,
        _T.REDIALLED: _S.DIALLING,
        _T.HUNG_UP: _S.LEAVING,
        _T.ENDED: _S.GONE,
    },
    _S.SCREENED: {_T.ANSWERED: _S.ANSWERED, _T.HUNG_UP: _S.LEAVING, _T.ENDED: _S.GONE},
    _S.ANSWERED: {_T.HUNG_UP: _S.LEAVING, _T.ENDED: _S.GONE},
    _S.LEAVING: {_T.ENDED: _S.GONE},
    _S.GONE: {},
}

OPEN = (ChannelState.DIALLING, ChannelState.RINGING)
"""It rings, or will."""

HOPEFUL = (*OPEN, ChannelState.SCREENED)
"""Somebody may still take the call there."""


MAX_REDIRECTS = 3
"""Redirects that a channel follows one after another; who is sent on more often is in a maze."""


class Channel(msgspec.Struct):
    """A channel of a hunt; ``attempt`` counts its endpoints from 0, ``cause`` is why it went.

    ``plan`` is how it is rung where that is not how its leg is: it was redirected. ``visited``
    are the redirects that led there. ``failure`` is how its last dial failed, ``passed_over`` are
    the trunks that had no line free then.
    """

    planned: PlannedChannel
    plan: LegPlan | None = None
    visited: tuple[RedirectTarget, ...] = ()
    state: ChannelState = ChannelState.DIALLING
    attempt: int = 0
    cause: Cause | None = None
    failure: Failed | None = None
    passed_over: tuple[str, ...] = ()
    said: Said = NOTHING
    answered: bool = False

    def move(self, trigger: ChannelTrigger) -> bool:
        """Follow the table; False where ``trigger`` has no effect in this state."""
        following = CHANNEL_TRANSITIONS[self.state].get(trigger)
        if following is None:
            return False
        self.state = following
        return True

    def refuses(self, target: RedirectTarget) -> str | None:
        """Why a redirect is not followed, if so."""
        if self.state not in OPEN:
            return "the call has moved on"
        if target in self.visited:
            return "redirected in a circle"
        if len(self.visited) >= MAX_REDIRECTS:
            return f"redirected more than {MAX_REDIRECTS} times"
        return None

    @property
    def verdict(self) -> Verdict:
        """Why it is over; the far end's words only where its refusal was the reason."""
        cause, failure = self.cause or Cause.NORMAL, self.failure
        if failure is None:
            return Verdict(cause, said=self.said)
        refused = cause is cause_of(failure)
        return Verdict(cause, failure.status, failure.reason if refused else "", self.said)

    @property
    def trunk(self) -> Trunk | None:
        """The trunk that it is dialled through."""
        endpoints = self.planned.endpoints
        endpoint = endpoints[self.attempt] if endpoints else None
        return endpoint.trunk if isinstance(endpoint, TrunkEndpoint) else None

    def further_trunks(self) -> Iterator[tuple[int, Trunk]]:
        """The trunks that are not tried yet, each with its attempt."""
        for attempt, endpoint in enumerate(self.planned.endpoints):
            if attempt > self.attempt and isinstance(endpoint, TrunkEndpoint):
                yield attempt, endpoint.trunk


def cause_of(failure: Failed) -> Cause:
    """The cause of a failed dial."""
    said = failure.said
    return cause_of_status(
        failure.status, local=failure.local, q850=said.q850, sip_cause=said.sip_cause
    )
