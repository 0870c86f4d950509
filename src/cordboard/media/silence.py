"""Noticing that a leg is talked to and says nothing: audio that goes one way only."""

from __future__ import annotations

from cordboard.media.figures import ONE_WAY_SILENCE_AFTER


class SilenceWatch:
    """Keeps the longest time of sending since something came (``longest``, seconds)."""

    __slots__ = ("_since", "longest")

    def __init__(self) -> None:
        self.longest = 0.0
        self._since = 0.0

    def begin(self, now: float) -> None:
        """The leg may send from now on."""
        self._since = now

    def note(self, started: float, sent: float, heard: float | None) -> None:
        """Look at when sending began, and when something was sent and came last; reports are often
        enough for it."""
        silence = sent - max(started, self._since, heard or started)
        if silence >= ONE_WAY_SILENCE_AFTER:
            self.longest = max(self.longest, silence)
