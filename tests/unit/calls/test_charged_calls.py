"""Calls that cost something: reserved before anybody is dialled, cut where there is no more money,
warned before that, and settled when they are over, whatever way they took."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.credit import Payer
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.limits import LimitKey
from cordboard.calls.ports import (
    Answered,
    Dial,
    Digit,
    EngineCommand,
    Failed,
    HangUp,
    Play,
    PlayEnded,
    Prompt,
    RedirectTarget,
    Released,
    Ringing,
    TrunkEndpoint,
)
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Address, Leg, LegWishes, RingNumber
from cordboard.calls.stages import Stage
from cordboard.directory.charging import Card, Charging, PrefixPrice, Tariff
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.snapshot import TenantDirectory
from support.call_line import WALL, Line
from support.tenants import DOMAIN, request, tenant

TOKYO, OSAKA = "0312341234", "0612341234"
OWN, CARD = Payer(DOMAIN), Payer(DOMAIN, "1234")
A_SECOND = Tariff(
    "standard", "", (PrefixPrice("03", per_minute=60), PrefixPrice("06", per_minute=120))
)
"""A millionth a second to Tokyo, two to Osaka."""

CHARGING = Charging("standard", None, 0, tariffs=(A_SECOND,), cards=(Card("1234", ""),))
WARNED = Prompt("builtin:warning")
WARN = LegWishes(warn=True)


def here(charging: Charging = CHARGING, **more: Any) -> TenantDirectory:
    return replace(tenant(longest_call=600.0, **more), charging=charging)


def line(amount: int = 1000, charging: Charging = CHARGING, **asked: Any) -> Line:
    """A call of jessica on a card with so much on it, to Tokyo unless said otherwise."""
    wanted = {"to": TOKYO, "card": "1234", **asked}
    return Line(request(**wanted), here=here(charging), balances={CARD: amount})


def dialled(commands: list[EngineCommand]) -> list[str]:
    return [one.channel for one in commands if isinstance(one, Dial)]


def outside(commands: list[EngineCommand]) -> str:
    """The channel that leads outside."""
    (found,) = (
        one.channel
        for one in commands
        if isinstance(one, Dial) and isinstance(one.endpoint, TrunkEndpoint)
    )
    return found


def answer_first(call: Line) -> str:
    """Jessica's first phone answers; the channel of the second leg."""
    return dialled(call.tell(Answered(dialled(call.started)[0])))[0]


def charges(call: Line) -> list[tuple[Any, Any]]:
    call.commands()
    return [
        (one.data["amount"], one.data["seconds"])
        for one in call.log
        if one.kind is EventKind.LEG_CHARGED
    ]


def left(call: Line, payer: Payer = CARD) -> tuple[int, int]:
    return call.credit.balance(payer), call.credit.reserved(payer)


def test_it_is_reserved_before_anything_is_dialled_and_settled_when_the_leg_ends() -> None:
    call = line()
    assert left(call) == (1000, 60)
    channel = answer_first(call)
    call.now += 10.0
    call.tell(Answered(channel))
    call.now += 42.5
    call.tell(Released(channel, remote=True))
    assert charges(call) == [(43, 43)]
    assert left(call) == (957, 0)
    assert call.kinds()[-2:] == ["channel.ended", "leg.charged"]
    assert call.log[-1].channel == channel


def test_a_call_inside_has_no_meter() -> None:
    call = line(to="thomas")
    assert call.call.plan.charges == ()
    assert left(call) == (1000, 0)
    assert call.call._parts.meter is None


def test_who_is_not_answered_costs_nothing_and_frees_the_money_at_once() -> None:
    call = line()
    channel = answer_first(call)
    call.tell(Ringing(channel), Failed(channel, 486))
    assert call.call.stage is Stage.ANNOUNCING
    assert (charges(call), left(call)) == ([(0, None)], (1000, 0))


def test_who_is_never_dialled_costs_nothing() -> None:
    call = line()
    first, second = dialled(call.started)
    call.tell(Failed(first, 486), Failed(second, 486))
    assert call.call.stage is Stage.ENDED
    assert (charges(call), left(call)) == ([(0, None)], (1000, 0))
    assert call.kinds()[-2:] == ["leg.charged", "call.ended"]


