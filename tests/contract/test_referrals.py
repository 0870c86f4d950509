"""What every engine promises of phones that have their calls transferred."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    AnswerReferral,
    Bridge,
    HangUp,
    Incoming,
    RedirectTarget,
    Referred,
    Released,
    Ring,
)
from support.engine_rigs import HOST, Far, Rig, embedded_rig, memory_rig

pytestmark = pytest.mark.anyio

RIGS: dict[str, Callable[..., AbstractAsyncContextManager[Rig]]] = {
    "memory": memory_rig,
    "embedded": embedded_rig,
}


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param](takes_calls=True) as made:
        yield made


async def referred(rig: Rig, user: str = "helen") -> tuple[str, Far, list[int], Referred]:
    channel, far = await rig.answered("desk")
    told = await far.refer(user)
    return channel, far, told, await rig.event(Referred, channel)


async def test_somebody_wants_his_party_to_go_elsewhere(rig: Rig) -> None:
    channel, _, told, event = await referred(rig)
    assert event.target == RedirectTarget("helen", "elsewhere.test")
    assert (event.replaces, event.elsewhere) == (None, False)
    assert told == []
    rig.execute(AnswerReferral(channel, event.referral, 100))
    await rig.until(lambda: told == [202, 100])
    rig.execute(AnswerReferral(channel, event.referral, 180))
    await rig.until(lambda: told == [202, 100, 180])
    rig.execute(AnswerReferral(channel, event.referral, 200))
    await rig.until(lambda: told == [202, 100, 180, 200])
    assert rig.ends(channel) == []


async def test_an_address_of_ours_is_known_as_such(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.refer("300", HOST)
    assert (await rig.event(Referred, channel)).target == RedirectTarget("300", HOST, ours=True)


@pytest.mark.parametrize("status", [403, 486, 603])
async def test_it_may_be_refused_and_asked_for_again(rig: Rig, status: int) -> None:
    channel, far, told, event = await referred(rig)
    rig.execute(AnswerReferral(channel, event.referral, status))
    await rig.until(lambda: told == [status])
    again = await far.refer("thomas")
    second = await rig.event(Referred, channel, 2)
    assert second.referral != event.referral
    rig.execute(AnswerReferral(channel, second.referral, 200))
    await rig.until(lambda: again == [202, 200])
    assert told == [status]


async def test_of_two_at_once_the_second_is_refused(rig: Rig) -> None:
    channel, far, _, event = await referred(rig)
    second = await far.refer("thomas")
    await rig.until(lambda: second == [491])
    rig.execute(AnswerReferral(channel, event.referral, 100))
    third = await far.refer("thomas")
    await rig.until(lambda: 491 in third)
    assert len([one for one in rig.told(channel) if isinstance(one, Referred)]) == 1


async def test_a_call_of_the_same_phone_may_be_named(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    other, consulted = await rig.answered("desk")
    await far.refer("whoever", replaces=consulted)
    event = await rig.event(Referred, channel)
    assert (event.replaces, event.elsewhere) == (other, False)


async def test_so_may_one_that_its_phone_dials_and_nobody_has_answered(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    caller = await rig.call_in("desk", "200")
    await rig.event(Incoming, caller.channel)
    rig.execute(Ring(caller.channel))
    await rig.until(lambda: caller.rung)
    await far.refer("whoever", replaces=caller)
    event = await rig.event(Referred, channel)
    assert (event.replaces, event.elsewhere) == (caller.channel, False)


async def test_a_call_that_is_none_of_ours_is_said_to_be(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.refer("300", replaces="gone%3Bto-tag%3D1%3Bfrom-tag%3D2")
    event = await rig.event(Referred, channel)
    assert (event.replaces, event.elsewhere) == (None, True)


async def test_who_is_told_the_end_is_hung_up(rig: Rig) -> None:
    channel, far, told, event = await referred(rig)
    rig.execute(AnswerReferral(channel, event.referral, 200), HangUp(channel, Cause.NORMAL))
    assert not (await rig.event(Released, channel)).remote
    await rig.until(lambda: told == [202, 200] and far.gone)


async def test_who_asks_may_hang_up_before_he_is_answered(rig: Rig) -> None:
    channel, far, told, event = await referred(rig)
    await far.hang_up()
    await rig.event(Released, channel)
    rig.execute(AnswerReferral(channel, event.referral, 200))
    assert 200 not in told


async def test_who_is_bridged_with_another_is_left_by_the_first(rig: Rig) -> None:
    one, first = await rig.answered("desk")
    two, second = await rig.answered("soft")
    three, third = await rig.answered("trunk")
    rig.execute(Bridge(one, two))
    await rig.until(lambda: first.hears(second) and second.hears(first))
    rig.execute(Bridge(two, three))
    await rig.until(lambda: second.hears(third) and third.hears(second) and first.hears(None))
    rig.execute(Bridge(one, two))
    await rig.until(lambda: first.hears(second) and second.hears(first) and third.hears(None))
