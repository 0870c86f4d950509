"""A hunt: one leg being rung on its channels until one answers or none is left.

The first answer wins and the others are hung up as answered elsewhere. A refusal that speaks for
the person (600, 603) ends all phones of that user, any other failure only its own channel; a
trunk's failover code takes the channel to its next trunk under the same id, and a redirect to
wherever the plan says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cordboard.calls.causes import Cause, weight
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import LegPlan, PlannedChannel
from cordboard.calls.ports import Failed, RedirectTarget
from cordboard.calls.ringing.hunt_channel import (
    HOPEFUL,
    OPEN,
    Channel,
    ChannelState,
    ChannelTrigger,
    cause_of,
)
from cordboard.calls.said import NOTHING, Said
from cordboard.directory.model import Trunk

GLOBAL_REFUSALS = frozenset({600, 603})
"""Final codes that speak for the person, not for one phone (RFC 3261 21.6)."""

NEVER_FAIL_OVER = frozenset({486, 600, 603})
"""A person refused: another trunk would ring him a second time (design: trunks)."""

FLOW_FAILED = 430
"""A proxy's answer where a phone is gone from one of its flows (RFC 5626 11.5)."""

REACHED = frozenset({17, 19})
"""Q.850 values by which a gateway says, whatever its status, that the called party was reached and
is busy, or was rung and did not answer: the same holds."""


