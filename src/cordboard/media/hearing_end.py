"""The half of a stream that hears: whom it listens to, what is played to it, what it tells."""

from __future__ import annotations

from typing import Final

from cordboard.media.audio import AudioParameters
from cordboard.media.dtmf import DIGIT_MS
from cordboard.media.events import MediaEvent, PlayId
from cordboard.media.hearing import Hearing
from cordboard.media.outgoing import Outgoing
from cordboard.media.playing import DIGIT_GAP_MS
from cordboard.media.sources import FrameSource

COMFORT_AFTER: Final = 0.2  # s without a packet of the holder's music; jitter buffers hold as much


class HearingEnd:
    """What one leg is sent. ``attention``: events are to be taken, or a timer has come nearer."""

    __slots__ = (
        "_events",
        "_hearing",
        "_outgoing",
        "_receives",
        "attention",
        "audio",
        "heard",
        "last_received",
        "listener",
    )

    def __init__(self, outgoing: Outgoing) -> None:
        self.audio: AudioParameters | None = None
        self.attention = False
        self.listener: HearingEnd | None = None  # who hears us
        self.heard: HearingEnd | None = None  # whom we hear
        self.last_received: float | None = None  # of RTP
        self._receives = False
        self._events: list[MediaEvent] = []
        self._outgoing = outgoing
        self._hearing = Hearing(outgoing, self._events)

    def listen_to(self, other: HearingEnd | None) -> None:
        """Let this leg hear another one (or nobody), and not what was played to it any more.

        A stream is heard by one other at most: who heard it before does so no longer.
        """
        self.stop_play()
        if self.heard is not None:
            self.heard.listener = None
        if other is not None:
            if other.listener is not None:
                other.listener.heard = None
                other.listener.set_comfort()
            other.listener = self
        self.heard = other
        self.set_comfort()

    def play(self, play_id: PlayId, source: FrameSource, *, loop: bool = False) -> None:
        """Play a sound in place of whatever the leg hears, and of what was played before."""
        self._hearing.play(play_id, source, loop=loop)
        self._notice()

    def stop_play(self) -> None:
        """Stop what is played; without effect where nothing is."""
        self._hearing.stop()
        self._notice()

    def hear_mix(self, mix: FrameSource | None) -> None:
        """Hear several at once in place of the one that is listened to; None: that one again."""
        self._hearing.mix(mix)

    def send_digit(
        self, digit: str, duration_ms: int = DIGIT_MS, gap_ms: int = DIGIT_GAP_MS
    ) -> bool:
        """Send a digit after those that wait; False if the peer takes no telephone events.

        :raises ValueError: it is no DTMF digit.
        """
        return self._hearing.send_digit(digit, duration_ms, gap_ms)

    @property
    def takes_events(self) -> bool:
        """Whether the peer takes telephone events."""
        return self._hearing.takes_events

    @property
    def playing(self) -> bool:
        """Whether ``tick`` is to be called."""
        return self._hearing.playing

    def tick(self, now: float) -> bytes | None:
        """Go on by 20 ms with what is played; give the packet to send."""
        if self.heard is not None and self._hearing.comforting:
            spoken = self.heard.last_received
            if spoken is not None and now - spoken < COMFORT_AFTER and self.heard._receives:
                return None  # there is music
        packet = self._hearing.tick(now)
        self._notice()
        return packet

    def further_packet(self, now: float) -> bytes | None:
        """Give one more packet of the same 20 ms, until there is none: some phones take only
        shorter ones."""
        return self._hearing.further_packet(now)

    def set_comfort(self) -> None:
        """See whether silence stands in for a leg that may not send."""
        audio = None if self.heard is None else self.heard.audio
        self._hearing.comfort(audio is not None and (audio.held or not audio.receives))

    def take_events(self) -> list[MediaEvent]:
        """Give the events since the last call, in order."""
        events = self._events.copy()
        self._events.clear()
        self.attention = False
        return events

    def _notice(self) -> None:
        """See whether a sound has ended. It is not told by a call of ours: a stream is to be gone
        with the last who holds it, and so nothing of it refers back to it."""
        if self._events:
            self.attention = True

    def _tell(self, event: MediaEvent | None) -> None:
        if event is not None:
            self._events.append(event)
            self.attention = True

    def _tell_all(self, events: tuple[MediaEvent, ...]) -> None:
        for event in events:
            self._tell(event)
