"""The embedded engine at the wildcards of both families, with phones in each."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from cordboard.addresses import Hosts, written
from cordboard.calls.ports import Answered, Bridge, Failed, TrunkEndpoint
from cordboard.directory.model import Trunk
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.transport import Listen
from cordboard.media.rtp import RtpPacket
from cordboard.sip.address import parse_name_addr
from cordboard.sip.events import OfferAnswered
from cordboard.sip.offer import LocalAudio, make_offer
from cordboard.sip.sdp import parse_sdp
from support.engine_rigs import DOMAIN, QUICK, SECRET, EmbeddedRig, directory, media_ports
from support.ports import LOOPBACK, LOOPBACK_V6, free_ports, loopbacks
from support.sip_phone import SipPhone, SipPhoneCall

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.both_loops,
    pytest.mark.skipif(LOOPBACK_V6 not in loopbacks(), reason="there is no IPv6 loopback address"),
]

EVERYWHERE = Hosts("0.0.0.0", "::")  # noqa: S104 - that is what is tested
HERTZ = {LOOPBACK: 700.0, LOOPBACK_V6: 1100.0}


@pytest.fixture
async def rig() -> AsyncIterator[EmbeddedRig]:
    snapshot = directory()
    port = free_ports()
    listen = [Listen(name, host, port) for name in ("udp", "tcp") for host in EVERYWHERE]
    settings = EngineSettings(
        listen=tuple(listen),
        media_hosts=EVERYWHERE,
        media_ports=media_ports(),
        timers=QUICK,
    )
    engine = EmbeddedEngine(settings, lambda: snapshot)
    await engine.start()
    made = EmbeddedRig(engine)
    yield made
    await engine.stop()
    for phone in made.phones.values():
        await phone.stop()


async def phone_at(rig: EmbeddedRig, host: str, transport: str = "udp") -> SipPhone:
    phone = SipPhone(host, HERTZ[host], QUICK, transport, host)
    rig.phones[host] = phone
    await phone.start()
    return phone


async def called(rig: EmbeddedRig, trunk: Trunk) -> tuple[str, SipPhoneCall]:
    """Dial a number through a trunk; the channel, and the far end's side of it."""
    channel = rig.dial(TrunkEndpoint(trunk, "0312341234"))
    calls = [phone.calls for phone in rig.phones.values()]
    await rig.until(lambda: any(call.call_id == channel for each in calls for call in each))
    (call,) = [call for each in calls for call in each if call.call_id == channel]
    return channel, call


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_legs_of_both_families_hear_each_other(rig: EmbeddedRig, transport: str) -> None:
    channels, calls = [], []
    for host in (LOOPBACK, LOOPBACK_V6):
        phone = await phone_at(rig, host, transport)
        uri = f"sip:{written(*phone.address)};transport={transport}"
        channel, call = await called(rig, Trunk(host, uri))
        (media,) = parse_sdp(call.request.body).media
        assert media.host == host
        contact = parse_name_addr(call.request.need("contact")).uri
        assert contact.address == (host, rig.server.port)
        assert f" {written(host, rig.server.port)};" in call.request.need("via")
        call.answer()
        await rig.event(Answered, channel)
        channels.append(channel)
        calls.append(call)
    rig.execute(Bridge(channels[0], channels[1]))
    await rig.until(lambda: calls[0].hears([HERTZ[LOOPBACK_V6]]))
    await rig.until(lambda: calls[1].hears([HERTZ[LOOPBACK]]))


async def test_a_registered_phone_is_called_over_its_own_family(rig: EmbeddedRig) -> None:
    phone = SipPhone("desk", 700.0, QUICK, host=LOOPBACK_V6)
    rig.phones["desk"] = phone
    await phone.start()
    server = Listen("udp", LOOPBACK_V6, rig.server.port)
    phone.register(server, DOMAIN, SECRET)
    await rig.until(lambda: rig.engine.contacts(f"desk@{DOMAIN}"))
    channel, _ = await rig.dial_phone("desk")
    (call,) = phone.calls
    assert parse_sdp(call.request.body).media[0].host == LOOPBACK_V6
    call.answer()
    await rig.event(Answered, channel)


async def test_a_phone_that_goes_to_the_other_family_is_heard_there(rig: EmbeddedRig) -> None:
    phone = SipPhone("desk", 700.0, QUICK)
    rig.phones["desk"] = phone
    await phone.start()
    at_home = Listen("udp", LOOPBACK, rig.server.port)
    phone.register(at_home, DOMAIN, SECRET)
    await rig.until(lambda: rig.engine.contacts(f"desk@{DOMAIN}"))
    channel, _ = await rig.dial_phone("desk")
    (call,) = phone.calls
    call.answer()
    await rig.event(Answered, channel)
    other = await phone_at(rig, LOOPBACK)
    second, partner = await called(rig, Trunk("far", f"sip:{written(*other.address)}"))
    partner.answer()
    await rig.event(Answered, second)
    rig.execute(Bridge(channel, second))

    await phone.runner.transport.listen(Listen("udp", LOOPBACK_V6, 0))
    away = phone.runner.transport.flow_to("udp", (LOOPBACK_V6, rig.server.port))
    dialog = phone.stack._core.sessions[call.call_id].need_dialog()
    dialog.origin = away
    dialog.aim(dialog.target)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as voice:
        voice.bind((LOOPBACK_V6, 0))
        voice.setblocking(False)
        offer = make_offer(LocalAudio(LOOPBACK_V6, voice.getsockname()[1], 7, version=2))
        phone.stack.offer(call.call_id, offer, phone.now)
        phone.pump()
        await rig.until(lambda: any(isinstance(one, OfferAnswered) for one in phone.events))
        (answered,) = [one for one in phone.events if isinstance(one, OfferAnswered)]
        assert answered.sdp is not None
        (media,) = parse_sdp(answered.sdp).media
        assert media.host == LOOPBACK_V6

        def both_hear() -> bool:
            frame = phone.voice.frame("PCMU", said[0] % 50) or b""
            packet = RtpPacket(0, said[0], said[0] * 160, 9, frame)
            voice.sendto(bytes(packet), (LOOPBACK_V6, media.port))
            said[0] += 1
            with suppress(BlockingIOError):
                heard.append(voice.recv(2048))
            return partner.hears([phone.hertz]) and len(heard) > 10

        said, heard = [0], list[bytes]()
        await rig.until(both_hear)


async def test_a_phone_without_an_address_for_voice_is_not_called() -> None:
    snapshot = directory()
    settings = EngineSettings(
        listen=(Listen("udp", LOOPBACK_V6, 0),), media_ports=media_ports(), timers=QUICK
    )
    engine = EmbeddedEngine(settings, lambda: snapshot)
    await engine.start()
    rig = EmbeddedRig(engine)
    channel = rig.dial(TrunkEndpoint(Trunk("far", f"sip:{written(LOOPBACK_V6, 9)}"), "031"))
    failed = await rig.event(Failed, channel)
    assert (failed.status, failed.reason) == (503, "No Media Port")
    await engine.stop()
