"""What the event log says of queues in figures: how callers left them, and how long they waited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from cordboard.calls.events import Json, Recorded
from cordboard.histogram import Histogram

SECONDS: Final = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0)
"""Call centers promise to answer within 20 seconds, and callers give up after minutes."""


class QueueMetrics:
    """Figures of all tenants' queues since the start."""

    def __init__(self) -> None:
        self._left: Counter[tuple[str, str, str]] = Counter()
        self._waits: dict[tuple[str, str], Histogram] = {}

    def take(self, recorded: Recorded) -> None:
        """A caller has left a queue."""
        data = recorded.event.data
        queue = recorded.tenant, _name(data.get("group"))
        self._left[*queue, str(data.get("reason"))] += 1
        waited = data.get("waited_seconds")
        if isinstance(waited, int | float):
            self._waits.setdefault(queue, Histogram(SECONDS)).add(float(waited))

    def collect(self) -> Iterator[Metric]:
        """The metrics, as Prometheus wants them."""
        left = CounterMetricFamily(
            "cordboard_queue_left",
            "Callers who left a queue.",
            labels=("tenant", "group", "reason"),
        )
        for names, count in self._left.items():
            left.add_metric(names, count)
        waits = HistogramMetricFamily(
            "cordboard_queue_wait_seconds",
            "How long callers were in a queue.",
            labels=("tenant", "group"),
        )
        for queue, histogram in self._waits.items():
            waits.add_metric(queue, histogram.cumulative(), histogram.total)
        yield from (left, waits)


def _name(group: Json) -> str:
    name = group.get("name") if isinstance(group, dict) else None
    return name if isinstance(name, str) else ""
