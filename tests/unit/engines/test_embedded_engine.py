"""The embedded engine on the loopback: what the contract for every engine does not say."""

from __future__ import annotations

import pytest

from cordboard.addresses import Hosts, network
from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Bridge,
    CallerId,
    Dial,
    DialOptions,
    Failed,
    HangUp,
    HoldChanged,
    Play,
    Released,
    Ringing,
    TerminalEndpoint,
    Tone,
    ToneKind,
)
from cordboard.directory.model import AutoAnswerStyle
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.transport import Listen, ListenError
from cordboard.sip.address import parse_name_addr
from cordboard.sip.digest import Credentials
from cordboard.sip.events import InviteFailed, RegistrationFailed
from cordboard.sip.invitation import Invitation
from cordboard.sip.sdp import parse_sdp
from support.embedded_calls import G729_ONLY, called, talking, trunk_called
from support.engine_rigs import (
    CALLER,
    DOMAIN,
    HOST,
    QUICK,
    SECRET,
    EmbeddedRig,
    directory,
    embedded_rig,
    outside,
)
from support.ports import free_range
from support.sip_phone import SipPhone

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]


WILDCARD = "0.0.0.0"  # noqa: S104 - that address is what is tested


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


@pytest.mark.parametrize("hops", [70, 12, 0])
async def test_a_call_goes_as_far_as_it_may(rig: EmbeddedRig, hops: int) -> None:
    channel = f"far-{hops}"
    rig.execute(Dial(channel, outside(rig), DialOptions(CallerId("1"), hops=hops)))
    request = (await trunk_called(rig, channel)).request
    assert request.headers["max-forwards"] == [str(hops)]


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
        Invitation("in", str(uri.uri), flow, str(uri), str(uri), None, credentials=credentials),
        phone.now,
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
        listen=(Listen("udp", HOST, 0),), media_ports=free_range(2), timers=QUICK
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
