"""Reliable provisional responses (RFC 3262): acknowledging those of a peer, sending our own.

Theory of operation. A reliable 1xx carries ``Require: 100rel`` and a number (RSeq) that grows by
one with each; it is repeated until the PRACK that names it (RAck) comes. Each early dialog counts
by itself. Whoever receives them takes the first number as given and then only the next one: a
number that was there is a repeat, one further on has a predecessor that is still to come again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cordboard.sip.errors import SipParseError

if TYPE_CHECKING:
    from cordboard.sip.message import Message, Request, Response
    from cordboard.sip.server_transaction import ServerTransaction
    from cordboard.sip.transaction_layer import TransactionLayer
    from cordboard.sip.wheel import Timer

OPTION_TAG: Final = "100rel"
FIRST_NUMBER: Final = 1
MAX_NUMBER: Final = 2**31 - 1  # RFC 3262 7.1 counts on to 2**32 - 1; ours never get there


def number_of(response: Response) -> int | None:
    """The RSeq of a reliable provisional response, None for one that is not reliable."""
    values = response.headers.get("rseq")
    if not values or not has_option(response, "require", OPTION_TAG):
        return None
    text = values[0]
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        return None
    return int(text)


def has_option(message: Message, header: str, tag: str) -> bool:
    """Whether a Require or Supported header names an option tag."""
    if header not in message.headers:
        return False
    try:
        return any(value.lower() == tag for value in message.each(header))
    except SipParseError:
        return False


class ReliableResponse:
    """A reliable provisional response of ours until its PRACK: repeated from T1 on, each time after
    twice as long, and given up after 64*T1 (RFC 3262 3)."""

    __slots__ = ("_ends_at", "_interval", "_layer", "_named", "_overdue", "_timer",
                 "_transaction", "has_description")  # fmt: skip

    def __init__(
        self,
        layer: TransactionLayer,
        transaction: ServerTransaction,
        request: Request,
        number: int,
        has_description: bool,
        overdue: Callable[[float], None],
        now: float,
    ) -> None:
        # RAck: RSeq, CSeq number, method (7.2)
        self._named = [str(number), str(request.cseq[0]), "INVITE"]
        self.has_description = has_description
        self._layer = layer
        self._transaction = transaction
        self._overdue = overdue
        self._interval = layer.timers.t1
        self._ends_at = now + layer.timers.timeout
        self._timer: Timer | None = layer.wheel.schedule(now + self._interval, self._on_timer)

    def stop(self) -> None:
        """Its PRACK came, or a final response was sent; the PRACK may still come after that."""
        self._layer.wheel.cancel(self._timer)
        self._timer = None

    def is_named_by(self, prack: Request) -> bool:
        """Whether a PRACK acknowledges this response."""
        return (prack.first("rack") or "").split() == self._named

    def _on_timer(self, now: float) -> None:
        if now >= self._ends_at:
            self._timer = None
            self._overdue(now)
            return
        transaction = self._transaction
        self._layer.send(
            transaction.flow, transaction.last, transaction.call_id, now, retransmission=True
        )
        self._interval *= 2
        due = min(now + self._interval, self._ends_at)
        self._timer = self._layer.wheel.schedule(due, self._on_timer)


class ReliableProgress:
    """The reliable responses to one INVITE: one at a time, and what has to wait for its PRACK."""

    __slots__ = ("_number", "_then", "_unacknowledged")

    def __init__(self) -> None:
        self._number = 0
        self._unacknowledged: ReliableResponse | None = None
        self._then: Callable[[float], None] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a PRACK is still to come."""
        return self._unacknowledged is not None

    @property
    def described(self) -> bool:
        """Whether it is to come for a response with a description, before which no 2xx is sent."""
        return self._unacknowledged is not None and self._unacknowledged.has_description

    def put_off(self, todo: Callable[[float], None]) -> None:
        """Do something after the PRACK; of several things the last."""
        self._then = todo

    @property
    def puts_off(self) -> bool:
        """Whether anything waits for the PRACK."""
        return self._then is not None

    def begin(
        self,
        layer: TransactionLayer,
        transaction: ServerTransaction,
        request: Request,
        has_description: bool,
        overdue: Callable[[float], None],
        now: float,
    ) -> str:
        """Repeat the next response to ``request``, which is sent at once; its header lines."""
        self._number += 1
        self._unacknowledged = ReliableResponse(
            layer, transaction, request, self._number, has_description, overdue, now
        )
        return f"Require: {OPTION_TAG}\r\nRSeq: {self._number}\r\n"

    def acknowledge(self, prack: Request) -> bool:
        """Take in a PRACK; whether it was waited for."""
        waiting = self._unacknowledged
        if waiting is None or not waiting.is_named_by(prack):
            return False
        waiting.stop()
        self._unacknowledged = None
        return True

    def go_on(self, now: float) -> None:
        """Do what had to wait."""
        then, self._then = self._then, None
        if then is not None:
            then(now)

    def stop_repeats(self) -> None:
        """A final response is sent; the PRACK may still be on its way (3)."""
        if self._unacknowledged is not None:
            self._unacknowledged.stop()

    def stop(self) -> None:
        """The INVITE is over."""
        self.stop_repeats()
        self._unacknowledged = self._then = None
