"""What the event log says in figures: calls by outcome, how long they rang, how long it took until
both talked. Read now and then, some events at once, so that calls pay next to nothing for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from cordboard.calls.events import CallEvent, EventKind, Json, Recorded
from cordboard.calls.request import Leg
from cordboard.feeds.queue_metrics import QueueMetrics
from cordboard.feeds.recording_metrics import RecordingMetrics
from cordboard.histogram import Histogram
from cordboard.journal.port import Journal, Reader, ResyncNeeded
from cordboard.journal.recordings import OF_RECORDINGS

AT_ONCE: Final = 500
"""Events that are read before others have their turn: half a millisecond."""

SECONDS: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 180.0)
"""People take seconds to answer, and give up after minutes."""

MAX_BEGUN: Final = 50_000
"""Calls whose beginning is remembered: more than may live or wait for their time."""


class CallMetrics:
    """Figures of all tenants' calls since the start; to be read behind :meth:`catch_up`. ``ended``
    is handed the last event of each call in passing."""

    def __init__(self, journal: Journal, ended: Callable[[Recorded], None] | None = None) -> None:
        self._journal = journal
        self._ending = ended
        self._reader: Reader | None = None
        self._reading = asyncio.Lock()
        self._accepted: Counter[tuple[str, str]] = Counter()
        self._ended: Counter[tuple[str, str]] = Counter()
        self._rings = {
            (leg, result): Histogram(SECONDS) for leg in Leg for result in ("answered", "failed")
        }
        self._setup = Histogram(SECONDS)
        self._queues = QueueMetrics()
        self._recordings = RecordingMetrics()
        self._talked = 0.0
        self._missed = 0
        self._begun: dict[str, float] = {}

    def start(self) -> None:
        """Count from now on; the journal has been started."""
        self._reader = self._journal.read_all()

    async def catch_up(self) -> None:
        """Read what has come since."""
        async with self._reading:
            while self._reader is not None:
                events = self._reader.at_hand(AT_ONCE)
                if not events:
                    await self._see_whether_it_was_too_much(self._reader)
                    return
                self._take(events)
                await asyncio.sleep(0)

    async def _see_whether_it_was_too_much(self, reader: Reader) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    self._take([await anext(reader)])
        except ResyncNeeded:
            self._missed += 1
            self._reader = self._journal.read_all()

    def _take(self, events: Iterable[Recorded]) -> None:
        for recorded in events:
            counts = _COUNTED.get(recorded.event.kind)
            if counts is not None:
                counts(self, recorded)

    def _accepts(self, recorded: Recorded) -> None:
        data = recorded.event.data
        self._accepted[str(data.get("dialect")), str(data.get("method"))] += 1
        self._begins(recorded)

    def _begins(self, recorded: Recorded) -> None:
        if len(self._begun) < MAX_BEGUN:
            self._begun[recorded.event.call] = recorded.at

    def _answers(self, recorded: Recorded) -> None:
        self._rang(recorded.event, "answered")

    def _fails(self, recorded: Recorded) -> None:
        self._rang(recorded.event, "failed")

    def _rang(self, event: CallEvent, result: str) -> None:
        if event.leg is not None:
            self._rings[event.leg, result].add(_seconds(event.data, "ring_seconds"))

    def _bridges(self, recorded: Recorded) -> None:
        began = self._begun.pop(recorded.event.call, None)
        if began is not None:
            self._setup.add(max(0.0, recorded.at - began))

    def _ends(self, recorded: Recorded) -> None:
        data = recorded.event.data
        self._begun.pop(recorded.event.call, None)
        self._ended[str(data.get("outcome")), str(data.get("cause"))] += 1
        self._talked += _seconds(data, "talk_seconds")
        if self._ending is not None:
            self._ending(recorded)

    def _leaves_a_queue(self, recorded: Recorded) -> None:
        self._queues.take(recorded)

    def _tells_of_a_recording(self, recorded: Recorded) -> None:
        self._recordings.take(recorded)

    def collect(self) -> Iterator[Metric]:
        """The metrics, as Prometheus wants them."""
        accepted = CounterMetricFamily(
            "cordboard_calls_accepted", "Accepted requests.", labels=("dialect", "method")
        )
        for names, count in self._accepted.items():
            accepted.add_metric(names, count)
        ended = CounterMetricFamily(
            "cordboard_calls_ended", "Calls that are over.", labels=("outcome", "cause")
        )
        for names, count in self._ended.items():
            ended.add_metric(names, count)
        rings = HistogramMetricFamily(
            "cordboard_ring_seconds", "How long a leg rang.", labels=("leg", "result")
        )
        for (leg, result), histogram in self._rings.items():
            rings.add_metric((leg.value, result), histogram.cumulative(), histogram.total)
        yield from (accepted, ended, rings)
        yield from self._queues.collect()
        yield from self._recordings.collect()
        yield HistogramMetricFamily(
            "cordboard_setup_seconds",
            "From the begin of a call until both parties hear each other.",
            buckets=self._setup.cumulative(),
            sum_value=self._setup.total,
        )
        yield CounterMetricFamily(
            "cordboard_talk_seconds", "How long parties talked, all together.", self._talked
        )
        yield CounterMetricFamily(
            "cordboard_metrics_gaps",
            "How often events came faster than they were counted.",
            self._missed,
        )


def _seconds(data: Mapping[str, Json], key: str) -> float:
    found = data.get(key)
    return float(found) if isinstance(found, int | float) else 0.0


_COUNTED: Final = {
    EventKind.CALL_ACCEPTED: CallMetrics._accepts,
    EventKind.CALL_STARTED: CallMetrics._begins,
    EventKind.LEG_ANSWERED: CallMetrics._answers,
    EventKind.LEG_FAILED: CallMetrics._fails,
    EventKind.CALL_BRIDGED: CallMetrics._bridges,
    EventKind.QUEUE_LEFT: CallMetrics._leaves_a_queue,
    EventKind.CALL_ENDED: CallMetrics._ends,
    **dict.fromkeys(OF_RECORDINGS, CallMetrics._tells_of_a_recording),
}
"""What is counted of each kind of event, and of no other."""
