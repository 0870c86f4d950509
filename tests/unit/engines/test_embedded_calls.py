"""Calls of the embedded engine that are up: codecs, keys, hold, ends."""

from __future__ import annotations

import socket

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Dial,
    DialOptions,
    Digit,
    Eavesdrop,
    EavesdropMode,
    HangUp,
    Hold,
    HoldChanged,
    MediaLost,
    Play,
    Released,
    Ringing,
    TerminalEndpoint,
    Tone,
    ToneKind,
)
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.rtp import RtpPacket
from cordboard.sip.codecs import find_codec
from cordboard.sip.events import OfferRejected
from cordboard.sip.sdp import parse_sdp
from support.embedded_calls import G729_ONLY, called, ended, talking, trunk_called
from support.engine_rigs import (
    CALLER,
    HOST,
    EmbeddedRig,
)

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]


async def test_bridged_phones_come_to_a_better_codec_and_back_for_a_tone(rig: EmbeddedRig) -> None:
    channels, calls = [], []
    for name in ("desk", "soft"):
        contact = await rig.register(name)
        channel = rig.dial(TerminalEndpoint(contact, codecs=("G722",)))
        await rig.far(channel)
        call = rig.phones[name].last()
        call.prefer(find_codec("G722"))
        call.answer()
        await rig.event(Answered, channel)
        channels.append(channel)
        calls.append(call)
    rig.execute(Bridge(channels[0], channels[1]))
    await rig.until(lambda: all(call.offers == 1 for call in calls))
    assert [call.audio.codec.payload_type for call in calls] == [9, 9]
    rig.execute(Play(channels[0], Tone(ToneKind.BUSY, "us")))
    await rig.until(lambda: calls[0].hears([480, 620]))
    assert [call.audio.codec.key for call in calls] == ["PCMU", "PCMU"]
    assert not [event for channel in channels for event in rig.ends(channel)]


async def test_who_is_overheard_comes_back_from_a_better_codec(rig: EmbeddedRig) -> None:
    channels, calls = [], []
    for name in ("desk", "soft"):
        contact = await rig.register(name)
        channel = rig.dial(TerminalEndpoint(contact, codecs=("G722",)))
        await rig.far(channel)
        call = rig.phones[name].last()
        call.prefer(find_codec("G722"))
        call.answer()
        await rig.event(Answered, channel)
        channels.append(channel)
        calls.append(call)
    boss, boss_call = await talking(rig, "boss")
    rig.execute(Bridge(channels[0], channels[1]))
    await rig.until(lambda: all(call.offers == 1 for call in calls))
    assert [call.audio.codec.payload_type for call in calls] == [9, 9]
    rig.execute(Eavesdrop(boss, channels[0], channels[1], EavesdropMode.JOIN))
    await rig.until(lambda: boss_call.hears_each([call.hertz for call in calls]))
    assert [call.audio.codec.key for call in calls] == ["PCMU", "PCMU"]
    await rig.until(lambda: calls[1].hears_each([calls[0].hertz, boss_call.hertz]))


async def test_digits_come_by_info_too(rig: EmbeddedRig) -> None:
    channel, call = await talking(rig, "desk")
    call.send_info("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n")
    assert (await rig.event(Digit, channel)).digit == "5"
    call.send_info("application/dtmf", b"#")
    assert (await rig.event(Digit, channel, 2)).digit == "#"
    call.send_info("text/plain", b"7")
    call.press("9")
    assert (await rig.event(Digit, channel, 3)).digit == "9"


async def test_keys_pass_the_bridge_in_the_way_that_each_phone_takes_them(
    rig: EmbeddedRig,
) -> None:
    first, jessica = await talking(rig, "desk")
    second, thomas = await talking(rig, "soft")
    rig.execute(Bridge(first, second))
    jessica.send_info("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n")
    await rig.until(lambda: [key.digit for key in thomas.keys] == ["5"])
    thomas.press("7")
    await rig.until(lambda: [key.digit for key in jessica.keys] == ["7"])
    without = jessica.without_events()
    jessica.offer(without)
    await rig.until(lambda: not rig.phones["desk"].last().audio.offering)
    thomas.press("8")
    await rig.until(lambda: b"Signal=8" in b"".join(info.body for info in jessica.infos))
    assert [key.digit for key in jessica.keys] == ["7"]
    assert [event.digit for event in rig.told(second) if isinstance(event, Digit)] == ["7", "8"]


async def test_an_offer_without_a_common_codec_is_refused_and_the_call_stays(
    rig: EmbeddedRig,
) -> None:
    channel, call = await talking(rig, "desk")
    call.offer(G729_ONLY)
    events = rig.phones["desk"].events
    await rig.until(lambda: OfferRejected(channel, 488) in events)
    call.offer(b"what is this")
    await rig.until(lambda: OfferRejected(channel, 400) in events)
    rig.execute(Play(channel, Tone(ToneKind.BUSY, "us")))
    await rig.until(lambda: call.hears([480.0, 620.0]))
    assert rig.ends(channel) == []


