"""The embedded engine and trunks, on the loopback."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Failed,
    HangUp,
    TrunkEndpoint,
)
from cordboard.directory.model import Trunk
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.timers import Timers
from support.embedded_calls import called, trunk_called
from support.engine_rigs import (
    HOST,
    EmbeddedRig,
    embedded_rig,
)

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]


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
