"""What one leg is made to hear by us: sounds, and the digits we send."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cordboard.media.dtmf import event_payloads
from cordboard.media.events import PlayId
from cordboard.media.g711 import FRAME_MS
from cordboard.media.sources import FrameSource

MAX_QUEUED_DIGITS: Final = 64  # twice the longest number that anybody dials
DIGIT_GAP_MS: Final = 60  # receivers may join digits that are closer than 40 ms


@dataclass(slots=True)
class Playing:
    """A sound and how far it has been played."""

    play_id: PlayId
    source: FrameSource
    loop: bool = False
    index: int = 0

    def next_frame(self, codec: str) -> bytes | None:
        """Give the next 20 ms, None when it is over."""
        frame = self.source.frame(codec, self.index)
        if frame is None and self.loop and self.index > 0:
            self.index = 0
            frame = self.source.frame(codec, 0)
        self.index += 1
        return frame


class DigitQueue:
    """Digits to be sent one after the other, a packet each 20 ms."""

    __slots__ = ("_current", "_gap", "_pause", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[tuple[Iterator[tuple[bytes, int]], int]] = deque()
        self._current: Iterator[tuple[bytes, int]] | None = None
        self._gap = 0  # frames between the current one and the next
        self._pause = 0

    def __bool__(self) -> bool:
        return self._current is not None or bool(self._waiting)

    def add(self, digit: str, duration_ms: int, rate: int, gap_ms: int = DIGIT_GAP_MS) -> bool:
        """Queue a digit for a clock of so many Hz; False where too many wait already.

        ``gap_ms`` is the pause between it and the next. :raises ValueError: it is no DTMF digit.
        """
        payloads = event_payloads(digit, duration_ms, rate)
        if len(self._waiting) >= MAX_QUEUED_DIGITS:
            return False
        self._waiting.append((payloads, max(1, -(-gap_ms // FRAME_MS))))
        return True

    def next_payload(self) -> tuple[bytes, int] | None:
        """Give the event payload of these 20 ms and the units it has lasted; None in a pause."""
        if self._pause:
            self._pause -= 1
            return None
        if self._current is None and self._waiting:
            self._current, self._gap = self._waiting.popleft()
        item = next(self._current, None) if self._current is not None else None
        if item is None and self._current is not None:
            self._current = None
            self._pause = self._gap - 1 if self._waiting else 0
        return item
