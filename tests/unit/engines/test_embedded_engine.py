"""The embedded engine on the loopback: what the contract for every engine does not say."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from cordboard.addresses import Hosts, network
from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Bridge,
    CallerId,
    Dial,
    DialOptions,
    Digit,
    Failed,
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
    TrunkEndpoint,
)
from cordboard.directory.model import AutoAnswerStyle, Trunk
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.transport import Listen, ListenError
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.rtp import RtpPacket
from cordboard.sip.address import parse_name_addr
from cordboard.sip.codecs import find_codec
from cordboard.sip.digest import Credentials
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.events import InviteFailed, OfferRejected, RegistrationFailed
from cordboard.sip.invitation import Invitation
from cordboard.sip.sdp import parse_sdp
from cordboard.sip.timers import Timers
from support.engine_rigs import (
    CALLER,
    DOMAIN,
    HOST,
    QUICK,
    SECRET,
    EmbeddedRig,
    SipFar,
    directory,
    embedded_rig,
    outside,
)
from support.sip_phone import SipPhone, SipPhoneCall

pytestmark = pytest.mark.anyio

WILDCARD = "0.0.0.0"  # noqa: S104 - that address is what is tested
G729_ONLY = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 18\r\n"
)


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops that the service may run on; their transports differ."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@pytest.fixture
async def rig() -> AsyncIterator[EmbeddedRig]:
    async with embedded_rig() as made:
        yield made


async def called(rig: EmbeddedRig, name: str) -> tuple[str, SipPhoneCall]:
    """Dial a phone, and give the channel and the phone's side of it."""
    channel, far = await rig.dial_phone(name)
    assert isinstance(far, SipFar)
    return channel, far.call


async def talking(rig: EmbeddedRig, name: str) -> tuple[str, SipPhoneCall]:
    """The same, answered."""
    channel, call = await called(rig, name)
    call.answer()
    await rig.event(Answered, channel)
    return channel, call


async def trunk_called(rig: EmbeddedRig, channel: str) -> SipPhoneCall:
    far = await rig.far(channel)
    assert isinstance(far, SipFar)
    return far.call


async def ended(rig: EmbeddedRig, call: SipPhoneCall) -> None:
    await rig.until(lambda: call.ended)


# What is in the INVITE


async def test_a_phone_is_called_at_its_contact_in_its_own_domain(rig: EmbeddedRig) -> None:
    channel, call = await called(rig, "desk")
    request = call.request
    host, port = rig.phones["desk"].address
    assert request.uri == f"sip:desk@{host}:{port}"
    assert request.call_id == channel
    assert parse_name_addr(request.need("to")).uri.text() == f"sip:desk@{DOMAIN}"
    caller = parse_name_addr(request.need("from"))
    assert (caller.display, caller.uri.text()) == (CALLER.name, f"sip:{CALLER.number}@{DOMAIN}")
    assert request.need("user-agent").startswith("cordboard/")
    server = rig.server
    contact = parse_name_addr(request.need("contact")).uri
    assert contact.address == (server.host, server.port)
    for header in ("call-info", "alert-info", "answer-mode"):
        assert request.first(header) is None


async def test_the_offer_is_g711_and_telephone_events(rig: EmbeddedRig) -> None:
    _, call = await called(rig, "desk")
    (audio,) = parse_sdp(call.request.body).media
    assert [(form, audio.encoding_of(form)[0]) for form in audio.formats] == [
        ("0", "PCMU"),
        ("8", "PCMA"),
        ("101", "TELEPHONE-EVENT"),
    ]
    assert (audio.host, audio.direction) == (HOST, "sendrecv")


async def test_auto_answer_is_asked_for_in_the_terminals_style(rig: EmbeddedRig) -> None:
    contact = await rig.register("desk")
    for style, expected in (
        (AutoAnswerStyle.ALL, {"call-info", "alert-info", "answer-mode"}),
        (AutoAnswerStyle.CALL_INFO, {"call-info"}),
    ):
        channel = rig.dial(TerminalEndpoint(contact, style))
        request = (await trunk_called(rig, channel)).request
        headers = {"call-info", "alert-info", "answer-mode"} & request.headers.keys()
        assert headers == expected
        rig.execute(HangUp(channel, Cause.NORMAL))


async def test_a_caller_without_number_is_anonymous(rig: EmbeddedRig) -> None:
    channel = "anonymous-call"
    rig.execute(Dial(channel, outside(rig), DialOptions(CallerId(""))))
    request = (await trunk_called(rig, channel)).request
    caller = parse_name_addr(request.need("from"))
    assert caller.uri.text() == "sip:anonymous@anonymous.invalid"
    assert caller.display == "Anonymous"


