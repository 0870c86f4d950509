"""Keys that a client has pressed for a party: in its audio, or by INFO where it takes no events.

In the audio they queue up in the media session. Each INFO waits until the key before it would be
over: over UDP two that are under way at once may overtake each other (RFC 3261 17.1.2).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from cordboard.engines.embedded.info_digits import write_info

if TYPE_CHECKING:
    from cordboard.engines.embedded.local_media import MediaSession
    from cordboard.engines.embedded.surroundings import Surroundings

MAX_WAITING: Final = 64  # INFOs; as many as wait in the audio (media.playing.MAX_QUEUED_DIGITS)


class SentKeys:
    """The keys of one channel."""

    __slots__ = ("_channel", "_pressed", "_session", "_waiting", "_with")

    def __init__(self, channel: str, session: MediaSession, surroundings: Surroundings) -> None:
        self._channel = channel
        self._session = session
        self._with = surroundings
        self._waiting: deque[tuple[str, int, int]] = deque()
        self._pressed = False  # a key that went by INFO is not over yet

    def send(self, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Press keys one after the other, after those that wait."""
        for digit in digits:
            if self._waiting or self._pressed or not self._session.takes_events:
                if len(self._waiting) < MAX_WAITING:
                    self._waiting.append((digit, duration_ms, gap_ms))
            else:
                self._session.send_digit(digit, duration_ms, gap_ms)
        self._go_on()

    def end(self) -> None:
        """The channel is over."""
        self._waiting.clear()

    def _go_on(self) -> None:
        if self._pressed or not self._waiting:
            return
        digit, duration_ms, gap_ms = self._waiting.popleft()
        content_type, body = write_info(digit, duration_ms)
        self._with.stack.info(self._channel, content_type, body, self._with.clock())
        self._pressed = True
        self._with.later((duration_ms + gap_ms) / 1000, self._released)

    def _released(self) -> None:
        self._pressed = False
        self._go_on()
