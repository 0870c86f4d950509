"""What one leg hears: the sending half of a media stream.

A leg hears one thing at a time, and what is played goes before whom it listens to::

    digit being sent  >  sound being played  >  mix  >  stream listened to  >  comfort  >  nothing

A mix (:mod:`~cordboard.media.mixing`) is what several say at once, the stream listened to perhaps
among them; that one's packets go on as they are where there is none.

Comfort is silence that is sent. It stands in for a stream that sends nothing, since its phone holds
the call: the way through a NAT stays open, and no phone takes its own call for lost.

What is neither µ-law nor A-law is passed on to a leg of the very same encoding, and to no other.
While a leg has such an encoding, sounds wait: we can make none.
"""

from __future__ import annotations

from typing import Final

from cordboard.media.audio import AudioParameters
from cordboard.media.dtmf import DIGIT_MS, rescaled
from cordboard.media.events import MediaEvent, PlayEnded, PlayId
from cordboard.media.g711 import (
    CODECS,
    FRAME_MS,
    FRAME_OCTETS,
    SAMPLE_RATE,
    silence,
    transcoding_table,
)
from cordboard.media.outgoing import Outgoing
from cordboard.media.playing import DIGIT_GAP_MS, DigitQueue, Packets, Playing
from cordboard.media.sources import FrameSource

_UNLIKE: Final = b""  # in place of a table: what came is of an encoding that is not passed on


class Hearing:
    """Makes the packets that one leg is sent.

    :param events: where it is told that a sound has ended.
    """

    __slots__ = (
        "_audible",
        "_busy",
        "_codec",
        "_comfort",
        "_digits",
        "_event_rate",
        "_event_type",
        "_events",
        "_mix",
        "_occupied",
        "_packets",
        "_payload_type",
        "_playing",
        "_sends",
        "_tables",
        "outgoing",
    )

    def __init__(self, outgoing: Outgoing, events: list[MediaEvent]) -> None:
        self.outgoing = outgoing
        self._events = events
        self._codec = ""  # none yet
        self._audible = False
        self._payload_type = 0
        self._event_type: int | None = None
        self._event_rate = SAMPLE_RATE
        self._tables: dict[str, bytes | None] = {}
        self._sends = False
        self._comfort = False
        self._playing: Playing | None = None
        self._mix: FrameSource | None = None
        self._packets = Packets()
        self._digits = DigitQueue()
        self._busy = False  # something is played, sent as digits, or mixed
        self._occupied = True  # what is listened to is not passed on

    def configure(self, audio: AudioParameters) -> None:
        """Take what new SDP agreed on."""
        if not audio.sends:
            self.outgoing.pause()
        self.outgoing.set_rate(audio.rate)
        self._codec = audio.codec
        self._audible = audio.audible
        self._payload_type = audio.payload_type
        self._event_type = audio.dtmf_send_pt
        self._event_rate = audio.event_rate
        if audio.audible:
            self._tables = {codec: transcoding_table(codec, audio.codec) for codec in CODECS}
        else:
            self._tables = {audio.codec: None}
        self._packets.octets = audio.ptime_ms * SAMPLE_RATE // 1000
        self._packets.forget()
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

    def mix(self, mix: FrameSource | None) -> None:
        """Let several be heard in place of the stream listened to; None: that one again."""
        self._mix = mix
        self._packets.forget()
        self._set_occupied()

    def comfort(self, on: bool) -> None:
        """Let silence be sent where nothing else is, or no longer."""
        self._comfort = on

    def send_digit(
        self, digit: str, duration_ms: int = DIGIT_MS, gap_ms: int = DIGIT_GAP_MS
    ) -> bool:
        """Send a digit after those that wait; False if the peer takes no telephone events.

        :raises ValueError: it is no DTMF digit.
        """
        if not self.takes_events:
            return False
        if not self._digits.add(digit, duration_ms, self._event_rate, gap_ms):
            return False
        self._set_occupied()
        return True

    @property
    def takes_events(self) -> bool:
        """Whether the peer takes telephone events."""
        return self._event_type is not None

    @property
    def playing(self) -> bool:
        """Whether ``tick`` is to be called."""
        return self._busy or (self._comfort and self._sends and self._audible)

    @property
    def comforting(self) -> bool:
        """Whether silence is what would be sent next."""
        return not self._busy and self._comfort and self._sends and self._audible

    def tick(self, now: float) -> bytes | None:
        """Go on by 20 ms with what is played; give the packet to send."""
        if self._digits and self._codec:
            return self._next_event(now)
        if not self._audible:
            return None
        frame: bytes | None
        if self._playing is not None:
            frame = self._playing.next_frame(self._codec)
            if frame is None:
                self._end(interrupted=False)
                return None
        elif self._mix is not None:
            frame = self._mix.frame(self._codec, 0)
        elif self._comfort:
            frame = silence(self._codec)
        else:
            return None
        if frame is None or not self._sends:
            return None  # the sound goes on while the leg is on hold, unheard
        if self._packets.octets == FRAME_OCTETS:
            return self.outgoing.frame(self._payload_type, frame, now)
        self._packets.add(frame)
        return self.further_packet(now)

    def further_packet(self, now: float) -> bytes | None:
        """Give one more packet of the same 20 ms, where the peer takes only shorter ones."""
        audio = self._packets.take()
        return None if audio is None else self.outgoing.frame(self._payload_type, audio, now)

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
        table = self._tables.get(codec, _UNLIKE)
        if table is not None:
            if not table:
                self.outgoing.skip(run, sequence)
                return None
            payload = payload.translate(table)
        payload_type = self._payload_type | marker
        return self.outgoing.relay(run, payload_type, sequence, timestamp, payload, now)

    def relay_event(
        self,
        run: object,
        rates: tuple[int, int],
        marker: int,
        sequence: int,
        timestamp: int,
        payload: bytes,
        now: float,
    ) -> bytes | None:
        """Pass on a telephone event likewise; a peer that takes none is not sent it.

        :param rates: the clocks of the stream that is listened to and of its events, in Hz.
        """
        if self._occupied:
            return None
        if self._event_type is None or rates[0] != self.outgoing.rate:
            self.outgoing.skip(run, sequence)
            return None
        if rates[1] != self._event_rate:
            payload = rescaled(payload, rates[1], self._event_rate)
        payload_type = self._event_type | marker
        return self.outgoing.relay(run, payload_type, sequence, timestamp, payload, now)

    def _next_event(self, now: float) -> bytes | None:
        item = self._digits.next_payload()
        if not self._digits:
            self._set_occupied()
        if item is None or self._event_type is None or not self._sends:
            return None
        payload, units = item
        begins = units == self._event_rate * FRAME_MS // 1000
        return self.outgoing.event(self._event_type, payload, begins, now)

    def _end(self, *, interrupted: bool) -> None:
        if self._playing is not None:
            self._events.append(PlayEnded(self._playing.play_id, interrupted))
            self._playing = None
            self._packets.forget()
            self._set_occupied()

    def _set_occupied(self) -> None:
        mixing = self._mix is not None and self._audible  # as far as we can make what it takes
        self._busy = mixing or self._playing is not None or bool(self._digits)
        self._occupied = self._busy or not self._sends
