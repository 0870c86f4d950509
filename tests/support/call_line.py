"""A call without an engine: what it is told is the test's, what it commands is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cordboard.calls.causes import Cause
from cordboard.calls.credit import Credit, Payer
from cordboard.calls.events import CallEvent, EventKind, Outcome
from cordboard.calls.limits import Take, Usage
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import Answered, EngineCommand, EngineEvent, Failed
from cordboard.calls.request import CallRequest
from cordboard.calls.reserving import reserve
from cordboard.calls.running.call import Call
from cordboard.directory.snapshot import TenantDirectory
from support.effects import taken
from support.tenants import desk, everywhere, nowhere, numbered_ids, request, tenant

WALL = 1_000_000.0
"""Seconds since 1970 at which cards are looked at."""


class Line:
    """A call, the commands and events since the last look, and the time. ``balances`` are what
    payers have."""

    def __init__(
        self,
        asked: CallRequest | None = None,
        *,
        second_registered: bool = True,
        here: TenantDirectory | None = None,
        balances: Mapping[Payer, int] | None = None,
    ) -> None:
        ids, self.usage = numbered_ids(), Usage()
        here = here or tenant(longest_call=600.0)
        all_here = desk(everywhere, ids, self.usage, here)
        planned = plan(asked or request(), here, all_here)
        all_here.take(planned.takes)
        phones = everywhere if second_registered else nowhere
        self.credit = Credit()
        for payer, amount in (balances or {}).items():
            self.credit.add(payer, amount)
        reserve(self.credit, [charge for _, charge in planned.charges], WALL)
        self.desk = replace(
            desk(phones, ids, self.usage, here), credit=self.credit, wall=lambda: WALL
        )
        self.call = Call(planned, self.desk)
        self.now = 100.0
        self.log: list[CallEvent] = []
        self.released: list[Take] = []
        self._given_back = 0
        self.call.start(self.now)
        self.started = self.commands()

    def commands(self) -> list[EngineCommand]:
        self.log += taken(self.call.effects.events)
        self.released += taken(self.call.effects.released)
        self.usage.give_back(self.released[self._given_back :])
        self._given_back = len(self.released)
        return taken(self.call.effects.commands)

    def tell(self, *events: EngineEvent) -> list[EngineCommand]:
        for event in events:
            self.call.handle(event, self.now)
        return self.commands()

    def wait(self, seconds: float) -> list[EngineCommand]:
        self.now += seconds
        self.call.handle_timer(self.now)
        return self.commands()

    def kinds(self) -> list[str]:
        self.commands()
        return [event.kind.value for event in self.log]

    def data(self, kind: EventKind) -> dict[str, Any]:
        self.commands()
        return dict(next(event.data for event in self.log if event.kind is kind))

    @property
    def outcome(self) -> tuple[Outcome, Cause]:
        assert self.call.result is not None
        return self.call.result.outcome, self.call.result.cause


def ringing_second(asked: CallRequest | None = None) -> Line:
    """Jessica's desk phone (c1) has answered, thomas (c3) is being rung."""
    line = Line(asked)
    line.tell(Answered("c1"), Failed("c2", 487))
    return line


def bridged() -> Line:
    line = ringing_second()
    line.now += 2.0
    line.tell(Answered("c3"))
    return line
