"""Whether a call is recorded, whoever is concerned and whatever they say."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.planning.recording_policy import (
    NO_WISHES,
    RecordingWishes,
    Say,
    in_fraction,
    terms_of,
)
from cordboard.calls.recording_terms import UNRECORDED
from cordboard.directory.recording import RecordGroup, RecordPolicy
from cordboard.randomness import timely_uuid

GROUPS = st.builds(
    RecordGroup,
    st.integers(1, 9),
    st.sampled_from("abc"),
    st.just(""),
    st.sampled_from(["", "a", "a/b"]),
    st.sampled_from([0.0, 0.25, 1.0]),
    st.booleans(),
    st.sampled_from([None, 1.0, 30.0]),
)
SAYS = st.builds(
    Say, st.sampled_from(["ann", "bob"]), st.sampled_from(RecordPolicy), st.none() | GROUPS
)
WISHES = st.builds(
    RecordingWishes,
    st.booleans(),
    st.none() | GROUPS,
    st.lists(SAYS, max_size=2).map(tuple),
    st.none() | st.just(90.0),
)
RUNG = st.lists(SAYS, max_size=2)
CALLS = st.uuids().map(str)


def says(wishes: RecordingWishes, rung: list[Say]) -> list[Say]:
    return [*wishes.say, *rung]


@given(CALLS, WISHES, RUNG)
def test_never_prevails_over_everything(
    call: str, wishes: RecordingWishes, rung: list[Say]
) -> None:
    terms = terms_of(call, wishes, rung)
    never = any(say.policy is RecordPolicy.NEVER for say in says(wishes, rung))
    assert terms.allowed is not never
    assert not (terms.wanted and never)


@given(CALLS, WISHES, RUNG)
def test_the_request_prevails_over_the_rest(
    call: str, wishes: RecordingWishes, rung: list[Say]
) -> None:
    terms = terms_of(call, replace(wishes, record=True), rung)
    assert terms.wanted is terms.allowed


@given(CALLS, WISHES, RUNG)
def test_nothing_is_recorded_that_nobody_wants(
    call: str, wishes: RecordingWishes, rung: list[Say]
) -> None:
    always = any(say.policy is RecordPolicy.ALWAYS for say in says(wishes, rung))
    if not (wishes.record or wishes.group or always):
        assert not terms_of(call, wishes, rung).wanted


@given(CALLS, WISHES, RUNG)
def test_a_record_group_has_it_its_own_way(
    call: str, wishes: RecordingWishes, rung: list[Say]
) -> None:
    terms = terms_of(call, wishes, rung)
    if not terms.allowed:
        return
    named = [wishes.group, *(say.group for say in says(wishes, rung))]
    group = next((one for one in named if one is not None), None)
    assert terms.group == (None if group is None else group.name)
    if group is None:
        assert terms.keep_days == wishes.keep_days
        return
    assert (terms.beep, terms.folder) == (group.beep, group.folder)
    assert terms.keep_days == (wishes.keep_days if group.keep_days is None else group.keep_days)
    if terms.wanted and not wishes.record:
        assert in_fraction(call, group.fraction)


@given(CALLS, WISHES, RUNG)
def test_it_is_the_same_whenever_it_is_asked(
    call: str, wishes: RecordingWishes, rung: list[Say]
) -> None:
    assert terms_of(call, wishes, rung) == terms_of(call, wishes, rung)


@given(CALLS, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_fraction_has_all_of_a_smaller_one(call: str, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert not in_fraction(call, smaller) or in_fraction(call, larger)
    assert not in_fraction(call, 0.0)
    assert in_fraction(call, 1.0)


@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["one after the other", "at random"])
def test_a_fraction_is_that_share_of_calls(fraction: float, kind: str) -> None:
    """Within five standard deviations of 20,000 calls, of ids as we make them as well."""
    count = 20_000
    if kind == "at random":
        ids = [
            str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128))
            for number in range(count)
        ]
    else:
        ids = [timely_uuid(1_700_000_000.0 + number / 1000) for number in range(count)]
    share = sum(in_fraction(call, fraction) for call in ids) / count
    assert share == pytest.approx(fraction, abs=5 * (fraction * (1 - fraction) / count) ** 0.5)


def test_who_says_nothing_costs_nothing() -> None:
    assert terms_of("a", NO_WISHES, ()) is UNRECORDED
