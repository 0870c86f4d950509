"""What the four transaction machines of RFC 3261 17 share: their vocabulary, and how a table runs.

Theory of operation. A machine is a table (:mod:`~cordboard.sip.table`) whose entries name a list of
actions; an event that a state has no entry for is ignored. Everything that can happen is in the
tables of :mod:`~cordboard.sip.client_transaction` and :mod:`~cordboard.sip.server_transaction`;
this module knows no SIP. On an event the machine first takes the next state, then runs the actions
in order, so that whatever an action sets off finds the machine where it will be.

Each transaction has one timer for both things a transaction waits for, the next repeat (timers A, E
and G) and its end (B, F, H and the waits D, I, J, K, L, M): it is set to whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cordboard.sip.table import Row, compile_table

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Response
    from cordboard.sip.transaction_layer import TransactionLayer
    from cordboard.sip.wheel import Timer


class State(StrEnum):
    """RFC 3261 figures 5 to 8 and RFC 6026 figures 1 and 2; FORSAKEN is ours."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    FORSAKEN = "forsaken"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Event(StrEnum):
    """What may happen to a transaction. A response is one that a client received or a server is
    handed for sending."""

    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "300-699"
    REQUEST = "request repeated"
    ACK = "ACK"
    REPEAT = "repeat timer"
    TIMEOUT = "end timer"
    TRANSPORT_ERROR = "transport error"


class Do(StrEnum):
    """What a machine does on the way to its next state."""

    DELIVER = "deliver to the user"
    SEND = "send"
    REPEAT = "send again"
    ACKNOWLEDGE = "send ACK"
    START_G_H = "start G and H"
    SLOW_DOWN = "repeat every T2"
    STOP_TIMERS = "stop timers"
    START_D = "start D"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"
    LINGER = "wait for what comes late"
    TELL_TIMEOUT = "tell the user: timeout"
    TELL_TRANSPORT_ERROR = "tell the user: transport error"
    FORGET = "forget"


Table = Mapping[State, Mapping[Event, tuple[State, tuple[Do, ...]]]]
Action = Callable[[Any, "Response | None", float], None]


Rows = dict[State, Row[Event, State, tuple[Action, ...]]]


def compile_transactions(table: Table, actions: Mapping[Do, Action]) -> Rows:
    """Put the functions in the place of their names."""
    return compile_table(table, lambda todo: tuple(actions[do] for do in todo))


def event_of(status: int) -> Event:
    """Which event a response of this status is."""
    if status < 200:
        return _PROVISIONAL
    return _SUCCESS if status < 300 else _FAILURE


# Looking a member up in its enum costs more than the rest of a step.
_PROVISIONAL = Event.PROVISIONAL
_SUCCESS = Event.SUCCESS
_FAILURE = Event.FAILURE
_TIMEOUT = Event.TIMEOUT
_REPEAT = Event.REPEAT


class Transaction:
    """The running part of a machine: its place in the table and its one timer."""

    __slots__ = ("call_id", "ends_at", "flow", "interval", "key", "layer", "row", "state", "timer")

    def __init__(
        self,
        layer: TransactionLayer,
        key: tuple[str, str, str],
        flow: Flow,
        call_id: str,
        rows: Rows,
        state: State,
    ) -> None:
        self.layer = layer
        self.key = key
        self.flow = flow
        self.call_id = call_id
        self.state = state
        self.row = rows[state]
        self.timer: Timer | None = None
        self.interval = 0.0  # seconds to the next repeat; 0: nothing is repeated
        self.ends_at = 0.0

    def happen(self, event: Event, response: Response | None, now: float) -> None:
        """Take one step of the table."""
        step = self.row.get(event)
        if step is None:
            return
        self.state, self.row, actions = step
        for action in actions:
            action(self, response, now)

    def start_timers(self, interval: float, lasts: float, now: float) -> None:
        """Repeat after ``interval`` seconds (0: never) and end after ``lasts`` seconds."""
        layer = self.layer
        layer.wheel.cancel(self.timer)
        self.interval = interval
        self.ends_at = ends_at = now + lasts
        due = now + interval if 0.0 < interval < lasts else ends_at
        self.timer = layer.wheel.schedule(due, self._on_timer)

    def start_wait(self, lasts: float, now: float) -> None:
        """Stay for ``lasts`` seconds; not at all where that is 0 (reliable transports)."""
        if lasts > 0.0:
            self.start_timers(0.0, lasts, now)
        else:
            self.stop_timers()
            self.happen(_TIMEOUT, None, now)

    def stop_timers(self) -> None:
        """Wait for events only."""
        self.layer.wheel.cancel(self.timer)
        self.timer = None

    def repeat_later(self, interval: float, now: float) -> None:
        """Set the next repeat, or the end where that comes first."""
        self.interval = interval
        self.timer = self.layer.wheel.schedule(min(now + interval, self.ends_at), self._on_timer)

    def _on_timer(self, now: float) -> None:
        self.timer = None
        self.happen(_TIMEOUT if now >= self.ends_at else _REPEAT, None, now)