async def test_an_outside_number_keeps_its_plus_and_hides_nothing_dangerous(
    rig: EmbeddedRig,
) -> None:
    channel = rig.dial(outside(rig, "+81312341234"))
    request = (await trunk_called(rig, channel)).request
    host, port = rig.phones["trunk"].address
    assert request.uri == f"sip:+81312341234@{host}:{port}"
    assert parse_name_addr(request.need("from")).uri.host == HOST
    odd = rig.dial(outside(rig, "1\r\nX: y@z#"))
    assert (await trunk_called(rig, odd)).request.uri.startswith("sip:1%0D%0AX%3A")


async def test_a_name_with_a_line_break_fails_here_and_sends_nothing(rig: EmbeddedRig) -> None:
    rig.execute(Dial("broken", outside(rig), DialOptions(CallerId("1", "a\r\nX: b"))))
    assert [type(event) for event in rig.told("broken")] == [Failed]
    failed = await rig.event(Failed, "broken")
    assert (failed.status, failed.local) == (500, True)
    assert rig.embedded.channels == 0


# Trunks


async def test_a_trunk_that_asks_who_we_are_is_told(rig: EmbeddedRig) -> None:
    phone = rig.phones["trunk"]
    trunk = replace(rig.trunk("trunk"), username="us", password="trunk-secret")
    channel = rig.dial(TrunkEndpoint(trunk, "0398765432"))
    first = await trunk_called(rig, channel)
    challenge = DigestServer(b"x").challenge("trunk.test", phone.now)
    headers = (("proxy-authenticate", challenge),)
    phone.stack.reject(channel, 407, "Proxy Authentication Required", phone.now, headers)
    phone.pump()
    await rig.until(lambda: len(phone.calls) == 2)
    second = phone.calls[-1]
    assert second.call_id == channel
    assert 'username="us"' in second.request.need("proxy-authorization")
    assert second.request.cseq[0] == first.request.cseq[0] + 1
    second.answer()
    await rig.event(Answered, channel)
    assert rig.ends(channel) == []
    assert all("response=" not in line.text for line in rig.engine.trace(channel))


async def test_a_trunk_is_found_by_its_name(rig: EmbeddedRig) -> None:
    port = rig.phones["trunk"].address[1]
    trunk = Trunk("named", f"sip:localhost:{port}")
    channel = rig.dial(TrunkEndpoint(trunk, "1"))
    call = await trunk_called(rig, channel)
    assert call.request.uri == f"sip:1@localhost:{port}"


@pytest.mark.parametrize(
    "uri", ["sip:no-such-host.invalid", "sip:192.0.2.1;transport=tls", "sip:[2001:db8::1]", "what"]
)
async def test_a_trunk_that_cant_be_reached_fails_here(rig: EmbeddedRig, uri: str) -> None:
    channel = rig.dial(TrunkEndpoint(Trunk("lost", uri), "1"))
    failed = await rig.event(Failed, channel)
    assert (failed.status, failed.local) == (503, True)
    assert rig.embedded.channels == 0


async def test_hanging_up_while_a_name_is_looked_up(rig: EmbeddedRig) -> None:
    port = rig.phones["trunk"].address[1]
    channel = rig.dial(TrunkEndpoint(Trunk("named", f"sip:localhost:{port}"), "1"))
    rig.execute(HangUp(channel, Cause.CANCELLED))
    assert rig.told(channel) == [Failed(channel, 487, "Request Terminated", local=True)]
    again = rig.dial(TrunkEndpoint(Trunk("named", f"sip:localhost:{port}"), "1"), channel)
    await trunk_called(rig, again)
    assert len(rig.phones["trunk"].calls) == 1
    assert len(rig.ends(channel)) == 1


async def test_a_trunk_that_says_nothing_times_out_here() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind((HOST, 0))
        uri = f"sip:{HOST}:{mute.getsockname()[1]}"
        async with embedded_rig(timers=Timers(0.01, 0.04, 0.05)) as rig:
            channel = rig.dial(TrunkEndpoint(Trunk("mute", uri), "1"))
            failed = await rig.event(Failed, channel)
            assert (failed.status, failed.local) == (408, True)


async def test_a_trunk_over_udp_where_nobody_is_fails_at_once(rig: EmbeddedRig) -> None:
    channel = rig.dial(TrunkEndpoint(Trunk("closed", "sip:127.0.0.1:9"), "1"))
    failed = await rig.event(Failed, channel)
    assert (failed.status, failed.local) == (503, True)
    assert failed.reason == "Service Unavailable: udp:127.0.0.1:9 (unreachable)"
    assert (await called(rig, "desk"))[1].call_id, "nothing else was lost by that"


