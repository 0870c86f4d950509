"""What a live call asks of those around it while it runs: who is where, and what is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cordboard.calls.causes import Cause
from cordboard.calls.limits import LimitKey, Take
from cordboard.calls.people.forwarding import ForwardReason
from cordboard.calls.people.lines import Lines
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.overhearing import Watched
from cordboard.calls.planning.plan import CallPlan, LegPlan, PlannedChannel, ProgramPlan
from cordboard.calls.ports import RedirectTarget
from cordboard.calls.programs.program_words import RingOut
from cordboard.calls.request import Leg, Offered
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.meter import Metered


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Where a redirected channel goes instead: the first of ``channels`` has its id. Or where a leg
    goes whose party is sent away.

    ``taken`` was taken for it, beyond what the leg held already. ``handed`` is who is there
    already, where another call gave him away.
    """

    plan: LegPlan
    channels: tuple[PlannedChannel, ...]
    taken: tuple[Take, ...]
    handed: Handed | None = None


@dataclass(frozen=True, slots=True)
class Consultation:
    """The other call of who transfers somebody: the one of his ``channel``, which is of the user
    ``user``, or (by a client) ``call``, of which the party ``kept`` stays; None: who is not he."""

    user: int | None = None
    channel: str | None = None
    call: str | None = None
    kept: Leg | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """A party whom another ``call`` gives away, answered or as far as it is rung: its leg's plan,
    its hunt and what it has ``taken`` are now those of who asked for it.

    ``metered`` are those of its channels that cost something.
    ``stage_ends`` and ``rung_ends`` are until when it is rung; ``holds``: its phone holds us,
    ``on_hold``: it was told that it is held.
    """

    call: str
    plan: LegPlan
    hunt: Hunt
    taken: tuple[Take, ...]
    stage_ends: float | None
    rung_ends: float | None
    holds: bool
    on_hold: bool
    metered: tuple[Metered, ...] = ()


@dataclass(frozen=True, slots=True)
class HandedProgram:
    """In place of a party another ``call`` gives away the program that its other one talked with: a
    ``context``, which begins anew."""

    call: str
    context: str


class Switchboard(LiveView, Protocol):
    """The live view, and what a call may do about it."""

    @property
    def lines(self) -> Lines:
        """Who waits for which group."""

    def take(self, takes: tuple[Take, ...]) -> LimitKey | None:
        """Take all of ``takes`` or none; the limit that is in the way, or None."""

    def reroute(
        self,
        plan: CallPlan,
        leg: Leg,
        channel: str,
        target: RedirectTarget,
        held: tuple[Take, ...],
    ) -> Rerouted:
        """Plan where a channel goes that was redirected, under the rights of the call's request.

        Raises :class:`~cordboard.calls.refusals.Refused` where it may not go there, or can't.
        """

    def next_rung(
        self, plan: CallPlan, leg: Leg, tried: frozenset[int]
    ) -> tuple[tuple[PlannedChannel, ...], Cause]:
        """The channels of whom a group's hunt for a leg rings next, but for the users ``tried``;
        none where there is nobody, and why."""

    def forward(
        self,
        plan: CallPlan,
        leg: Leg,
        reason: ForwardReason,
        to: str,
        held: tuple[Take, ...],
    ) -> Rerouted | ProgramPlan:
        """Plan where the user of a leg has it forwarded, under his rights, likewise; that may be a
        program."""

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
        """Plan whom a leg goes to as its party wants it, under the rights of that ``user``, and
        only to somebody ``inside``; likewise."""

    def pick_up(
        self, plan: CallPlan, leg: Leg, offered: Offered, held: tuple[Take, ...]
    ) -> Rerouted:
        """Plan that a leg is answered by a phone that calls us for that, likewise."""

    def take_over(self, plan: CallPlan, consultation: Consultation) -> Handed | HandedProgram:
        """Have the other party of another call of the same tenant, which ends by that.

        Raises :class:`~cordboard.calls.refusals.Refused` where there is no such call, or it can't
        give him away; then nothing has changed.
        """

    def overhear(self, plan: CallPlan, call: str, leg: Leg | None) -> Watched:
        """Find the two who talk in another call of the same tenant, for the user of an
        :class:`~cordboard.calls.planning.plan.EavesdropPlan`, and have the call told from now on
        when others talk there, or nobody does.

        Raises :class:`~cordboard.calls.refusals.Refused` where he may not, or nobody talks there;
        then it is told of whom it was told before.
        """

    def program(self, plan: CallPlan, leg: Leg, to: str) -> ProgramPlan | None:
        """The program of a context that takes a call in place of a leg; None where ``to`` is no
        context."""

    def transfer(
        self, plan: CallPlan, leg: Leg, to: str, held: tuple[Take, ...]
    ) -> Rerouted | ProgramPlan:
        """Plan whom a leg goes to in place of its party, likewise; that may be a program."""

    def ring(
        self, plan: CallPlan, leg: Leg, wanted: RingOut, held: tuple[Take, ...], *, inside: bool
    ) -> Rerouted:
        """Plan whom a program rings for a leg, likewise; where ``inside``, nobody outside whom its
        caller has named."""
