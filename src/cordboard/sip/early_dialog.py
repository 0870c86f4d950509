"""The early dialogs of an unanswered INVITE of ours, one for each fork (RFC 3261 12.1.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.sip.dialog import Dialog

# A proxy forks to the phones of one user or group; further branches are neither counted nor kept.
MAX_FORKS = 32


class EarlyDialog:
    """One that had to be acknowledged (RFC 3262 4); ``answer`` is what a reliable response of it
    said."""

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
    """All of one INVITE by their To tags. Only those that were acknowledged are dialogs here, the
    others are counted. ``asked`` is the one whose request is being answered."""

    __slots__ = ("_dialogs", "_tags", "asked")

    def __init__(self) -> None:
        self._tags: list[str] = []
        self._dialogs: dict[str, EarlyDialog] = {}
        self.asked: Dialog | None = None

    def __len__(self) -> int:
        return len(self._tags)

    def __contains__(self, tag: str) -> bool:
        return tag in self._dialogs

    def hear_of(self, tag: str | None) -> None:
        """A provisional response with this tag came."""
        if tag is not None and tag not in self._tags and len(self._tags) < MAX_FORKS:
            self._tags.append(tag)

    def hear_the_end_of(self, tag: str | None) -> None:
        """A 199: this fork will not answer any more (RFC 6228 5)."""
        if tag in self._tags:
            self._tags.remove(tag)

    def get(self, tag: str) -> EarlyDialog | None:
        """The acknowledged dialog of a tag."""
        return self._dialogs.get(tag)

    def open(self, tag: str, make: Callable[[], Dialog]) -> EarlyDialog | None:
        """The dialog of a tag, made where there is none; None where there are too many."""
        early = self._dialogs.get(tag)
        if early is None and len(self._dialogs) < MAX_FORKS:
            early = self._dialogs[tag] = EarlyDialog(make())
        return early

    def clear(self) -> None:
        """The INVITE has its answer, or another one is sent in its place."""
        self._tags.clear()
        self._dialogs.clear()
        self.asked = None
