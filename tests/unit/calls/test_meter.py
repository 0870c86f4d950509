"""The outside parties of one call: renewed in time, cut at the earliest end, settled once."""

from __future__ import annotations

import pytest

from cordboard.calls.charged import after_a_crash
from cordboard.calls.credit import Charge, Credit, Payer, PlannedCharge
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.calls.ringing.meter import Meter
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
        self.other = Meter("b", self.credit, self.events.append)

    def planned(self, name: str) -> PlannedCharge:
        """A charge that is reserved."""
        self.credit.reserve(name, A_SECOND)
        return PlannedCharge(name, A_SECOND)

    def dial(self, name: str, leg: Leg = Leg.SECOND, channel: str | None = None) -> PlannedCharge:
        planned = self.planned(name)
        self.meter.dialled(leg, planned, channel or f"on {name}")
        return planned

    def told(self) -> list[tuple[str, str, object, object]]:
        amounts = {EventKind.LEG_CREDIT_RESERVED: "reserved", EventKind.LEG_CHARGED: "amount"}
        return [
            (one.call, one.kind.value, one.data["charge"], one.data[amounts[one.kind]])
            for one in self.events
        ]


def reserved(charge: str, amount: int) -> tuple[str, str, object, object]:
    return ("a", "leg.credit_reserved", charge, amount)


def charged(charge: str, amount: int) -> tuple[str, str, object, object]:
    return ("a", "leg.charged", charge, amount)


def test_nothing_is_due_before_somebody_answers() -> None:
    house = House(1000)
    house.dial("x")
    assert (house.meter.deadline, house.meter.cut_at) == (None, None)
    house.meter.end_all(500.0)
    assert house.told() == [reserved("x", 60), charged("x", 0)]
    assert house.events[-1].data["seconds"] is None
    assert house.events[-1].channel == "on x"


def test_a_leg_that_is_expected_was_told_of_and_is_settled_though_never_dialled() -> None:
    house = House(1000)
    house.meter.expect(Leg.SECOND, house.planned("x"))
    assert house.told() == []
    house.meter.end_all(500.0)
    assert house.told() == [charged("x", 0)]
    assert house.events[-1].channel is None
    assert house.credit.available(CARD, 0) == 1000


def test_a_leg_that_is_dialled_again_is_charged_once() -> None:
    house = House(1000)
    planned = house.planned("x")
    house.meter.expect(Leg.SECOND, planned)
    house.meter.dialled(Leg.SECOND, planned, "c1")
    house.meter.dialled(Leg.SECOND, planned, "c1")
    assert house.told() == []
    house.meter.answered("c1", 10.0)
    house.meter.ended("c1", 15.0)
    assert house.told() == [charged("x", 5)]


def test_a_channel_that_is_redirected_to_another_price_is_charged_by_that_one_alone() -> None:
    house = House(1000)
    house.dial("x", channel="c1")
    house.dial("y", channel="c1")
    assert house.told() == [reserved("x", 60), reserved("y", 60), charged("x", 0)]
    house.meter.answered("c1", 10.0)
    house.meter.ended("c1", 15.0)
    assert house.told()[3:] == [charged("y", 5)]


def test_slices_are_renewed_until_there_is_no_more_and_then_the_call_is_cut() -> None:
    house = House(130)
    house.dial("x", channel="c1")
    house.meter.answered("c1", 1000.0)
    assert (house.meter.deadline, house.meter.cut_at) == (1045.0, None)
    house.meter.due(1044.0)
    house.meter.due(1045.0)
    assert (house.meter.deadline, house.meter.cut_at) == (1105.0, None)
    house.meter.due(1105.0)
    assert (house.meter.deadline, house.meter.cut_at) == (1130.0, 1130.0)
    assert house.meter.take_cut(1129.0) == []
    assert house.meter.take_cut(1130.0) == ["c1"]
    assert house.meter.take_cut(1130.0) == [], "said once"
    assert house.meter.deadline is None
    house.meter.ended("c1", 1130.4)
    house.meter.ended("c1", 1140.0)
    assert house.told() == [
        reserved("x", 60),
        reserved("x", 120),
        reserved("x", 130),
        charged("x", 130),
    ]
    assert [one.data.get("answered") for one in house.events] == [False, True, True, None]
    assert (house.credit.balance(CARD), house.credit.reserved(CARD)) == (0, 0)


def test_a_loop_that_was_late_catches_up() -> None:
    house = House(1000)
    house.dial("x", channel="c1")
    house.meter.answered("c1", 0.0)
    house.meter.due(170.0)
    assert house.meter.deadline == 225.0
    assert house.credit.reserved(CARD) == 240


def test_two_legs_of_one_card_end_with_the_earlier_of_their_last_slices() -> None:
    house = House(150)
    house.dial("x", Leg.FIRST, "c1")
    house.meter.answered("c1", 0.0)
    house.dial("y", Leg.SECOND, "c2")
    house.meter.answered("c2", 10.0)
    house.meter.due(45.0)  # the first one gets the 30 that are left
    assert house.meter.cut_at == 90.0
    house.meter.due(55.0)  # and the second one nothing
    assert house.meter.cut_at == 70.0
    assert house.meter.take_cut(70.0) == ["c2"]
    house.meter.end_all(70.0)
    assert house.credit.available(CARD, 0) == 20


def test_one_who_leaves_and_one_who_comes_are_charged_each_for_himself() -> None:
    house = House(1000)
    house.dial("x", channel="c1")
    house.meter.answered("c1", 0.0)
    house.dial("y", channel="c2")
    house.meter.ended("c1", 20.0)
    house.meter.answered("c2", 20.0)
    house.meter.answered("c2", 25.0)
    house.meter.ended("c2", 50.0)
    assert house.told()[2:] == [charged("x", 20), charged("y", 30)]


@pytest.mark.parametrize("answered", [True, False])
def test_a_party_goes_to_another_call_with_what_it_has_reserved(answered: bool) -> None:
    house = House(1000)
    house.dial("x", channel="c1")
    if answered:
        house.meter.answered("c1", 0.0)
    house.other.take_in(Leg.FIRST, house.meter.hand_out(["c0", "c1"]))
    assert house.told() == [reserved("x", 60), ("b", "leg.credit_reserved", "x", 60)]
    assert house.events[-1].data["answered"] is answered
    (settled,) = after_a_crash(house.events[-1:])
    assert (settled.call, settled.data["amount"]) == ("b", 60 if answered else 0)
    house.meter.end_all(5.0)
    assert len(house.events) == 2, "it is none of the first call's business any more"
    house.other.answered("c1", 7.0)
    house.other.ended("c1", 20.0)
    assert house.told()[-1] == ("b", "leg.charged", "x", 20 if answered else 13)
    assert house.events[-1].leg is Leg.FIRST


def test_what_a_killed_process_has_written_is_enough() -> None:
    house = House(1000)
    house.dial("x", channel="c1")
    house.meter.answered("c1", 0.0)
    house.events.append(CallEvent(EventKind.CHANNEL_ANSWERED, "a", Leg.SECOND, "c1"))
    house.meter.due(45.0)
    (settled,) = after_a_crash(house.events)
    assert (settled.data["charge"], settled.data["amount"]) == ("x", 120)
    assert settled.data["amount"] == house.credit.reserved(CARD)