async def test_a_trunk_over_tcp_that_refuses_fails_at_once(rig: EmbeddedRig) -> None:
    channel = rig.dial(TrunkEndpoint(Trunk("closed", "sip:127.0.0.1:9;transport=tcp"), "1"))
    failed = await rig.event(Failed, channel)
    assert (failed.status, failed.local) == (503, True)


# Answers


async def test_an_answer_without_a_common_codec_is_hung_up_and_fails(rig: EmbeddedRig) -> None:
    channel, call = await called(rig, "desk")
    call.answer(G729_ONLY)
    failed = await rig.event(Failed, channel)
    assert (failed.status, failed.local) == (488, True)
    await rig.until(lambda: call.ended)
    assert call.reason.startswith("Q.850;cause=88")
    assert rig.ends(channel) == [failed]


async def test_after_an_unusable_answer_the_id_can_be_dialled_at_once(rig: EmbeddedRig) -> None:
    redialled: list[str] = []

    def fail_over(event: object) -> None:
        if isinstance(event, Failed) and not redialled:
            redialled.append(rig.dial(outside(rig), event.channel))

    channel, call = await called(rig, "desk")
    rig.embedded.connect(fail_over)
    call.answer(G729_ONLY)
    await rig.until(lambda: rig.phones["trunk"].calls)
    first, second = call.request, rig.phones["trunk"].calls[0].request
    assert (second.call_id, redialled) == (channel, [channel])
    tags = {parse_name_addr(request.need("from")).tag for request in (first, second)}
    assert len(tags) == 2


async def test_an_answer_that_repeats_no_description_means_the_early_one(rig: EmbeddedRig) -> None:
    channel, call = await called(rig, "desk")
    call.early()
    await rig.event(Ringing, channel)
    call.answer(b"")
    await rig.event(Answered, channel)
    rig.execute(Play(channel, Tone(ToneKind.BUSY, "us")))
    await rig.until(lambda: call.hears([480.0, 620.0]))


async def test_an_answer_without_any_description_is_of_no_use(rig: EmbeddedRig) -> None:
    channel, call = await called(rig, "desk")
    call.answer(b"")
    assert (await rig.event(Failed, channel)).status == 488


async def test_an_answer_that_holds_us_is_told(rig: EmbeddedRig) -> None:
    channel, call = await called(rig, "desk")
    host, port = call.audio.session.address
    held = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=sendonly\r\n"
    )
    call.answer(held.encode())
    await rig.event(Answered, channel)
    assert (await rig.event(HoldChanged, channel)).held


async def test_codecs_are_converted_where_two_legs_differ(rig: EmbeddedRig) -> None:
    first, jessica = await talking(rig, "desk")
    second, thomas = await called(rig, "soft")
    host, port = thomas.audio.session.address
    alaw = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\n"
    )
    thomas.audio.answer(thomas.request.body.replace(b"RTP/AVP 0 8", b"RTP/AVP 8 0"))
    thomas.answer(alaw.encode())
    await rig.event(Answered, second)
    rig.execute(Bridge(first, second))
    await rig.until(lambda: jessica.hears([thomas.hertz]))
    await rig.until(lambda: thomas.hears([jessica.hertz]))


# In a call


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
    await rig.until(lambda: call.offers == 1)
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


# Registering, and calling us


async def test_a_wrong_secret_registers_nothing(rig: EmbeddedRig) -> None:
    phone = await rig.phone("desk")
    phone.register(rig.server, DOMAIN, "a guess")
    await rig.until(lambda: any(isinstance(e, RegistrationFailed) for e in phone.events))
    assert rig.engine.contacts(f"desk@{DOMAIN}") == ()
    assert rig.embedded.registered() == {}


async def test_all_that_are_registered_are_listed(rig: EmbeddedRig) -> None:
    desk, soft = await rig.register("desk"), await rig.register("soft")
    assert rig.embedded.registered() == {desk.account: (desk,), soft.account: (soft,)}
    assert desk.user_agent == "test phone"


async def test_whoever_calls_us_finds_nobody_for_now(rig: EmbeddedRig) -> None:
    phone = await rig.phone("desk")
    server = rig.server
    uri = parse_name_addr(f"<sip:anybody@{DOMAIN}>")
    flow = phone.runner.transport.flow_to("udp", (server.host, server.port))
    credentials = Credentials("desk", SECRET)
    phone.stack.invite(
        Invitation("in", str(uri.uri), flow, uri, uri, None, credentials=credentials), phone.now
    )
    phone.pump()

    def failed() -> list[InviteFailed]:
        return [event for event in phone.events if isinstance(event, InviteFailed)]

    await rig.until(failed)
    assert failed()[0].status == 404
    assert rig.events == []


