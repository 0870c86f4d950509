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
