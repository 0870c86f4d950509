"""An early dialog of ours that had to be acknowledged (RFC 3262 4, RFC 3261 12.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.sip.dialog import Dialog


class EarlyDialog:
    """One fork of an unanswered INVITE; ``answer`` is what a reliable response of it said."""

    __slots__ = ("_last", "answer", "dialog")

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.answer: bytes | None = None
        self._last: int | None = None

    def is_next(self, number: int) -> bool:
        """Take note of a reliable response by its RSeq; False for a repeat, or one out of order."""
        if self._last is not None and number != self._last + 1:
            return False
        self._last = number
        return True
