"""The audio end of one channel: what comes from it, what it hears, and what that tells.

A stream holds no socket and no clock. Whoever does hands it datagrams (``receive_rtp``,
``receive_rtcp``), calls ``tick`` each 20 ms while ``playing`` and ``handle_timer`` at
``get_timer``, sends the packets that come back to ``destination``, and takes the events.

``receive_rtp`` is the hot path of a relay: it makes the packet to send and nothing else of note.
"""

from __future__ import annotations

from typing import Final

from cordboard.media.admission import MAX_PACKET_OCTETS, Admission
from cordboard.media.audio import TELEPHONE_EVENT, AudioParameters
from cordboard.media.dtmf import EVENT_SILENT_AFTER
from cordboard.media.events import MEDIA_LOST_AFTER, MediaEvent
from cordboard.media.figures import ONE_WAY_SILENCE_AFTER, MediaFigures
from cordboard.media.hearing_end import HearingEnd
from cordboard.media.keys import Keys
from cordboard.media.latch import Address
from cordboard.media.outgoing import Outgoing
from cordboard.media.presence import EarlyMediaWatch, MediaLossWatch
from cordboard.media.reception import IN_ORDER, RESTARTED, STRAY, Reception
from cordboard.media.recorder import AudioSink, both_of
from cordboard.media.reports import Reports
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.rtp import HEADER, HEADER_OCTETS, MARKER, PLAIN

_UNPACK: Final = HEADER.unpack_from


