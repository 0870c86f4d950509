"""The half of a stream that hears: whom it listens to, and who listens to it."""

from __future__ import annotations

from typing import Final

from cordboard.media.audio import AudioParameters
from cordboard.media.hearing import Hearing
from cordboard.media.outgoing import Outgoing
from cordboard.media.passage import Passage

COMFORT_AFTER: Final = 0.2  # s without a packet of the holder's music; jitter buffers hold as much


class HearingEnd(Hearing):
    """What one leg is sent, where that may be what another one says."""

    __slots__ = ("_receives", "audio", "heard", "last_received", "listener", "passage")

    def __init__(self, outgoing: Outgoing) -> None:
        super().__init__(outgoing)
        self.audio: AudioParameters | None = None
        self.listener: HearingEnd | None = None  # who hears us
        self.heard: HearingEnd | None = None  # whom we hear
        self.last_received: float | None = None  # of RTP
        self._receives = False
        self.passage: Passage | None = None  # of what comes from us, while others pass that on

    def listen_to(self, other: HearingEnd | None) -> None:
        """Let this leg hear another one (or nobody), and not what was played to it any more.

        A stream is heard by one other at most: who heard it before does so no longer.
        """
        self.take_back()
        if other is not None:
            other.take_back()
        if self._sound is not None:
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

    def tick(self, now: float) -> bytes | None:
        """Go on by 20 ms with what is played; give the packet to send."""
        if self.comforting and self.heard is not None:
            spoken = self.heard.last_received
            if spoken is not None and now - spoken < COMFORT_AFTER and self.heard._receives:
                return None  # there is music
        return super().tick(now)

    def set_comfort(self) -> None:
        """See whether silence stands in for a leg that may not send."""
        heard = self.heard
        audio = None if heard is None else heard.audio
        comfort = heard is not None and audio is not None and (audio.held or not heard._receives)
        if comfort is not self._comfort:
            self._comfort = comfort
            self._settle()

    def take_back(self) -> None:
        """Have whatever comes from now on, from the leg or for it, go through here."""
        for end in (self, self.heard):
            if end is not None and end.passage is not None:
                end._end_passage()

    def _end_passage(self) -> None:
        if self.passage is not None:
            passage, self.passage = self.passage, None
            self.last_received = passage.end() or self.last_received

    def _catch_up(self) -> None:
        """Bring up to date what is known of packets that others pass on."""
        for end in (self, self.heard):
            if end is not None and end.passage is not None:
                end.last_received = end.passage.collect() or end.last_received

    def _settle(self) -> None:
        if self.heard is not None and self.heard.passage is not None:
            self.heard._end_passage()  # it may be that we hear something else
        super()._settle()
