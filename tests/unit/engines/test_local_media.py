"""The local media plane on real sockets of the loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from cordboard.engines.embedded.local_media import LocalMediaPlane, MediaSession
from cordboard.engines.embedded.media_clock import Beat
from cordboard.engines.embedded.rtp_ports import MediaPortsExhausted
from cordboard.media import g711, rtcp
from cordboard.media.audio import Direction
from cordboard.media.dtmf import event_payloads
from cordboard.media.events import Digit, EarlyMedia, MediaEvent, MediaLost, PlayEnded
from cordboard.media.recorder import Recorder
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import Silence, Tone
from support.audio import decoded, goertzel, negotiated, rms, sine, voice
from support.waiting import BOUND, eventually

pytestmark = pytest.mark.anyio

HOST = "127.0.0.1"


class Phone:
    """A pair of sockets that sends and collects packets."""

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.reports: list[RtcpCompound] = []
        self._loop = asyncio.get_running_loop()
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._bind()
        for opened, read in ((self.rtp, self._read_rtp), (self.rtcp, self._read_rtcp)):
            opened.setblocking(False)
            self._loop.add_reader(opened, read)

    @property
    def port(self) -> int:
        port: int = self.rtp.getsockname()[1]
        return port

    def _bind(self) -> None:
        for port in range(61000, 65000, 2):
            try:
                self.rtcp.bind((HOST, port + 1))
            except OSError:
                continue
            try:
                self.rtp.bind((HOST, port))
            except OSError:
                self.rtcp.close()
                self.rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                continue
            return
        raise AssertionError("no free ports on this machine")

    def say(self, session: MediaSession, data: bytes) -> None:
        self.rtp.sendto(data, session.address)

    async def talk(self, session: MediaSession, frames: list[bytes], codec: str = "PCMU") -> None:
        """Send audio a little faster than its time, so that tests are quick."""
        for index, payload in enumerate(frames):
            self.say(session, voice(index, codec=codec, payload=payload))
            await asyncio.sleep(0.002)

    def close(self) -> None:
        for opened in (self.rtp, self.rtcp):
            self._loop.remove_reader(opened)
            opened.close()

    def _read_rtp(self) -> None:
        packet = RtpPacket.parse(self.rtp.recv(2048))
        assert packet is not None
        self.packets.append(packet)

    def _read_rtcp(self) -> None:
        report = RtcpCompound.parse(self.rtcp.recv(2048))
        assert report is not None
        self.reports.append(report)


class Setting:
    """A plane, and phones whose audio is agreed on."""

    def __init__(self) -> None:
        self.plane = LocalMediaPlane(HOST, port_range=(40000, 40199), warm=4)
        self.events: list[tuple[str, MediaEvent]] = []
        self._phones: list[Phone] = []

    def leg(
        self,
        channel: str,
        codec: str = "PCMU",
        *,
        direction: Direction = "sendrecv",
        media_timeout: float = 60,
    ) -> tuple[Phone, MediaSession]:
        phone = Phone()
        self._phones.append(phone)
        session = self.plane.open(channel, self.hear, media_timeout=media_timeout)
        session.configure(
            negotiated(phone.port, codec, host=HOST, signalling=HOST, direction=direction)
        )
        return phone, session

    def hear(self, channel: str, event: MediaEvent) -> None:
        self.events.append((channel, event))

    def close(self) -> None:
        for phone in self._phones:
            phone.close()
        self.plane.close()


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    setting = Setting()
    yield setting
    setting.close()


def tone_frames(hertz: float, codec: str) -> list[bytes]:
    """Half a second of a tone."""
    audio = g711.encode(sine(hertz, 0.5, 8000), codec)
    return [audio[start : start + 160] for start in range(0, len(audio), 160)]


async def test_a_bridge_carries_both_directions_across_codecs(setting: Setting) -> None:
    phone_a, a = setting.leg("a", "PCMU")
    phone_b, b = setting.leg("b", "PCMA")
    a.bridge(b)
    await asyncio.gather(
        phone_a.talk(a, tone_frames(600, "PCMU")),
        phone_b.talk(b, tone_frames(1100, "PCMA"), "PCMA"),
    )
    await eventually(lambda: len(phone_a.packets) == len(phone_b.packets) == 25)
    at_a = decoded([packet.payload for packet in phone_a.packets], "PCMU")
    at_b = decoded([packet.payload for packet in phone_b.packets], "PCMA")
    assert goertzel(at_a, 1100) == pytest.approx(8000, rel=0.05)
    assert goertzel(at_b, 600) == pytest.approx(8000, rel=0.05)
    assert goertzel(at_a, 600) < 200
    assert goertzel(at_b, 1100) < 200
    figures = a.close()
    assert (figures.packets_sent, figures.packets_received, figures.packets_lost) == (25, 25, 0)


async def test_ringback_is_heard_at_once_and_on_the_beat(setting: Setting) -> None:
    phone, session = setting.leg("a")
    loop = asyncio.get_running_loop()
    began = loop.time()
    session.play(1, Tone("us", "ringback"))
    await eventually(lambda: phone.packets)
    assert loop.time() - began < 0.4
    await eventually(lambda: len(phone.packets) >= 25)
    assert loop.time() - began == pytest.approx(25 * 0.02, abs=0.2)
    audio = decoded([packet.payload for packet in phone.packets], "PCMU")
    assert goertzel(audio, 440) == pytest.approx(goertzel(audio, 480), rel=0.2)
    assert rms(audio) > 2000
    steps = {
        (after.timestamp - before.timestamp, (after.sequence - before.sequence) & 0xFFFF)
        for before, after in zip(phone.packets, phone.packets[1:], strict=False)
    }
    assert {(units % 2**32, step) for units, step in steps} == {(160, 1)}


async def test_the_end_of_what_is_played_is_told_unless_it_is_stopped(setting: Setting) -> None:
    phone, session = setting.leg("a")
    session.play("beep", Silence(0.06))
    await eventually(lambda: setting.events)
    assert setting.events == [("a", PlayEnded("beep"))]
    assert len(phone.packets) == 3
    session.play("tone", Tone("jp", "busy"))
    session.stop_play()
    session.play("beep again", Silence(0.02))
    await eventually(lambda: len(setting.events) == 2)
    assert setting.events[1] == ("a", PlayEnded("beep again"))


async def test_early_media_is_told_and_heard(setting: Setting) -> None:
    phone_a, a = setting.leg("a")
    phone_b, b = setting.leg("b")
    a.play(1, Tone("us", "ringback"))

    async def progress() -> None:
        for index in range(1000):
            phone_b.say(b, voice(index, payload=b"\x80" * 160))
            if ("b", EarlyMedia(started=True)) in setting.events:
                a.listen_to(b)
            if any(packet.payload == b"\x80" * 160 for packet in phone_a.packets):
                return
            await asyncio.sleep(0.02)

    async with asyncio.timeout(BOUND):
        await progress()
    await eventually(lambda: ("b", EarlyMedia(started=False)) in setting.events)


async def test_digits_come_and_go(setting: Setting) -> None:
    phone_a, a = setting.leg("a")
    phone_b, b = setting.leg("b")
    assert a.send_digit("7", 60)
    with pytest.raises(ValueError, match="is not one of"):
        a.send_digit("seven")
    await eventually(lambda: len(phone_a.packets) == 5)
    assert {packet.payload_type for packet in phone_a.packets} == {101}
    for place, (payload, _) in enumerate(event_payloads("#")):
        if place < 3:  # the end is lost
            phone_b.say(b, bytes(RtpPacket(101, place, 800, 7, payload)))
    await eventually(lambda: setting.events)
    assert setting.events == [("b", Digit("#", 60))]


async def test_strangers_are_not_relayed(setting: Setting) -> None:
    _, a = setting.leg("a")
    phone_b, b = setting.leg("b")
    a.bridge(b)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.9", 0))
        for index in range(10):
            stranger.sendto(voice(index), a.address)
    await eventually(lambda: a.figures().wrong_source == 10)
    assert phone_b.packets == []


async def test_packets_before_the_answer_is_read_are_not_lost(setting: Setting) -> None:
    recorder = Recorder()
    phone = Phone()
    session = setting.plane.open("a", setting.hear)
    session.record(recorder)
    phone.say(session, voice(0))
    phone.say(session, voice(1))
    session.configure(negotiated(phone.port, host=HOST, signalling=HOST))
    await eventually(lambda: recorder.seconds == 0.04)
    phone.close()


async def test_what_came_while_the_answer_was_lost_is_not_heard_all_at_once(
    setting: Setting,
) -> None:
    hearing, hearer = setting.leg("a")
    phone = Phone()
    session = setting.plane.open("b", setting.hear)
    for number in range(100):
        phone.say(session, voice(number))
    session.configure(negotiated(phone.port, host=HOST, signalling=HOST))
    hearer.bridge(session)
    phone.say(session, voice(100, payload=b"n" * 160))
    await eventually(lambda: hearing.packets)
    assert [packet.payload for packet in hearing.packets] == [b"n" * 160]
    assert session.figures().packets_received == 101
    phone.close()


async def test_reports_and_a_goodbye(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtcp, "REPORT_INTERVAL", 0.1)
    phone, session = setting.leg("a")
    session.play(1, Silence())
    await eventually(lambda: len(phone.reports) >= 1)
    assert phone.reports[0].sender is not None
    ssrc = phone.packets[0].ssrc
    assert phone.reports[0].ssrc == ssrc
    session.close()
    await eventually(lambda: phone.reports[-1].goodbye)
    assert len({report.cname for report in phone.reports}) == 1


async def test_nobody_is_told_goodbye_who_was_sent_nothing(setting: Setting) -> None:
    silent, session = setting.leg("a")
    spoken, other = setting.leg("b")
    other.play(1, Silence())
    await eventually(lambda: spoken.packets)
    session.close()
    other.close()
    await eventually(lambda: spoken.reports and spoken.reports[-1].goodbye)
    assert silent.reports == []


async def test_lost_media_is_told_and_a_report_prevents_it(setting: Setting) -> None:
    _, silent = setting.leg("silent", media_timeout=0.2)
    phone, alive = setting.leg("alive", media_timeout=1.2)
    silent.answered()
    alive.answered()
    async with asyncio.timeout(BOUND):
        while ("silent", MediaLost()) not in setting.events:
            phone.rtcp.sendto(bytes(RtcpCompound(7, cname="phone")), _rtcp_address(alive))
            await asyncio.sleep(0.05)
    assert ("alive", MediaLost()) not in setting.events
    await eventually(lambda: ("alive", MediaLost()) in setting.events)


def _rtcp_address(session: MediaSession) -> tuple[str, int]:
    host, port = session.address
    return host, port + 1


async def test_nothing_is_told_or_sent_after_closing(setting: Setting) -> None:
    phone, a = setting.leg("a")
    _, b = setting.leg("b")
    a.play(1, Tone("us", "busy"))
    a.bridge(b)
    a.play(2, Tone("us", "busy"))
    figures = a.close()
    assert a.close() == figures
    a.play(3, Silence())
    a.configure(negotiated(phone.port, host=HOST, signalling=HOST))
    a.listen_to(b)
    b.listen_to(a)
    assert not a.send_digit("1")
    sent = asyncio.Event()
    setting.plane.open("c", lambda *_: sent.set()).play(1, Silence())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert all(channel != "a" for channel, _ in setting.events)
    assert setting.plane.sessions == 2


async def test_ports_come_back(setting: Setting) -> None:
    plane = LocalMediaPlane(HOST, "203.0.113.1", (40300, 40303), warm=0, quarantine=0.0)
    one, _ = plane.open("1", setting.hear), plane.open("2", setting.hear)
    assert one.address[0] == "203.0.113.1"
    with pytest.raises(MediaPortsExhausted):
        plane.open("3", setting.hear)
    assert all(port in one.own_ports for port in (40300, 40302))
    one.close()
    assert one.address[1] not in one.own_ports
    assert plane.free_ports == 1
    plane.open("3", setting.hear)
    plane.close()
    assert plane.sessions == 0


async def test_a_late_beat_is_made_up_for_within_bounds() -> None:
    loop = asyncio.get_running_loop()
    visits: list[float] = []

    def visit(_: str, now: float) -> bool:
        visits.append(now)
        return len(visits) < 30

    beat = Beat(loop, 0.01, visit)
    beat.add("member")
    await eventually(lambda: len(visits) >= 3)
    stalled = loop.time() + 0.2
    while loop.time() < stalled:
        pass  # the loop is held up
    await eventually(lambda: len(visits) == 30)
    late = max(visits.count(now) for now in visits)
    assert 1 < late <= 5
    await eventually(lambda: not beat.running)


async def test_a_stopped_beat_visits_nobody() -> None:
    beat: Beat[str] = Beat(asyncio.get_running_loop(), 0.01, lambda *_: True)
    beat.add("member")
    assert beat.running
    beat.stop()
    assert not beat.running