class MediaStream(HearingEnd):
    """One channel's audio.

    :param ssrc: random 32 bit, as are ``sequence`` (16 bit) and ``timestamp`` (32 bit).
    :param cname: our random name in reports.
    :param media_timeout: seconds without RTP or RTCP after the answer until ``MediaLost``, 0 for
        never.
    """

    __slots__ = (
        *("__weakref__", "_admission", "_answered", "_early", "_keys", "_kinds", "_loss"),
        *("_reception", "_may_send_since", "_one_way_silence", "_recorder"),
        *("_reports", "_sink", "_source", "_voice"),
        "destination",
    )

    def __init__(
        self,
        ssrc: int,
        sequence: int = 0,
        timestamp: int = 0,
        *,
        cname: str = "",
        media_timeout: float = MEDIA_LOST_AFTER,
    ) -> None:
        super().__init__(Outgoing(ssrc, sequence, timestamp))
        self.destination: Address = ("", 0)
        self._recorder: AudioSink | None = None
        self._voice: AudioSink | None = None
        self._sink: AudioSink | None = None  # both of them
        self._reception = Reception()
        self._reports = Reports(cname)
        self._admission = Admission()
        self._keys: Keys | None = None  # from the first one on
        self._answered = False
        self._early: EarlyMediaWatch | None = None  # while there is any, before the answer
        self._loss = MediaLossWatch(media_timeout)
        self._may_send_since = 0.0
        self._one_way_silence = 0.0  # the longest time of sending since something came
        self._source: Address | None = None  # the one address, once that is settled
        self._kinds: dict[int, str] = {}

    # What was negotiated.

    def configure(self, audio: AudioParameters, now: float) -> None:
        """Take what new SDP agreed on; where packets come from is open again."""
        self.take_back()
        receives = audio.receives
        if receives and not self._receives:
            self._may_send_since = now
        self.audio = audio
        self._receives = receives
        self._kinds = audio.kinds()
        if audio.rate != self._outgoing.rate:
            self._reception.set_rate(audio.rate)
            self._outgoing.set_rate(audio.rate)
        if self._keys is not None:
            _configure(self._keys, audio)
        self.send_as(audio)
        self.destination = self._admission.configure(audio)
        self._source = None
        self._reports.reopen()
        if self._answered:
            self._expect_audio(now)
        if self.listener is not None:
            self.listener.set_comfort()

    def answered(self, now: float) -> None:
        """Take note of the answer: no early media any more, and from now on audio is expected."""
        if not self._answered:
            self._answered = True
            self._early = None
            self._expect_audio(now)

    def record(self, recorder: AudioSink | None) -> None:
        """Let a recorder have what is received; None ends that."""
        self._end_passage()
        self._recorder = recorder
        self._sink = both_of(recorder, self._voice)

    def speak_to(self, voice: AudioSink | None) -> None:
        """Let those have it, too, who hear several at once; None ends that."""
        self._end_passage()
        self._voice = voice
        self._sink = both_of(self._recorder, voice)

    # What comes from the leg.

    def receive_rtp(self, data: bytes, source: Address, now: float) -> bytes | None:
        """Take a datagram of the RTP port; give what is to be sent to ``listener``, if anything.

        Never raises, whatever the datagram holds.
        """
        if not HEADER_OCTETS <= len(data) <= MAX_PACKET_OCTETS:
            self._receive_odd(data, source, now)
            return None
        first, second, sequence, timestamp, ssrc = _UNPACK(data)
        kind = self._kinds.get(second & 0x7F)
        payload: bytes | None
        if source == self._source and kind is not None and first == PLAIN:
            payload = data[HEADER_OCTETS:]
        else:
            payload = self._admit(data, source, kind, now)
            if payload is None or kind is None:
                return None
        self.last_received = now
        if kind == TELEPHONE_EVENT:
            return self._receive_event(second, sequence, timestamp, ssrc, payload, now)
        reception = self._reception
        fit = reception.note(ssrc, sequence, timestamp, len(payload), now)
        if fit == STRAY:
            return None
        if self._keys is not None:
            self._end_key(self._keys, fit, now)
        if not self._receives:
            return None
        if not self._answered:
            self._note_early(now)
        if self._sink is not None:
            self._sink.write(payload, kind, timestamp)
        listener = self.listener
        if listener is None:
            return None
        return listener.relay(
            reception.run, kind, second & MARKER, sequence, timestamp, payload, now
        )

    def receive_rtcp(self, data: bytes, source: Address, now: float) -> None:
        """Take a datagram of the RTCP port. Never raises, whatever it holds."""
        if not self._admission.accepts_report(source):
            return
        compound = RtcpCompound.parse(data)
        if compound is None:
            self._admission.malformed += 1
            return
        self._loss.note(now)
        self._reports.read(compound, source, self._outgoing.ssrc, now)

    def receive_info(self, digit: str, duration_ms: int, now: float) -> None:
        """Take a digit that came in a SIP INFO; it is told like one in the audio, and once."""
        self._tell_all(self._keys_read().info(digit, duration_ms, now))
        self.attention = True

    # Time.

    def get_timer(self) -> float | None:
        """When ``handle_timer`` is to be called next, as far as known."""
        deadlines = [self._loss.deadline()]
        if self._early is not None:
            deadlines.append(self._early.deadline())
        if self._keys is not None:
            deadlines.append(self._keys.waiting_until)
            if self._keys.events.pending and self.last_received is not None:
                deadlines.append(self.last_received + EVENT_SILENT_AFTER)
        return min((at for at in deadlines if at is not None), default=None)

    @property
    def impatient(self) -> bool:
        """Whether something hangs on tenths of a second: early media, or an unfinished digit."""
        if self._early is not None and self._early.present:
            return True
        keys = self._keys
        return keys is not None and (keys.events.pending or bool(keys.waiting))

    def handle_timer(self, now: float) -> None:
        """Notice what has not come."""
        self._catch_up()
        gone = None if self._early is None else self._early.expire(now)
        lost = self._loss.expire(now, self.last_received)
        for event in (gone, lost):
            if event is not None:
                self._tell(event)
        if self._keys is not None:
            self._tell_all(self._keys.expire(now))

    # Reports and figures.

    def report(self, now: float, *, goodbye: bool = False) -> bytes | None:
        """Give the RTCP packet that is due; None where there is nobody to send it to.

        Nobody is told good-bye to whom nothing was sent (RFC 3550, 6.3.7).
        """
        if not goodbye:
            self._note_silence()
        if self.audio is None or self.destination[1] == 0:
            return None
        if goodbye and self._outgoing.started_at is None and not self._reports.made_any:
            return None
        return self._reports.make(self._outgoing, self._reception, now, goodbye=goodbye)

    @property
    def rtcp_destination(self) -> Address:
        """Where reports go; port 0 is nowhere."""
        if self.audio is None:
            return self.destination
        return self._reports.destination(self.audio, self.destination)

    def figures(self) -> MediaFigures:
        """Give the figures as they stand now."""
        self._note_silence()
        reception, outgoing, admission = self._reception, self._outgoing, self._admission
        return MediaFigures(
            packets_sent=outgoing.packets,
            octets_sent=outgoing.octets,
            packets_received=reception.packets,
            octets_received=reception.octets,
            packets_lost=reception.lost,
            jitter_ms=reception.jitter_ms,
            wrong_source=admission.wrong_source,
            not_negotiated=admission.not_negotiated,
            malformed=admission.malformed,
            one_way_silence=self._one_way_silence,
            last_received=self.last_received,
            remote_lost=self._reports.remote_lost,
            round_trip=self._reports.rtt,
        )

    # Within.

    def _admit(self, data: bytes, source: Address, kind: str | None, now: float) -> bytes | None:
        """Judge a packet that is not plainly the next one of a settled source."""
        admission = self._admission
        if admission.is_report(data, source):
            self.receive_rtcp(data, source, now)
            return None
        payload = admission.payload(data, source, kind)
        if payload is not None:
            if self.destination != admission.destination:
                self.take_back()
                self.destination = admission.destination
            if admission.settled:
                self._source = source
        return payload

    def _receive_odd(self, data: bytes, source: Address, now: float) -> None:
        """Judge what is too short or too long for RTP, but perhaps not for a report."""
        if self._admission.is_report(data, source):
            self.receive_rtcp(data, source, now)
        else:
            self._admission.refuse_size(source)

    def _receive_event(
        self, second: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, now: float
    ) -> bytes | None:
        fit = self._reception.note_event(ssrc, sequence, len(payload))
        keys = self._keys_read()
        self._tell_all(keys.receive(payload, timestamp, now))
        if keys.events.pending:
            self.attention = True
        listener = self.listener
        if listener is None or not self._receives or fit >= RESTARTED:
            return None
        rates = (self._reception.rate, keys.events.rate)
        run, marker = self._reception.run, second & MARKER
        return listener.relay_event(run, rates, marker, sequence, timestamp, payload, now)

    def _end_key(self, keys: Keys, fit: int, now: float) -> None:
        """What comes is audio again: a key is over, though its end was lost."""
        if fit == RESTARTED:
            keys.events.forget()
        elif fit == IN_ORDER and keys.events.pending:
            self._tell_all(keys.flush(now))

    def _keys_read(self) -> Keys:
        keys = self._keys
        if keys is None:
            keys = self._keys = Keys()
            if self.audio is not None:
                _configure(keys, self.audio)
        return keys

    def _note_early(self, now: float) -> None:
        if self._early is None:
            self._early = EarlyMediaWatch()
        begun = self._early.note(now)
        if begun is not None:
            self._tell(begun)

    def _expect_audio(self, now: float) -> None:
        """Miss audio from now on, unless nobody needs to send any."""
        held = self.audio is None or self.audio.held
        if self._receives and not held:
            self._loss.begin(now)
        else:
            self._loss.end()

    def _tell_all(self, events: tuple[MediaEvent, ...]) -> None:
        for event in events:
            self._tell(event)

    def _note_silence(self) -> None:
        """See how long the leg was talked to and said nothing: audio that goes one way only.
        Reports are often enough for it."""
        self._catch_up()
        outgoing = self._outgoing
        if not self._receives or outgoing.started_at is None:
            return
        heard = self.last_received or outgoing.started_at
        silence = outgoing.sent_at - max(outgoing.started_at, self._may_send_since, heard)
        if silence >= ONE_WAY_SILENCE_AFTER:
            self._one_way_silence = max(self._one_way_silence, silence)


def _configure(keys: Keys, audio: AudioParameters) -> None:
    keys.configure(events_agreed=audio.dtmf_receive_pt is not None, rate=audio.event_rate)
