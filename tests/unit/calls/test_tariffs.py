"""What a tenant's tariff says about whom a call goes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.plan import CallPlan, LegPlan
from cordboard.calls.planning.planner import plan
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.charging import Charging, PrefixPrice, Tariff
from cordboard.directory.model import OutboundRule
from cordboard.directory.snapshot import TenantDirectory
from support.tenants import desk, everywhere, numbered_ids, request, tenant

OUTSIDE = "0312341234"
TOKYO = PrefixPrice("03", 3_500_000, 1_000_000, 60, 6, 5)
STANDARD = Tariff("standard", "Standard", (TOKYO,), ("0333",))


def charged(tariff: Tariff | None = STANDARD) -> TenantDirectory:
    usual = tenant()
    if tariff is None:
        return usual
    return replace(usual, charging=Charging(tariff.name, tariffs=(tariff,)))


def planned(to: str, here: TenantDirectory | None = None, **asked: Any) -> CallPlan:
    board = desk(everywhere, numbered_ids())
    return plan(request(to=to, **asked), here or charged(), board)


def price_of(made: CallPlan) -> PrefixPrice | None:
    assert isinstance(made.second, LegPlan)
    planned = made.second.charge
    return None if planned is None else planned.charge.price


def test_a_plan_has_the_price() -> None:
    assert price_of(planned(OUTSIDE)) == TOKYO
    assert price_of(planned("+81312341234")) == TOKYO


def test_without_a_tariff_nothing_costs_anything() -> None:
    assert price_of(planned(OUTSIDE, charged(None))) is None
    assert price_of(planned("0612341234", charged(None))) is None


@pytest.mark.parametrize("number", ["0333123456", "0612341234", "+442071234567"])
def test_what_the_tariff_does_not_allow_is_refused(number: str) -> None:
    with pytest.raises(Refused) as caught:
        planned(number)
    assert (caught.value.id, caught.value.parameter) == (
        RefusalId.TARIFF_DENIED,
        "second.address",
    )
    assert "standard" in caught.value.message


def test_who_may_call_for_help_may_do_so_at_any_tariff() -> None:
    here = charged()
    helped = replace(here, outbound=(*here.outbound, OutboundRule("119", ("first",))))
    assert price_of(planned("119", helped)) is None


def test_the_outbound_rules_come_first() -> None:
    with pytest.raises(Refused) as caught:
        planned("110", charged(Tariff("standard", "Standard", (PrefixPrice("110", 1),))))
    assert caught.value.id is RefusalId.NO_ROUTE


def test_calls_inside_cost_nothing() -> None:
    assert isinstance(planned("thomas").second, LegPlan)


def test_explain_says_what_it_costs() -> None:
    board = desk(everywhere, numbered_ids())
    told: Any = explain(plan(request(to=OUTSIDE), charged(), board), board)
    assert told["second"]["price"] == {
        "prefix": "03",
        "per_minute": "3.50",
        "set_up": "1.00",
        "first_increment": 60,
        "increment": 6,
        "free_seconds": 5,
    }
    assert "price" not in told["first"]
    free: Any = explain(planned(OUTSIDE, charged(None)), board)
    assert "price" not in free["second"]
