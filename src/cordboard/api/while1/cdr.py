"""cdr: the calls that are over, in pages (While1, Call Detail Records).

Rows come in the order of their ends, so that pages which have been read stay as they were.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.while1.asked import Asked, Method
from cordboard.api.while1.cdr_filters import CdrFilters, filters_in, read_filters
from cordboard.api.while1.cdr_rows import CdrRow, just_before, row_of
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.replies import done
from cordboard.directory.scopes import ApiScope
from cordboard.journal.listing import End, Wanted, end_of
from cordboard.journal.port import CallRecord

PAGE: Final = 100
"""Rows of a page; the vendor names no number."""

MAX_PAGE: Final = 10_000

ROWS_AT_ONCE: Final = 200
"""Calls that are read together with their events: some 2,400 of those."""

MAX_LOOKED_AT: Final = 20_000
"""Calls that one request may have looked through: what needs more can say from when."""


async def cdr(asked: Asked) -> Answer:
    """A page of rows."""
    action = asked.text("action")
    if action not in (None, "read"):
        raise Faulty(["Invalid action. Expected read"])
    page = _page(asked)
    filters = read_filters(filters_in(asked.parameters))
    skip, found = (page - 1) * PAGE, []
    async for row in rows_of(asked, filters):
        if not filters.wants(row):
            continue
        if skip:
            skip -= 1
            continue
        found.append(row.as_dict())
        if len(found) == PAGE:
            break
    return done(found)


def _page(asked: Asked) -> int:
    text = asked.text("page") or "1"
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= MAX_PAGE:
        raise Faulty([f"Invalid page. Expected 1 to {MAX_PAGE}"])
    return int(text)


async def rows_of(asked: Asked, filters: CdrFilters) -> AsyncIterator[CdrRow]:
    """The rows that may be wanted, in the order of their ends."""
    tenant, journal = asked.principal.tenant, asked.services.journal
    if filters.never:
        return
    async for records in _pages(asked, filters):
        ids = [record.id for record in records]
        events = await journal.events_of_calls(tenant.domain, ids)
        for record in records:
            yield row_of(record, events.get(record.id, ()), tenant)


async def _pages(asked: Asked, filters: CdrFilters) -> AsyncIterator[list[CallRecord]]:
    tenant, journal = asked.principal.tenant.domain, asked.services.journal
    if filters.external_id is not None:
        wanted = Wanted(ROWS_AT_ONCE, external_id=filters.external_id)
        records = await journal.calls(tenant, wanted)
        over = [record for record in records if record.ended_at is not None]
        yield sorted(over, key=lambda record: record.ended_at or 0.0)
        return
    behind = _begin(filters)
    for _ in range(MAX_LOOKED_AT // ROWS_AT_ONCE):
        ended = await journal.ended(tenant, behind, ROWS_AT_ONCE)
        if not ended:
            return
        yield list(ended)
        behind = end_of(ended[-1])
    raise Faulty(["Too many calls to look through. Set date_between or from_id"])


def _begin(filters: CdrFilters) -> End | None:
    """Behind which end the first row can be: a call ends after it began."""
    bounds = [filters.since]
    if filters.from_id is not None:
        bounds.append(just_before(filters.from_id))
    known = [bound for bound in bounds if bound is not None]
    return End(max(known)) if known else None


CDR: Final = Method("cdr", ApiScope.CDRS_READ, cdr)
