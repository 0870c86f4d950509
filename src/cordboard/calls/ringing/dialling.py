"""Dialling the channels of a call's legs, and again where a failed one leads: to where it was
redirected, or through the next trunk that has a line free."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from cordboard.calls.causes import Cause
from cordboard.calls.people.forwarding import ForwardReason
from cordboard.calls.planning.plan import (
    CallPlan,
    LegPlan,
    Party,
    PlannedChannel,
    ProgramPlan,
    channels_for,
    nobody_rung,
)
from cordboard.calls.ports import Accept, Dial, DialOptions, Failed, RedirectTarget
from cordboard.calls.programs.program_words import RingOut
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg, Offered
from cordboard.calls.ringing.effects import Effects
from cordboard.calls.ringing.holdings import Holdings
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.hunt_channel import Channel
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.ringing.meter import Meter
from cordboard.calls.ringing.switchboard import (
    Consultation,
    HandedProgram,
    Rerouted,
    Switchboard,
)
from cordboard.directory.model import Trunk


class Dialling:
    """Dials for one call, among whose effects are new channels, and what the engine is to do."""

    __slots__ = (
        "_command",
        "_holdings",
        "_log",
        "_new_channels",
        "_plan",
        "_switchboard",
        "meter",
        "missed",
        "shared",
    )

    def __init__(
        self,
        plan: CallPlan,
        switchboard: Switchboard,
        holdings: Holdings,
        log: CallLog,
        effects: Effects,
    ) -> None:
        self._plan = plan
        self._switchboard = switchboard
        self._holdings = holdings
        self._log = log
        self._command = effects.commands.append
        self._new_channels = effects.channels
        self.shared = False  # who leaves a leg keeps for now what it holds
        self.missed = Cause.UNREACHABLE  # why there was nobody to ring
        self.meter: Meter | None = None  # of those who cost something
        for leg, charge in plan.charges:
            self.metering().expect(leg, charge)
        self._announce(Leg.FIRST, plan.channels)

    def metering(self) -> Meter:
        """The meter of the call, which has one from when it is first asked for."""
        if self.meter is None:
            self.meter = Meter(self._log.call, self._switchboard.credit, self._log.write)
        return self.meter

    def party(self, leg: Leg) -> Party:
        """Whom a leg is for now."""
        return (self._plan.first if leg is Leg.FIRST else self._plan.second).party

    def find_target(self, leg: Leg, to: str) -> Rerouted | ProgramPlan:
        """Where a leg goes that is to go to somebody else, or the program that is to talk with the
        other one; raises :class:`~cordboard.calls.refusals.Refused`. What it needs is taken by
        then."""
        return self._switchboard.transfer(self._plan, leg, to, self._holdings.of(leg))

    def find_party(self, wanted: RingOut, leg: Leg, *, inside: bool) -> Rerouted:
        """Whom a program rings for a leg, likewise; ``inside``: its caller chooses nobody outside
        by the keys that he presses."""
        held = self._holdings.of(leg)
        return self._switchboard.ring(self._plan, leg, wanted, held, inside=inside)

    def find_forward(self, leg: Leg, reason: ForwardReason, to: str) -> Rerouted | ProgramPlan:
        """Where a leg goes that its user has forwarded, likewise; that may be a program."""
        held = self._holdings.of(leg)
        return self._switchboard.forward(self._plan, leg, reason, to, held)

    def find_referred(
        self, leg: Leg, user: int, target: RedirectTarget, *, inside: bool
    ) -> Rerouted | ProgramPlan:
        """The same where the party of the leg, a ``user``, wants it."""
        held = self._holdings.of(leg)
        return self._switchboard.refer(self._plan, leg, user, target, held, inside=inside)

    def find_picked_up(self, leg: Leg, offered: Offered) -> Rerouted:
        """A leg is answered on a channel that was offered, likewise."""
        return self._switchboard.pick_up(self._plan, leg, offered, self._holdings.of(leg))

    def join(self, hunt: Hunt, route: Rerouted) -> None:
        """Have one more answer a leg that is rung."""
        self._announce(route.plan.leg, route.channels)
        for channel in hunt.extend(route.channels):
            channel.plan = route.plan
            self._dial(channel, route.plan)

    def take_over(self, leg: Leg, consultation: Consultation) -> Rerouted | ProgramPlan:
        """Have the party of another call in place of that of a leg, or its program; raises
        :class:`~cordboard.calls.refusals.Refused`."""
        handed = self._switchboard.take_over(self._plan, consultation)
        if isinstance(handed, HandedProgram):
            return self._program(leg, handed)
        plan = replace(handed.plan, leg=leg, screen=False)
        channels = tuple(channel.planned for channel in handed.hunt.channels.values())
        return Rerouted(plan, channels, handed.taken, handed=handed)

    def _program(self, leg: Leg, handed: HandedProgram) -> ProgramPlan:
        found = self._switchboard.transfer(self._plan, leg, handed.context, self._holdings.of(leg))
        if not isinstance(found, ProgramPlan):
            raise Refused(RefusalId.INVALID_DESTINATION, "that is no context any more", "call")
        return replace(found, from_call=handed.call)

    def find_program(self, leg: Leg, to: str) -> ProgramPlan | None:
        """The context that would take the call in place of a leg; None where it is none."""
        return self._switchboard.program(self._plan, leg, to)

    def go_into(self, program: ProgramPlan, leg: Leg = Leg.SECOND) -> CallPlan:
        """Have a context take the call in place of a leg; the plan of it by that."""
        self._holdings.give_back(leg)
        if leg is Leg.FIRST:
            return self.go_back(leg, nobody_rung(leg, program.party))
        self._plan = replace(self._plan, second=program)
        return self._plan

    def go_to(self, leg: Leg, route: Rerouted) -> CallPlan:
        """Have a leg go there from now on; the plan of the call by that."""
        if self.shared:
            self._holdings.add(leg, route.taken)
        elif route.handed is not None:
            self._holdings.hand_over(leg, (), route.taken)
        else:
            self._holdings.hand_over(leg, route.plan.takes, route.taken)
        self._announce(leg, route.channels)
        return self.go_back(leg, route.plan)

    def go_back(self, leg: Leg, plan: LegPlan) -> CallPlan:
        """Have a leg be as that plan says."""
        if leg is Leg.FIRST:
            self._plan = replace(self._plan, first=plan)
        else:
            self._plan = replace(self._plan, second=plan)
        return self._plan

    def find_channels(self, plan: LegPlan) -> tuple[PlannedChannel, ...]:
        """The channels of a leg as its phones are registered now; empty when none is."""
        if plan.hunt is not None:
            return self.find_more(plan.leg, frozenset())
        self.missed = plan.absent or Cause.UNREACHABLE
        channels = channels_for(plan, self._switchboard.contacts, self._switchboard.new_id)
        self._announce(plan.leg, channels)
        return channels

    def find_more(self, leg: Leg, tried: frozenset[int]) -> tuple[PlannedChannel, ...]:
        """The channels of whom a group's hunt rings next; empty when there is nobody."""
        channels, self.missed = self._switchboard.next_rung(self._plan, leg, tried)
        self._announce(leg, channels)
        return channels

    def dial(self, channels: Iterable[Channel], plan: LegPlan) -> None:
        """Ring a leg on these channels."""
        for channel in channels:
            self._dial(channel, plan)

    def goes_on(self, event: Failed, leg: Leg, hunt: Hunt) -> bool:
        """Whether a failed channel is dialled again."""
        channel = hunt.channels[event.channel]
        if any(self._redirect(channel, target, leg, hunt) for target in event.redirects):
            return True
        if hunt.takes_another_flow(event):
            self._log.failed_over(leg, event, None, channel)
            self._dial(channel, self._leg_plan(leg))
            return True
        refused = channel.trunk

        def has_line(trunk: Trunk) -> bool:
            return self._holdings.change_trunk(leg, trunk, hunt.trunks_but(channel))

        if refused is None or not hunt.fail_over(event, has_line):
            return False
        self._log.failed_over(leg, event, refused, channel)
        self._dial(channel, self._leg_plan(leg))
        return True

    def _announce(self, leg: Leg, channels: tuple[PlannedChannel, ...]) -> None:
        """Take note of channels that come into being."""
        for planned in channels:
            self._new_channels.append((leg, planned))

    def _dial(self, channel: Channel, leg_plan: LegPlan) -> None:
        plan = channel.plan or leg_plan
        planned = channel.planned
        if planned.offered:
            self._command(Accept(planned.id))
            self._log.picked_up(plan, planned)
            return
        charge = plan.charge
        if charge is not None:
            self.metering().dialled(plan.leg, charge, planned.id)
        elif self.meter is not None:
            self.meter.ended(planned.id, 0.0)  # redirected to where it costs nothing
        endpoint = planned.endpoints[channel.attempt]
        caller = plan.caller_on(endpoint)
        options = DialOptions(
            caller,
            self._plan.country,
            self._plan.media_timeout,
            self._plan.request.hops,
        )
        self._command(Dial(planned.id, endpoint, options))
        self._log.dialled(plan, channel, endpoint, caller)

    def _redirect(self, channel: Channel, target: RedirectTarget, leg: Leg, hunt: Hunt) -> bool:
        name, refused = channel.planned.id, channel.refuses(target)
        if refused is None:
            held = self._holdings.of(leg)
            try:
                route = self._switchboard.reroute(self._plan, leg, name, target, held)
            except Refused as refusal:
                refused = refusal.message
            else:
                self._log.redirected(leg, name, target)
                hunt.follow(name, route.plan, route.channels, target)
                self._holdings.add(leg, route.taken)
                self._holdings.leave_trunks(leg, hunt.trunks_but(None))
                self._announce(leg, route.channels)
                for planned in route.channels:
                    self._dial(hunt.channels[planned.id], route.plan)
                return True
        self._log.redirected(leg, name, target, refused)
        return False

    def _leg_plan(self, leg: Leg) -> LegPlan:
        if leg is Leg.SECOND and isinstance(self._plan.second, LegPlan):
            return self._plan.second
        return self._plan.first
