"""What one leg hears: the sending half of a media stream.

A leg hears one thing at a time, and what is played goes before whom it listens to::

    digit being sent  >  sound being played  >  stream listened to  >  nothing
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.media.audio import AudioParameters
from cordboard.media.dtmf import DIGIT_MS
from cordboard.media.events import MediaEvent, PlayEnded, PlayId
from cordboard.media.g711 import CODECS, transcoding_table
from cordboard.media.outgoing import Outgoing
from cordboard.media.playing import DigitQueue, Playing
from cordboard.media.sources import FrameSource


class Hearing:
    """Makes the packets that one leg is sent.

    :param tell: who is told when a sound has ended.
    """

    __slots__ = (
        "_codec",
        "_digits",
        "_event_type",
        "_occupied",
        "_payload_type",
        "_playing",
        "_sends",
        "_tables",
        "_tell",
        "outgoing",
    )

    def __init__(self, outgoing: Outgoing, tell: Callable[[MediaEvent], None]) -> None:
        self.outgoing = outgoing
        self._tell = tell
        self._codec: str | None = None
        self._payload_type = 0
        self._event_type: int | None = None
        self._tables: dict[str, bytes | None] = {}
        self._sends = False
        self._playing: Playing | None = None
        self._digits = DigitQueue()
        self._occupied = True  # what is listened to is not passed on

    def configure(self, audio: AudioParameters) -> None:
        """Take what new SDP agreed on."""
        if not audio.sends:
            self.outgoing.pause()
        self._codec = audio.codec
        self._payload_type = audio.payload_type
        self._event_type = audio.dtmf_send_pt
        self._tables = {codec: transcoding_table(codec, audio.codec) for codec in CODECS}
        self._sends = audio.sends
        self._set_occupied()

    def play(self, play_id: PlayId, source: FrameSource, *, loop: bool) -> None:
        """Play a sound in place of whatever the leg hears, and of what was played before."""
        self.stop()
        self._playing = Playing(play_id, source, loop)
        self._set_occupied()

    def stop(self) -> None:
        """Stop what is played; without effect where nothing is."""
        if self._playing is not None:
            self._end(interrupted=True)

    def send_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> bool:
        """Send a digit after those that wait; False if the peer takes no telephone events.

        :raises ValueError: it is no DTMF digit.
        """
        if self._event_type is None or not self._digits.add(digit, duration_ms):
            return False
        self._set_occupied()
        return True

    @property
    def playing(self) -> bool:
        """Whether ``tick`` is to be called."""
        return self._playing is not None or bool(self._digits)

    def tick(self, now: float) -> bytes | None:
        """Go on by 20 ms with what is played; give the packet to send."""
        if self._codec is None:
            return None
        if self._digits:
            return self._next_event(now)
        if self._playing is None:
            return None
        frame = self._playing.next_frame(self._codec)
        if frame is None:
            self._end(interrupted=False)
            return None
        if not self._sends:
            return None  # the sound goes on while the leg is on hold, unheard
        return self.outgoing.frame(self._payload_type, frame, now)

    def relay(
        self,
        run: object,
        codec: str,
        marker: int,
        sequence: int,
        timestamp: int,
        payload: bytes,
        now: float,
    ) -> bytes | None:
        """Pass on audio of the stream that is listened to; None if the leg hears something else.

        :param run: changes identity when the stream's numbers begin anew.
        :param marker: the marker bit in its place (0x80), or 0.
        """
        if self._occupied:
            return None
        table = self._tables[codec]
        if table is not None:
            payload = payload.translate(table)
        payload_type = self._payload_type | marker
        return self.outgoing.relay(run, payload_type, sequence, timestamp, payload, now)

    def relay_event(
        self,
        run: object,
        marker: int,
        sequence: int,
        timestamp: int,
        payload: bytes,
        now: float,
    ) -> bytes | None:
        """Pass on a telephone event likewise; a peer that takes none is not sent it."""
        if self._occupied:
            return None
        if self._event_type is None:
            self.outgoing.skip(run)
            return None
        payload_type = self._event_type | marker
        return self.outgoing.relay(run, payload_type, sequence, timestamp, payload, now)

    def _next_event(self, now: float) -> bytes | None:
        item = self._digits.next_payload()
        if not self._digits:
            self._set_occupied()
        if item is None or self._event_type is None or not self._sends:
            return None
        payload, units = item
        return self.outgoing.event(self._event_type, payload, units, now)

    def _end(self, *, interrupted: bool) -> None:
        if self._playing is not None:
            self._tell(PlayEnded(self._playing.play_id, interrupted))
            self._playing = None
            self._set_occupied()

    def _set_occupied(self) -> None:
        self._occupied = not self._sends or self._playing is not None or bool(self._digits)
