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

from collections.abc import Mapping
from typing import Final

from cordboard.media.audio import AudioParameters
from cordboard.media.dtmf import DIGIT_MS, rescaled
from cordboard.media.events import MediaEvent, PlayEnded, PlayId
from cordboard.media.g711 import FRAME_MS, FRAME_OCTETS, SAMPLE_RATE, silence, transcoding_tables
from cordboard.media.outgoing import Outgoing
from cordboard.media.playing import DIGIT_GAP_MS, DigitQueue, Playing
from cordboard.media.sources import FrameSource

_UNLIKE: Final = b""  # in place of a table: what came is of an encoding that is not passed on


class Hearing:
    """Makes the packets that one leg is sent.

    ``playing``: ``tick`` is to be called. ``attention``: events are to be taken, or a timer has
    come nearer.
    """

    __slots__ = (
        *("_audible", "_codec", "_comfort", "_digits", "_event_rate", "_event_type", "_events"),
        *("_mix", "_occupied", "_outgoing", "_packet_octets", "_payload_type", "_sends", "_sound"),
        *("_tables", "_unsent", "attention", "comforting", "playing"),
    )

    def __init__(self, outgoing: Outgoing) -> None:
        self.attention = False
        self.playing = False
        self.comforting = False  # silence is what would be sent next
        self._events: list[MediaEvent] = []
        self._outgoing = outgoing
        self._codec = ""  # none yet
        self._audible = False
        self._payload_type = 0
        self._event_type: int | None = None
        self._event_rate = SAMPLE_RATE
        self._tables: Mapping[str, bytes | None] = {}
        self._sends = False
        self._comfort = False  # where nothing else is sent
        self._sound: Playing | None = None
        self._mix: FrameSource | None = None
        self._packet_octets = FRAME_OCTETS
        self._unsent = b""  # of a sound: less than a packet
        self._digits: DigitQueue | None = None  # while there are any
        self._occupied = True  # what is listened to is not passed on

    def send_as(self, audio: AudioParameters) -> None:
        """Take what new SDP agreed on."""
        sends, outgoing = audio.sends, self._outgoing
        if not sends:
            outgoing.pause()
        self._codec = audio.codec
        self._payload_type = audio.payload_type
        self._event_type = audio.dtmf_send_pt
        self._event_rate = audio.event_rate
        self._audible = audio.audible
        self._tables = transcoding_tables(audio.codec) if self._audible else {audio.codec: None}
        self._packet_octets = audio.ptime_ms * SAMPLE_RATE // 1000
        self._unsent = b""
        self._sends = sends
        self._settle()

    def play(self, play_id: PlayId, source: FrameSource, *, loop: bool = False) -> None:
        """Play a sound in place of whatever the leg hears, and of what was played before."""
        self._sound = Playing(play_id, source, loop)
        self._unsent = b""
        self._settle()

    def stop_play(self) -> None:
        """Stop what is played; without effect where nothing is."""
        if self._sound is not None:
            self._sound = None
            self._unsent = b""
            self._settle()

    def hear_mix(self, mix: FrameSource | None) -> None:
        """Hear several at once in place of the one that is listened to; None: that one again."""
        self._mix = mix
        self._unsent = b""
        self._settle()

    def send_digit(
        self, digit: str, duration_ms: int = DIGIT_MS, gap_ms: int = DIGIT_GAP_MS
    ) -> bool:
        """Send a digit after those that wait; False if the peer takes no telephone events.

        :raises ValueError: it is no DTMF digit.
        """
        if not self.takes_events:
            return False
        digits = self._digits or DigitQueue()
        if not digits.add(digit, duration_ms, self._event_rate, gap_ms):
            return False
        self._digits = digits
        self._settle()
        return True

    @property
    def takes_events(self) -> bool:
        """Whether the peer takes telephone events."""
        return self._event_type is not None

    def tick(self, now: float) -> bytes | None:
        """Go on by 20 ms with what is played; give the packet to send."""
        if self._digits is not None and self._codec:
            return self._next_event(self._digits, now)
        if not self._audible:
            return None
        frame: bytes | None
        if self._sound is not None:
            frame = self._sound.next_frame(self._codec)
            if frame is None:
                self._tell(PlayEnded(self._sound.play_id))
                self.stop_play()
                return None
        elif self._mix is not None:
            frame = self._mix.frame(self._codec, 0)
        elif self._comfort:
            frame = silence(self._codec)
        else:
            return None
        if frame is None or not self._sends:
            return None  # the sound goes on while the leg is on hold, unheard
        if self._packet_octets == FRAME_OCTETS:
            return self._outgoing.frame(self._payload_type, frame, now)
        self._unsent += frame
        return self.further_packet(now)

    def further_packet(self, now: float) -> bytes | None:
        """Give one more packet of the same 20 ms, until there is none: some phones take only
        shorter ones."""
        audio, octets = self._unsent, self._packet_octets
        if len(audio) < octets:
            return None
        self._unsent = audio[octets:]
        return self._outgoing.frame(self._payload_type, audio[:octets], now)

    def take_events(self) -> list[MediaEvent]:
        """Give the events since the last call, in order."""
        events, self._events = self._events, []
        self.attention = False
        return events

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
                self._outgoing.skip(run, sequence)
                return None
            payload = payload.translate(table)
        payload_type = self._payload_type | marker
        return self._outgoing.relay(run, payload_type, sequence, timestamp, payload, now)

    def plainly(self, codec: str) -> tuple[int, bytes | None] | None:
        """As what audio of the stream that is listened to is passed on, where the leg hears that
        and nothing else: our payload type, and the table by which it is translated."""
        table = self._tables.get(codec, _UNLIKE)
        if self._occupied or self.playing or table == _UNLIKE:
            return None
        return self._payload_type, table

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
        if self._event_type is None or rates[0] != self._outgoing.rate:
            self._outgoing.skip(run, sequence)
            return None
        if rates[1] != self._event_rate:
            payload = rescaled(payload, rates[1], self._event_rate)
        payload_type = self._event_type | marker
        return self._outgoing.relay(run, payload_type, sequence, timestamp, payload, now)

    def _next_event(self, digits: DigitQueue, now: float) -> bytes | None:
        item = digits.next_payload()
        if not digits:
            self._digits = None
            self._settle()
        if item is None or self._event_type is None or not self._sends:
            return None
        payload, units = item
        begins = units == self._event_rate * FRAME_MS // 1000
        return self._outgoing.event(self._event_type, payload, begins, now)

    def _tell(self, event: MediaEvent) -> None:
        """Have an event taken. It is not told by a call of ours: a stream is to be gone with the
        last who holds it, and so nothing of it refers back to it."""
        self._events.append(event)
        self.attention = True

    def _settle(self) -> None:
        """See what is sent from now on, so that no packet has to ask."""
        mixing = self._mix is not None and self._audible  # as far as we can make what it takes
        busy = mixing or self._sound is not None or self._digits is not None
        self._occupied = busy or not self._sends
        self.comforting = not busy and self._comfort and self._sends and self._audible
        self.playing = busy or self.comforting