def test_slices_are_renewed_as_long_as_there_is_money_then_both_are_cut_off() -> None:
    call = line(130)
    channel = answer_first(call)
    call.tell(Answered(channel))
    reserved = [left(call)[1]]
    for _ in range(2):
        deadline = call.call.deadline
        assert deadline is not None
        assert call.wait(deadline - call.now) == []
        reserved.append(left(call)[1])
    assert reserved == [60, 120, 130]
    assert call.now == 100.0 + 105.0
    assert call.wait(24.9) == []
    assert call.wait(0.1) == [
        HangUp(dialled(call.started)[0], Cause.NO_CREDIT),
        HangUp(channel, Cause.NO_CREDIT),
    ]
    call.now += 0.3
    call.tell(Released(channel, remote=False))
    assert charges(call) == [(130, 131)], "who hangs up late costs what was reserved"
    assert call.outcome == (Outcome.COMPLETED, Cause.NO_CREDIT)
    assert left(call) == (0, 0)


@pytest.mark.parametrize(
    ("amount", "after"),
    [(130, 105.0), (100, 70.0), (40, 10.0), (20, 0.0), (119, 89.0), (121, 105.0)],
)
def test_who_asks_for_it_is_warned_half_a_minute_before_or_when_it_is_known(
    amount: int, after: float
) -> None:
    call = line(amount, on_second=WARN)
    channel = answer_first(call)
    call.tell(Answered(channel))
    began, heard = call.now, []
    while call.call.stage is Stage.BRIDGED:
        deadline = call.call.deadline
        assert deadline is not None
        commands = call.wait(max(0.0, deadline - call.now))
        heard += [(call.now - began, one.channel) for one in commands if one == _warning(channel)]
    assert heard == [(after, channel)]
    assert call.now - began == amount


def _warning(channel: str) -> Play:
    return Play(channel, WARNED)


def test_both_hear_it_that_ask_and_only_once() -> None:
    call = line(130, on_first=WARN, on_second=WARN)
    channel = answer_first(call)
    call.tell(Answered(channel))
    call.wait(45.0)
    assert call.wait(60.0) == [_warning(dialled(call.started)[0]), _warning(channel)]
    assert call.wait(10.0) == []


def test_the_longest_duration_counts_where_it_is_sooner() -> None:
    call = line(10_000, on_second=WARN)
    channel = answer_first(call)
    call.tell(Answered(channel))
    for _ in range(9):
        call.wait(60.0)
    assert call.wait(30.0) == [_warning(channel)]
    assert call.wait(30.0)[0] == HangUp(dialled(call.started)[0], Cause.DURATION_LIMIT)


def test_both_legs_are_charged_where_both_are_outside() -> None:
    call = line(first=RingNumber(Address(OSAKA)))
    assert left(call) == (1000, 180)
    first = outside(call.started)
    second = outside(call.tell(Answered(first)))
    call.now += 5.0
    call.tell(Answered(second))
    call.now += 10.0
    call.tell(Released(second, remote=True), Released(first, remote=False))
    assert sorted(charges(call)) == [(10, 10), (30, 15)]
    assert left(call) == (960, 0)


def test_who_rings_for_long_costs_the_other_one_his_time() -> None:
    call = line(140, first=RingNumber(Address(OSAKA)), to="thomas")
    call.tell(Answered(outside(call.started)))
    call.wait(45.0)
    assert call.call.stage is Stage.RINGING_SECOND
    call.wait(25.0)
    assert call.outcome == (Outcome.CANCELLED, Cause.NO_CREDIT)


def test_time_runs_while_he_is_asked_whether_he_takes_it() -> None:
    call = line(20, first=RingNumber(Address(OSAKA)), to="thomas", on_first=LegWishes(screen=True))
    channel = outside(call.started)
    call.tell(Answered(channel))
    assert call.call.stage is Stage.SCREENING_FIRST
    assert call.wait(9.9) == []
    assert HangUp(channel, Cause.NO_CREDIT) in call.wait(0.1)
    call.tell(Released(channel, remote=False))
    assert call.outcome == (Outcome.FIRST_LEG_FAILED, Cause.NO_CREDIT)
    assert charges(call) == [(20, 10)]


