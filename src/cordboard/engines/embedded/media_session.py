"""One channel's audio on one pair of ports: the sockets around a media stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from typing import Final

from cordboard.engines.embedded.lodging import Lodgings
from cordboard.engines.embedded.media_clock import MediaTimers
from cordboard.engines.embedded.media_poll import MediaPoll
from cordboard.engines.embedded.rtp_ports import PortPair, send
from cordboard.media.audio import AudioParameters
from cordboard.media.dtmf import DIGIT_MS
from cordboard.media.events import MediaEvent, PlayId
from cordboard.media.figures import MediaFigures
from cordboard.media.g711 import FRAME_MS
from cordboard.media.latch import Address
from cordboard.media.playing import DIGIT_GAP_MS
from cordboard.media.recorder import AudioSink
from cordboard.media.rtcp import report_interval
from cordboard.media.sources import FrameSource
from cordboard.media.stream import MediaStream
from cordboard.randomness import bits, token

MediaEventHandler = Callable[[str, MediaEvent], None]

TICK: Final = FRAME_MS / 1000
BRISK_WATCH: Final = 0.1
SLOW_WATCH: Final = 1.0


class MediaSession:
    """The audio of one channel on one pair of ports.

    Events are handed over from the event loop, never from within a call of a method here, and none
    after ``close``.
    """

    __slots__ = (
        *("_clock", "_closed", "_handing_over", "_heard", "_listener", "_lodgings", "_loop"),
        *("_on_close", "_on_event", "_pair", "_poll", "_reading", "_relay", "_report_at"),
        *("_sendto", "_timers", "channel", "stream"),
    )

    def __init__(
        self,
        channel: str,
        on_event: MediaEventHandler,
        lodgings: Lodgings,
        loop: asyncio.AbstractEventLoop,
        poll: MediaPoll,
        timers: MediaTimers[MediaSession],
        on_close: Callable[[MediaSession], None],
        media_timeout: float,
    ) -> None:
        self._lodge(lodgings)
        self.channel = channel
        drawn = bits(80)
        self.stream = MediaStream(
            drawn >> 48,
            drawn >> 32 & 0xFFFF,
            drawn & 0xFFFFFFFF,
            cname=token(8),
            media_timeout=media_timeout,
        )
        self._on_event = on_event
        self._on_close = on_close
        self._loop = loop
        self._poll = poll
        self._relay = poll.relay
        self._timers = timers
        self._clock = loop.time
        self._listener: MediaSession | None = None  # who hears us
        self._heard: MediaSession | None = None  # whom we hear
        self._reading = False
        self._handing_over = False
        self._closed = False
        self._report_at = 0.0

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for our SDP."""
        return self._lodgings.host, self._pair.port

    @property
    def own_ports(self) -> Container[int]:
        """The ports of all sessions at our address: none of them can be a peer's."""
        return self._lodgings.taken

    def move(self, lodgings: Lodgings) -> None:
        """Be met somewhere else from now on; what is still under way to where we were is lost.

        :raises MediaPortsExhausted: there is no room; all stays as it is.
        """
        if self._closed:
            return
        before, left = self._lodgings, self._pair
        self._lodge(lodgings)
        self.stream.take_back()
        if self._reading:
            self._stop_reading(left)
        before.take_back(left)
        if self._reading:
            self._read()

    def configure(self, audio: AudioParameters) -> None:
        """Take what offer and answer agreed on, at first and each time that changes."""
        if self._closed:
            return
        self.stream.configure(audio, self._clock())
        if not self._reading:
            self._reading = True
            self._take_waiting()
            self._report_at = self._clock() + report_interval(bits(32)) / 2  # RFC 3550, 6.2
            self._read()
            self._timers.slow.add(self)
        self._keep_time()
        if self._listener is not None:
            self._listener._keep_time()  # who hears nobody may hear silence

    def answered(self) -> None:
        """Take note that the channel is answered: audio is expected from now on."""
        self.stream.answered(self._clock())

    def play(self, play_id: PlayId, source: FrameSource, *, loop: bool = False) -> None:
        """Play a sound in place of whatever the channel hears, and of what was played before."""
        if self._closed:
            return
        self.stream.play(play_id, source, loop=loop)
        self._keep_time()

    def stop_play(self) -> None:
        """Stop what is played; without effect where nothing is."""
        self.stream.stop_play()

    def send_digit(
        self, digit: str, duration_ms: int = DIGIT_MS, gap_ms: int = DIGIT_GAP_MS
    ) -> bool:
        """Send a digit, and pause after it; False if the peer takes no telephone events.

        :raises ValueError: it is no DTMF digit.
        """
        if self._closed or not self.stream.send_digit(digit, duration_ms, gap_ms):
            return False
        self._keep_time()
        return True

    def receive_info(self, digit: str, duration_ms: int) -> None:
        """Take a digit that came in a SIP INFO."""
        if not self._closed:
            self.stream.receive_info(digit, duration_ms, self._clock())
            self._attend()

    @property
    def takes_events(self) -> bool:
        """Whether the peer takes telephone events."""
        return self.stream.takes_events

    def listen_to(self, other: MediaSession | None) -> None:
        """Let this channel hear another one (or nobody), and not what was played to it any more."""
        if self._closed or (other is not None and other._closed):
            return
        self.stream.listen_to(None if other is None else other.stream)
        if self._heard is not None:
            self._heard._listener = None
        if other is not None:
            if other._listener is not None:
                other._listener._heard = None
            other._listener = self
        self._heard = other
        if self.stream.playing:
            self._keep_time()

    def bridge(self, other: MediaSession) -> None:
        """Let two channels, which both are answered, hear each other."""
        self.listen_to(other)
        other.listen_to(self)

    def unbridge(self) -> None:
        """Hear nobody, and be heard by nobody."""
        if self._listener is not None:
            self._listener.listen_to(None)
        if self._heard is not None:
            self.listen_to(None)

    def record(self, recorder: AudioSink | None) -> None:
        """Let a recorder have what is received; None ends that."""
        self.stream.record(recorder)

    def hear_mix(self, mix: FrameSource | None) -> None:
        """Hear several in place of the channel that is listened to; None: that one again."""
        if not self._closed:
            self.stream.hear_mix(mix)
            self._keep_time()

    def speak_to(self, voice: AudioSink | None) -> None:
        """Let those have what is received who hear a mix; None ends that."""
        self.stream.speak_to(voice)

    def figures(self) -> MediaFigures:
        """Give the figures as they stand now."""
        return self.stream.figures()

    def close(self) -> MediaFigures:
        """Say good-bye to the peer, give the ports back and the last figures."""
        if not self._closed:
            self.unbridge()
            self._closed = True
            if self._reading:
                self._send_report(goodbye=True)
                self._stop_reading(self._pair)
            self._timers.remove(self)
            self._lodgings.take_back(self._pair)
            self._on_close(self)
        return self.stream.figures()

    def _lodge(self, lodgings: Lodgings) -> None:
        self._pair = lodgings.lend()
        self._lodgings = lodgings
        self._sendto = self._pair.rtp.sendto

    def _read(self) -> None:
        self._poll.add(self._pair.rtp, self._take_rtp)
        self._poll.add(self._pair.rtcp, self._take_rtcp)

    def _stop_reading(self, pair: PortPair) -> None:
        self._poll.remove(pair.rtp)
        self._poll.remove(pair.rtcp)

    def _take_waiting(self) -> None:
        """Take what came before there was anything to judge it by. It counts, and nobody hears it:
        where the answer was lost on its way it is seconds old, and would come all at once."""
        now = self._clock()
        for data, source in self._pair.waiting():
            self.stream.receive_rtp(data, source, now)
        if self.stream.attention:
            self._attend()

    def _take_rtp(self, data: bytes, source: Address, now: float) -> None:
        """Take one datagram, and pass on what another channel hears of it."""
        stream = self.stream
        if stream.passage is not None:
            stream.take_back()
        packet = stream.receive_rtp(data, source, now)
        if stream.attention:
            self._attend()
        if packet is not None and (listener := self._listener) is not None:
            try:
                listener._sendto(packet, listener.stream.destination)
            except OSError:
                return  # as if lost on the way: the socket is full, or there is no route
            if self._relay is not None:
                self._relay.go_on(data, stream, self._pair.rtp, listener.stream, listener._pair.rtp)

    def _take_rtcp(self, data: bytes, source: Address, now: float) -> None:
        self.stream.receive_rtcp(data, source, now)

    def tick(self, now: float) -> bool:
        """Send the next 20 ms of what is played; False once nothing is."""
        stream = self.stream
        packet = stream.tick(now)
        while packet is not None:
            send(self._pair.rtp, packet, stream.destination)
            packet = stream.further_packet(now)
        if stream.attention:
            self._attend()
        return stream.playing

    def watch(self, now: float) -> bool:
        """Look for what has not come; False once that is no matter of tenths of a second."""
        self.stream.handle_timer(now)
        if self.stream.attention:
            self._attend()
        return self.stream.impatient

    def look_after(self, now: float) -> bool:
        """Look for what has not come, and report when it is time."""
        if now >= self._report_at:
            self._report_at = now + report_interval(bits(32))
            self._send_report()
        self.watch(now)
        return True

    def _send_report(self, *, goodbye: bool = False) -> None:
        report = self.stream.report(self._clock(), goodbye=goodbye)
        if report is None:
            return
        audio = self.stream.audio
        muxed = audio is not None and audio.rtcp_mux
        sending = self._pair.rtp if muxed else self._pair.rtcp
        send(sending, report, self.stream.rtcp_destination)

    def _keep_time(self) -> None:
        """See that each 20 ms are sent while there is something to send."""
        if self.stream.playing and not self._closed:
            self._timers.ticker.add(self)

    def _attend(self) -> None:
        """See that events are handed over soon, and that time is watched closely if need be."""
        if self._closed:
            return
        if self.stream.impatient:
            self._timers.brisk.add(self)
        if not self._handing_over:
            self._handing_over = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._handing_over = False
        for event in self.stream.take_events():
            if self._closed:
                return
            self._on_event(self.channel, event)
