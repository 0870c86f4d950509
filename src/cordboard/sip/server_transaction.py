"""Server transactions: a request of a peer until nobody repeats it (RFC 3261 17.2, RFC 6026).

Theory of operation: see :mod:`~cordboard.sip.transaction`. The tables are RFC 3261 figure 7 with
the Accepted state of RFC 6026 figure 2 (INVITE), and figure 8 (all others). The repeats of a 2xx to
INVITE are its user's business (13.3.1.4), and so is the ACK of one, which has a branch of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cordboard.sip.transaction import (
    EVENT_OF,
    Do,
    Event,
    State,
    Table,
    Transaction,
    compile_transactions,
)
from cordboard.sip.wheel import NEVER

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request, Response
    from cordboard.sip.transaction_layer import TransactionLayer

INVITE_SERVER: Table = {
    State.PROCEEDING: {
        Event.REQUEST: (State.PROCEEDING, (Do.REPEAT,)),
        Event.PROVISIONAL: (State.PROCEEDING, (Do.SEND,)),
        Event.SUCCESS: (State.ACCEPTED, (Do.SEND, Do.START_L)),
        Event.FAILURE: (State.COMPLETED, (Do.SEND, Do.START_G_H)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.TELL_TRANSPORT_ERROR, Do.FORGET)),
    },
    State.ACCEPTED: {
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
    },
    State.COMPLETED: {
        Event.REQUEST: (State.COMPLETED, (Do.REPEAT,)),
        Event.REPEAT: (State.COMPLETED, (Do.REPEAT, Do.SLOW_DOWN)),
        Event.ACK: (State.CONFIRMED, (Do.START_I,)),
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
    },
    State.CONFIRMED: {
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
    },
    State.TERMINATED: {},
}

NON_INVITE_SERVER: Table = {
    State.TRYING: {
        Event.PROVISIONAL: (State.PROCEEDING, (Do.SEND,)),
        Event.SUCCESS: (State.COMPLETED, (Do.SEND, Do.START_J)),
        Event.FAILURE: (State.COMPLETED, (Do.SEND, Do.START_J)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.FORGET,)),
    },
    State.PROCEEDING: {
        Event.REQUEST: (State.PROCEEDING, (Do.REPEAT,)),
        Event.PROVISIONAL: (State.PROCEEDING, (Do.SEND,)),
        Event.SUCCESS: (State.COMPLETED, (Do.SEND, Do.START_J)),
        Event.FAILURE: (State.COMPLETED, (Do.SEND, Do.START_J)),
        Event.TRANSPORT_ERROR: (State.TERMINATED, (Do.FORGET,)),
    },
    State.COMPLETED: {
        Event.REQUEST: (State.COMPLETED, (Do.REPEAT,)),
        Event.TIMEOUT: (State.TERMINATED, (Do.FORGET,)),
    },
    State.TERMINATED: {},
}


class ServerUser(Protocol):
    """Whoever answers an INVITE."""

    def on_cancel(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        """A CANCEL came before a final response was sent."""

    def on_flow_lost(self, transaction: ServerTransaction, now: float) -> None:
        """The answer can't be sent: its connection is gone."""


class ServerTransaction(Transaction):
    """One request of a peer; ``flow`` is where its responses go, ``request`` (with the top Via as
    received) is kept until its final response, ``to_tag`` is what our responses carry."""

    __slots__ = ("last", "origin", "request", "to_tag", "user")

    def __init__(
        self,
        layer: TransactionLayer,
        key: tuple[str, str, str],
        flow: Flow,
        request: Request,
        call_id: str,
        to_tag: str,
    ) -> None:
        if request.method == "INVITE":
            super().__init__(layer, key, flow, call_id, _INVITE_ROWS, State.PROCEEDING)
        else:
            super().__init__(layer, key, flow, call_id, _NON_INVITE_ROWS, State.TRYING)
        self.request: Request | None = request
        self.to_tag = to_tag
        self.last = b""
        self.user: ServerUser | None = None
        self.origin: tuple[str, str, str] | None = None

    def respond(self, status: int, data: bytes, now: float) -> None:
        """Send a response, unless a final one was sent before."""
        if self.request is None:
            return
        self.last = data
        if status >= 200:
            self.request = None
        self.happen(EVENT_OF[status // 100], None, now)

    def transport_failed(self, now: float) -> None:
        """Its connection is gone."""
        self.happen(Event.TRANSPORT_ERROR, None, now)

    def receive(self, event: Event, now: float) -> None:
        """The request came again (``Event.REQUEST``), or the ACK of a refusal (``Event.ACK``)."""
        self.happen(event, None, now)


def _send(self: ServerTransaction, _: Response | None, now: float) -> None:
    self.layer.send(self.flow, self.last, self.call_id, now)


def _repeat(self: ServerTransaction, _: Response | None, now: float) -> None:
    if self.last:
        self.layer.send(self.flow, self.last, self.call_id, now, retransmission=True)


def _slow_down(self: ServerTransaction, _: Response | None, now: float) -> None:
    self.repeat_after(min(self.interval * 2, self.layer.timers.t2), now)


def _start_g_h(self: ServerTransaction, _: Response | None, now: float) -> None:
    self.user = None
    self.repeat(self.layer.timers.timeout, now)


def _start_i(self: ServerTransaction, _: Response | None, now: float) -> None:
    self.last = b""
    self.absorb(self.layer.timers.t4, now)


def _start_j(self: ServerTransaction, _: Response | None, now: float) -> None:
    self.user = None
    self.absorb(self.layer.timers.timeout, now)


def _start_l(self: ServerTransaction, _: Response | None, now: float) -> None:
    self.user = None
    self.last = b""
    self.expire_after(self.layer.timers.timeout, now)


def _tell_transport_error(self: ServerTransaction, _: Response | None, now: float) -> None:
    if self.user is not None:
        self.user.on_flow_lost(self, now)


def _forget(self: ServerTransaction, _response: Response | None, _now: float) -> None:
    self.due = NEVER
    self.request = None
    self.user = None
    self.layer.forget_server(self)


_ACTIONS = {
    Do.SEND: _send,
    Do.REPEAT: _repeat,
    Do.SLOW_DOWN: _slow_down,
    Do.START_G_H: _start_g_h,
    Do.START_I: _start_i,
    Do.START_J: _start_j,
    Do.START_L: _start_l,
    Do.TELL_TRANSPORT_ERROR: _tell_transport_error,
    Do.FORGET: _forget,
}
_INVITE_ROWS = compile_transactions(INVITE_SERVER, _ACTIONS)
_NON_INVITE_ROWS = compile_transactions(NON_INVITE_SERVER, _ACTIONS)
