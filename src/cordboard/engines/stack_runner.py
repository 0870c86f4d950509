"""A SIP stack in the event loop: the sockets, the one timer, and the order of things.

The stack is sans-IO: datagrams, commands and timers go in, messages and events come out. Whoever
gives it a command calls :meth:`StackRunner.pump` afterwards; what came off the wire is pumped here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from cordboard.addresses import NO_HOSTS, Hosts
from cordboard.engines.connections import USUAL, ConnectionSettings
from cordboard.engines.tls import TlsContexts
from cordboard.engines.transport import SipTransport
from cordboard.sip.events import BindingsChanged, SipEvent
from cordboard.sip.flow import Flow
from cordboard.sip.stack import SipStack
from cordboard.sip.stun import answer_stun
from cordboard.sip.wheel import NEVER

_log = structlog.get_logger(__name__)

SLACK: Final = 0.02
"""Seconds that SIP's timers may be late: all that are due within them are done at one wakeup. Each
call leaves four that run for 5 to 32 s, and the shortest of all (T1) has half a second."""

GOODBYE_SECONDS: Final = 2.0
"""How long stopping waits for peers to answer our BYE, CANCEL and last REGISTER."""


class Phones(Protocol):
    """Who is registered, as far as the network side has to know."""

    def knows_host(self, host: str) -> bool:
        """Whether a phone is registered from an address."""

    def has_flow(self, flow: Flow) -> bool:
        """Whether one is registered over a connection."""


class StackRunner:
    """Runs one stack.

    ``make_stack`` is given ``transport.advertised`` and returns the stack; ``on_event`` gets its
    events, in order, and may give it commands. An exception of ``on_event`` is logged, and ends
    nothing but that event. ``phones`` knows who is registered: only they get answers to STUN, so
    that the port can't be made to hit others, and their connections never give way to strangers'.
    """

    def __init__(
        self,
        make_stack: Callable[[Callable[[Flow], tuple[str, int]]], SipStack],
        on_event: Callable[[SipEvent], None],
        *,
        advertised: Hosts = NO_HOSTS,
        connections: ConnectionSettings = USUAL,
        tls: TlsContexts | None = None,
        phones: Phones | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = loop or asyncio.get_running_loop()
        self.clock = self.loop.time
        self.transport = SipTransport(
            self._receive,
            self.pump,
            self._lost,
            advertised=advertised,
            connections=connections,
            holds=_holds_nothing if phones is None else phones.has_flow,
            tls=tls,
            undelivered=self._undelivered,
            loop=self.loop,
        )
        self.stack = make_stack(self.transport.advertised)
        self._on_event = on_event
        self._phones = phones
        self._pumping = False
        self._closed = False
        self._stopping = False
        self._quiet = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = NEVER

    def pump(self) -> None:
        """Send what is to be sent, hand on what happened, and set the timer.

        A call from within ``on_event`` returns at once: the outer one goes on until all is done.
        """
        if self._pumping:
            return
        self._pumping = True
        stack = self.stack
        outbox, events = stack.outbox, stack.events
        try:
            while outbox or events:
                is_kept_first = events and isinstance(events[0], BindingsChanged)
                if outbox and not is_kept_first:  # before the phone is told
                    self.transport.send(stack.messages_to_send())
                    continue
                event = events.popleft()
                try:
                    self._on_event(event)
                except Exception:
                    kind = type(event).__name__
                    _log.exception("a SIP event could not be handled", event_type=kind)
        finally:
            self._pumping = False
        if self._stopping and not stack.sessions() and not stack.registrations():
            self._quiet.set()
        if stack.wheel.earliest + SLACK < self._alarm_at:
            self._arm(stack.wheel.earliest + SLACK)

    async def stop(self, patience: float = GOODBYE_SECONDS) -> None:
        """End every session, wait a little for the peers' consent, and close the sockets."""
        self._stopping = True
        self.stack.shut_down(self.clock())
        self.pump()
        try:
            async with asyncio.timeout(patience):
                await self._quiet.wait()
        except TimeoutError:
            pass
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        await self.transport.close()

    def _receive(self, data: bytes, flow: Flow) -> None:
        if data[0] or flow.transport != "udp":
            self.stack.receive(data, flow, self.clock())
        elif self._phones is not None and self._phones.knows_host(flow.remote[0]):
            answer = answer_stun(data, flow.remote)  # no SIP begins with a zero
            if answer is not None:
                self.transport.send([(flow, answer)])

    def _undelivered(self, data: bytes, flow: Flow, refused: bool) -> None:
        self.stack.undelivered(data, flow, self.clock(), refused=refused)

    def _lost(self, flow: Flow) -> None:
        self.stack.connection_lost(flow, self.clock())
        self.pump()

    def _arm(self, at: float) -> None:
        """Have the loop call at that time, which is earlier than it would.

        An alarm that is set too early is left: it costs one idle call, less than moving it with
        each of the many timers that are cancelled before they are due.
        """
        if self._closed:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._alarm_at = NEVER
        self.stack.handle_timer(self.clock())
        self.pump()


def _holds_nothing(_flow: Flow) -> bool:
    return False
