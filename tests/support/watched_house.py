"""A group's house that knows by itself who must not be rung, and looks whenever a phone is."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cordboard.calls.people.agents import AgentState
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
from cordboard.calls.refusals import Refused
from cordboard.directory.model import GroupKind, GroupStrategy
from support.group_house import NAMES, TEAM, GroupHouse, team

WRAP_UP = 8.0


class Watched(GroupHouse):
    """Knows by itself who must not be rung, and looks whenever a phone is."""

    def __init__(
        self,
        kind: GroupKind,
        strategy: GroupStrategy,
        penalties: tuple[int, ...],
        **more: Any,
    ) -> None:
        times = {"member_answer_timeout": 5.0, "answer_timeout": 18.0, "wrap_up": WRAP_UP, **more}
        super().__init__(team(kind, strategy, penalties, **times), terminals=2)
        self.kind = kind
        self.free_at: dict[str, float] = {}

    def _execute(self, command: EngineCommand) -> EngineEvent | None:
        if isinstance(command, Dial) and isinstance(command.endpoint, TerminalEndpoint):
            name = command.endpoint.contact.account.partition("-")[0]
            state = self.states.get(place_of(name), AgentState())
            assert state.logged_in, name
            assert not state.paused, name
            assert name not in self.away, name
            assert self.free_at.get(name, 0.0) <= self.now, f"{name} wraps up"
            mine = self.call_of[command.channel]
            for channel in (one for one, whose in self.up.items() if whose == name):
                assert channel not in self.talking, f"{name} talks"
                assert self.kind is GroupKind.RING or self.call_of[channel] is mine, name
        elif isinstance(command, HangUp) and command.channel in self.talking:
            self.free_at[self.up[command.channel]] = self.now + WRAP_UP
        return super()._execute(command)

    def tell(self, event: EngineEvent) -> None:
        if isinstance(event, Released) and event.channel in self.up:
            self.free_at[self.up[event.channel]] = self.now + WRAP_UP
        super().tell(event)

    def begin(self) -> None:
        """Somebody calls the group."""
        self.place()

    def act(self, what: str, which: int) -> None:
        """Let something happen."""
        name = NAMES[which % len(NAMES)]
        ringing = [channel for channel in self.up if channel not in self.talking]
        match what:
            case "place":
                with suppress(Refused):  # nobody of the group can be rung
                    self.begin()
            case "answer" if ringing:
                self.tell(Answered(ringing[which % len(ringing)]))
            case "refuse" if ringing:
                self.tell(Failed(ringing[which % len(ringing)], 603 if which % 2 else 486))
            case "hang up" if self.talking:
                self.tell(Released(sorted(self.talking)[which % len(self.talking)], remote=True))
            case "wait":
                self.wait(float(which))
            case "cancel" if self.calls:
                call = [*self.calls.values()][which % len(self.calls)]
                call.cancel(self.now)
                self._carry_out(call)
            case _ if what in STATES:
                self.states[place_of(name)] = STATES[what]
            case "away":
                self.away.add(name)
            case "back":
                self.away.discard(name)


STATES = {
    "pause": AgentState(paused=True),
    "log out": AgentState(logged_in=False),
    "log in": AgentState(),
}


def place_of(name: str) -> tuple[int, int]:
    return TEAM, 1001 + NAMES.index(name)
