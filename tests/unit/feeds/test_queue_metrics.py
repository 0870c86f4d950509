"""What the metrics tell of queues."""

from __future__ import annotations

from cordboard.calls.events import CallEvent, EventKind, Json, Recorded
from cordboard.feeds.queue_metrics import QueueMetrics


def left(reason: str, waited: float) -> Recorded:
    data: dict[str, Json] = {
        "group": {"id": 7, "name": "support"},
        "reason": reason,
        "waited_seconds": waited,
    }
    return Recorded("epoch", 1, 0.0, "demo", CallEvent(EventKind.QUEUE_LEFT, "call", data=data))


def test_callers_are_counted_by_how_they_left_and_how_long_they_waited() -> None:
    metrics = QueueMetrics()
    for one in (left("answered", 3.0), left("answered", 40.0), left("abandoned", 70.0)):
        metrics.take(one)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in metrics.collect()
        for sample in metric.samples
    }
    assert samples["cordboard_queue_left_total", "demo", "support", "answered"] == 2
    assert samples["cordboard_queue_left_total", "demo", "support", "abandoned"] == 1
    assert samples["cordboard_queue_wait_seconds_count", "demo", "support"] == 3
    assert samples["cordboard_queue_wait_seconds_sum", "demo", "support"] == 113.0
