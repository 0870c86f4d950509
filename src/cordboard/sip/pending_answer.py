"""A 2xx to INVITE until its ACK: repeated by the user agent itself, over any transport, for some
hop on the way may lose it (RFC 3261 13.3.1.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.transaction_layer import TransactionLayer


class PendingAnswer:
    """Repeats ``data`` from T1 up to every T2, and calls ``overdue(now)`` after 64*T1.

    ``number`` is the CSeq that the ACK will carry.
    """

    __slots__ = ("_data", "_ends_at", "_flow", "_interval", "_layer", "_overdue", "_timer",
                 "call_id", "number")  # fmt: skip

    def __init__(
        self,
        layer: TransactionLayer,
        call_id: str,
        number: int,
        flow: Flow,
        data: bytes,
        overdue: Callable[[float], None],
        now: float,
    ) -> None:
        self.call_id = call_id
        self.number = number
        self._layer = layer
        self._flow = flow
        self._data = data
        self._overdue = overdue
        self._interval = layer.timers.t1
        self._ends_at = now + layer.timers.timeout
        self._timer = layer.wheel.schedule(now + self._interval, self._on_timer)

    def stop(self) -> None:
        """The ACK came, or nobody waits for it any more."""
        self._layer.wheel.cancel(self._timer)

    def _on_timer(self, now: float) -> None:
        if now >= self._ends_at:
            self._overdue(now)
            return
        self._layer.send(self._flow, self._data, self.call_id, now, retransmission=True)
        self._interval = min(self._interval * 2, self._layer.timers.t2)
        due = min(now + self._interval, self._ends_at)
        self._timer = self._layer.wheel.schedule(due, self._on_timer)