class Hunt:
    """The channels of one leg, and who of them won."""

    __slots__ = ("_planned", "channels", "left", "winner")

    def __init__(self, channels: Iterable[PlannedChannel]) -> None:
        self._planned = [*channels]
        self.channels = {planned.id: Channel(planned) for planned in self._planned}
        self.winner: str | None = None
        self.left = len(self.channels)
        """How many are not over."""

    @property
    def open(self) -> bool:
        """Whether a channel may still answer."""
        return self.winner is None and any(c.state in HOPEFUL for c in self.channels.values())

    @property
    def tried(self) -> frozenset[int]:
        """The users that were rung, wherever their phones sent the call."""
        return frozenset(one.user for one in self._planned if one.user is not None)

    def extend(self, channels: Iterable[PlannedChannel]) -> list[Channel]:
        """Others are rung as well; gives their channels."""
        further = {planned.id: Channel(planned) for planned in channels}
        self._planned += [channel.planned for channel in further.values()]
        self.channels |= further
        self.left += len(further)
        return [*further.values()]

    def is_gone(self, channel: str) -> bool:
        """Whether one of them is over."""
        return self.channels[channel].state is ChannelState.GONE

    @property
    def single(self) -> bool:
        """Whether the leg rings on one channel only, so that its early media may be heard."""
        return len(self.channels) == 1

    def trunks_but(self, channel: Channel | None) -> list[Trunk]:
        """The trunks that channels other than this one are dialled through."""
        return [c.trunk for c in self.channels.values() if c is not channel and c.trunk is not None]

    def picked_up(self, channel: str) -> bool:
        """Somebody is there who may take the call, or not; False where it is decided already."""
        return self.winner is None and self.channels[channel].move(ChannelTrigger.PICKED_UP)

    def screened(self) -> list[str]:
        """The channels of those who have not said yet whether they take it."""
        return [n for n, c in self.channels.items() if c.state is ChannelState.SCREENED]

    def answered(self, channel: str) -> bool:
        """A channel was answered; True if it wins. The losers are then to be hung up."""
        entry = self.channels[channel]
        if self.winner is not None or not entry.move(ChannelTrigger.ANSWERED):
            return False
        entry.answered = True
        self.winner = channel
        return True

    def fail_over(self, failure: Failed, has_line: Callable[[Trunk], bool]) -> bool:
        """Send a failed channel to its next trunk that has a line, if it may go there; it is to be
        dialled again then."""
        channel = self.channels[failure.channel]
        trunk = channel.trunk
        if trunk is None or channel.state not in OPEN or failure.said.q850 in REACHED:
            return False
        code_allows = failure.status in trunk.failover_codes or failure.local
        if not code_allows or failure.status in NEVER_FAIL_OVER:
            return False
        channel.passed_over = ()
        for attempt, following in channel.further_trunks():
            if has_line(following):
                channel.attempt = attempt
                return channel.move(ChannelTrigger.REDIALLED)
            channel.passed_over += (following.name,)
        return False

    def takes_another_flow(self, failure: Failed) -> bool:
        """Send a channel over another flow of the same phone where one did not lead there; it is
        to be dialled again then. A phone that has answered otherwise is not asked again."""
        channel = self.channels[failure.channel]
        further = channel.attempt + 1
        if channel.trunk is not None or further >= len(channel.planned.endpoints):
            return False
        if failure.status != FLOW_FAILED and not failure.local:
            return False
        if not channel.move(ChannelTrigger.REDIALLED):
            return False
        channel.attempt = further
        return True

    def follow(
        self, channel: str, plan: LegPlan, channels: tuple[PlannedChannel, ...], to: RedirectTarget
    ) -> None:
        """A channel was redirected: ``channels`` take its place, the first under its id."""
        entry = self.channels[channel]
        entry.move(ChannelTrigger.REDIALLED)
        visited = (*entry.visited, to)
        entry.planned, entry.plan, entry.attempt, entry.visited = channels[0], plan, 0, visited
        self.left += len(channels) - 1
        for planned in channels[1:]:
            self.channels[planned.id] = Channel(planned, plan, visited)

    def failed(self, failure: Failed) -> bool:
        """A channel is over without answer; False where it was over already."""
        entry = self.channels[failure.channel]
        if not self.ended(failure.channel, cause_of(failure), failure.said):
            return False
        entry.failure = failure
        return True

    def ended(self, channel: str, cause: Cause, said: Said = NOTHING) -> bool:
        """A channel is over, by its failure or farewell; False where it was already.

        A channel that we hung up keeps the cause we hung it up with.
        """
        entry = self.channels[channel]
        if entry.state is ChannelState.SCREENED and cause is Cause.NORMAL:
            cause = Cause.REJECTED  # who hangs up in place of pressing a key
        if not entry.move(ChannelTrigger.ENDED):
            return False
        self.left -= 1
        if entry.cause is None:
            entry.cause, entry.said = cause, said
        return True

    def leave(self, cause: Cause, *, keep: str | None = None) -> list[str]:
        """Mark all channels but ``keep`` as hung up by us for ``cause``; returns their ids."""
        return [
            name
            for name, channel in self.channels.items()
            if name != keep and self._leave_one(channel, cause)
        ]

    def leave_ringing(self, cause: Cause) -> list[str]:
        """The same for those that still ring."""
        return [
            name
            for name, channel in self.channels.items()
            if channel.state in OPEN and self._leave_one(channel, cause)
        ]

    def refuse(self, channel: str, cause: Cause) -> bool:
        """The same for one who does not take the call; False where that is no matter any more."""
        entry = self.channels[channel]
        return entry.state is ChannelState.SCREENED and self._leave_one(entry, cause)

    def leave_one(self, channel: str, cause: Cause) -> bool:
        """The same for one that still rings; whether it did."""
        entry = self.channels[channel]
        return entry.state in OPEN and self._leave_one(entry, cause)

    def leave_user(self, user: int, cause: Cause) -> list[str]:
        """The same for the channels of one user that still ring."""
        return [
            name
            for name, channel in self.channels.items()
            if channel.planned.user == user
            and channel.state in OPEN
            and self._leave_one(channel, cause)
        ]

    @staticmethod
    def _leave_one(channel: Channel, cause: Cause) -> bool:
        if not channel.move(ChannelTrigger.HUNG_UP):
            return False
        channel.cause = cause
        return True

    def verdict(self) -> Verdict:
        """Why nobody answered: what became of the channel that tells most."""
        ended = [c for c in self.channels.values() if c.cause is not None]
        if not ended:
            return Verdict(Cause.UNREACHABLE)
        return min(ended, key=lambda c: weight(c.cause or Cause.FAILED)).verdict
