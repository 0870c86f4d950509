"""What the four transaction machines of RFC 3261 17 share: their vocabulary, and how a table runs.

Theory of operation. A machine is a table (:mod:`~cordboard.sip.table`) whose entries name a list of
actions; an event that a state has no entry for is ignored. Everything that can happen is in the
tables of :mod:`~cordboard.sip.client_transaction` and :mod:`~cordboard.sip.server_transaction`;
this module knows no SIP. On an event the machine first takes the next state, then runs the actions
in order, so that whatever an action sets off finds the machine where it will be.

A transaction is its own timer for both things that it waits for, the next repeat (timers A, E and
G) and its end (B, F, H and the waits D, I, J, K, L, M): it is set to whichever comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cordboard.sip.table import Row, compile_table
from cordboard.sip.wheel import NEVER, Timer

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Response
    from cordboard.sip.transaction_layer import TransactionLayer


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


EVENT_OF: Final = {
    1: Event.PROVISIONAL,
    2: Event.SUCCESS,
    **dict.fromkeys((3, 4, 5, 6), Event.FAILURE),
}
"""Which event a response is, by the hundreds of its status (100 to 699)."""

# Looking a member up in its enum costs more than the rest of a step.
_TIMEOUT = Event.TIMEOUT
_REPEAT = Event.REPEAT


class Transaction(Timer):
    """The running part of a machine: its place in the table and in the wheel."""

    __slots__ = ("call_id", "ends_at", "flow", "interval", "key", "layer", "row", "state")

    def __init__(
        self,
        layer: TransactionLayer,
        key: tuple[str, str, str],
        flow: Flow,
        call_id: str,
        rows: Rows,
        state: State,
    ) -> None:
        self.due = self.entered = NEVER  # as a timer is made
        self.layer = layer
        self.key = key
        self.flow = flow
        self.call_id = call_id
        self.state = state
        self.row = rows[state]
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

    def repeat(self, seconds: float, now: float) -> None:
        """Repeat from T1 on, but over a connection, and end after so many seconds."""
        self.ends_at = due = now + seconds
        if self.flow.transport == "udp":
            self.interval = t1 = self.layer.timers.t1
            due = min(now + t1, due)
        self.layer.wheel.start(self, due)

    def repeat_after(self, interval: float, now: float) -> None:
        """Set the next repeat, or the end where that comes first."""
        self.interval = interval
        self.layer.wheel.start(self, min(now + interval, self.ends_at))

    def expire_after(self, seconds: float, now: float) -> None:
        """Repeat nothing, and end after so many seconds."""
        self.interval = 0.0
        self.ends_at = ends_at = now + seconds
        self.layer.wheel.start(self, ends_at)

    def absorb(self, seconds: float, now: float) -> None:
        """Stay for so many seconds because of repeats; over a connection none come."""
        if self.flow.transport == "udp":
            self.expire_after(seconds, now)
        else:
            self.due = NEVER
            self.happen(_TIMEOUT, None, now)

    def ring(self, now: float) -> None:
        """The time for a repeat has come, or the end."""
        self.happen(_TIMEOUT if now >= self.ends_at else _REPEAT, None, now)
