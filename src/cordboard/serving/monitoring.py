"""What operators see of a running server: gauges of the moment beside what was counted, and whether
it can serve. All of it is looked up when somebody asks; the calls pay for none of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from cordboard import __version__
from cordboard.api.basix.cti.figures import CtiFigures
from cordboard.api.requests import RequestMetrics
from cordboard.api.watching import Unready
from cordboard.calls.limits import TENANT_SCOPE, TRUNK_SCOPE
from cordboard.calls.planning.trunks import full_name
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.exchange.exchange import Exchange
from cordboard.feeds.call_lines import tell_end
from cordboard.feeds.call_metrics import CallMetrics
from cordboard.feeds.following import Feed
from cordboard.journal.outbox import Backlog
from cordboard.journal.port import Journal
from cordboard.serving.admission_metrics import AdmissionMetrics
from cordboard.serving.loop_lag import LoopLag
from cordboard.serving.relay_metrics import relay_metrics

BACKLOG_SECONDS: Final = 2.0
"""How long somebody who reads metrics waits for the database."""

SHOWN_SCOPES: Final = frozenset({TENANT_SCOPE, "group", TRUNK_SCOPE})
"""Limits that are shown: users are too many."""

_log = structlog.get_logger(__name__)


class Monitoring:
    """Watches one server."""

    def __init__(
        self,
        exchange: Exchange,
        engine: EmbeddedEngine,
        journal: Journal,
        directory: Callable[[], Directory],
        feed: Feed,
        wall: Callable[[], float],
        *,
        call_lines: bool,
        cti: CtiFigures,
        owed: Callable[[], int] = lambda: 0,
    ) -> None:
        self._exchange = exchange
        self._engine = engine
        self._journal = journal
        self._directory = directory
        self._feed = feed
        self._cti = cti
        self._wall = wall
        self._serving = False
        self._backlog: Backlog | None = None
        self.requests = RequestMetrics()
        self._calls = CallMetrics(journal, tell_end if call_lines else None)
        admission = exchange.admission
        writing = journal.figures.writing_for
        self._lag = LoopLag(
            lambda lag: admission.look(lag, writing(), owed()), self._calls.catch_up
        )
        self._registry = CollectorRegistry()
        for collector in (self.requests, self._calls, AdmissionMetrics(admission), self):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)

    def start(self) -> None:
        """The journal and the engine have been started."""
        self._serving = True
        self._calls.start()
        self._lag.start()

    async def stop(self) -> None:
        """Watch no longer."""
        self._serving = False
        await self._lag.stop()

    def unready(self) -> list[Unready]:
        """Why no calls can be placed now."""
        reasons = []
        if self._exchange.stopping:
            reasons.append(Unready("draining", "the server is going down"))
        if not self._serving or not self._engine.listening:
            reasons.append(Unready("engine", "SIP is not listened for"))
        fault = self._journal.fault
        if fault is not None:
            reasons.append(Unready("journal", fault))
        return reasons

    async def metrics(self) -> bytes:
        """Everything as Prometheus reads it."""
        await self._calls.catch_up()
        self._backlog = None
        try:
            async with asyncio.timeout(BACKLOG_SECONDS):
                self._backlog = await self._journal.backlog()
        except Exception as error:  # the journal says in the log what is wrong with it
            _log.warning("the outbox can't be counted", reason=type(error).__name__)
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The gauges of the moment."""
        yield GaugeMetricFamily(
            "cordboard_ready", "Whether calls can be placed.", float(not self.unready())
        )
        info = GaugeMetricFamily("cordboard_info", "The version.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info
        if self._serving:
            yield from self._of_calls()
            yield from self._of_queues()
            yield from self._of_phones()
            yield from relay_metrics(self._engine.relay)
        yield from self._of_the_journal()
        yield from self._of_readers()
        yield HistogramMetricFamily(
            "cordboard_loop_lag_seconds",
            "How late the event loop was, looked at fifty times a second.",
            buckets=self._lag.lags.cumulative(),
            sum_value=self._lag.lags.total,
        )

    def _of_calls(self) -> Iterator[Metric]:
        used = self._exchange.usage()
        for name, text, value in (
            ("live_calls", "Calls that have begun and are not over.", self._exchange.live_calls()),
            ("live_legs", "Legs of them.", self._exchange.admission.legs),
            (
                "scheduled_calls",
                "Calls that wait for their time.",
                self._exchange.scheduled_calls(),
            ),
            ("sip_channels", "Phones and trunks that ring or talk.", self._engine.channels),
        ):
            yield GaugeMetricFamily(f"cordboard_{name}", text, value)
        labels = ("scope", "name")
        taken = GaugeMetricFamily(
            "cordboard_limit_used", "Legs that count towards a limit.", labels=labels
        )
        for key, count in used.items():
            if key.scope in SHOWN_SCOPES:
                taken.add_metric((key.scope, key.name), count)
        limits = GaugeMetricFamily("cordboard_limit", "How many it allows.", labels=labels)
        for tenant in self._directory().tenants:
            if tenant.policy.channel_limit is not None:
                limits.add_metric((TENANT_SCOPE, tenant.domain), tenant.policy.channel_limit)
            for trunk in tenant.trunks:
                if trunk.channel_limit is not None:
                    name = full_name(trunk, tenant.domain)
                    limits.add_metric((TRUNK_SCOPE, name), trunk.channel_limit)
        yield from (taken, limits)

    def _of_queues(self) -> Iterator[Metric]:
        labels = ("tenant", "group")
        callers = GaugeMetricFamily("cordboard_queue_callers", "Callers in a queue.", labels=labels)
        longest = GaugeMetricFamily(
            "cordboard_queue_longest_wait_seconds",
            "How long the first of them has waited.",
            labels=labels,
        )
        lines = {(line.tenant, line.group): line for line in self._exchange.queues.each()}
        for tenant in self._directory().tenants:
            for group in (one for one in tenant.groups if one.queue is not None):
                line = lines.get((tenant.domain, group.id))
                names = (tenant.domain, group.name)
                callers.add_metric(names, 0 if line is None else line.callers)
                longest.add_metric(names, 0.0 if line is None else line.longest)
        yield from (callers, longest)

    def _of_phones(self) -> Iterator[Metric]:
        registered: Counter[str] = Counter()
        for account, contacts in self._engine.registered().items():
            registered[account.rpartition("@")[2]] += len(contacts)
        phones = GaugeMetricFamily(
            "cordboard_registered_contacts", "Contacts that can be rung.", labels=("tenant",)
        )
        trunks = GaugeMetricFamily(
            "cordboard_trunk_up",
            "Whether a trunk is up; nothing is known of those that are missing.",
            labels=("tenant", "trunk"),
        )
        for tenant in self._directory().tenants:
            phones.add_metric((tenant.domain,), registered[tenant.domain])
            for trunk in tenant.trunks:
                word = self._engine.trunk(full_name(trunk, tenant.domain)).word
                if word != "unknown":
                    trunks.add_metric((tenant.domain, trunk.name), float(word == "up"))
        yield from (phones, trunks)
        yield GaugeMetricFamily(
            "cordboard_sip_connections",
            "Connections that carry SIP.",
            self._engine.connections,
        )

    def _of_the_journal(self) -> Iterator[Metric]:
        journal, figures = self._journal, self._journal.figures
        yield GaugeMetricFamily(
            "cordboard_journal_writable", "Whether it can be written.", float(journal.fault is None)
        )
        yield GaugeMetricFamily(
            "cordboard_journal_waiting_events",
            "Events that wait for their commit.",
            journal.waiting_events,
        )
        yield HistogramMetricFamily(
            "cordboard_journal_batch_seconds",
            "How long commits took.",
            buckets=figures.batches.cumulative(),
            sum_value=figures.batches.total,
        )
        for name, text, count in (
            ("failed_batches", "Commits that did not succeed.", figures.failed),
            ("refused", "Requests that could not be stored.", figures.refused),
            ("lost_entries", "Entries that no database takes.", figures.lost),
        ):
            yield CounterMetricFamily(f"cordboard_journal_{name}", text, count)
        if self._backlog is not None:
            yield GaugeMetricFamily(
                "cordboard_outbox_pending",
                "Callbacks that are not delivered yet.",
                self._backlog.pending,
            )
            oldest = self._backlog.oldest_at
            yield GaugeMetricFamily(
                "cordboard_outbox_oldest_seconds",
                "How long the oldest of them has been owed.",
                0.0 if oldest is None else max(0.0, self._wall() - oldest),
            )

    def _of_readers(self) -> Iterator[Metric]:
        of_feed = {reason.value: count for reason, count in self._feed.ended.items()}
        for name, what, readers, ended in (
            ("feed", "the feed of events", len(self._feed), of_feed),
            ("cti", "the CTI WebSocket", self._cti.readers, self._cti.ended),
        ):
            yield GaugeMetricFamily(f"cordboard_{name}_readers", f"Readers of {what}.", readers)
            text = f"Readers of {what} that went, or were sent away."
            gone = CounterMetricFamily(f"cordboard_{name}_ended", text, labels=("reason",))
            for reason, count in ended.items():
                gone.add_metric((reason,), count)
            yield gone
