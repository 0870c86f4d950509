"""Requests in figures: by dialect, method and result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from starlette.types import Scope

from cordboard.histogram import Histogram

ASKED: Final = "cordboard.asked"
"""Where a request's ASGI scope has its :class:`Asked`."""

UNKNOWN: Final = "-"
"""What stands for what a client made up: whatever it says makes no new series."""

REQUEST_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(slots=True)
class Asked:
    """What is known of a request by and by: its own id, the dialect, the method in its words, what
    came of it (the id of that), and the call."""

    id: str = ""
    dialect: str = UNKNOWN
    method: str = UNKNOWN
    result: str | None = None
    call: str | None = None


def note(
    scope: Scope,
    *,
    dialect: str | None = None,
    method: str | None = None,
    result: str | None = None,
    call: str | None = None,
) -> None:
    """Note what is known of a request now; where nobody counts requests that is nothing."""
    asked: Asked | None = scope.get(ASKED)
    if asked is None:
        return
    asked.dialect = dialect or asked.dialect
    asked.method = method or asked.method
    asked.result = result or asked.result
    asked.call = call or asked.call


def request_of(scope: Scope) -> str | None:
    """The id of a request, where it has one."""
    asked: Asked | None = scope.get(ASKED)
    return None if asked is None else asked.id


def result_of(asked: Asked, status: int) -> str:
    """What came of a request, in one word: the id of a refusal or problem where there was one."""
    if status == 0:
        return "gone"
    return asked.result or ("ok" if status < 400 else f"http_{status}")


class RequestMetrics:
    """Counts requests that are answered."""

    def __init__(self) -> None:
        self._count: Counter[tuple[str, str, str, str]] = Counter()
        self._seconds: dict[str, Histogram] = {}

    def answered(self, asked: Asked, status: int, seconds: float) -> None:
        """A request was answered within so many seconds; 0: its client had gone."""
        self._count[asked.dialect, asked.method, result_of(asked, status), str(status)] += 1
        known = self._seconds.get(asked.dialect)
        if known is None:
            known = self._seconds[asked.dialect] = Histogram(REQUEST_SECONDS)
        known.add(seconds)

    def collect(self) -> Iterator[Metric]:
        """The metrics, as Prometheus wants them."""
        requests = CounterMetricFamily(
            "cordboard_requests",
            "Answered requests.",
            labels=("dialect", "method", "result", "status"),
        )
        for names, count in self._count.items():
            requests.add_metric(names, count)
        seconds = HistogramMetricFamily(
            "cordboard_request_seconds",
            "Until the answer to a request began.",
            labels=("dialect",),
        )
        for dialect, histogram in self._seconds.items():
            seconds.add_metric((dialect,), histogram.cumulative(), histogram.total)
        yield from (requests, seconds)
