"""Callers who wait for a group, without an engine: they are outside, have been rung first and have
answered; and those who wait are served as the exchange serves them."""

from __future__ import annotations

from typing import Any

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.ports import (
    Answered,
    Dial,
    EngineCommand,
    EngineEvent,
    HangUp,
    Play,
    Released,
    TerminalEndpoint,
)
from cordboard.calls.request import Address, RingNumber
from cordboard.calls.running.call import Call
from cordboard.directory.model import Group
from support.group_house import GroupHouse
from support.tenants import DOMAIN

LOOK_AGAIN = 1.0
"""As the exchange does."""


class QueueHouse(GroupHouse):
    """``callers`` are the channels of callers who are there, by their calls; ``heard`` what each of
    them was last played."""

    def __init__(self, group: Group, *, seed: int = 1, terminals: int = 1) -> None:
        super().__init__(group, seed=seed, terminals=terminals)
        self.callers: dict[str, str] = {}
        self.heard: dict[str, Play] = {}
        self._stirred = False
        self._serving = False

    def arrive(self, **more: Any) -> Call:
        """A caller reaches the group."""
        values = {"first": RingNumber(Address("0312341234")), "to": "team", **more}
        call = self.place(**values)
        channel = call.plan.channels[0].id
        self.call_of[channel] = call
        self.callers[call.id] = channel
        call.handle(Answered(channel), self.now)
        self._carry_out(call)
        self.serve()
        return call

    def leave(self, call: Call) -> None:
        """A caller hangs up."""
        self.tell(Released(self.callers.pop(call.id), remote=True))

    def tell(self, event: EngineEvent) -> None:
        super().tell(event)
        self.serve()

    def serve(self) -> None:
        """Have those who wait look whether somebody is free."""
        while self._stirred and not self._serving:
            self._stirred, self._serving = False, True
            self.desk.lines.serve_idle(DOMAIN, self._wake)
            self._serving = False

    def wait(self, seconds: float) -> None:
        """Time passes; who waits looks again each second."""
        end = self.now + seconds
        while self.now < end:
            super().wait(min(LOOK_AGAIN, end - self.now))
            self._stirred = True
            self.serve()

    def place_of(self, call: Call) -> int | None:
        """Which place a caller has."""
        return self.desk.lines.place(call.id)

    def of(self, call: Call, kind: EventKind) -> list[CallEvent]:
        """The events of a kind of a call."""
        return [event for event in self.kinds(kind) if event.call == call.id]

    def left(self, call: Call) -> dict[str, Any]:
        """How a caller left, which he does once."""
        (event,) = self.of(call, EventKind.QUEUE_LEFT)
        return dict(event.data)

    def _wake(self, call: str) -> None:
        self.calls[call].wake(self.now)
        self._carry_out(self.calls[call])

    def _carry_out(self, call: Call) -> None:
        before = len(self.events)
        super()._carry_out(call)
        if len(self.events) > before:
            self._stirred = True

    def _execute(self, command: EngineCommand) -> EngineEvent | None:
        if isinstance(command, Play):
            self.heard[command.channel] = command
        elif isinstance(command, Dial) and not isinstance(command.endpoint, TerminalEndpoint):
            return None
        elif isinstance(command, HangUp) and command.channel in self.callers.values():
            for call, channel in [*self.callers.items()]:
                if channel == command.channel:
                    del self.callers[call]
            return Released(command.channel, remote=False)
        return super()._execute(command)
