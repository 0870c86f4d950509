"""How audio is relayed, in figures."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from cordboard.engines.embedded.media_poll import RelayFigures


def relay_metrics(relay: RelayFigures) -> Iterator[Metric]:
    """The metrics, as Prometheus wants them."""
    yield GaugeMetricFamily(
        "cordboard_media_native", "Whether audio is passed on natively.", float(relay.native)
    )
    datagrams = CounterMetricFamily(
        "cordboard_media_datagrams",
        "What came to the ports for voice: passed on natively, or taken in Python.",
        labels=("way",),
    )
    datagrams.add_metric(("native",), relay.passed)
    datagrams.add_metric(("python",), relay.taken)
    yield datagrams
