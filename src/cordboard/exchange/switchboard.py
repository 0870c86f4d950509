"""What live calls of a tenant ask while they run, answered from the state of the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import random
from time import time

from cordboard.calls.causes import Cause
from cordboard.calls.credit import Credit
from cordboard.calls.limits import LimitKey, LimitReached, Take, Usage
from cordboard.calls.people.agents import NEVER_ACTED, AgentState, Place
from cordboard.calls.people.forwarding import ForwardReason
from cordboard.calls.people.lines import Lines
from cordboard.calls.people.strategies import GroupView
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.planning.group_hunt import next_channels
from cordboard.calls.planning.overhearing import Watched, find_watched
from cordboard.calls.planning.plan import (
    CallPlan,
    ContactLookup,
    EavesdropPlan,
    LegPlan,
    PlannedChannel,
    ProgramPlan,
)
from cordboard.calls.planning.rerouting import (
    forward,
    overflow_program,
    pick_up,
    refer,
    reroute,
    ring,
    transfer,
)
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import RedirectTarget
from cordboard.calls.programs.program_words import RingOut
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg, Offered
from cordboard.calls.reserving import forget, reserve
from cordboard.calls.ringing.switchboard import Consultation, Handed, HandedProgram, Rerouted
from cordboard.calls.trunk_state import TrunkState
from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.model import Group, User
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.exchange.eavesdroppers import Eavesdroppers

HandOver = Callable[[str, str, Consultation], Handed | HandedProgram]
"""Has another call of a tenant give a party away, into the call of that id; raises Refused."""


def nobody_gives(_tenant: str, _into: str, _consultation: Consultation) -> Handed | HandedProgram:
    """Where there are no other calls."""
    raise Refused(RefusalId.INVALID_DESTINATION, "there is no such call", "call")


@dataclass(frozen=True, slots=True)
class LiveSwitchboard:
    """The :class:`~cordboard.calls.ringing.switchboard.Switchboard` of all calls of an exchange."""

    directory: Callable[[], Directory]
    contacts: ContactLookup
    trunk: Callable[[str], TrunkState]
    usage: Usage
    new_id: Callable[[], str]
    clock: Callable[[], float]
    agents: Callable[[str], Mapping[Place, AgentState]] = lambda _tenant: {}
    attendance: Attendance = field(default_factory=Attendance)
    draw: Callable[[], float] = random
    lines: Lines = field(default_factory=Lines)
    forwardings: Callable[[str], Mapping[int, Forwarding]] = lambda _tenant: {}
    hand_over: HandOver = nobody_gives
    credit: Credit = field(default_factory=Credit)
    wall: Callable[[], float] = time
    find_conversation: Callable[[str, str], Conversation | None] = lambda _tenant, _call: None
    eavesdroppers: Eavesdroppers = field(default_factory=Eavesdroppers)

    def group(self, tenant: TenantDirectory, group: Group) -> GroupView:
        """How the members of a group stand now."""

        def registered(user: User) -> bool:
            return any(self.contacts(f"{name}@{tenant.domain}") for name in user.terminals)

        def undisturbed(user: User) -> bool:
            return self.forwarding(tenant, user).do_not_disturb

        states, now = self.agents(tenant.domain), self.clock()
        return self.attendance.view(tenant, group, states, registered, now, self.draw, undisturbed)

    def agent(self, tenant: TenantDirectory, group: Group, user: User) -> AgentState:
        """How a member of a group stands in it as an agent."""
        return self.agents(tenant.domain).get((group.id, user.id), NEVER_ACTED)

    def wrapping_up(self, tenant: TenantDirectory, user: User) -> Group | None:
        """After a call of which group somebody wraps up."""
        return self.attendance.wrapping(tenant, user, self.clock())

    def forwarding(self, tenant: TenantDirectory, user: User) -> Forwarding:
        """Where a user's calls go now."""
        chosen = self.forwardings(tenant.domain).get(user.id)
        if chosen is None:
            return user.forwarding
        return NOT_FORWARDED if chosen == NOT_FORWARDED else chosen

    def conversation(self, domain: str, call: str) -> Conversation | None:
        """The two who talk with each other in a call of a tenant."""
        return self.find_conversation(domain, call)

    def eavesdroppers_of(self, call: str) -> int:
        """How many overhear a call."""
        return self.eavesdroppers.count(call)

    def used(self, key: LimitKey) -> int:
        """Channels of ``key`` in use."""
        return self.usage.used(key)

    def exceeded_by(self, takes: Iterable[Take]) -> LimitKey | None:
        """The first limit that ``takes`` together would break now, or None."""
        return self.usage.exceeded_by(takes, self.clock())

    def take(self, takes: tuple[Take, ...]) -> LimitKey | None:
        """Take all of ``takes`` or none; the limit that is in the way, or None."""
        try:
            self.usage.take(takes, self.clock())
        except LimitReached as reached:
            return reached.key
        return None

    def reroute(
        self,
        plan: CallPlan,
        leg: Leg,
        channel: str,
        target: RedirectTarget,
        held: tuple[Take, ...],
    ) -> Rerouted:
        """Plan where a redirected channel goes, and take what that needs; raises Refused."""
        tenant = self._tenant_of(plan)
        planned, channels = reroute(plan, leg, channel, target, tenant, self)
        return self._taken(planned, channels, held)

    def next_rung(
        self, plan: CallPlan, leg: Leg, tried: frozenset[int]
    ) -> tuple[tuple[PlannedChannel, ...], Cause]:
        """The channels of whom a group's hunt for a leg rings next, or why there is nobody."""
        tenant = self.directory().tenant(plan.request.tenant)
        rung = plan.first if leg is Leg.FIRST else plan.second
        if tenant is None or not isinstance(rung, LegPlan) or rung.hunt is None:
            return (), Cause.UNREACHABLE
        hunt = rung.hunt
        if hunt.queue is not None:
            if self.lines.must_stand_back(plan.request.id):
                return (), Cause.BUSY
            rest, now = hunt.queue.rest, self.clock()
            tried |= self.attendance.resting(tenant.domain, hunt.group, rest, now)
        return next_channels(rung, rung.hunt, tenant, self, tried)

    def forward(
        self,
        plan: CallPlan,
        leg: Leg,
        reason: ForwardReason,
        to: str,
        held: tuple[Take, ...],
    ) -> Rerouted | ProgramPlan:
        """Plan where a leg is forwarded, and take what that needs likewise."""
        planned, channels = forward(plan, leg, reason, to, self._tenant_of(plan), self)
        if isinstance(planned, ProgramPlan):
            return planned
        return self._taken(planned, channels, held)

    def program(self, plan: CallPlan, leg: Leg, to: str) -> ProgramPlan | None:
        """The program of a context that takes a call in place of a leg."""
        return overflow_program(plan, leg, to, self._tenant_of(plan), self)

    def transfer(
        self, plan: CallPlan, leg: Leg, to: str, held: tuple[Take, ...]
    ) -> Rerouted | ProgramPlan:
        """Plan whom a leg goes to in place of its party, and take what that needs likewise."""
        planned, channels = transfer(plan, leg, to, self._tenant_of(plan), self)
        if isinstance(planned, ProgramPlan):
            return planned
        return self._taken(planned, channels, held)

    def ring(
        self, plan: CallPlan, leg: Leg, wanted: RingOut, held: tuple[Take, ...], *, inside: bool
    ) -> Rerouted:
        """Plan whom a program rings, and take what that needs likewise."""
        tenant = self._tenant_of(plan)
        planned, channels = ring(plan, leg, wanted, tenant, self, inside=inside)
        return self._taken(planned, channels, held)

    def refer(
        self,
        plan: CallPlan,
        leg: Leg,
        user: int,
        target: RedirectTarget,
        held: tuple[Take, ...],
        *,
        inside: bool,
    ) -> Rerouted | ProgramPlan:
        """Plan whom a leg goes to as its party wants it, and take what that needs likewise."""
        tenant = self._tenant_of(plan)
        planned, channels = refer(plan, leg, user, target, tenant, self, inside=inside)
        if isinstance(planned, ProgramPlan):
            return planned
        return self._taken(planned, channels, held)

    def pick_up(
        self, plan: CallPlan, leg: Leg, offered: Offered, held: tuple[Take, ...]
    ) -> Rerouted:
        """Plan that a leg is answered by a phone that calls us, and take what that needs."""
        planned, channels = pick_up(leg, offered, self._tenant_of(plan))
        return self._taken(planned, channels, held)

    def overhear(self, plan: CallPlan, call: str, leg: Leg | None) -> Watched:
        """Find the two who talk in a call, and follow that from now on; raises Refused."""
        tenant, terms = self._tenant_of(plan), plan.second
        user = tenant.user_by_id(terms.user) if isinstance(terms, EavesdropPlan) else None
        if user is None:
            raise Refused(RefusalId.EAVESDROPPING_NOT_ALLOWED, "its user is gone", "first")
        talkers = self.conversation(tenant.domain, call)
        watched = find_watched(tenant, user, talkers, leg)
        self.eavesdroppers.begin(plan.request.id, call, watched.talkers)
        return watched

    def take_over(self, plan: CallPlan, consultation: Consultation) -> Handed | HandedProgram:
        """Have the other party of another call of the same tenant; raises Refused."""
        return self.hand_over(plan.request.tenant, plan.request.id, consultation)

    def _tenant_of(self, plan: CallPlan) -> TenantDirectory:
        tenant = self.directory().tenant(plan.request.tenant)
        if tenant is None:
            raise Refused(RefusalId.INVALID_DESTINATION, "the tenant is gone")
        return tenant

    def _taken(
        self, planned: LegPlan, channels: tuple[PlannedChannel, ...], held: tuple[Take, ...]
    ) -> Rerouted:
        """Take what a leg needs that goes there, beyond what it holds, and reserve what it
        costs."""
        charged = () if planned.charge is None else (planned.charge,)
        if charged:
            reserve(self.credit, charged, self.wall())
        keys = {take.key for take in held}
        needed = tuple(take for take in planned.takes if take.key not in keys)
        reached = self.take(needed)
        if reached is not None:
            forget(self.credit, charged)
            message = f"the limit of {reached} is reached"
            raise Refused(RefusalId.CHANNEL_LIMIT_REACHED, message, str(reached))
        return Rerouted(planned, channels, needed)
