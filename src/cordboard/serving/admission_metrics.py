"""How the server defends itself against more calls than it can bear, in figures."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cordboard.exchange.admission import Admission


class AdmissionMetrics:
    """Reads them off when somebody asks."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def collect(self) -> Iterator[Metric]:
        """The metrics, as Prometheus wants them."""
        yield GaugeMetricFamily(
            "cordboard_overloaded",
            "Whether fewer calls may begin than want to.",
            float(self._admission.strained),
        )
        rate = self._admission.rate
        yield GaugeMetricFamily(
            "cordboard_admitted_calls_per_second",
            "How many calls a second may begin; infinite where as many may as the loop lets.",
            float("inf") if rate is None else rate,
        )
        yield GaugeMetricFamily(
            "cordboard_waiting_requests",
            "Requests for calls that wait for their turn.",
            float(self._admission.waiting),
        )
        refused = CounterMetricFamily(
            "cordboard_overload_refused",
            "Calls that were refused because there was too much to do.",
            labels=("limit",),
        )
        for strain, count in self._admission.refused.items():
            refused.add_metric((strain.value,), count)
        yield refused
