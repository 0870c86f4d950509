"""The keys that are pressed on a leg, each told once, however it is sent.

A key comes as telephone events (RFC 4733), in a SIP INFO, or as both at once from phones that play
safe. The two ways know nothing of each other: an INFO may be sent when the key goes down or when it
comes up, the events begin when it goes down. Hence, on a leg that may send events:

* An INFO is the same press as an event of the same digit that goes on, or that ended at most two
  seconds ago and had no INFO yet. It is dropped.
* Any other INFO waits a moment for its event. If none has begun by then, it is told, and the leg
  is known to send no events: later ones are told at once.
* An event whose INFO was told already is not told again.
* A leg that was caught sending both has its INFOs dropped from then on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from cordboard.media.dtmf import DtmfReceiver
from cordboard.media.events import Digit

SAME_PRESS: Final = 1.0  # s from an INFO that was told to its event
LATE_INFO: Final = 2.0  # s behind its event: one that is lost twice comes 1.5 s later (RFC 3261)
INFO_PATIENCE: Final = 0.3  # s: events are sent each 20 to 50 ms, so five lost ones are waited for
MAX_WAITING: Final = 32  # INFOs at a time; fingers make ten in a second


class Keys:
    """The keys of one leg."""

    __slots__ = ("_both", "_ended", "_events_agreed", "_told", "events", "info_only", "waiting")

    def __init__(self) -> None:
        self.events = DtmfReceiver()
        self.info_only = False  # as far as known
        self._events_agreed = False
        self._both = False
        self.waiting: deque[tuple[float, Digit]] = deque()
        # Events that have ended, until their INFOs come.
        self._ended: deque[tuple[float, str]] = deque(maxlen=MAX_WAITING)
        self._told: tuple[float, str] | None = None  # the last INFO, until its event comes

    def configure(self, *, events_agreed: bool, rate: int) -> None:
        """Take what new SDP agreed on; ``rate`` is the clock of durations in Hz."""
        self._events_agreed = events_agreed
        self.events.rate = rate

    def receive(self, payload: bytes, timestamp: int, now: float) -> tuple[Digit, ...]:
        """Take a packet of an event; give the keys that it completes."""
        self.info_only = False
        return self._completed(self.events.receive(payload, timestamp, now), now)

    def flush(self, now: float) -> tuple[Digit, ...]:
        """Give the key whose end will not come."""
        return self._completed(self.events.flush(), now)

    def info(self, digit: str, duration_ms: int, now: float) -> tuple[Digit, ...]:
        """Take a key from an INFO; give it, if it is to be told at once."""
        key = Digit(digit, duration_ms, by_info=True)
        if not self._events_agreed:
            return (key,)
        if self._both or self._is_event(digit, now):
            self._both = True
            return ()
        if self.info_only:
            self._told = (now, digit)
            return (key,)
        if len(self.waiting) < MAX_WAITING:
            self.waiting.append((now, key))
        return ()

    def expire(self, now: float) -> tuple[Digit, ...]:
        """Give the keys that nothing more is to be waited for."""
        completed = self._completed(self.events.expire(now), now)
        while self.waiting and (self.info_only or now - self.waiting[0][0] >= INFO_PATIENCE):
            _, key = self.waiting.popleft()
            if self.events.pending and self.events.digit == key.digit:
                self._both = True
                continue
            self.info_only = True
            self._told = (now, key.digit)
            completed += (key,)
        return completed

    @property
    def waiting_until(self) -> float | None:
        """When an INFO is to be told."""
        return self.waiting[0][0] + INFO_PATIENCE if self.waiting else None

    def _is_event(self, digit: str, now: float) -> bool:
        """Whether an INFO is the press that an event tells."""
        if self.events.pending and self.events.digit == digit:
            return True
        while self._ended and now - self._ended[0][0] > LATE_INFO:
            self._ended.popleft()
        for event in self._ended:
            if event[1] == digit:
                self._ended.remove(event)
                return True
        return False

    def _completed(self, keys: tuple[Digit, ...], now: float) -> tuple[Digit, ...]:
        """Leave out those that an INFO has told."""
        if not keys:
            return keys
        return tuple(key for key in keys if not self._was_told(key, now))

    def _was_told(self, key: Digit, now: float) -> bool:
        for waiting in self.waiting:
            if waiting[1] == replace(key, duration_ms=waiting[1].duration_ms, by_info=True):
                self.waiting.remove(waiting)
                self._both = True
                return False
        told, self._told = self._told, None
        if told is not None and told[1] == key.digit and now - told[0] <= SAME_PRESS:
            self._both = True
            return True
        self._ended.append((now, key.digit))
        return False