async def test_over_tcp_a_phone_is_called_on_its_own_connection() -> None:
    async with embedded_rig("tcp") as rig:
        phone = rig.phones["desk"] = SipPhone("desk", 700.0, QUICK, "tcp")
        await phone.start()
        channel, call = await talking(rig, "desk")
        assert rig.embedded.connections == 1
        rig.execute(HangUp(channel, Cause.NORMAL))
        await rig.until(lambda: call.ended)
        await phone.runner.transport.close()
        await rig.until(lambda: rig.engine.contacts(f"desk@{DOMAIN}") == ())


async def test_over_tcp_a_ringing_phone_that_vanishes_has_failed() -> None:
    async with embedded_rig("tcp") as rig:
        phone = rig.phones["desk"] = SipPhone("desk", 700.0, QUICK, "tcp")
        await phone.start()
        channel, _ = await called(rig, "desk")
        await phone.runner.transport.close()
        failed = await rig.event(Failed, channel)
        assert (failed.status, failed.local) == (503, True)


# Start and stop


async def test_an_address_in_use_is_named() -> None:
    async with embedded_rig() as rig:
        settings = EngineSettings(listen=(Listen("tcp", HOST, 0), rig.server))
        engine = EmbeddedEngine(settings, directory)
        with pytest.raises(ListenError, match=str(rig.server.port)):
            await engine.start()
        with pytest.raises(RuntimeError, match="not started"):
            engine.contacts("desk@demo")
        await engine.stop()


async def test_stopping_hangs_up_what_lives() -> None:
    async with embedded_rig() as rig:
        up, answered = await talking(rig, "desk")
        ringing, call = await called(rig, "soft")
        call.ring()
        await rig.event(Ringing, ringing)
        await rig.embedded.stop()
        assert [type(event) for event in rig.ends(up)] == [Released]
        assert [type(event) for event in rig.ends(ringing)] == [Failed]
        await rig.until(lambda: answered.ended)
        await rig.until(lambda: call.ended)


async def test_behind_wildcards_peers_are_told_an_address_they_can_reach() -> None:
    snapshot = directory()
    settings = EngineSettings(
        listen=(Listen("udp", WILDCARD, 0),), media_hosts=Hosts(WILDCARD), timers=QUICK
    )
    engine = EmbeddedEngine(settings, lambda: snapshot)
    await engine.start()
    rig = EmbeddedRig(engine)
    trunk = await rig.phone("trunk")
    channel = rig.dial(outside(rig))
    request = (await trunk_called(rig, channel)).request
    (audio,) = parse_sdp(request.body).media
    assert audio.host == HOST
    assert parse_name_addr(request.need("contact")).uri.host == HOST
    await engine.stop()
    await trunk.stop()


@pytest.mark.parametrize(
    ("local", "sip", "media"),
    [("10.0.0.0/8", "198.51.100.7", "198.51.100.8"), ("127.0.0.0/8", HOST, HOST)],
)
async def test_advertised_addresses_take_the_place_of_ours(
    local: str, sip: str, media: str
) -> None:
    snapshot, networks = directory(), (network(local),)
    settings = EngineSettings(
        listen=(Listen("udp", HOST, 0),),
        advertised=Hosts("198.51.100.7").but_not_in(networks),
        media_advertised=Hosts("198.51.100.8").but_not_in(networks),
        timers=QUICK,
    )
    engine = EmbeddedEngine(settings, lambda: snapshot)
    await engine.start()
    rig = EmbeddedRig(engine)
    trunk = await rig.phone("trunk")
    channel = rig.dial(outside(rig))
    request = (await trunk_called(rig, channel)).request
    (audio,) = parse_sdp(request.body).media
    assert audio.host == media
    assert parse_name_addr(request.need("contact")).uri.host == sip
    assert f" {sip}:" in request.need("via")
    await engine.stop()
    await trunk.stop()


async def test_no_media_port_is_a_failure_here() -> None:
    snapshot = directory()
    settings = EngineSettings(
        listen=(Listen("udp", HOST, 0),), media_ports=(47000, 47001), timers=QUICK
    )
    engine = EmbeddedEngine(settings, lambda: snapshot)
    await engine.start()
    rig = EmbeddedRig(engine)
    trunk = await rig.phone("trunk")
    rig.dial(outside(rig))
    second = rig.dial(outside(rig))
    failed = await rig.event(Failed, second)
    assert (failed.status, failed.reason, failed.local) == (503, "No Media Port", True)
    await engine.stop()
    await trunk.stop()


async def test_whoever_is_told_and_stumbles_stops_nothing(rig: EmbeddedRig) -> None:
    seen: list[object] = []

    def stumble(event: object) -> None:
        seen.append(event)
        raise RuntimeError("a fault of the listener")

    rig.embedded.connect(stumble)
    channel, call = await called(rig, "desk")
    call.ring()
    call.answer()
    await rig.until(lambda: Answered(channel) in seen)
