"""Whom a strategy rings next, for members of all kinds."""

from __future__ import annotations

import pytest

from cordboard.calls.people.strategies import Candidate, GroupView, Obstacle, names, rungs
from cordboard.directory.model import Group, GroupKind, GroupStrategy

VIEW = GroupView(
    (
        Candidate(1, "ann", 0, priority=5, penalty=0, calls=2, idle_since=30.0, lot=0.9),
        Candidate(2, "bob", 1, priority=1, penalty=1, calls=0, idle_since=10.0, lot=0.1),
        Candidate(3, "cid", 2, priority=3, penalty=0, calls=1, idle_since=20.0, lot=0.5),
        Candidate(4, "dee", 3, priority=4, penalty=0, calls=1, idle_since=5.0, lot=0.7),
        Candidate(5, "eve", 4, penalty=0, obstacle=Obstacle.PAUSED),
    ),
    last=2,
)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (GroupStrategy.ALL, [["ann", "bob", "cid", "dee"]]),
        (GroupStrategy.PENALTY, [["ann", "cid", "dee"], ["bob"]]),
        (GroupStrategy.LINEAR, [["cid"], ["dee"], ["ann"], ["bob"]]),
        (GroupStrategy.ROUND_ROBIN, [["dee"], ["ann"], ["cid"], ["bob"]]),
        (GroupStrategy.LONGEST_IDLE, [["dee"], ["cid"], ["ann"], ["bob"]]),
        (GroupStrategy.FEWEST_CALLS, [["dee"], ["cid"], ["ann"], ["bob"]]),
        (GroupStrategy.RANDOM, [["cid"], ["dee"], ["ann"], ["bob"]]),
    ],
)
def test_the_order_of_each_strategy(strategy: GroupStrategy, expected: list[list[str]]) -> None:
    assert [names(rung) for rung in rungs(strategy, VIEW)] == expected


@pytest.mark.parametrize("strategy", GroupStrategy)
def test_who_was_rung_is_not_rung_again(strategy: GroupStrategy) -> None:
    left = [one.name for rung in rungs(strategy, VIEW, frozenset((1, 4))) for one in rung]
    assert sorted(left) == ["bob", "cid"]
    assert rungs(strategy, VIEW, frozenset((1, 2, 3, 4))) == ()


def test_each_kind_has_its_strategy() -> None:
    assert [Group(1, "g", "g", kind).order for kind in GroupKind] == [
        GroupStrategy.ALL,
        GroupStrategy.LINEAR,
        GroupStrategy.LONGEST_IDLE,
    ]
    chosen = Group(1, "g", "g", GroupKind.HUNT, strategy=GroupStrategy.RANDOM)
    assert chosen.order is GroupStrategy.RANDOM