def test_who_takes_it_costs_from_when_he_picked_up() -> None:
    call = line(on_second=LegWishes(screen=True))
    channel = answer_first(call)
    call.tell(Answered(channel))
    call.now += 6.0
    call.tell(PlayEnded(channel, 1), Digit(channel, "1"))
    assert call.call.stage is Stage.BRIDGED
    call.now += 4.0
    call.tell(Released(channel, remote=True))
    assert charges(call) == [(10, 10)]


def test_a_phone_that_is_redirected_outside_is_charged() -> None:
    call = line(to="thomas")
    thomas = answer_first(call)
    to = RedirectTarget(OSAKA, DOMAIN, ours=True)
    assert outside(call.tell(Failed(thomas, 302, redirects=(to,)))) == thomas
    assert left(call) == (1000, 120)
    call.tell(Answered(thomas))
    call.now += 7.0
    call.tell(Released(thomas, remote=True))
    assert charges(call) == [(14, 7)]


def test_a_redirect_that_nobody_can_pay_is_not_followed() -> None:
    call = line(0, to="thomas")
    thomas = answer_first(call)
    to = RedirectTarget(OSAKA, DOMAIN, ours=True)
    assert dialled(call.tell(Failed(thomas, 302, redirects=(to,)))) == []
    refused = call.data(EventKind.CHANNEL_REDIRECTED)["refused"]
    assert "not enough credit" in refused
    assert left(call) == (0, 0)


def test_another_price_takes_the_place_of_that_of_a_redirected_number() -> None:
    call = line()
    channel = answer_first(call)
    to = RedirectTarget(OSAKA, DOMAIN, ours=True)
    call.tell(Failed(channel, 302, redirects=(to,)))
    assert (charges(call), left(call)) == ([(0, None)], (1000, 120))
    call.tell(Answered(channel))
    call.now += 7.0
    call.tell(Released(channel, remote=True))
    assert charges(call)[1:] == [(14, 7)]


def test_a_number_that_is_redirected_inside_costs_nothing() -> None:
    call = line()
    channel = answer_first(call)
    to = RedirectTarget("thomas", DOMAIN, ours=True)
    assert dialled(call.tell(Failed(channel, 302, redirects=(to,)))) == [channel]
    assert (charges(call), left(call)) == ([(0, None)], (1000, 0))
    call.tell(Answered(channel))
    call.now += 70.0
    call.tell(Released(channel, remote=True))
    assert (len(charges(call)), left(call)) == (1, (1000, 0))


def test_another_trunk_is_the_same_charge() -> None:
    call = line()
    channel = answer_first(call)
    assert outside(call.tell(Failed(channel, 503))) == channel
    call.tell(Answered(channel))
    call.now += 7.0
    call.tell(Released(channel, remote=True))
    assert charges(call) == [(7, 7)]


def test_who_comes_in_place_of_another_one_is_charged_for_himself() -> None:
    call = line()
    channel = answer_first(call)
    call.tell(Answered(channel))
    call.now += 20.0
    call.call.wishes.transfer(Leg.FIRST, OSAKA, call.now)
    following = outside(call.commands())
    call.tell(Released(channel, remote=False))
    assert charges(call) == [(20, 20)]
    call.tell(Answered(following))
    call.now += 5.0
    call.tell(Released(following, remote=True))
    assert charges(call)[1:] == [(10, 5)]


def test_a_transfer_that_nobody_can_pay_changes_nothing() -> None:
    call = line(0, to="thomas")
    call.tell(Answered(answer_first(call)))
    with pytest.raises(Refused) as caught:
        call.call.wishes.transfer(Leg.FIRST, OSAKA, call.now)
    assert (caught.value.id, caught.value.parameter) == (RefusalId.NO_CREDIT, "card")
    assert call.call.stage is Stage.BRIDGED
    assert call.usage.used(LimitKey("trunk", f"first@{DOMAIN}")) == 0


