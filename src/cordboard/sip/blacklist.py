"""Servers that have failed and are left alone for a while (RFC 3263 4.3, RFC 3261 21.5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cordboard.sip.locating import Target

FIRST_PAUSE = 30.0
"""Seconds: what failed once is tried again soon, for the failure may have been a restart."""
LONGEST_PAUSE = 300.0
"""Of the pauses, each of which is twice the one before; also of what a server asks for itself by
Retry-After, lest one answer turn a trunk's calls away for a day."""
MAX_ENTRIES = 1024
"""All servers of a hundred trunks; further ones take the place of those that are back first."""

_Place = tuple[str, str, int]


@dataclass(slots=True)
class _Entry:
    pause: float
    until: float
    asked_for: bool = False


class Blacklist:
    """The servers that have failed, each until its pause is over; times in seconds of ``now``."""

    def __init__(self) -> None:
        self._entries: dict[_Place, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def failed(self, target: Target, now: float, retry_after: float | None = None) -> None:
        """A server gave no answer, or could not be reached, or asked by Retry-After to be left
        alone for so many seconds.

        What fails while it is left alone anyway, of calls that were under way, adds nothing.
        """
        entry = self._entries.get(target[:3])
        if entry is None:
            self._make_room()
            entry = self._entries[target[:3]] = _Entry(FIRST_PAUSE, 0.0)
        elif entry.until <= now and retry_after is None:
            entry.pause = min(entry.pause * 2, LONGEST_PAUSE)
        if retry_after is not None:
            entry.until = max(entry.until, now + min(retry_after, LONGEST_PAUSE))
            entry.asked_for = True
        elif entry.until <= now:
            entry.until = now + entry.pause
            entry.asked_for = False

    def answered(self, target: Target) -> bool:
        """A server has answered: what was is forgotten. Whether there was anything."""
        return bool(self._entries) and self._entries.pop(target[:3], None) is not None

    def is_listed(self, target: Target, now: float) -> bool:
        """Whether a server is left alone now."""
        entry = self._entries.get(target[:3])
        return entry is not None and entry.until > now

    def sort(self, targets: Sequence[Target], now: float) -> tuple[Target, ...]:
        """The targets in the order in which to try them.

        Those that are left alone come last, the one first that is back first, and those that asked
        for it not at all. Where that leaves nothing, all are tried: it is them or no call.
        """
        if not self._entries:
            return tuple(targets)
        listed = [target for target in targets if self.is_listed(target, now)]
        listed.sort(key=lambda target: self._entries[target[:3]].until)
        usable = [target for target in targets if target not in listed]
        usable += [target for target in listed if not self._entries[target[:3]].asked_for]
        return tuple(usable or listed)

    def _make_room(self) -> None:
        if len(self._entries) >= MAX_ENTRIES:
            del self._entries[min(self._entries, key=lambda one: self._entries[one].until)]
