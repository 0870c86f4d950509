"""Calls of phones, over the embedded engine: what goes wrong, and what stays behind of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import Accept, Answered, Bridge, Failed, HangUp, Incoming
from cordboard.sip.events import SessionConfirmed
from support.engine_rigs import DOMAIN, SECRET, EmbeddedRig, SipFar, embedded_rig
from support.sip_call_out import SipCallOut

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rig() -> AsyncIterator[EmbeddedRig]:
    async with embedded_rig(takes_calls=True) as made:
        yield made


async def dial(
    rig: EmbeddedRig,
    called: str = "200@demo",
    secret: str = SECRET,
    *,
    offers: bool = True,
    hops: int = 70,
) -> SipCallOut:
    phone = await rig.phone("desk")
    return SipCallOut(phone, rig.server, called, DOMAIN, secret, offers=offers, hops=hops)


def left(rig: EmbeddedRig) -> tuple[int, int]:
    """How many channels and sessions there are."""
    return rig.embedded.channels, rig.embedded._need().runner.stack.sessions()


@pytest.mark.parametrize(("secret", "status"), [("", 401), ("a guess", 403)])
async def test_nothing_is_kept_of_who_proves_nothing(
    rig: EmbeddedRig, secret: str, status: int
) -> None:
    call = await dial(rig, secret=secret)
    await rig.until(lambda: call.refused == status)
    assert left(rig) == (0, 0)
    assert rig.events == []


async def test_who_dials_nobody_is_refused(rig: EmbeddedRig) -> None:
    call = await dial(rig, "demo")
    await rig.until(lambda: call.refused == 404)
    assert left(rig) == (0, 0)
    assert rig.events == []


async def test_a_call_that_has_come_too_far_is_refused(rig: EmbeddedRig) -> None:
    call = await dial(rig, hops=0)
    await rig.until(lambda: call.refused == 483)
    assert left(rig) == (0, 0)
    assert rig.events == []


@pytest.mark.parametrize(("had", "left"), [(1, 1), (69, 69), (255, 70)])
async def test_how_far_a_call_may_still_go_is_told(rig: EmbeddedRig, had: int, left: int) -> None:
    call = await dial(rig, hops=had)
    assert (await rig.event(Incoming, call.call_id)).hops == left


async def test_who_leaves_the_offer_to_us_is_up_with_his_answer(rig: EmbeddedRig) -> None:
    call = await dial(rig, offers=False)
    await rig.event(Incoming, call.call_id)
    rig.execute(Accept(call.call_id))
    assert [type(event) for event in rig.told(call.call_id)] == [Incoming]
    rig.embedded._on_sip_event(SessionConfirmed(call.call_id, call.audio.offer()))
    assert [type(event) for event in rig.told(call.call_id)] == [Incoming, Answered]


async def test_who_forgets_his_answer_is_hung_up(rig: EmbeddedRig) -> None:
    call = await dial(rig, offers=False)
    await rig.event(Incoming, call.call_id)
    rig.execute(Accept(call.call_id))
    failed = await rig.event(Failed, call.call_id)
    assert (failed.status, failed.local) == (488, True)
    await rig.until(lambda: left(rig) == (0, 0))


async def test_two_callers_hear_each_other(rig: EmbeddedRig) -> None:
    call = await dial(rig)
    await rig.event(Incoming, call.call_id)
    other, far = await rig.dial_phone("soft")
    await far.answer()
    await rig.event(Answered, other)
    rig.execute(Accept(call.call_id), Bridge(call.call_id, other))
    await rig.until(lambda: call.talks)
    call.speak()
    assert isinstance(far, SipFar)
    await rig.until(lambda: far.call.hears([call.hertz]))
    await rig.until(lambda: call.hears([far.call.hertz]))
    rig.execute(HangUp(call.call_id, Cause.NORMAL), HangUp(other, Cause.NORMAL))
    await rig.until(lambda: left(rig) == (0, 0))
