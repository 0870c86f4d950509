"""Noticing that audio is there, and that it is not: early media and lost media."""

from __future__ import annotations

from cordboard.media.events import (
    EARLY_MEDIA_AFTER,
    EARLY_MEDIA_GAP,
    EARLY_MEDIA_GONE_AFTER,
    EarlyMedia,
    MediaLost,
)


class EarlyMediaWatch:
    """Says when a leg's audio before the answer begins and ceases."""

    __slots__ = ("_last", "_since", "present")

    def __init__(self) -> None:
        self.present = False
        self._since = 0.0
        self._last: float | None = None

    def note(self, now: float) -> EarlyMedia | None:
        """A packet of audio came."""
        if self._last is None or now - self._last > EARLY_MEDIA_GAP:
            self._since = now
        self._last = now
        if self.present or now - self._since < EARLY_MEDIA_AFTER:
            return None
        self.present = True
        return EarlyMedia(started=True)

    def expire(self, now: float) -> EarlyMedia | None:
        """Say that it has ceased, once it has."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return None
        self.present = False
        return EarlyMedia(started=False)

    def deadline(self) -> float | None:
        """When the absence of a packet would mean something."""
        if not self.present or self._last is None:
            return None
        return self._last + EARLY_MEDIA_GONE_AFTER


class MediaLossWatch:
    """Says once that a leg has been without a sign of life for its media timeout.

    :param timeout: seconds, 0 for never.
    """

    __slots__ = ("_life", "_lost", "_timeout", "watching")

    def __init__(self, timeout: float) -> None:
        self.watching = False  # from the answer on, while the leg may send
        self._timeout = timeout
        self._life = 0.0
        self._lost = False

    def begin(self, now: float) -> None:
        """The leg may send from now on."""
        if not self.watching:
            self.watching = self._timeout > 0
            self._life = now
            self._lost = False

    def end(self) -> None:
        """The leg need not send: it is on hold."""
        self.watching = False

    def note(self, now: float) -> None:
        """There was a sign of life."""
        self._life = now
        self._lost = False

    def expire(self, now: float, heard: float | None) -> MediaLost | None:
        """Say that the media is lost, once it is; ``heard`` is when RTP came last."""
        if heard is not None and heard > self._life:
            self.note(heard)
        if not self.watching or self._lost or now < self._life + self._timeout:
            return None
        self._lost = True
        return MediaLost()

    def deadline(self) -> float | None:
        """When the silence becomes a loss, as far as known."""
        if not self.watching or self._lost:
            return None
        return self._life + self._timeout
