"""Many calls hunt through one group at once, whatever its members and callers do.

Nobody is rung who is busy, paused or wraps up, or whom another call rings; every call has exactly
one result; nothing is left taken. And over 10,000 calls the strategies that promise fairness keep
it.
"""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.events import EventKind
from cordboard.directory.model import GroupKind, GroupStrategy
from support.group_house import NAMES, GroupHouse, team
from support.watched_house import Watched

CALLS = 10_000

ACTS = st.one_of(
    st.tuples(st.just("place"), st.just(0)),
    st.tuples(st.sampled_from(["answer", "refuse", "hang up"]), st.integers(0, 7)),
    st.tuples(st.sampled_from(["pause", "log out", "log in", "away", "back"]), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
)


KINDS = [
    (GroupKind.RING, GroupStrategy.ALL),
    *((kind, one) for kind in (GroupKind.HUNT, GroupKind.CALL_CENTER) for one in GroupStrategy),
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.tuples(*[st.integers(0, 2)] * len(NAMES)),
    st.lists(ACTS, min_size=5, max_size=50),
)
def test_nobody_is_rung_who_must_not_be(
    rings: tuple[GroupKind, GroupStrategy],
    penalties: tuple[int, ...],
    acts: list[tuple[str, int]],
) -> None:
    house = Watched(*rings, penalties)
    placed = 0
    for what, which in acts:
        before = len(house.calls) + len(house.ended)
        house.act(what, which)
        placed += len(house.calls) + len(house.ended) - before
    for channel in [one for one in house.up if one in house.talking]:
        house.hang_up(channel)
    house.wait(4000.0)
    assert not house.calls
    assert len(house.kinds(EventKind.CALL_ENDED)) == len(house.ended) == placed
    assert not house.up
    assert not house.usage
    assert not house.attendance, "nobody is in a call any more"


def answered_calls(
    strategy: GroupStrategy, calls: int = CALLS, penalties: tuple[int, ...] = (0, 0, 0, 0)
) -> Counter[str]:
    """Who answers how many of so many calls, each by whoever is rung first. They come every 10
    seconds and last 1 to 25, so that up to three are on when the next comes."""
    house = GroupHouse(team(GroupKind.CALL_CENTER, strategy, penalties))
    chance = Random(calls)
    taken: Counter[str] = Counter()
    ends: list[tuple[float, str]] = []
    for _ in range(calls):
        house.place()
        name = house.ringing()[-1]
        taken[name] += 1
        heappush(ends, (house.now + chance.uniform(1.0, 25.0), house.answer(name)))
        following = house.now + 10.0
        while ends and ends[0][0] <= following:
            at, channel = heappop(ends)
            house.now = at
            house.hang_up(channel)
        house.now = following
        house.events.clear()
        house.ended.clear()
    return taken


@pytest.mark.parametrize(
    ("strategy", "most"),
    [
        (GroupStrategy.ROUND_ROBIN, 1.02),
        (GroupStrategy.LONGEST_IDLE, 1.02),
        (GroupStrategy.FEWEST_CALLS, 1.001),
        (GroupStrategy.RANDOM, 1.1),
    ],
)
def test_everybody_gets_as_many_calls(strategy: GroupStrategy, most: float) -> None:
    taken = answered_calls(strategy)
    assert sum(taken.values()) == CALLS
    assert max(taken.values()) <= most * CALLS / len(NAMES), taken


def test_the_order_of_a_linear_hunt_is_kept() -> None:
    taken = answered_calls(GroupStrategy.LINEAR, 1_000)
    assert [name for name, _ in taken.most_common(3)] == ["ann", "bob", "cid"]
    assert taken["dee"] == 0, "three calls at a time are never all answered by others"


def test_who_has_a_penalty_helps_out_only() -> None:
    taken = answered_calls(GroupStrategy.FEWEST_CALLS, 1_000, (1, 0, 1, 1))
    assert taken["bob"] > 3 * max(taken["ann"], taken["cid"], taken["dee"]) / 2
