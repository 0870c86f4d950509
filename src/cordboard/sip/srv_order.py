"""In which order the servers of a service are tried (RFC 2782)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from cordboard.sip.dns_records import Srv


def in_order(records: Iterable[Srv], chance: Callable[[], float]) -> list[Srv]:
    """By priority, and within one at random: how often a server comes first is as its weight.

    ``chance`` gives numbers from 0 to below 1.
    """
    ordered: list[Srv] = []
    by_priority = sorted(records, key=lambda record: record.priority)
    for _, equals in groupby(by_priority, key=lambda record: record.priority):
        ordered += _by_weight(list(equals), chance)
    return ordered


def _by_weight(records: list[Srv], chance: Callable[[], float]) -> list[Srv]:
    """RFC 2782's algorithm: servers of weight 0 come first in the list that a number from 0 to the
    sum of weights points into, so that they have a very small chance of being chosen early."""
    waiting = sorted(records, key=lambda record: record.weight > 0)
    chosen: list[Srv] = []
    while len(waiting) > 1:
        total = sum(record.weight for record in waiting)
        chosen.append(waiting.pop(_pointed_at(waiting, int(chance() * (total + 1)))))
    return chosen + waiting


def _pointed_at(records: list[Srv], number: int) -> int:
    """The first place where the weights so far reach ``number``."""
    running = 0
    for place, record in enumerate(records):
        running += record.weight
        if running >= number:
            return place
    return len(records) - 1
