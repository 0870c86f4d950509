"""What one call of a journal's user brings: it is committed as a whole, in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from cordboard.calls.events import CallEvent
from cordboard.journal.outbox import Attempt, Fate
from cordboard.journal.port import CallRecord, Key


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt to deliver a callback, and what is to become of that."""

    id: str
    attempt: Attempt
    fate: Fate
    next_at: float | None


class Entry(msgspec.Struct):
    """Events of a tenant with the time they happened; the first ones of a call come with its record
    and the key that it was accepted with. Or, without any of that, an attempt to deliver, or where
    a terminal is registered by now (None: nowhere). Whoever waits for its commit waits for
    ``done``."""

    tenant: str
    at: float
    events: tuple[CallEvent, ...] = ()
    record: CallRecord | None = None
    key: Key | None = None
    tried: Tried | None = None
    bindings: tuple[str, str | None] | None = None
    done: asyncio.Future[None] | None = None
