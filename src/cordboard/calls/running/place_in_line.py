"""The place of one call in the line of a group: what its caller hears there, and how he leaves it.

He hears music, or ringback where the group says so, and now and then which place he has. His place
is his while somebody is rung for him; of those who are free everybody is rung once before anybody
is a second time.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallResult, EventKind, Json
from cordboard.calls.people.lines import Lines
from cordboard.calls.planning.plan import LegPlan, Party, PlannedChannel
from cordboard.calls.ports import EngineCommand, Play, PlayEnded, Prompt
from cordboard.calls.request import CallRequest, Leg
from cordboard.calls.ringing.dialling import Dialling
from cordboard.calls.ringing.legs import Legs, other
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.ringing.waiting import Waiting
from cordboard.calls.running.stage_times import StageTimes
from cordboard.directory.queue_rules import QueueRules
from cordboard.directory.steps import own_prompt

FIRST_PLAY = 1_000_000
"""The plays of a queue are numbered from here, those of programs from 0."""

ANSWERED, FULL, TIMEOUT, ABANDONED = "answered", "full", "timeout", "abandoned"
"""Why a caller is in a line no longer; else it is the cause by which the call ended."""


class PlaceInLine:
    """``lines`` are those of all calls, ``command`` takes what the engine is to do."""

    __slots__ = (
        "_announce_at",
        "_command",
        "_dialling",
        "_joined",
        "_legs",
        "_lines",
        "_log",
        "_music",
        "_pieces",
        "_play",
        "_request",
        "_since",
        "_times",
        "_tried",
        "_waiting",
        "overflows",
        "plan",
    )

    def __init__(
        self,
        request: CallRequest,
        lines: Lines,
        legs: Legs,
        dialling: Dialling,
        waiting: Waiting,
        times: StageTimes,
        log: CallLog,
        command: Callable[[EngineCommand], None],
    ) -> None:
        self._request = request
        self._lines = lines
        self._legs = legs
        self._dialling = dialling
        self._waiting = waiting
        self._times = times
        self._log = log
        self._command = command
        self._since = 0.0
        self._joined: tuple[int, ...] = ()  # the groups that it has ever waited for
        self._tried: dict[int, float] = {}  # whom it rang, and when
        self._music: str | None = None
        self._pieces: list[str] = []
        self._play = FIRST_PLAY
        self._announce_at: float | None = None
        self.plan: LegPlan | None = None  # of the leg that is waited for, while it is
        self.overflows = 0

    @property
    def leg(self) -> Leg | None:
        """The leg whose hunt the other one waits for; None where nobody waits in a line."""
        return None if self.plan is None else self.plan.leg

    @property
    def rules(self) -> QueueRules:
        """Those of the group."""
        queue = None if self.plan is None or self.plan.hunt is None else self.plan.hunt.queue
        return queue or QueueRules()

    @property
    def deadline(self) -> float | None:
        """When :meth:`announce` is to be asked."""
        return self._announce_at

    def join(self, plan: LegPlan, now: float) -> bool:
        """Wait for a group, whose hunt is the plan's; False where all places are taken."""
        assert plan.hunt is not None  # whoever has a queue is hunted through
        self.plan, self._since = plan, now
        rules = self.rules
        tenant, call = self._request.tenant, self._request.id
        party = self._dialling.party(other(plan.leg)).as_dict()
        place = self._lines.join(
            tenant, plan.hunt.group, call, rules.places, now, party=party, channel=self._channel
        )
        if place is None:
            return False
        self._tried.clear()
        self._music = rules.music
        self._announce_at = now + rules.announced if rules.announced else None
        again = plan.hunt.group in self._joined
        self._joined += (plan.hunt.group,)
        self._tell(EventKind.QUEUE_JOINED, {"party": party, "place": place, "again": again})
        self._go_on_playing()
        return True

    def wake(self, now: float) -> None:
        """Somebody may be free: go on, unless somebody is rung already."""
        if self.plan is not None and not self._legs.hunt(self.plan.leg).open:
            self.go_on(now)

    def go_on(self, now: float) -> None:
        """Ring whoever is free for this caller, or nobody for now."""
        plan = self.plan
        if plan is None or plan.hunt is None:
            return
        channels = self._find(plan, now)
        self._times.rung_ends = now + plan.hunt.attempt if channels else None
        if channels:
            self._dialling.dial(self._legs.hunt(plan.leg).extend(channels), plan)

    def _find(self, plan: LegPlan, now: float) -> tuple[PlannedChannel, ...]:
        call = self._request.id
        self._lines.serve(call, served=False)
        channels = self._dialling.find_more(plan.leg, frozenset(self._tried))
        if not channels and self._tried:
            # Another round; but nobody is rung at once again, whatever his phone says.
            recent = {who: at for who, at in self._tried.items() if now < at + self.rules.rest}
            if len(recent) < len(self._tried):
                channels = self._dialling.find_more(plan.leg, frozenset(recent))
            if channels:
                self._tried = recent
        if channels:
            self._lines.serve(call, served=True)
            self._tried |= {one.user: now for one in channels if one.user is not None}
        return channels

    def leave(
        self, reason: str, now: float, *, to: Party | None = None, answered_on: str | None = None
    ) -> None:
        """Wait no longer; nothing happens where nobody does."""
        plan = self.plan
        if plan is None:
            return
        self._lines.leave(self._request.id)
        self._announce_at, self._pieces = None, []
        told: dict[str, Json] = {
            "reason": reason,
            "waited_seconds": round(now - self._since, 3),
            "agent": self._agent(plan, answered_on),
            "to": None if to is None else to.as_dict(),
        }
        self._tell(EventKind.QUEUE_LEFT, told)
        self.plan = None

    def leave_as(self, result: CallResult, now: float) -> None:
        """The call is over, and with it the waiting."""
        if self.plan is None:
            return
        gone = result.leg is other(self.plan.leg) and result.cause is not Cause.MEDIA_TIMEOUT
        self.leave(ABANDONED if gone else result.cause.value, now)

    def announce(self, now: float) -> None:
        """Tell the caller which place he has, if it is time."""
        if self._announce_at is None or now < self._announce_at:
            return
        self._announce_at = now + self.rules.announced
        place = self._lines.place(self._request.id)
        if place is None or self._channel is None:
            return
        self._tell(EventKind.QUEUE_ANNOUNCED, {"place": place})
        self._pieces = ["queue-place", *str(place), "queue-line"]
        self._go_on_playing()

    def played(self, event: PlayEnded) -> None:
        """A sound is over: the next one follows."""
        if self.plan is None or event.play_id != self._play:
            return
        if not event.complete and not self._pieces:
            self._music = None  # it can't be played: better ringback than nothing
        self._go_on_playing()

    def _go_on_playing(self) -> None:
        channel = self._channel
        if channel is None:
            return
        sound = self._music
        if self._pieces:
            sound = own_prompt(self._pieces.pop(0), self._language)
        if sound is None:
            self._waiting.ringback()
            return
        self._play += 1
        self._command(Play(channel, Prompt(sound), self._play))

    @property
    def _language(self) -> str:
        """That of who waits and is there."""
        leg, channel = other(self.plan.leg) if self.plan else Leg.FIRST, self._channel
        return "en" if channel is None else self._legs.hunt(leg).channels[channel].planned.language

    @property
    def _channel(self) -> str | None:
        """The channel of who waits; None while he is not answered."""
        return None if self.plan is None else self._legs.winner(other(self.plan.leg))

    def _tell(self, kind: EventKind, data: dict[str, Json]) -> None:
        plan = self.plan
        if plan is not None:
            group: dict[str, Json] = {"id": plan.party.id, "name": plan.party.name}
            self._log.queue(kind, plan.leg, self._channel, {"group": group, **data})

    def _agent(self, plan: LegPlan, channel: str | None) -> Json:
        """Whose channel that is, by id and name."""
        if channel is None or plan.hunt is None:
            return None
        user = self._legs.hunt(plan.leg).channels[channel].planned.user
        members = (*(one for rung in plan.hunt.rungs for one in rung), *plan.hunt.passed_over)
        name = next((one.name for one in members if one.user == user), None)
        return None if user is None else {"id": user, "name": name}
