"""What tracks and moves live calls: calls/active/list, calls/hangup, calls/redirect, calls/update.

A call is named by its ``callid`` or by the ``uniqueid`` of one of its legs, and is found among
those of the customers that the person acts for.
"""

from __future__ import annotations

from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.faults import Faulty, invalid, not_found, refusal
from cordboard.api.enswitch.lists import page_of
from cordboard.api.enswitch.parties import PHONE, TYPES
from cordboard.api.enswitch.replies import done, valid
from cordboard.calls.events import Json
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.enswitch.call_ids import Named, named
from cordboard.feeds.enswitch.sides import DIRECTIONS, is_of_phone, is_wanted
from cordboard.feeds.enswitch.told_call import Row, ToldCall
from cordboard.feeds.live_call import live_call

_CALL: Final = "call"

_SORTS: Final = (
    *("cnumber", "ctype", "direction", "dnumber", "dtype", "machine", "peer", "scustomer"),
    *("snumber", "start", "stype", "uniqueid"),
)
_EQUAL: Final = (
    *("callid", "stype", "snumber", "ctype", "cnumber", "dtype", "dnumber", "peer"),
    *("callername_internal", "callername_external"),
)
_LABELS: Final = ("stype", "snumber", "ctype", "cnumber", "dtype", "dnumber")
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


async def update(asked: Asked) -> Answer:
    """Have the parties of a call, or of a leg by its ``uniqueid``, shown by other words: in lists
    and events from now on. With ``validation`` it is only looked whether that can be done."""
    fields = asked.fields
    leg_wanted, only_looked = bool(fields.text("uniqueid")), fields.switch("validation")
    labels = {name: text for name in _LABELS if (text := fields.text(name))}
    if not labels:
        fields.fault("snumber", f"Expected at least one of {', '.join(_LABELS)}.")
    wanted = _call_named(asked)

    def label(wishes: Wishes, _now: float) -> None:
        if not only_looked:
            wishes.label(wanted.leg if leg_wanted else None, labels)

    for tenant in asked.all_customers():
        if asked.services.exchange.wish(tenant.domain, wanted.call, label):
            return valid() if only_looked else done()
    raise not_found(_given(asked), _CALL)


async def active_list(asked: Asked) -> Answer:
    """The legs of live calls."""
    fields = asked.fields
    page = page_of(fields, _SORTS, "start")
    direction = fields.one_of("direction", DIRECTIONS)
    fields.switch("names")
    equal = {name: text for name in _EQUAL if (text := fields.text(name))}
    phone, tenants = fields.text("phone"), asked.customers("recursive")
    fields.check()
    rows = (row for tenant in tenants for row in active_legs(asked, tenant))
    return page.of(
        row
        for row in rows
        if is_wanted(row["direction"], direction)
        and equal.items() <= row.items()
        and is_of_phone(row, phone)
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
        call, told = (
            live_call(record, events),
            ToldCall(record, events, tenant, asked.services.node),
        )
        rows += [told.row(leg) for leg in Leg if _is_up(call, leg)]
    return rows


def _is_up(call: dict[str, Json], leg: Leg) -> bool:
    channels = call["channels"]
    listed = channels if isinstance(channels, list) else []
    return any(isinstance(one, dict) and one["leg"] == leg.value for one in listed)


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
UPDATE: Final = Function("calls/update", (Privilege.ACTIONS,), update)
ACTIVE: Final = Function("calls/active/list", _TRACKING, active_list)
PANEL: Final = Function("calls/active/list/panel", (Privilege.PANEL,), active_panel)
