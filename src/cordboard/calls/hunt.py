"""A hunt: one leg being rung on its channels until one answers or none is left.

The first answer wins and the others are hung up as answered elsewhere. A refusal that speaks for
the person (600, 603) ends all phones of that user, any other failure only its own channel; a
trunk's failover code takes the channel to its next trunk under the same id, and a redirect to
wherever the plan says. A channel lives by
:data:`CHANNEL_TRANSITIONS`; what the table does not know has no effect, so a late answer or a
second farewell changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from cordboard.calls.causes import Cause, cause_of_status, weight
from cordboard.calls.plan import LegPlan, PlannedChannel
from cordboard.calls.ports import Failed, RedirectTarget, TrunkEndpoint
from cordboard.directory.model import Trunk

GLOBAL_REFUSALS = frozenset({600, 603})
"""Final codes that speak for the person, not for one phone (RFC 3261 21.6)."""

NEVER_FAIL_OVER = frozenset({486, 600, 603})
"""A person refused: another trunk would ring him a second time (design: trunks)."""


class ChannelState(Enum):
    """Where a channel is."""

    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"
    LEAVING = "leaving"
    GONE = "gone"


class ChannelTrigger(Enum):
    """What moves a channel."""

    RANG = "rang"
    ANSWERED = "answered"
    REDIALLED = "redialled"
    HUNG_UP = "hung up by us"
    ENDED = "ended"


_S, _T = ChannelState, ChannelTrigger
CHANNEL_TRANSITIONS: dict[ChannelState, dict[ChannelTrigger, ChannelState]] = {
    _S.DIALLING: {
        _T.RANG: _S.RINGING,
        _T.ANSWERED: _S.ANSWERED,
        _T.REDIALLED: _S.DIALLING,
        _T.HUNG_UP: _S.LEAVING,
        _T.ENDED: _S.GONE,
    },
    _S.RINGING: {
        _T.ANSWERED: _S.ANSWERED,
        _T.REDIALLED: _S.DIALLING,
        _T.HUNG_UP: _S.LEAVING,
        _T.ENDED: _S.GONE,
    },
    _S.ANSWERED: {_T.HUNG_UP: _S.LEAVING, _T.ENDED: _S.GONE},
    _S.LEAVING: {_T.ENDED: _S.GONE},
    _S.GONE: {},
}

_OPEN = (ChannelState.DIALLING, ChannelState.RINGING)


MAX_REDIRECTS = 3
"""Redirects that a channel follows one after another; who is sent on more often is in a maze."""


@dataclass(slots=True)
class Channel:
    """A channel of a hunt; ``attempt`` counts its endpoints from 0, ``cause`` is why it went.

    ``plan`` is how it is rung where that is not how its leg is: it was redirected. ``visited``
    are the redirects that led there.
    """

    planned: PlannedChannel
    plan: LegPlan | None = None
    visited: tuple[RedirectTarget, ...] = ()
    state: ChannelState = ChannelState.DIALLING
    attempt: int = 0
    cause: Cause | None = None
    sip_status: int | None = None
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
        if self.state not in _OPEN:
            return "the call has moved on"
        if target in self.visited:
            return "redirected in a circle"
        if len(self.visited) >= MAX_REDIRECTS:
            return f"redirected more than {MAX_REDIRECTS} times"
        return None

    @property
    def trunk(self) -> Trunk | None:
        """The trunk that it is dialled through."""
        endpoint = self.planned.endpoints[self.attempt]
        return endpoint.trunk if isinstance(endpoint, TrunkEndpoint) else None

    @property
    def next_endpoint_after(self) -> bool:
        """Whether there is another endpoint to try."""
        return self.attempt + 1 < len(self.planned.endpoints)


class Hunt:
    """The channels of one leg, and who of them won."""

    def __init__(self, channels: Iterable[PlannedChannel]) -> None:
        self.channels = {planned.id: Channel(planned) for planned in channels}
        self.winner: str | None = None

    @property
    def open(self) -> bool:
        """Whether a channel may still answer."""
        return self.winner is None and any(c.state in _OPEN for c in self.channels.values())

    @property
    def gone(self) -> bool:
        """Whether every channel is over."""
        return all(c.state is ChannelState.GONE for c in self.channels.values())

    @property
    def single(self) -> bool:
        """Whether the leg rings on one channel only, so that its early media may be heard."""
        return len(self.channels) == 1

    def trunks_but(self, channel: Channel | None) -> list[Trunk]:
        """The trunks that channels other than this one are dialled through."""
        return [c.trunk for c in self.channels.values() if c is not channel and c.trunk is not None]

    def rang(self, channel: str) -> bool:
        """A channel is alerting; False where that is no news."""
        return self.channels[channel].move(ChannelTrigger.RANG)

    def answered(self, channel: str) -> bool:
        """A channel was answered; True if it wins. The losers are then to be hung up."""
        if self.winner is not None or not self.channels[channel].move(ChannelTrigger.ANSWERED):
            return False
        self.channels[channel].answered = True
        self.winner = channel
        return True

    def fails_over(self, failure: Failed) -> bool:
        """Whether a failed channel goes to its next trunk; if so it is to be dialled again."""
        channel = self.channels[failure.channel]
        endpoint = channel.planned.endpoints[channel.attempt]
        if not isinstance(endpoint, TrunkEndpoint) or not channel.next_endpoint_after:
            return False
        code_allows = failure.status in endpoint.trunk.failover_codes or failure.local
        if not code_allows or failure.status in NEVER_FAIL_OVER:
            return False
        if not channel.move(ChannelTrigger.REDIALLED):
            return False
        channel.attempt += 1
        return True

    def follow(
        self, channel: str, plan: LegPlan, channels: tuple[PlannedChannel, ...], to: RedirectTarget
    ) -> None:
        """A channel was redirected: ``channels`` take its place, the first under its id."""
        entry = self.channels[channel]
        entry.move(ChannelTrigger.REDIALLED)
        visited = (*entry.visited, to)
        entry.planned, entry.plan, entry.attempt, entry.visited = channels[0], plan, 0, visited
        for planned in channels[1:]:
            self.channels[planned.id] = Channel(planned, plan, visited)

    def ended(self, channel: str, cause: Cause, sip_status: int | None = None) -> bool:
        """A channel is over, by its failure or farewell; False where it was already.

        A channel that we hung up keeps the cause we hung it up with.
        """
        entry = self.channels[channel]
        if not entry.move(ChannelTrigger.ENDED):
            return False
        entry.cause = entry.cause or cause
        entry.sip_status = sip_status
        return True

    def leave(self, cause: Cause, *, keep: str | None = None) -> list[str]:
        """Mark all channels but ``keep`` as hung up by us for ``cause``; returns their ids."""
        return [
            name
            for name, channel in self.channels.items()
            if name != keep and self._leave_one(channel, cause)
        ]

    def leave_user(self, user: int, cause: Cause) -> list[str]:
        """The same for the channels of one user that still ring."""
        return [
            name
            for name, channel in self.channels.items()
            if channel.planned.user == user
            and channel.state in _OPEN
            and self._leave_one(channel, cause)
        ]

    @staticmethod
    def _leave_one(channel: Channel, cause: Cause) -> bool:
        if not channel.move(ChannelTrigger.HUNG_UP):
            return False
        channel.cause = cause
        return True

    def verdict(self) -> tuple[Cause, int | None]:
        """Why nobody answered: the cause and SIP status of the channel that tells most."""
        ended = [c for c in self.channels.values() if c.cause is not None]
        if not ended:
            return Cause.UNREACHABLE, None
        telling = min(ended, key=lambda c: weight(c.cause or Cause.FAILED))
        return telling.cause or Cause.FAILED, telling.sip_status


def cause_of(failure: Failed) -> Cause:
    """The cause of a failed dial."""
    return cause_of_status(failure.status, local=failure.local)
