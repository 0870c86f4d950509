"""What the log says about money is enough to settle a call whose process was killed."""

from __future__ import annotations

import pytest

from cordboard.calls.charged import after_a_crash, charged_event, credit_event, reserved_event
from cordboard.calls.credit import Charge, Payer, Settlement, Slice
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.directory.charging import PrefixPrice

CARD = Payer("demo", "1234")


def held(charge: str, leg: Leg, reserved: int) -> CallEvent:
    return reserved_event("a", leg, charge, CARD, Slice(60, reserved, last=False))


def happened(kind: EventKind, leg: Leg) -> CallEvent:
    return CallEvent(kind, "a", leg, "channel")


def settled(charge: str, leg: Leg, amount: int) -> CallEvent:
    return charged_event(
        "a", leg, None, charge, Settlement(Charge(CARD, PrefixPrice("")), amount, amount)
    )


def amounts(*events: CallEvent) -> dict[object, object]:
    found = after_a_crash(events)
    assert all(one.kind is EventKind.LEG_CHARGED and one.call == "a" for one in found)
    assert all(one.data["seconds"] is None for one in found)
    return {one.data["charge"]: one.data["amount"] for one in found}


@pytest.mark.parametrize(
    "kind", [EventKind.CHANNEL_SCREENING, EventKind.CHANNEL_ANSWERED, EventKind.LEG_ANSWERED]
)
def test_an_answered_leg_costs_what_its_last_slice_holds(kind: EventKind) -> None:
    first, answered, second = (
        held("a/1", Leg.SECOND, 60),
        happened(kind, Leg.SECOND),
        held("a/1", Leg.SECOND, 120),
    )
    assert amounts(first) == {"a/1": 0}
    assert amounts(first, answered) == {"a/1": 60}
    assert amounts(first, answered, second) == {"a/1": 120}


def test_each_leg_is_settled_by_itself() -> None:
    assert amounts(
        held("a/1", Leg.FIRST, 60),
        happened(EventKind.LEG_ANSWERED, Leg.FIRST),
        held("a/2", Leg.SECOND, 30),
    ) == {"a/1": 60, "a/2": 0}


def test_what_is_settled_is_settled() -> None:
    assert (
        amounts(
            held("a/1", Leg.SECOND, 60),
            happened(EventKind.LEG_ANSWERED, Leg.SECOND),
            settled("a/1", Leg.SECOND, 10),
        )
        == {}
    )


def test_a_party_that_came_after_the_answer_of_another_is_not_answered_by_it() -> None:
    assert amounts(
        held("a/1", Leg.SECOND, 60),
        happened(EventKind.LEG_ANSWERED, Leg.SECOND),
        settled("a/1", Leg.SECOND, 10),
        held("a/2", Leg.SECOND, 60),
    ) == {"a/2": 0}


def test_the_payer_stays_the_same() -> None:
    (found,) = after_a_crash([held("a/1", Leg.SECOND, 60)])
    assert (found.data["tenant"], found.data["card"], found.leg) == ("demo", "1234", Leg.SECOND)
    own = reserved_event("a", Leg.FIRST, "a/1", Payer("demo"), Slice(None, 5, last=False))
    (found,) = after_a_crash([own])
    assert (found.data["tenant"], found.data["card"]) == ("demo", None)


def test_credit_changes_in_no_call() -> None:
    event = credit_event(CARD, "p1", 5, "opening", None)
    assert (event.call, event.leg) == ("", None)
    assert after_a_crash([event]) == ()
