"""Channels with real media streams and no sockets, on a clock that only the test moves.

Each far end is a phone that can say a tone of its own and remembers what it was sent. SIP messages
are what the test hands in as events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from cordboard.calls.ports import EarlyMedia, EngineEvent, Tone, ToneKind
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.media import events as media
from cordboard.media import g711
from cordboard.media.audio import AudioParameters
from cordboard.media.bridging import bridge
from cordboard.media.figures import MediaFigures
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import FrameSource
from cordboard.media.stream import MediaStream
from cordboard.sip.events import InviteAnswered, InviteRinging
from support.audio import goertzel, rms, sine

STEP = 0.02
CLEAR = 0.5  # of the power, from which on a tone is what is heard
RINGBACK = Tone(ToneKind.RINGBACK, "us")
RINGBACK_HERTZ = (440.0, 480.0)


class VirtualSession:
    """A media session of which everything but the sockets is real."""

    def __init__(self, clock: Callable[[], float], port: int) -> None:
        self.stream = MediaStream(port, media_timeout=60.0)
        self.address = ("198.51.100.1", port)
        self.own_ports = frozenset({port})
        self.closed = False
        self._clock = clock

    def configure(self, audio: AudioParameters) -> None:
        self.stream.configure(audio, self._clock())

    def answered(self) -> None:
        self.stream.answered(self._clock())

    def play(self, play_id: int, source: FrameSource, *, loop: bool = False) -> None:
        self.stream.play(play_id, source, loop=loop)

    def stop_play(self) -> None:
        self.stream.stop_play()

    def listen_to(self, other: VirtualSession | None) -> None:
        self.stream.listen_to(None if other is None else other.stream)

    def bridge(self, other: VirtualSession) -> None:
        self.answered()
        other.answered()
        bridge(self.stream, other.stream)

    def send_digit(self, digit: str, duration_ms: int) -> bool:
        return self.stream.send_digit(digit, duration_ms)

    def receive_info(self, digit: str, duration_ms: int) -> None:
        self.stream.receive_info(digit, duration_ms, self._clock())

    @property
    def takes_events(self) -> bool:
        return self.stream.takes_events

    def close(self) -> MediaFigures:
        if self.stream.listener is not None:
            self.stream.listener.listen_to(None)
        self.stream.listen_to(None)
        self.closed = True
        return self.stream.figures()


class FarEnd:
    """A phone: its channel, what it says and what it hears."""

    def __init__(self, call: VirtualCall, name: str, hertz: float, number: int) -> None:
        self.name = name
        self.hertz = hertz
        self.speaks = False
        self.address = (f"192.0.2.{number}", 4000)
        self.session = VirtualSession(lambda: call.now, 20_000 + 2 * number)
        self.heard: list[tuple[float, RtpPacket]] = []
        self.told: list[EngineEvent] = []
        self.offers: list[bytes] = []
        self.infos: list[bytes] = []
        self._voice = sine(hertz, 1.0, g711.SAMPLE_RATE)
        self._call = call
        self._sequence = 0
        surroundings = Surroundings(
            stack=cast("Any", self),
            clock=lambda: call.now,
            prompts=cast("Any", None),
            tell=self._tell,
            forget=lambda _: None,
            own_hosts=lambda: frozenset({"192.0.2.1"}),
            later=lambda _seconds, _what: None,
            recordings=cast("Any", None),
        )
        self.channel = Channel(name, surroundings)
        audio = ChannelAudio(
            cast("Any", self.session), "198.51.100.1", self.address[0], number, strict=False
        )
        audio.offer()
        self.channel.invited(audio, "192.0.2.9")

    # As the SIP stack

    def offer(self, _call_id: str, sdp: bytes, _now: float) -> None:
        self.offers.append(sdp)

    def info(self, _call_id: str, _content_type: str, body: bytes, _now: float) -> None:
        self.infos.append(body)

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments: None

    # What it does

    def sdp(self, *lines: str, port: int | None = None) -> bytes:
        host = self.address[0]
        attributes = "".join(f"{line}\r\n" for line in lines)
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port or self.address[1]} RTP/AVP 0 101\r\n"
            f"a=rtpmap:101 telephone-event/8000\r\n{attributes}"
        ).encode()

    def rings(self, status: int, sdp: bytes | None = None, dialogs: int = 1) -> None:
        """A provisional response."""
        event = InviteRinging(self.name, status, "", sdp, f"t{dialogs}", dialogs)
        self.channel.on_ringing(event)

    def answers(self, sdp: bytes | None = None) -> None:
        """200."""
        self.channel.on_answered(InviteAnswered(self.name, sdp, None))

    def say(self) -> None:
        """Send the next 20 ms of its tone."""
        start = self._sequence * g711.FRAME_OCTETS % len(self._voice)
        samples = self._voice[start : start + g711.FRAME_OCTETS]
        self._sequence += 1
        packet = RtpPacket(0, self._sequence, self._sequence * 160, 7, g711.encode(samples, "PCMU"))
        self._call.carry(self.session, bytes(packet), self.address)

    # What it hears

    def hears(self, *hertz: float, during: float = 0.1) -> bool:
        """Whether just these frequencies were heard in the last so many seconds."""
        frames = [p.payload for at, p in self.heard if at > self._call.now - during]
        samples = g711.decode(b"".join(frames), "PCMU")
        if not samples or rms(samples) < 50.0:
            return False
        power = sum(goertzel(samples, one) ** 2 / 2 for one in hertz)
        return power > CLEAR * rms(samples) ** 2

    def packets_since(self, begin: float) -> int:
        """How many packets it was sent."""
        return len([at for at, _ in self.heard if at >= begin])

    def _tell(self, event: EngineEvent) -> None:
        self.told.append(event)
        self._call.told(self, event)


class VirtualCall:
    """Two far ends. What the call does about early media is done here too: ringback while there is
    none, else that."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.first = FarEnd(self, "first", 700.0, 1)
        self.second = FarEnd(self, "second", 1300.0, 2)
        self.first.answers(self.first.sdp())
        self.first.channel.play(RINGBACK, 0)

    def told(self, who: FarEnd, event: EngineEvent) -> None:
        """Follow an event as a call does."""
        if isinstance(event, EarlyMedia) and who.name == "second":
            if event.flowing:
                self.first.channel.listen(self.second.channel)
            else:
                self.first.channel.play(RINGBACK, 0)

    def bridge(self) -> None:
        """Let both hear each other."""
        self.first.channel.bridge(self.second.channel, needs_audio=False)

    def carry(self, session: VirtualSession, data: bytes, source: tuple[str, int]) -> None:
        """Bring a packet of a phone to us, and what we make of it to whom it is for."""
        packet = session.stream.receive_rtp(data, source, self.now)
        listener = session.stream.listener
        if packet is not None:
            for end in (self.first, self.second):
                if end.session.stream is listener:
                    self._arrive(end, packet)

    def run(self, seconds: float) -> None:
        """Let time pass in steps of 20 ms."""
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            for end in (self.first, self.second):
                self._step(end)

    def _step(self, end: FarEnd) -> None:
        stream = end.session.stream
        if end.session.closed:
            return
        if stream.playing:
            packet = stream.tick(self.now)
            while packet is not None:
                self._arrive(end, packet)
                packet = stream.further_packet(self.now)
        if end.speaks:
            end.say()
        stream.handle_timer(self.now)
        for event in stream.take_events():
            self._tell(end, event)

    def _arrive(self, end: FarEnd, data: bytes) -> None:
        packet = RtpPacket.parse(data)
        assert packet is not None
        end.heard.append((self.now, packet))

    @staticmethod
    def _tell(end: FarEnd, event: media.MediaEvent) -> None:
        end.channel.on_media(event)
