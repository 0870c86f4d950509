"""What every engine promises of calls that phones make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Accept,
    Answered,
    Bridge,
    EarlyMedia,
    Failed,
    HangUp,
    Incoming,
    Listen,
    Play,
    Reject,
    Released,
    Ring,
    Tone,
    ToneKind,
)
from support.engine_rigs import CallerEnd, Rig, embedded_rig, memory_rig

pytestmark = pytest.mark.anyio

RIGS: dict[str, Callable[..., AbstractAsyncContextManager[Rig]]] = {
    "memory": memory_rig,
    "embedded": embedded_rig,
}


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param](takes_calls=True) as made:
        yield made


@pytest.mark.parametrize("name", RIGS)
async def test_where_no_calls_are_taken_nobody_is_here(name: str) -> None:
    async with RIGS[name]() as rig:
        caller = await rig.call_in("desk", "200")
        await rig.until(lambda: caller.refused == 404)
        assert rig.events == []
        assert not caller.rung


async def offered(rig: Rig, dialled: str = "200") -> CallerEnd:
    """A call of the phone ``desk``, once we know of it."""
    caller = await rig.call_in("desk", dialled)
    await rig.event(Incoming, caller.channel)
    return caller


async def test_a_phone_that_dials_is_told_of_with_whom_it_dials(rig: Rig) -> None:
    caller = await offered(rig, "200")
    incoming = await rig.event(Incoming, caller.channel)
    assert (incoming.terminal, incoming.trunks) == ("desk@demo", ())
    assert (incoming.dialled, incoming.host, incoming.number) == ("200", "demo", "desk")
    assert (caller.rung, caller.refused, caller.talks) == ([], None, False)


@pytest.mark.parametrize("status", [180, 181, 182, 183])
async def test_the_caller_is_told_what_happens(rig: Rig, status: int) -> None:
    caller = await offered(rig)
    rig.execute(Ring(caller.channel, status))
    await rig.until(lambda: caller.rung == [status])


async def test_an_accepted_call_is_answered_and_can_be_hung_up(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Ring(caller.channel), Accept(caller.channel))
    await rig.event(Answered, caller.channel)
    await rig.until(lambda: caller.talks)
    rig.execute(HangUp(caller.channel, Cause.NORMAL))
    released = await rig.event(Released, caller.channel)
    assert (released.remote, released.cause) == (False, Cause.NORMAL)
    await rig.until(lambda: not caller.talks)
    assert rig.ends(caller.channel) == [released]


async def test_the_caller_hangs_up(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Accept(caller.channel))
    await rig.until(lambda: caller.talks)
    await caller.hang_up()
    assert (await rig.event(Released, caller.channel)).remote


@pytest.mark.parametrize("status", [404, 480, 486, 503, 603])
async def test_a_refused_caller_gets_the_status(rig: Rig, status: int) -> None:
    caller = await offered(rig)
    rig.execute(Reject(caller.channel, status, "Not Today"))
    failed = await rig.event(Failed, caller.channel)
    assert (failed.status, failed.reason, failed.local) == (status, "Not Today", True)
    await rig.until(lambda: caller.refused == status)


async def test_a_caller_who_gives_up_fails_once(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Ring(caller.channel))
    await rig.until(lambda: caller.rung)
    await caller.give_up()
    failed = await rig.event(Failed, caller.channel)
    assert (failed.status, failed.local) == (487, False)
    rig.execute(Accept(caller.channel), Reject(caller.channel, 486, "Busy"))
    await rig.until(lambda: caller.refused == 487)
    assert rig.ends(caller.channel) == [failed]


async def test_hanging_up_an_unanswered_call_refuses_it(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(HangUp(caller.channel, Cause.NORMAL))
    failed = await rig.event(Failed, caller.channel)
    assert (failed.status, failed.local) == (480, True)
    await rig.until(lambda: caller.refused == 480)
    assert rig.ends(caller.channel) == [failed]


async def test_what_is_said_twice_is_said_once(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Accept(caller.channel), Accept(caller.channel), Ring(caller.channel))
    rig.execute(Reject(caller.channel, 486, "Busy"))
    await rig.until(lambda: caller.talks)
    assert [type(event) for event in rig.told(caller.channel)] == [Incoming, Answered]
    assert (caller.rung, caller.refused) == ([], None)


async def test_a_dialled_channel_is_not_answered_by_us(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    rig.execute(Ring(channel), Accept(channel), Reject(channel, 486, "Busy"))
    await far.answer()
    await rig.event(Answered, channel)


async def test_a_caller_is_bridged_with_whom_is_dialled_for_him(rig: Rig) -> None:
    caller = await offered(rig)
    second, far = await rig.dial_phone("soft")
    await far.answer()
    await rig.event(Answered, second)
    rig.execute(Accept(caller.channel), Play(caller.channel, Tone(ToneKind.RINGBACK, "us")))
    rig.execute(Bridge(caller.channel, second))
    await rig.until(lambda: caller.talks)
    await far.press("5")
    await caller.hang_up()
    await rig.event(Released, caller.channel)


async def test_a_caller_hears_early_media_before_he_is_answered(rig: Rig) -> None:
    caller = await offered(rig)
    second, far = await rig.dial_phone("soft")
    await far.ring(183)
    await far.early()
    await rig.event(EarlyMedia, second)
    rig.execute(Listen(caller.channel, second))
    await rig.until(lambda: caller.rung == [183] and caller.hears(far))
    ringback = Tone(ToneKind.RINGBACK, "us")
    rig.execute(Play(caller.channel, ringback))
    await rig.until(lambda: caller.hears(ringback))
    rig.execute(Listen(caller.channel, second))
    await rig.until(lambda: caller.hears(far))
    await far.answer()
    await rig.event(Answered, second)
    rig.execute(Accept(caller.channel), Bridge(caller.channel, second))
    await rig.until(lambda: caller.talks and caller.hears(far))
    assert caller.rung == [183]


async def test_a_caller_who_waits_hears_no_tone_before_that(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Play(caller.channel, Tone(ToneKind.RINGBACK, "us")), Ring(caller.channel))
    await rig.until(lambda: caller.rung)
    assert caller.rung == [180]


async def test_its_messages_are_traced_from_the_first_on(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Accept(caller.channel))
    await rig.until(lambda: caller.talks)
    lines = rig.engine.trace(caller.channel)
    assert lines[0].summary.startswith("INVITE")
    assert not lines[0].sent
    assert any(line.sent and "200" in line.summary for line in lines)


async def test_a_caller_who_was_not_answered_is_refused_after_a_crash(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Ring(caller.channel))
    await rig.until(lambda: caller.rung == [180])
    left = dict(rig.records.records)
    assert caller.channel in left
    await rig.kill()
    rig.engine.end_left_over(left)
    await rig.until(lambda: caller.refused == 503)


async def test_of_a_caller_who_was_refused_nothing_is_kept(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Reject(caller.channel, 486, "Busy"))
    await rig.until(lambda: caller.refused == 486)
    assert caller.channel not in rig.records.records


async def test_a_call_that_was_up_is_ended_after_a_crash(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Accept(caller.channel))
    await rig.until(lambda: caller.talks)
    left = dict(rig.records.records)
    assert caller.channel in left
    await rig.kill()
    rig.engine.end_left_over(left)
    await rig.until(lambda: not caller.talks)


async def test_who_wants_to_take_the_place_of_a_phone_is_told_of(rig: Rig) -> None:
    channel, far = await rig.answered("soft")
    caller = await rig.call_in("desk", "200", replaces=far)
    assert (await rig.event(Incoming, caller.channel)).replaces == channel
    rig.execute(Accept(caller.channel))
    await rig.until(lambda: caller.talks)
    rig.execute(Bridge(caller.channel, channel))


@pytest.mark.parametrize("name", RIGS)
async def test_where_there_is_too_much_to_do_callers_hear_when_to_call_again(name: str) -> None:
    busy: list[int] = [7]
    async with RIGS[name](takes_calls=True, busy=lambda: busy[0] if busy else None) as rig:
        caller = await rig.call_in("desk", "200")
        await rig.until(lambda: caller.refused == 503)
        assert caller.retry_after == 7
        assert rig.events == []
        busy.clear()
        await offered(rig)


async def test_a_refusal_may_say_when_to_call_again(rig: Rig) -> None:
    caller = await offered(rig)
    rig.execute(Reject(caller.channel, 503, "Service Unavailable", 9))
    await rig.until(lambda: caller.refused == 503)
    assert caller.retry_after == 9