async def test_whatever_strangers_send_is_dropped_and_never_answered(rig: EmbeddedRig) -> None:
    first, jessica = await talking(rig, "desk")
    second, thomas = await talking(rig, "soft")
    rig.execute(Bridge(first, second))
    await rig.until(lambda: thomas.hears([jessica.hertz]))
    (audio,) = parse_sdp(jessica.request.body).media
    voice = bytes(RtpPacket(0, 1, 160, 99, bytes(160)))
    stun = bytes.fromhex("000100002112a442") + bytes(12)
    report = bytes(RtcpCompound(99))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.setblocking(False)
        for port in (audio.port, audio.port + 1):
            for data in (voice, stun, report, b"", b"x", bytes(3000)):
                stranger.sendto(data, (HOST, port))
        heard = thomas.packets
        await rig.until(lambda: thomas.packets > heard + 10)
        with pytest.raises(BlockingIOError):
            stranger.recv(2048)
    assert thomas.hears([jessica.hertz])
    jessica.hang_up()
    released = await rig.event(Released, first)
    assert released.figures is not None
    assert released.figures.wrong_source == 12
    assert released.figures.malformed == 0


async def test_the_peer_moves_its_audio_to_another_port(rig: EmbeddedRig) -> None:
    channel, call = await talking(rig, "desk")
    phone = rig.phones["desk"]
    other = phone.media.open("elsewhere", lambda _channel, _event: None, media_timeout=0)
    before = call.packets
    rig.execute(Play(channel, Tone(ToneKind.BUSY, "us")))
    await rig.until(lambda: call.packets > before)
    host, port = other.address
    call.be_silent()
    call.offer(
        f"v=0\r\no=- 1 2 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\n".encode()
    )
    await rig.until(lambda: len([line for line in rig.engine.trace(channel) if line.sent]) >= 4)

    def stopped() -> bool:
        nonlocal before
        same, before = call.packets == before, call.packets
        return same

    await rig.until(stopped)


async def test_a_peer_that_refuses_to_be_held_is_talked_to_all_the_same(rig: EmbeddedRig) -> None:
    channel, call = await talking(rig, "desk")
    call.accepts_offers = False
    rig.execute(Hold(channel, True))
    await rig.until(lambda: any("488" in line.summary for line in rig.engine.trace(channel)))
    call.accepts_offers = True
    rig.execute(Hold(channel, False), Hold(channel, True))
    await rig.until(lambda: call.on_hold)
    assert rig.ends(channel) == []


async def test_a_wish_that_changes_while_an_offer_is_out_is_offered_next(rig: EmbeddedRig) -> None:
    channel, call = await talking(rig, "desk")
    rig.execute(Hold(channel, True), Hold(channel, False))
    await rig.until(lambda: call.offers == 2)
    assert not call.on_hold
    rig.execute(Hold(channel, True), Hold(channel, False), Hold(channel, True))
    await rig.until(lambda: call.on_hold)
    assert call.offers == 3


async def test_both_hold_each_other_and_let_go(rig: EmbeddedRig) -> None:
    channel, call = await talking(rig, "desk")
    call.hold(True)
    await rig.event(HoldChanged, channel)
    rig.execute(Hold(channel, True))
    await rig.until(lambda: call.on_hold)
    call.hold(False)
    assert not (await rig.event(HoldChanged, channel, 2)).held
    rig.execute(Hold(channel, False))
    await rig.until(lambda: not call.on_hold)
    rig.execute(Play(channel, Tone(ToneKind.BUSY, "us")))
    await rig.until(lambda: call.hears([480.0, 620.0]))


async def test_silence_is_a_loss_unless_on_hold(rig: EmbeddedRig) -> None:
    contact = await rig.register("desk")
    options = DialOptions(CALLER, media_timeout=0.3)
    for channel, held in (("held", True), ("lost", False)):
        rig.execute(Dial(channel, TerminalEndpoint(contact), options))
        call = await trunk_called(rig, channel)
        call.answer()
        await rig.event(Answered, channel)
        if held:
            call.hold(True)
            await rig.event(HoldChanged, channel)
        call.be_silent()
    await rig.event(MediaLost, "lost")
    assert MediaLost("held") not in rig.events


async def test_the_peers_reason_is_the_cause(rig: EmbeddedRig) -> None:
    channel, call = await talking(rig, "desk")
    call.hang_up('Q.850;cause=34;text="no circuit"')
    released = await rig.event(Released, channel)
    assert (released.remote, released.cause) == (True, Cause.CONGESTION)
    assert released.figures is not None


async def test_our_reason_is_told_and_a_normal_end_needs_none(rig: EmbeddedRig) -> None:
    for cause, reason in ((Cause.NORMAL, ""), (Cause.MEDIA_TIMEOUT, "Q.850;cause=27")):
        channel, call = await talking(rig, "desk")
        rig.execute(HangUp(channel, cause))
        await ended(rig, call)
        assert call.reason.startswith(reason)
        assert bool(call.reason) == bool(reason)


async def test_a_cancelled_phone_learns_why(rig: EmbeddedRig) -> None:
    channel, call = await called(rig, "desk")
    call.ring()
    await rig.event(Ringing, channel)
    rig.execute(HangUp(channel, Cause.ANSWERED_ELSEWHERE))
    await rig.until(lambda: call.ended)
    assert call.ended is not None
    assert call.ended.cancelled
    assert call.reason == 'SIP;cause=200;text="Call completed elsewhere"'
