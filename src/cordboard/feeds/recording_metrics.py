"""What the event log says of recordings in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from cordboard.calls.events import Recorded
from cordboard.journal.recordings import deleted, ending


class RecordingMetrics:
    """Figures of all tenants' recordings since the start."""

    def __init__(self) -> None:
        self._ended: Counter[str] = Counter()
        self._deleted: Counter[str] = Counter()
        self._seconds = 0.0

    def take(self, recorded: Recorded) -> None:
        """An event tells of a recording."""
        end = ending(recorded.at, recorded.event)
        if end is not None:
            self._ended[end.state.value] += 1
            self._seconds += end.seconds or 0.0
        elif deleted(recorded.event) is not None:
            self._deleted[str(recorded.event.data.get("by"))] += 1

    def collect(self) -> Iterator[Metric]:
        """The metrics, as Prometheus wants them."""
        ended = CounterMetricFamily(
            "cordboard_recordings", "Recordings that are over.", labels=("state",)
        )
        for state, count in self._ended.items():
            ended.add_metric((state,), count)
        gone = CounterMetricFamily(
            "cordboard_recordings_deleted", "Recordings that were deleted.", labels=("by",)
        )
        for by, count in self._deleted.items():
            gone.add_metric((by,), count)
        yield from (ended, gone)
        yield CounterMetricFamily(
            "cordboard_recorded_seconds", "How long they are, all together.", self._seconds
        )
