"""What became of calls: cdrs/list and cdrs/get, a row for each leg of a call that is over.

Times are whole seconds since 1970, durations whole seconds; ``talktime`` is without ringing,
``totaltime`` with it (vendor facts, 5 and 6). ``bill_ref`` is of whom pays, a customer or a card.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.faults import Faulty, invalid, not_found
from cordboard.api.enswitch.lists import page_of
from cordboard.api.enswitch.replies import told
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.enswitch.call_ids import named
from cordboard.feeds.enswitch.sides import DIRECTIONS, is_of_phone, is_wanted
from cordboard.feeds.enswitch.told_call import STATUSES, Row, ToldCall
from cordboard.journal.listing import End, end_of

ROWS_AT_ONCE: Final = 200
"""Calls that are read together with their events."""

MAX_LOOKED_AT: Final = 20_000
"""Calls that one request may have looked through: what needs more can say from when."""

COLUMNS: Final = (
    *("uniqueid", "callid", "bridged_callid", "machine", "channel", "peer", "start", "time", "end"),
    *("talktime", "totaltime", "status", "direction", "stype", "snumber", "snumber_name"),
    *("scustomer", "ctype", "cnumber", "cnumber_name", "dtype", "dnumber", "dnumber_name"),
    *("dcustomer", "customer", "customer_name", "callerid_internal", "callerid_external"),
    *("callername_internal", "callername_external", "recording"),
    *("cost", "currency", "bill_type", "bill_ref"),
)


async def cdrs_list(asked: Asked) -> Answer:
    """The legs of calls that are over, those that are wanted."""
    fields = asked.fields
    page, tenants = page_of(fields, COLUMNS, "start"), asked.customers("recurse")
    since, until = fields.whole("start"), fields.whole("end")
    equal = {name: text for name in _EQUAL if (text := fields.text(name))}
    status = fields.one_of("status", STATUSES)
    if status:
        equal["status"] = status
    direction, phone = fields.one_of("direction", DIRECTIONS), fields.text("phone")
    least = fields.whole("talktime_minimum", default=-1, least=-1)
    most = fields.whole("talktime_maximum", default=-1, least=-1)
    fields.check()
    rows = []
    for tenant in tenants:
        async for row in _rows(asked, tenant, since):
            start, talked = int(row["start"]), int(row["talktime"])
            if start < since or (until and start >= until):
                continue
            if talked < least or (most >= 0 and talked > most):
                continue
            if not is_of_phone(row, phone):
                continue
            if is_wanted(row["direction"], direction) and equal.items() <= row.items():
                rows.append(row)
    return page.of(rows)


async def cdrs_get(asked: Asked) -> Answer:
    """One leg of a call that is over, by its ``uniqueid``."""
    fields = asked.fields
    wanted, tenants = named(fields.needed("uniqueid")), asked.customers()
    fields.check()
    journal = asked.services.journal
    for tenant in tenants if wanted is not None else ():
        record = await journal.call(tenant.domain, wanted.call) if wanted is not None else None
        if record is not None and record.ended_at is not None:
            events = await journal.events_of(tenant.domain, record.id)
            call = ToldCall(record, events, tenant, asked.services.node)
            if wanted is not None and wanted.leg in call.begun:
                return told({**call.record(wanted.leg)})
    raise not_found("uniqueid", "call")


_EQUAL: Final = (
    *("callid", "stype", "snumber", "ctype", "cnumber", "dtype", "dnumber", "peer"),
    *("callername_internal", "callername_external"),
)


async def _rows(asked: Asked, tenant: TenantDirectory, since: float) -> AsyncIterator[Row]:
    """The rows of calls that ended after a time, which all have that began after it."""
    journal = asked.services.journal
    behind: End | None = End(since) if since else None
    for _ in range(MAX_LOOKED_AT // ROWS_AT_ONCE):
        ended = await journal.ended(tenant.domain, behind, ROWS_AT_ONCE)
        if not ended:
            return
        events = await journal.events_of_calls(tenant.domain, [one.id for one in ended])
        for record in ended:
            call = ToldCall(record, events.get(record.id, ()), tenant, asked.services.node)
            for leg in call.begun:
                yield call.record(leg)
        behind = end_of(ended[-1])
    raise Faulty([invalid("start", "There are too many calls to look through since then.")])


LIST: Final = Function("cdrs/list", (Privilege.CALLSHOP, Privilege.CDRS), cdrs_list)
GET: Final = Function("cdrs/get", (Privilege.CALLSHOP, Privilege.CDRS), cdrs_get)
