"""What a journal commits at once: entries, and their events in the places that these get by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cordboard.calls.events import EventKind, Recorded
from cordboard.calls.owing import OWING, Owed
from cordboard.calls.people.agents import KINDS as OF_AGENTS
from cordboard.journal.entry import Entry
from cordboard.journal.ledger import OF_MONEY
from cordboard.journal.recordings import OF_RECORDINGS

OF_PEOPLE: Final = frozenset(OF_AGENTS.values()) | {
    EventKind.USER_FORWARDING,
    EventKind.AGENT_WRAPPING_UP,
    EventKind.AGENT_WRAPPED_UP,
}
"""The kinds of events after which somebody stands otherwise; all are of no call."""

FURTHER: Final = OWING | OF_MONEY | OF_PEOPLE | OF_RECORDINGS
"""The kinds of events that change more than the log. Most do not, and are asked only this."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Entries with their events, in order: all ``events``, those of each tenant (``logs``, which
    has the tenants of new calls too), and those that change ``further`` things. ``owed`` are the
    callbacks that they make owed."""

    entries: Sequence[Entry]
    events: list[Recorded]
    logs: dict[str, list[Recorded]]
    further: list[Recorded]
    owed: list[Owed]
