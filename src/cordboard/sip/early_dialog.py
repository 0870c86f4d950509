"""The early dialogs of an unanswered INVITE of ours, one for each fork (RFC 3261 12.1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.sip.dialog import Dialog
    from cordboard.sip.message import Response

# A proxy forks to the phones of one user or group; further branches are neither counted nor kept.
MAX_FORKS = 32


class EarlyDialog:
    """One in which something was said; ``answer`` is what a reliable response of it said (RFC 3262
    4)."""

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


class EarlyDialogs:
    """All of one INVITE by their To tags. A dialog is made only where something is to be sent in it
    or comes in it; of the others there is the first response. ``asked`` is the one whose request is
    being answered."""

    __slots__ = ("_dialogs", "_heard", "asked")

    def __init__(self) -> None:
        self._heard: dict[str, Response] = {}
        self._dialogs: dict[str, EarlyDialog] = {}
        self.asked: Dialog | None = None

    def __contains__(self, tag: str) -> bool:
        return tag in self._dialogs or tag in self._heard

    def hear_of(self, tag: str | None, response: Response) -> int:
        """A provisional response with this tag came; how many tags there are now."""
        heard = self._heard
        if tag is not None and tag not in heard and len(heard) < MAX_FORKS:
            heard[tag] = response
        return len(heard)

    def hear_the_end_of(self, tag: str | None) -> None:
        """A 199: this fork will not answer any more (RFC 6228 5)."""
        if tag is not None:
            self._heard.pop(tag, None)

    def get(self, tag: str | None) -> EarlyDialog | None:
        """The dialog of a tag, where one was made."""
        return self._dialogs.get(tag or "")

    def of_request(self, tag: str, make: Callable[[Response], Dialog]) -> EarlyDialog | None:
        """The dialog that a request of the peer belongs to, made of its first response if need be;
        None where there are too many."""
        heard = self._heard.get(tag)
        return self.get(tag) if heard is None else self.open(tag, lambda: make(heard))

    def open(self, tag: str, make: Callable[[], Dialog]) -> EarlyDialog | None:
        """The dialog of a tag, made where there is none; None where there are too many."""
        early = self._dialogs.get(tag)
        if early is None and len(self._dialogs) < MAX_FORKS:
            early = self._dialogs[tag] = EarlyDialog(make())
        return early

    def clear(self) -> None:
        """The INVITE has its answer, or another one is sent in its place."""
        self._heard.clear()
        self._dialogs.clear()
        self.asked = None