def test_who_is_forwarded_outside_is_charged() -> None:
    forwarded = Forwarding(no_answer=OSAKA, after=10)
    made = here()
    users = tuple(
        replace(one, forwarding=forwarded) if one.name == "thomas" else one for one in made.users
    )
    asked = request(to="thomas", card="1234")
    call = Line(asked, here=replace(made, users=users), balances={CARD: 1000})
    answer_first(call)
    there = outside(call.wait(10.0))
    assert left(call) == (1000, 120)
    call.tell(Answered(there))
    call.now += 5.0
    call.tell(Released(there, remote=True))
    assert charges(call) == [(10, 5)]


def test_the_tenant_pays_where_no_card_is_named_as_far_as_its_credit_reaches() -> None:
    charging = replace(CHARGING, credit_limit=70)
    call = Line(request(to=TOKYO), here=here(charging), balances={OWN: -20})
    channel = answer_first(call)
    call.tell(Answered(channel))
    call.wait(45.0)
    assert call.wait(5.0)[0] == HangUp(dialled(call.started)[0], Cause.NO_CREDIT)
    call.tell(Released(channel, remote=False))
    assert left(call, OWN) == (-70, 0)


def test_a_tenant_without_a_limit_pays_all_the_same() -> None:
    charging = replace(CHARGING, credit_limit=None)
    call = Line(request(to=TOKYO), here=here(charging), balances={})
    channel = answer_first(call)
    call.tell(Answered(channel))
    for _ in range(5):
        assert call.wait(60.0) == []
    call.tell(Released(channel, remote=True))
    assert left(call, OWN) == (-300, 0)


def test_what_has_no_price_is_not_metered() -> None:
    free = Tariff("standard", "", (PrefixPrice(""),))
    call = line(0, Charging("standard", tariffs=(free,), cards=(Card("1234", ""),)))
    assert call.call.plan.charges == ()


@pytest.mark.parametrize(
    ("card", "amount", "words"),
    [
        (Card("1234", ""), 0, "the card 1234 has not enough credit for this call"),
        (Card("1234", "", locked=True), 1000, "the card 1234 is locked"),
        (Card("1234", "", expires=WALL), 1000, "the card 1234 has expired"),
    ],
)
def test_no_call_is_placed_that_its_card_can_not_pay(card: Card, amount: int, words: str) -> None:
    with pytest.raises(Refused) as caught:
        line(amount, replace(CHARGING, cards=(card,)))
    assert (caught.value.id, caught.value.parameter) == (RefusalId.NO_CREDIT, "card")
    assert caught.value.message == words
    assert line(amount, replace(CHARGING, cards=(card,)), to="thomas").started


def test_a_card_pays_until_the_instant_that_it_expires() -> None:
    assert line(1, replace(CHARGING, cards=(Card("1234", "", expires=WALL + 1),))).started


def test_a_card_has_a_tariff_of_its_own() -> None:
    dear = Tariff("dear", "", (PrefixPrice("", set_up=500, per_minute=60),))
    cards = (Card("1234", "", tariff="dear"),)
    call = line(1000, replace(CHARGING, tariffs=(A_SECOND, dear), cards=cards))
    assert left(call) == (1000, 560)


def test_a_card_that_there_is_not_is_named() -> None:
    with pytest.raises(Refused) as caught:
        line(card="1235", to="thomas")
    assert (caught.value.id, caught.value.parameter) == (RefusalId.INVALID_PARAMETER, "card")


def test_where_one_leg_can_not_be_paid_nothing_stays_reserved() -> None:
    made = here()
    asked = request(first=RingNumber(Address(TOKYO)), to=OSAKA, card="1234")
    with pytest.raises(Refused):
        Line(asked, here=made, balances={CARD: 60})
    Line(asked, here=made, balances={CARD: 62})  # two seconds of both, or so


def test_by_a_tariff_without_requests_no_client_places_any_call() -> None:
    barred = replace(CHARGING, tariffs=(replace(A_SECOND, requests=False),))
    for to in (TOKYO, "thomas"):
        with pytest.raises(Refused) as caught:
            line(1000, barred, to=to)
        assert (caught.value.id, caught.value.parameter) == (RefusalId.TARIFF_DENIED, None)
