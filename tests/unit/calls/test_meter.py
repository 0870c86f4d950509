"""The outside parties of one call: renewed in time, cut at the earliest end, settled once."""

from __future__ import annotations

import pytest

from cordboard.calls.charged import after_a_crash
from cordboard.calls.credit import Charge, Credit, NoCredit, Payer
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.calls.running.meter import Meter
from cordboard.directory.charging import PrefixPrice

CARD = Payer("demo", "1234")
A_SECOND = Charge(CARD, PrefixPrice("", per_minute=60))


class House:
    """A call on a card with so much on it."""

    def __init__(self, amount: int) -> None:
        self.credit = Credit()
        self.credit.add(CARD, amount)
        self.events: list[CallEvent] = []
        self.meter = Meter("a", self.credit, self.events.append)

    def told(self) -> list[tuple[str, object, object]]:
        amounts = {EventKind.LEG_CREDIT_RESERVED: "reserved", EventKind.LEG_CHARGED: "amount"}
        return [
            (one.kind.value, one.data["charge"], one.data[amounts[one.kind]]) for one in self.events
        ]


def test_nothing_is_due_before_somebody_answers() -> None:
    house = House(1000)
    assert not house.meter
    house.meter.begin(Leg.SECOND, A_SECOND)
    assert house.meter
    assert (house.meter.deadline, house.meter.cut_at) == (None, None)
    house.meter.end_all(500.0)
    assert house.told() == [("leg.credit_reserved", "a/1", 60), ("leg.charged", "a/1", 0)]
    assert house.events[-1].data["seconds"] is None


def test_slices_are_renewed_until_there_is_no_more_and_then_the_call_is_cut() -> None:
    house = House(130)
    party = house.meter.begin(Leg.SECOND, A_SECOND)
    house.meter.answered(party, 1000.0)
    assert (house.meter.deadline, house.meter.cut_at) == (1045.0, None)
    house.meter.due(1044.0)
    house.meter.due(1045.0)
    assert (house.meter.deadline, house.meter.cut_at) == (1105.0, None)
    house.meter.due(1105.0)
    assert (house.meter.deadline, house.meter.cut_at) == (None, 1130.0)
    house.meter.end(party, 1130.4)
    house.meter.end(party, 1140.0)
    assert house.told() == [
        ("leg.credit_reserved", "a/1", 60),
        ("leg.credit_reserved", "a/1", 120),
        ("leg.credit_reserved", "a/1", 130),
        ("leg.charged", "a/1", 130),
    ]
    assert (house.meter.spent, house.credit.balance(CARD), bool(house.meter)) == (130, 0, False)


def test_a_loop_that_was_late_catches_up() -> None:
    house = House(1000)
    house.meter.answered(house.meter.begin(Leg.SECOND, A_SECOND), 0.0)
    house.meter.due(170.0)
    assert house.meter.deadline == 225.0
    assert house.credit.reserved(CARD) == 240


def test_two_legs_of_one_card_end_with_the_earlier_of_their_last_slices() -> None:
    house = House(150)
    first = house.meter.begin(Leg.FIRST, A_SECOND)
    house.meter.answered(first, 0.0)
    second = house.meter.begin(Leg.SECOND, A_SECOND)
    house.meter.answered(second, 10.0)
    house.meter.due(45.0)  # the first one gets the 30 that are left
    assert house.meter.cut_at == 90.0
    house.meter.due(55.0)  # and the second one nothing
    assert house.meter.cut_at == 70.0
    house.meter.end_all(70.0)
    assert house.meter.spent == 130
    assert house.credit.available(CARD, 0) == 20


def test_a_refused_party_leaves_nothing_behind() -> None:
    house = House(0)
    with pytest.raises(NoCredit):
        house.meter.begin(Leg.SECOND, A_SECOND)
    assert (house.events, bool(house.meter)) == ([], False)


def test_one_who_leaves_and_one_who_comes_are_charged_each_for_himself() -> None:
    house = House(1000)
    leaving = house.meter.begin(Leg.SECOND, A_SECOND)
    house.meter.answered(leaving, 0.0)
    coming = house.meter.begin(Leg.SECOND, A_SECOND)
    house.meter.end(leaving, 20.0)
    house.meter.answered(coming, 20.0)
    house.meter.answered(coming, 25.0)
    house.meter.end(coming, 50.0)
    assert house.told()[2:] == [("leg.charged", "a/1", 20), ("leg.charged", "a/2", 30)]


def test_what_a_killed_process_has_written_is_enough() -> None:
    house = House(1000)
    party = house.meter.begin(Leg.SECOND, A_SECOND)
    house.meter.answered(party, 0.0)
    house.events.append(CallEvent(EventKind.CHANNEL_ANSWERED, "a", Leg.SECOND, "channel"))
    house.meter.due(45.0)
    (settled,) = after_a_crash(house.events)
    assert (settled.data["charge"], settled.data["amount"]) == (party, 120)
    assert settled.data["amount"] == house.credit.reserved(CARD)
