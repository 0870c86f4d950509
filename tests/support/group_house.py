"""Many calls to one group at a time, without an engine: what the exchange does for calls is done
here, on a clock that only the test moves."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.limits import Usage
from cordboard.calls.people.agents import AgentState, Place
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Answered,
    Dial,
    EngineCommand,
    EngineEvent,
    Failed,
    HangUp,
    Released,
    TerminalEndpoint,
)
from cordboard.calls.request import GroupKeys, RingGroup
from cordboard.calls.running.call import Call
from cordboard.calls.stages import Stage
from cordboard.calls.trunk_state import UNWATCHED
from cordboard.directory.model import Group, GroupKind, GroupStrategy, Member
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.exchange.switchboard import LiveSwitchboard
from support.effects import taken
from support.tenants import DOMAIN, everywhere, numbered_ids, request, tenant, user

TEAM = 3001
"""The group's id."""

NAMES = ("ann", "bob", "cid", "dee")


def team(
    kind: GroupKind = GroupKind.CALL_CENTER,
    strategy: GroupStrategy | None = None,
    penalties: tuple[int, ...] = (0, 0, 0, 0),
    **more: Any,
) -> Group:
    """A group of four."""
    members = tuple(Member(1001 + at, at, penalty) for at, penalty in enumerate(penalties))
    return Group(TEAM, "team", "Team", kind, members=members, strategy=strategy, **more)


class GroupHouse:
    """Calls that ring the group first, and connect with a context, so that each has one leg.

    ``up`` are the channels that are neither over nor told to be, by whom they ring.
    """

    def __init__(self, group: Group, *, seed: int = 1, terminals: int = 1) -> None:
        people = tuple(
            user(at + 1, name, tuple(f"{name}-{number}" for number in range(terminals)))
            for at, name in enumerate(NAMES)
        )
        groups = (group, *self.beside(group))
        self.tenant: TenantDirectory = replace(tenant(users=people), groups=groups)
        self.now = 100.0
        self.states: dict[Place, AgentState] = {}
        self.attendance, self.usage = Attendance(), Usage()
        self.away: set[str] = set()
        snapshot = Directory((self.tenant,))
        self.desk = LiveSwitchboard(
            lambda: snapshot,
            lambda account: () if account.partition("-")[0] in self.away else everywhere(account),
            lambda _name: UNWATCHED,
            self.usage,
            numbered_ids(),
            lambda: self.now,
            lambda _tenant: self.states,
            self.attendance,
            Random(seed).random,
        )
        self.calls: dict[str, Call] = {}
        self.ended: list[Call] = []
        self._placed = 0
        self.talking: set[str] = set()
        self.call_of: dict[str, Call] = {}
        self.up: dict[str, str] = {}
        self.rung: list[str] = []
        self.events: list[CallEvent] = []

    def beside(self, _group: Group) -> tuple[Group, ...]:
        """What other groups there are."""
        return ()

    def place(self, **more: Any) -> Call:
        """A call to the group; raises what the plan raises."""
        self._placed += 1
        values = {"first": RingGroup(GroupKeys(name="team")), "to": "1111", **more}
        asked = replace(request(**values), id=f"call-{self._placed}")
        planned = plan(asked, self.tenant, self.desk)
        assert self.desk.take(planned.takes) is None
        self.attendance.begin(DOMAIN, planned.channels)
        call = self.calls[asked.id] = Call(planned, self.desk)
        call.start(self.now)
        self._carry_out(call)
        return call

    def tell(self, event: EngineEvent) -> None:
        """Something happens on a channel."""
        if isinstance(event, Failed | Released) and not getattr(event, "redirects", ()):
            self.up.pop(event.channel, None)
            self.talking.discard(event.channel)
        elif isinstance(event, Answered):
            self.talking.add(event.channel)
        call = self.call_of[event.channel]
        call.handle(event, self.now)
        self._carry_out(call)

    def answer(self, name: str) -> str:
        """Somebody answers one of his phones that ring; which."""
        channel = self.channel(name)
        self.tell(Answered(channel))
        return channel

    def channel(self, name: str) -> str:
        """The first channel that is up with somebody."""
        return next(channel for channel, whose in self.up.items() if whose == name)

    def hang_up(self, channel: str) -> None:
        """The far end hangs up."""
        self.tell(Released(channel, remote=True))

    def wait(self, seconds: float) -> None:
        """Time passes, and each call is woken when it wants to be."""
        end = self.now + seconds
        while True:
            due = [
                (call.deadline, name)
                for name, call in self.calls.items()
                if call.deadline is not None and call.deadline <= end
            ]
            if not due:
                break
            at, name = min(due)
            self.now = max(self.now, at)
            self.calls[name].handle_timer(self.now)
            self._carry_out(self.calls[name])
        self.now = end

    def ringing(self) -> list[str]:
        """Whose phones are up, in the order they were dialled."""
        return list(self.up.values())

    def kinds(self, kind: EventKind) -> list[CallEvent]:
        """The events of a kind so far."""
        return [event for event in self.events if event.kind is kind]

    def _carry_out(self, call: Call) -> None:
        """As the exchange does, and phones that are hung up obey at once."""
        while True:
            new = taken(call.effects.channels)
            self.attendance.begin(DOMAIN, (planned for _, planned in new))
            self.call_of |= {planned.id: call for _, planned in new}
            events = taken(call.effects.events)
            self.attendance.follow(events, self.now)
            self.events += events
            obeyed = [
                event for one in taken(call.effects.commands) if (event := self._execute(one))
            ]
            self.usage.give_back(taken(call.effects.released))
            for event in obeyed:
                call.handle(event, self.now)
            if not obeyed:
                break
        if call.stage is Stage.ENDED:
            self.ended.append(self.calls.pop(call.id))

    def _execute(self, command: EngineCommand) -> EngineEvent | None:
        if isinstance(command, Dial) and isinstance(command.endpoint, TerminalEndpoint):
            name = command.endpoint.contact.account.partition("-")[0]
            self.up[command.channel] = name
            self.rung.append(name)
        elif isinstance(command, HangUp) and command.channel in self.up:
            self.up.pop(command.channel)
            if command.channel in self.talking:
                self.talking.discard(command.channel)
                return Released(command.channel, remote=False)
            return Failed(command.channel, 487, local=True)
        return None
