"""What became of calls: cdrs/list and cdrs/get, a row for each call that is over.

Times are whole seconds since 1970, durations whole seconds; ``talktime`` is without ringing,
``totaltime`` with it (vendor facts, 5 and 6). What calls cost is not known here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.faults import Faulty, invalid, not_found
from cordboard.api.enswitch.lists import Row, flag, page_of, unix
from cordboard.api.enswitch.replies import told
from cordboard.calls.causes import Cause
from cordboard.calls.events import Outcome
from cordboard.calls.request import Direction
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.feeds.enswitch.call_ids import callid, named
from cordboard.feeds.enswitch.sides import DIRECTIONS, direction_of, is_wanted, side
from cordboard.journal.listing import End, end_of

ANSWER, CANCEL, OTHER = "answer", "cancel", "other"
STATUSES: Final = (ANSWER, CANCEL, OTHER)

ROWS_AT_ONCE: Final = 200
"""Calls that are read together with their events."""

MAX_LOOKED_AT: Final = 20_000
"""Calls that one request may have looked through: what needs more can say from when."""

COLUMNS: Final = (
    *("uniqueid", "callid", "machine", "start", "end", "time", "talktime", "totaltime"),
    *("status", "direction", "stype", "snumber", "snumber_name", "scustomer", "ctype", "cnumber"),
    *("cnumber_name", "dtype", "dnumber", "dnumber_name", "dcustomer", "customer"),
    *("callerid_internal", "callerid_external", "peer", "recording"),
)
_CANCELLED: Final = frozenset(
    {Cause.CANCELLED.value, Cause.NO_ANSWER.value, Cause.NORMAL.value, Cause.REJECTED.value}
)


async def cdrs_list(asked: Asked) -> Answer:
    """The calls that are over and are wanted."""
    fields = asked.fields
    page, tenants = page_of(fields, COLUMNS, "start"), asked.customers()
    since, until = fields.whole("start"), fields.whole("end")
    equal = {name: text for name in _EQUAL if (text := fields.text(name))}
    status = fields.one_of("status", STATUSES)
    if status:
        equal["status"] = status
    direction = fields.one_of("direction", DIRECTIONS)
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
            if is_wanted(row["direction"], direction) and equal.items() <= row.items():
                rows.append(row)
    return page.of(rows)


async def cdrs_get(asked: Asked) -> Answer:
    """One call that is over, by its ``uniqueid``."""
    fields = asked.fields
    wanted, tenants = named(fields.needed("uniqueid")), asked.customers()
    fields.check()
    journal = asked.services.journal
    for tenant in tenants if wanted is not None else ():
        record = await journal.call(tenant.domain, wanted.call) if wanted is not None else None
        if record is not None and record.ended_at is not None:
            events = await journal.events_of(tenant.domain, record.id)
            return told({**cdr_row(cdr_of(record, events), tenant, asked.services.node)})
    raise not_found("uniqueid", "call")


_EQUAL: Final = ("callid", "stype", "snumber", "ctype", "cnumber", "dtype", "dnumber", "peer")


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
            cdr = cdr_of(record, events.get(record.id, ()))
            yield cdr_row(cdr, tenant, asked.services.node)
        behind = end_of(ended[-1])
    raise Faulty([invalid("start", "There are too many calls to look through since then.")])


def cdr_row(cdr: Cdr, tenant: TenantDirectory, node: str) -> Row:
    """The row of a call that is over."""
    first = side(cdr.first_kind, cdr.first_name, cdr.first_number)
    second = side(cdr.second_kind, cdr.second_name, cdr.second_number)
    began = cdr.started_at or cdr.accepted_at
    ended, customer = cdr.ended_at or began, str(tenant.policy.customer)
    talked = int(cdr.talk_seconds or 0)
    return {
        "uniqueid": callid(cdr.id),
        "callid": callid(cdr.id),
        "machine": node,
        "start": unix(began),
        "end": unix(ended),
        "time": unix(cdr.bridged_at),
        "talktime": str(talked),
        "totaltime": str(max(talked, int(ended) - int(began))),
        "status": _status(cdr),
        "direction": direction_of(cdr.direction == Direction.TRUNK.value, second),
        "stype": first.type,
        "snumber": first.number,
        "snumber_name": first.name,
        "scustomer": customer,
        "ctype": second.type,
        "cnumber": second.number,
        "cnumber_name": second.name,
        "dtype": second.type,
        "dnumber": cdr.forwarded_to or second.number,
        "dnumber_name": second.name,
        "dcustomer": customer,
        "customer": customer,
        "callerid_internal": cdr.first_caller_number or "",
        "callerid_external": cdr.second_caller_number or "",
        "peer": cdr.second_trunk or cdr.first_trunk or "",
        "recording": flag(bool(cdr.recordings)),
    }


def _status(cdr: Cdr) -> str:
    if cdr.outcome == Outcome.COMPLETED.value:
        return ANSWER
    return CANCEL if cdr.cause in _CANCELLED else OTHER


LIST: Final = Function("cdrs/list", (Privilege.CALLSHOP, Privilege.CDRS), cdrs_list)
GET: Final = Function("cdrs/get", (Privilege.CALLSHOP, Privilege.CDRS), cdrs_get)
