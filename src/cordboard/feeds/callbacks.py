"""Callbacks: whoever asked for a call is told once how the hunt for its first leg ended.

A reader of the event log. It waits for ``leg.answered`` or ``leg.failed`` of the first leg of every
call that was accepted with a callback, has the dialect's renderer make the body, and hands it to
:class:`~cordboard.feeds.delivery.Deliveries`. What happens to the call after that is none of its
business, so there is exactly one callback a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.request import Leg
from cordboard.feeds.delivery import Deliveries, Delivery
from cordboard.feeds.outbound import Outbound, UnusableUrl, usable_url
from cordboard.journal.port import Journal, Reader, ResyncNeeded

DRAIN_SECONDS = 3.0
"""How long a stopping server waits for callbacks under way; the calls have ended by then."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HuntEnd:
    """How the first leg's hunt of a call ended: ``channel`` answered, or it failed by ``cause``."""

    call: str
    channel: str | None
    cause: Cause = Cause.NORMAL

    @property
    def answered(self) -> bool:
        """Whether somebody answered."""
        return self.channel is not None


Renderer = Callable[[HuntEnd], bytes]
"""Makes a dialect's JSON body."""

_renderers: dict[str, Renderer] = {}


def register_renderer(dialect: str, renderer: Renderer) -> None:
    """Say how a dialect tells the end of a hunt."""
    _renderers[dialect] = renderer


class Callbacks:
    """Reads the log of all tenants and keeps the deliveries going."""

    def __init__(
        self,
        journal: Journal,
        outbound: Outbound,
        *,
        deliveries: Deliveries | None = None,
        renderers: Mapping[str, Renderer] = _renderers,
    ) -> None:
        self._journal = journal
        self._deliveries = deliveries or Deliveries(outbound)
        self._renderers = renderers
        self._wanted: dict[tuple[str, str], tuple[str, str]] = {}
        self._none_wanted = asyncio.Event()
        self._none_wanted.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow the log from this moment on."""
        self._task = asyncio.get_running_loop().create_task(self._follow(self._journal.read_all()))

    async def stop(self, within: float = DRAIN_SECONDS) -> None:
        """Deliver what is under way, at most for some seconds, then end."""
        await self._journal.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._none_wanted.wait()
                await self._deliveries.idle()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._deliveries.stop()

    async def _follow(self, reader: Reader) -> None:
        while True:
            try:
                async for recorded in reader:
                    self._take_notice(recorded)
            except ResyncNeeded:
                _log.error("callbacks.behind", lost=len(self._wanted))
                self._wanted.clear()
                self._none_wanted.set()
                reader = self._journal.read_all()

    def _take_notice(self, recorded: Recorded) -> None:
        event = recorded.event
        key = (recorded.tenant, event.call)
        if event.kind is EventKind.CALL_ACCEPTED:
            target = event.data.get("callback")
            if isinstance(target, dict):
                self._wanted[key] = (str(target.get("url")), str(target.get("dialect")))
                self._none_wanted.clear()
            return
        if key not in self._wanted:
            return
        end = hunt_end(event)
        if end is not None:
            url, dialect = self._wanted.pop(key)
            if not self._wanted:
                self._none_wanted.set()
            self._deliver(url, dialect, end)

    def _deliver(self, url: str, dialect: str, end: HuntEnd) -> None:
        renderer = self._renderers.get(dialect)
        if renderer is None:
            _log.error("callback.no_renderer", dialect=dialect, call=end.call)
            return
        try:
            target = usable_url(url)
        except UnusableUrl as error:
            _log.warning("callback.unusable_url", call=end.call, why=str(error))
            return
        self._deliveries.add(Delivery(f"msg_{end.call}", target, renderer(end)))


def hunt_end(event: CallEvent) -> HuntEnd | None:
    """What an event says about the first leg's hunt; None where it is not its end.

    A call that ends without either leg event (it should not) is told by its own cause.
    """
    if event.kind is EventKind.CALL_ENDED:
        return HuntEnd(event.call, None, _cause(event))
    if event.leg is not Leg.FIRST:
        return None
    if event.kind is EventKind.LEG_ANSWERED:
        return HuntEnd(event.call, event.channel)
    if event.kind is EventKind.LEG_FAILED:
        return HuntEnd(event.call, None, _cause(event))
    return None


def _cause(event: CallEvent) -> Cause:
    try:
        return Cause(event.data.get("cause"))
    except ValueError:
        return Cause.FAILED
