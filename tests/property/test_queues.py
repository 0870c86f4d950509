"""Callers wait for a group while its members come and go, whatever anybody does.

Nobody is rung who is busy, paused or wraps up, or whom another call rings; who came first is served
first; nobody waits while somebody is free; each caller leaves the line once, and has one result;
and nothing is left taken.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.events import EventKind
from cordboard.calls.ports import Dial, EngineCommand, EngineEvent, TerminalEndpoint
from cordboard.calls.request import Leg
from cordboard.directory.model import Group, GroupKind, GroupStrategy
from cordboard.directory.queue_rules import QueueRules
from support.group_house import NAMES, TEAM, team
from support.queue_house import LOOK_AGAIN, QueueHouse
from support.tenants import DOMAIN
from support.watched_house import Watched

REST = 5.0
CREW = TEAM + 1

ACTS = st.one_of(
    st.tuples(st.just("place"), st.just(0)),
    st.tuples(st.sampled_from(["answer", "refuse", "hang up", "abandon"]), st.integers(0, 7)),
    st.tuples(st.sampled_from(["pause", "log out", "log in", "away", "back"]), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
)


class WatchedQueue(Watched, QueueHouse):
    """Looks at the order of service as well, and that nobody is free while somebody waits; callers
    come to two groups of the same people."""

    arrived = 0

    def beside(self, group: Group) -> tuple[Group, ...]:
        """The same people are another group as well."""
        return (replace(group, id=CREW, name="crew"),)

    def begin(self) -> None:
        self.arrive(to=("team", "crew")[self.arrived % 3 == 1])
        self.arrived += 1

    def act(self, what: str, which: int) -> None:
        if what == "abandon" and self.callers:
            self.leave(self.calls[sorted(self.callers)[which % len(self.callers)]])
        else:
            super().act(what, which)
            self.states |= {
                (CREW, user): state for (of, user), state in self.states.items() if of == TEAM
            }
            self.serve()

    def _execute(self, command: EngineCommand) -> EngineEvent | None:
        if isinstance(command, Dial) and isinstance(command.endpoint, TerminalEndpoint):
            mine = self.call_of[command.channel].id
            for _, _, line in self.desk.lines.each():
                before = takewhile(lambda one: one.call != mine, line)
                if mine in {one.call for one in line}:
                    assert all(one.served for one in before), "who came first is served first"
        return super()._execute(command)

    def somebody_is_kept_waiting(self) -> bool:
        """Whether somebody waits although somebody is free for him."""
        idle = {one.group for one in self.desk.lines.idle(DOMAIN)}
        return any(self._free(group) for group in self.tenant.groups if group.id in idle)

    def _free(self, group: Group) -> set[int]:
        resting = self.attendance.resting(DOMAIN, group.id, REST, self.now)
        return {one.user for one in self.desk.group(self.tenant, group).free} - resting


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*GroupStrategy]),
    st.tuples(*[st.integers(0, 2)] * len(NAMES)),
    st.lists(ACTS, min_size=5, max_size=60),
)
def test_everybody_is_served_in_turn(
    strategy: GroupStrategy, penalties: tuple[int, ...], acts: list[tuple[str, int]]
) -> None:
    rules = QueueRules(longest=60.0, places=6, rest=REST)
    house = WatchedQueue(GroupKind.CALL_CENTER, strategy, penalties, queue=rules)
    for what, which in acts:
        house.act(what, which)
        house.wait(LOOK_AGAIN)
        assert not house.somebody_is_kept_waiting()
    for channel in [one for one in house.up if one in house.talking]:
        house.hang_up(channel)
    house.wait(4000.0)
    for call in [*house.callers]:
        house.leave(house.calls[call])
    house.wait(100.0)
    assert not house.calls
    assert len(house.kinds(EventKind.CALL_ENDED)) == len(house.ended)
    assert not house.up
    assert not house.usage
    assert not house.attendance
    assert not house.desk.lines.callers
    joined = [event.call for event in house.kinds(EventKind.QUEUE_JOINED)]
    left = [event.call for event in house.kinds(EventKind.QUEUE_LEFT)]
    full = [e.call for e in house.kinds(EventKind.QUEUE_LEFT) if e.data["reason"] == "full"]
    assert sorted(left) == sorted(joined + full), "each leaves once"
    assert len(set(left)) == len(left)


def test_they_come_out_in_the_order_in_which_they_came_in() -> None:
    """Four agents, who answer at once, and always somebody who waits."""
    house = QueueHouse(team(queue=QueueRules(longest=3600.0, places=100)))
    order = [house.arrive().id for _ in range(60)]
    while house.up:
        for channel in [one for one in house.up if one not in house.talking]:
            house.answer(house.up[channel])
        house.wait(7.0)
        house.hang_up(min(house.talking))
    answered = [
        event.call for event in house.kinds(EventKind.LEG_ANSWERED) if event.leg is Leg.SECOND
    ]
    assert answered == order
