"""What tracks and moves live calls: calls/active/list, calls/hangup, calls/redirect.

A call is named by its ``callid`` or by the ``uniqueid`` of one of its legs, and is found among
those of the customers that the person acts for.
"""

from __future__ import annotations

from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.faults import Faulty, invalid, not_found, refusal
from cordboard.api.enswitch.lists import Row, page_of, unix
from cordboard.api.enswitch.parties import PHONE, TYPES
from cordboard.api.enswitch.replies import done
from cordboard.calls.events import Json, Recorded
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Direction, Leg
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.enswitch.call_ids import Named, callid, named, uniqueid
from cordboard.feeds.enswitch.sides import (
    DIRECTIONS,
    INTERNAL,
    NOBODY,
    Side,
    direction_of,
    is_wanted,
    side_of,
)
from cordboard.feeds.live_call import live_call
from cordboard.journal.port import CallRecord

_CALL: Final = "call"

_SORTS: Final = (
    *("cnumber", "ctype", "direction", "dnumber", "dtype", "machine", "peer", "scustomer"),
    *("snumber", "start", "stype", "uniqueid"),
)
_EQUAL: Final = ("callid", "stype", "snumber", "ctype", "cnumber", "dtype", "dnumber", "peer")
_SHORT: Final = ("uniqueid", "callid", "start", "answered", "stype", "snumber", "ctype", "cnumber")
"""What the operator's panel shows of a leg."""

_TRACKING: Final = (Privilege.CALLSHOP, Privilege.LINE_REPORTS, Privilege.USER)
_MOVING: Final = (Privilege.ACTIONS, Privilege.PANEL)


async def hang_up(asked: Asked) -> Answer:
    """End a call, also one whose time has not come."""
    wanted = _call_named(asked)
    exchange = asked.services.exchange
    for tenant in asked.all_customers():
        if exchange.hang_up(tenant.domain, wanted.call):
            return done()
    raise not_found(_given(asked), _CALL)


async def redirect(asked: Asked) -> Answer:
    """Connect one party with somebody else, and hang up the other: with ``channel`` 1 the one who
    was rung first is connected, with 2 the other."""
    fields = asked.fields
    text, to = fields.needed("uniqueid"), fields.dialled("cnumber")
    kind = fields.one_of("ctype", TYPES)
    kept = Leg.SECOND if fields.whole("channel", default=1, least=1, most=2) == 2 else Leg.FIRST
    fields.check()
    wanted = named(text)
    if wanted is None:
        raise not_found("uniqueid", _CALL)

    def send_on(wishes: Wishes, now: float) -> None:
        wishes.transfer(kept, to, now)

    for tenant in asked.all_customers():
        if kind == PHONE and tenant.terminal(to) is None:
            continue
        try:
            if asked.services.exchange.wish(tenant.domain, wanted.call, send_on):
                return done()
        except WrongState as wrong:
            raise Faulty([invalid("uniqueid", f"The call can't be redirected: {wrong}.")]) from None
        except Refused as refused:
            raise Faulty([refusal(refused)], refused.id.value) from None
    raise not_found("uniqueid", _CALL)


async def active_list(asked: Asked) -> Answer:
    """The legs of live calls."""
    fields = asked.fields
    page = page_of(fields, _SORTS, "start")
    direction = fields.one_of("direction", DIRECTIONS)
    fields.switch("names")
    equal = {name: text for name in _EQUAL if (text := fields.text(name))}
    tenants = asked.customers()
    fields.check()
    rows = (row for tenant in tenants for row in active_legs(asked, tenant))
    return page.of(
        row
        for row in rows
        if is_wanted(row["direction"], direction) and equal.items() <= row.items()
    )


async def active_panel(asked: Asked) -> Answer:
    """The same in short, for the operator's panel."""
    fields = asked.fields
    page = page_of(fields, _SHORT, "start")
    tenants = asked.customers()
    fields.check()
    rows = (row for tenant in tenants for row in active_legs(asked, tenant))
    return page.of({name: row[name] for name in _SHORT} for row in rows)


def active_legs(asked: Asked, tenant: TenantDirectory) -> list[Row]:
    """A row for each leg that rings or talks, call by call."""
    rows = []
    for record, events in asked.services.journal.snapshot(tenant.domain).calls:
        rows += _legs(tenant, record, events, asked.services.node)
    return rows


def _legs(
    tenant: TenantDirectory, record: CallRecord, events: tuple[Recorded, ...], node: str
) -> list[Row]:
    call = live_call(record, events)
    sides = {leg: side_of(_member(call[leg.value], "party")) for leg in Leg}
    customer = str(tenant.policy.customer)
    came_in = call["direction"] == Direction.TRUNK.value
    rows = []
    for leg in Leg:
        channel = _channel(call, leg)
        if channel is None:
            continue
        first, second, own = sides[Leg.FIRST], sides[Leg.SECOND], sides[leg]
        state, since = _member(call[leg.value], "state"), _member(call[leg.value], "since")
        rows.append(
            {
                "uniqueid": uniqueid(record.id, leg),
                "callid": callid(record.id),
                "machine": node,
                "channel": str(channel.get("endpoint") or ""),
                "peer": str(channel.get("trunk") or ""),
                "start": unix(_time(channel.get("since"), record.accepted_at)),
                "answered": unix(_time(since, None) if state == "answered" else None),
                "direction": _direction(came_in, own, second),
                **_as_row(first, "s"),
                **_as_row(second, "c"),
                **_as_row(own, "d"),
                "scustomer": customer,
                "customer": customer,
                "dcustomer": customer,
            }
        )
    return rows


def _direction(came_in: bool, own: Side, second: Side) -> str:
    """A leg to a number goes out, whichever of the two it is."""
    found = direction_of(came_in, own)
    return direction_of(came_in, second) if found == INTERNAL and own == NOBODY else found


def _as_row(side: Side, letter: str) -> Row:
    return {
        f"{letter}type": side.type,
        f"{letter}number": side.number,
        f"{letter}number_name": side.name,
    }


def _channel(call: dict[str, Json], leg: Leg) -> dict[str, Json] | None:
    """The leg's channel: the one that talks, or else the first that rings."""
    channels = call["channels"]
    listed = channels if isinstance(channels, list) else []
    own = [one for one in listed if isinstance(one, dict) and one["leg"] == leg.value]
    talks = (one for one in own if one["state"] == "answered")
    return next(talks, own[0] if own else None)


def _member(leg: Json, name: str) -> Json:
    return leg.get(name) if isinstance(leg, dict) else None


def _time(at: Json, otherwise: float | None) -> float | None:
    return float(at) if isinstance(at, int | float) else otherwise


def _given(asked: Asked) -> str:
    return "callid" if asked.fields.text("callid") else "uniqueid"


def _call_named(asked: Asked) -> Named:
    """The call of exactly one of callid and uniqueid; raises
    :class:`~cordboard.api.enswitch.faults.Faulty`."""
    fields = asked.fields
    call, leg = fields.text("callid"), fields.text("uniqueid")
    if bool(call) == bool(leg):
        fields.fault("callid", "Expected either callid or uniqueid.")
    fields.check()
    wanted = named(call or leg)
    if wanted is None:
        raise not_found(_given(asked), _CALL)
    return wanted


HANGUP: Final = Function("calls/hangup", (*_MOVING, Privilege.ADMINISTRATOR), hang_up)
REDIRECT: Final = Function("calls/redirect", _MOVING, redirect)
ACTIVE: Final = Function("calls/active/list", _TRACKING, active_list)
PANEL: Final = Function("calls/active/list/panel", (Privilege.PANEL,), active_panel)
