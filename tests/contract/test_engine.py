"""What every engine promises, whatever carries its calls.

A new engine brings a rig and adds it to ``RIGS``; the tests know nothing but the port and the rig.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Contact,
    Digit,
    EarlyMedia,
    EngineEvent,
    Failed,
    HangUp,
    Hold,
    HoldChanged,
    Listen,
    PauseRecording,
    Play,
    PlayEnded,
    Prompt,
    Record,
    RecordingEnded,
    Released,
    Ringing,
    SendDigits,
    StopPlay,
    StopRecording,
    TerminalEndpoint,
    Tone,
    ToneKind,
    Trying,
)
from cordboard.calls.said import Said
from support.engine_rigs import Rig, embedded_rig, memory_rig, outside

pytestmark = pytest.mark.anyio

RIGS: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {
    "memory": memory_rig,
    "embedded": embedded_rig,
}

RINGBACK = Tone(ToneKind.RINGBACK, "uk")
BUSY = Tone(ToneKind.BUSY, "us")
HELD = Tone(ToneKind.HOLD, "us")


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param]() as made:
        yield made


# Dialling


async def test_a_phone_rings_and_answers(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    await far.take()
    await rig.event(Trying, channel)
    await far.ring()
    assert (await rig.event(Ringing, channel)).status == 180
    await far.answer()
    await rig.event(Answered, channel)
    assert [type(event) for event in rig.told(channel)] == [Trying, Ringing, Answered]


async def test_an_outside_number_is_reached_through_a_trunk(rig: Rig) -> None:
    channel = rig.dial(outside(rig))
    far = await rig.far(channel)
    await far.ring(183)
    assert (await rig.event(Ringing, channel)).status == 183
    await far.answer()
    await rig.event(Answered, channel)


@pytest.mark.parametrize("status", [404, 480, 486, 503, 603])
async def test_a_refusal_is_told_with_its_status(rig: Rig, status: int) -> None:
    channel, far = await rig.dial_phone("desk")
    await far.reject(status)
    failed = await rig.event(Failed, channel)
    assert (failed.status, failed.local) == (status, False)
    assert rig.ends(channel) == [failed]


async def test_a_refusal_is_told_in_the_far_ends_own_words(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    said = Said(34, 503, "trunk group 7 full", 30)
    await far.reject(503, "Circuits Busy", said)
    failed = await rig.event(Failed, channel)
    assert (failed.reason, failed.said) == ("Circuits Busy", said)


async def test_a_farewell_is_told_with_its_reason(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.hang_up(Said(38, None, "out of order"))
    released = await rig.event(Released, channel)
    assert released.remote
    assert (released.cause, released.said) == (Cause.CONGESTION, Said(38, None, "out of order"))


async def test_a_far_end_that_says_nothing_is_told_so(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.hang_up()
    assert (await rig.event(Released, channel)).said == Said()


async def test_a_contact_that_has_gone_fails_here_and_now(rig: Rig) -> None:
    contact = await rig.register("desk")
    await rig.unregister(contact)
    channel = rig.dial(TerminalEndpoint(contact))
    assert rig.told(channel) == [Failed(channel, 480, "Not Registered", local=True)]


async def test_a_contact_that_never_was_fails_too(rig: Rig) -> None:
    channel = rig.dial(TerminalEndpoint(Contact("nobody@demo", "sip:nobody@192.0.2.1")))
    assert rig.told(channel) == [Failed(channel, 480, "Not Registered", local=True)]


async def test_registered_contacts_can_be_dialled(rig: Rig) -> None:
    assert rig.engine.contacts("desk@demo") == ()
    contact = await rig.register("desk")
    assert contact.account == "desk@demo"
    assert rig.engine.contacts("desk@demo") == (contact,)
    await rig.unregister(contact)
    assert rig.engine.contacts("desk@demo") == ()


async def test_two_channels_know_nothing_of_each_other(rig: Rig) -> None:
    first, _ = await rig.dial_phone("desk")
    second, far = await rig.dial_phone("soft")
    await far.reject(486)
    await rig.event(Failed, second)
    assert rig.ends(first) == []


async def test_an_id_may_be_dialled_again_once_it_has_failed(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    await far.reject(503)
    await rig.event(Failed, channel)
    assert rig.dial(outside(rig), channel) == channel
    again = await rig.far(channel)
    await again.answer()
    await rig.event(Answered, channel)
    assert len(rig.ends(channel)) == 1


async def test_an_id_may_be_dialled_again_from_within_its_failure(rig: Rig) -> None:
    redialled: list[str] = []

    def fail_over(event: EngineEvent) -> None:
        rig.events.append(event)
        if isinstance(event, Failed) and not redialled:
            redialled.append(rig.dial(outside(rig), event.channel))

    rig.engine.connect(fail_over)
    channel, far = await rig.dial_phone("desk")
    await far.reject(503)
    await rig.until(lambda: redialled)
    await (await rig.far(channel)).answer()
    await rig.event(Answered, channel)


async def test_a_second_dial_of_a_live_channel_changes_nothing(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    rig.dial(outside(rig), channel)
    await far.answer()
    await rig.event(Answered, channel)
    assert rig.ends(channel) == []


# Ending


async def test_hanging_up_what_rings_is_a_failure(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    await far.ring()
    await rig.event(Ringing, channel)
    rig.execute(HangUp(channel, Cause.NO_ANSWER))
    failed = await rig.event(Failed, channel)
    assert failed.status == 487
    await rig.until(lambda: far.gone)
    assert rig.ends(channel) == [failed]


async def test_hanging_up_before_anything_came_back_is_a_failure(rig: Rig) -> None:
    contact = await rig.register("desk")
    channel = rig.dial(TerminalEndpoint(contact))
    rig.execute(HangUp(channel, Cause.CANCELLED))
    assert (await rig.event(Failed, channel)).status == 487
    assert len(rig.ends(channel)) == 1


async def test_the_loser_of_a_hunt_learns_that_the_call_was_answered_elsewhere(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    await far.ring()
    await rig.event(Ringing, channel)
    rig.execute(HangUp(channel, Cause.ANSWERED_ELSEWHERE))
    await rig.until(lambda: far.gone)
    assert far.reason in ("answered_elsewhere", 'SIP;cause=200;text="Call completed elsewhere"')


async def test_hanging_up_what_is_answered_is_a_release(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    rig.execute(HangUp(channel, Cause.DURATION_LIMIT))
    released = await rig.event(Released, channel)
    assert (released.remote, released.cause) == (False, Cause.DURATION_LIMIT)
    assert released.figures is not None
    await rig.until(lambda: far.gone)
    assert rig.ends(channel) == [released]


async def test_the_far_end_hangs_up(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.hang_up()
    released = await rig.event(Released, channel)
    assert (released.remote, released.cause) == (True, Cause.NORMAL)
    assert rig.ends(channel) == [released]


async def test_both_hang_up_at_once_and_it_ends_once(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.hang_up()
    rig.execute(HangUp(channel, Cause.NORMAL))
    await rig.event(Released, channel)
    other, ringing = await rig.answered("soft")
    await ringing.hang_up()
    await rig.event(Released, other)
    assert len(rig.ends(channel)) == 1


async def test_commands_for_what_has_ended_are_ignored(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.hang_up()
    await rig.event(Released, channel)
    other, _ = await rig.answered("soft")
    before = list(rig.events)
    rig.execute(
        HangUp(channel, Cause.NORMAL),
        Play(channel, BUSY),
        StopPlay(channel),
        Listen(channel, other),
        Listen(other, channel),
        Bridge(channel, other),
        Bridge(other, channel),
        Hold(channel, True),
        SendDigits(channel, "1"),
        Record(channel, other, "over.wav"),
        Record(other, channel, "over.wav"),
        PauseRecording(channel, True),
        StopRecording(channel),
        HangUp("never dialled", Cause.NORMAL),
    )
    assert rig.events == before


async def test_a_bridge_with_what_only_rings_is_ignored(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    other, _ = await rig.dial_phone("soft")
    rig.execute(Play(channel, RINGBACK), Bridge(channel, other), Play(other, BUSY))
    await rig.until(lambda: far.hears(RINGBACK))


# Sounds


async def test_a_tone_is_heard_until_another_one_or_silence(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    rig.execute(Play(channel, RINGBACK))
    await rig.until(lambda: far.hears(RINGBACK))
    rig.execute(Play(channel, BUSY))
    await rig.until(lambda: far.hears(BUSY))
    rig.execute(StopPlay(channel))
    assert not [event for event in rig.events if isinstance(event, PlayEnded)]


async def test_a_prompt_tells_its_end(rig: Rig, tmp_path: Path) -> None:
    channel, _ = await rig.answered("desk")
    rig.execute(Play(channel, Prompt(rig.prompt(tmp_path, 0.2)), 7))
    assert await rig.event(PlayEnded, channel) == PlayEnded(channel, 7, complete=True)


async def test_a_prompt_that_cant_be_played_says_so(rig: Rig, tmp_path: Path) -> None:
    channel, _ = await rig.answered("desk")
    rig.execute(Play(channel, Prompt(rig.prompt(tmp_path, None)), 8))
    assert await rig.event(PlayEnded, channel) == PlayEnded(channel, 8, complete=False)


async def test_a_prompt_that_was_replaced_tells_nothing(rig: Rig, tmp_path: Path) -> None:
    channel, _ = await rig.answered("desk")
    prompt = Prompt(rig.prompt(tmp_path, 0.2))
    rig.execute(Play(channel, prompt, 1), Play(channel, BUSY), Play(channel, prompt, 2))
    assert await rig.event(PlayEnded, channel) == PlayEnded(channel, 2)
    rig.execute(Play(channel, prompt, 3), StopPlay(channel), Play(channel, prompt, 4))
    assert await rig.event(PlayEnded, channel, 2) == PlayEnded(channel, 4)
    rig.execute(Play(channel, prompt, 5), HangUp(channel, Cause.NORMAL))
    await rig.event(Released, channel)
    assert len([event for event in rig.events if isinstance(event, PlayEnded)]) == 2


async def test_a_key_is_told(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    for number, digit in enumerate("1#", 1):
        await far.press(digit)
        assert await rig.event(Digit, channel, number) == Digit(channel, digit)


# Two channels


async def test_bridged_channels_hear_each_other(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    rig.execute(Play(first, RINGBACK))
    second, thomas = await rig.answered("soft")
    rig.execute(Bridge(first, second))
    await rig.until(lambda: jessica.hears(thomas))
    await rig.until(lambda: thomas.hears(jessica))


async def test_early_media_is_told_and_can_be_heard(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    rig.execute(Play(first, RINGBACK))
    second = rig.dial(outside(rig))
    far = await rig.far(second)
    await far.early()
    assert await rig.event(EarlyMedia, second) == EarlyMedia(second, True)
    rig.execute(Listen(first, second))
    await rig.until(lambda: jessica.hears(far))
    await far.ring(180)
    assert await rig.event(EarlyMedia, second, 2) == EarlyMedia(second, False)
    rig.execute(Play(first, RINGBACK))
    await rig.until(lambda: jessica.hears(RINGBACK))
    await far.answer()
    await rig.event(Answered, second)
    rig.execute(Bridge(first, second))
    await rig.until(lambda: jessica.hears(far))


async def test_early_media_ceases_when_its_channel_fails(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    second = rig.dial(outside(rig))
    far = await rig.far(second)
    await far.early()
    await rig.event(EarlyMedia, second)
    rig.execute(Listen(first, second))
    await rig.until(lambda: jessica.hears(far))
    await far.reject(503)
    await rig.event(Failed, second)
    assert rig.told(second)[-2] == EarlyMedia(second, False)


async def test_hold_is_told_and_passed_on(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    second, thomas = await rig.answered("soft")
    rig.execute(Bridge(first, second))
    await jessica.hold(True)
    assert (await rig.event(HoldChanged, first)).held
    rig.execute(Hold(second, True))
    await rig.until(lambda: thomas.on_hold)
    await jessica.hold(False)
    assert not (await rig.event(HoldChanged, first, 2)).held
    rig.execute(Hold(second, False))
    await rig.until(lambda: not thomas.on_hold)
    await rig.until(lambda: jessica.hears(thomas))
    await rig.until(lambda: thomas.hears(jessica))
    assert not [event for event in rig.told(second) if isinstance(event, HoldChanged)]


async def test_one_is_put_on_hold_by_us_and_hears_a_tone_meanwhile(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    second, thomas = await rig.answered("soft")
    rig.execute(Bridge(first, second))
    await rig.until(lambda: jessica.hears(thomas))
    rig.execute(Hold(first, True), Play(first, HELD))
    await rig.until(lambda: jessica.on_hold)
    await rig.until(lambda: jessica.hears(HELD))
    rig.execute(StopPlay(first), Hold(first, False))
    await rig.until(lambda: not jessica.on_hold)
    await rig.until(lambda: jessica.hears(thomas))
    await rig.until(lambda: thomas.hears(jessica))
    assert not [event for event in rig.events if isinstance(event, HoldChanged)]


async def test_one_goes_on_with_somebody_else(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    second, thomas = await rig.answered("soft")
    rig.execute(Bridge(first, second))
    await rig.until(lambda: jessica.hears(thomas))
    rig.execute(HangUp(second, Cause.NORMAL), Play(first, RINGBACK))
    await rig.until(lambda: jessica.hears(RINGBACK))
    third = rig.dial(outside(rig))
    helen = await rig.far(third)
    await helen.answer()
    await rig.event(Answered, third)
    rig.execute(Bridge(third, first))
    await rig.until(lambda: jessica.hears(helen))
    await rig.until(lambda: helen.hears(jessica))


async def test_keys_are_pressed_one_after_the_other(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    second, _ = await rig.answered("soft")
    rig.execute(Bridge(first, second), SendDigits(first, "41", 60, 40), SendDigits(first, "#"))
    await rig.until(lambda: jessica.keys == "41#")


async def test_two_are_recorded_until_that_is_stopped(rig: Rig) -> None:
    first, jessica = await rig.answered("desk")
    second, thomas = await rig.answered("soft")
    rig.execute(Bridge(first, second, needs_audio=True), Record(first, second, "demo/one.wav"))
    await rig.until(lambda: jessica.hears(thomas))
    rig.execute(PauseRecording(first, True), PauseRecording(first, False), StopRecording(first))
    ended = await rig.event(RecordingEnded, first)
    assert (ended.name, ended.error) == ("demo/one.wav", "")
    assert ended.seconds >= 0.0
    rig.execute(Record(first, second, "demo/two.wav"), StopRecording(first))
    assert (await rig.event(RecordingEnded, first, 2)).name == "demo/two.wav"


@pytest.mark.parametrize("who", ["left", "right"])
async def test_a_recording_ends_with_its_channel(rig: Rig, who: str) -> None:
    first, jessica = await rig.answered("desk")
    second, thomas = await rig.answered("soft")
    rig.execute(Bridge(first, second), Record(first, second, f"demo/{who}.wav"))
    await (jessica if who == "left" else thomas).hang_up()
    await rig.event(Released, first if who == "left" else second)
    ended = await rig.event(RecordingEnded, first)
    assert (ended.name, ended.error) == (f"demo/{who}.wav", "")
    assert ended.octets == 44 + 4 * round(ended.seconds * 8000)


async def test_one_who_talks_with_nobody_is_recorded_alone(rig: Rig) -> None:
    first, _ = await rig.answered("desk")
    second, _ = await rig.answered("soft")
    rig.execute(Record(first, None, "demo/alone.wav"), StopRecording(first))
    assert (await rig.event(RecordingEnded, first)).name == "demo/alone.wav"
    rig.execute(Record(first, None, "demo/cut.wav"), Bridge(first, second))
    assert (await rig.event(RecordingEnded, first, 2)).name == "demo/cut.wav"
    rig.execute(Record(first, None, "demo/none.wav"), StopRecording(first))
    rig.execute(Record(first, second, "demo/both.wav"), StopRecording(first))
    assert (await rig.event(RecordingEnded, first, 3)).name == "demo/both.wav"


async def test_only_who_talks_with_each_other_is_recorded(rig: Rig) -> None:
    first, _ = await rig.answered("desk")
    second, _ = await rig.answered("soft")
    rig.execute(Record(first, second, "demo/three.wav"), StopRecording(first))
    rig.execute(StopRecording(second), PauseRecording(first, True))
    assert not [event for event in rig.events if isinstance(event, RecordingEnded)]


# The trace


async def test_a_channel_has_a_trace_which_outlives_it(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    await far.hang_up()
    await rig.event(Released, channel)
    lines = rig.engine.trace(channel)
    assert lines[0].sent
    assert lines[0].summary.startswith("INVITE")
    assert any(line.summary.startswith("BYE") and not line.sent for line in lines)
    assert all(line.channel == channel for line in lines)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert rig.engine.trace("never dialled") == ()


# A process that is killed


async def test_a_channel_is_on_record_while_anything_would_have_to_be_ended(rig: Rig) -> None:
    channel, far = await rig.dial_phone("desk")
    called = rig.records.records[channel]
    await far.answer()
    await rig.event(Answered, channel)
    assert rig.records.records[channel] != called
    await far.hang_up()
    await rig.event(Released, channel)
    assert rig.records.records == {}
    refused, far = await rig.dial_phone("desk")
    assert list(rig.records.records) == [refused]
    await far.reject(486)
    await rig.event(Failed, refused)
    assert rig.records.records == {}


async def test_what_we_hang_up_is_on_record_until_the_far_end_knows(rig: Rig) -> None:
    channel, far = await rig.answered("desk")
    rig.execute(HangUp(channel, Cause.NORMAL))
    await rig.until(lambda: far.gone and not rig.records.records)


@pytest.mark.parametrize("answered", [False, True])
async def test_what_a_killed_process_has_left_is_ended(rig: Rig, answered: bool) -> None:
    channel, far = await rig.dial_phone("desk")
    await far.ring()
    await rig.event(Ringing, channel)
    other = None
    if answered:
        await far.answer()
        await rig.event(Answered, channel)
        _, other = await rig.dial_phone("soft")
        await other.ring()
    await rig.kill()
    told = len(rig.events)
    rig.engine.end_left_over(dict(rig.records.records))
    await rig.until(lambda: far.gone and (other is None or other.gone))
    await rig.until(lambda: not rig.records.records)
    assert far.reason in ("interrupted", 'Q.850;cause=41;text="Interrupted"')
    assert len(rig.events) == told, "nobody knows of these channels here"


async def test_what_is_no_record_is_only_forgotten(rig: Rig) -> None:
    strange = {"one": "", "two": "{}", "three": '["d1", {}]', "four": "[" * 2000, "five": '["i1"]'}
    for channel, record in strange.items():
        rig.records.keep(channel, record)
    await rig.kill()
    rig.engine.end_left_over(strange)
    assert rig.records.records == {}


async def test_who_was_registered_with_a_killed_process_can_be_called(rig: Rig) -> None:
    contact = await rig.register("desk")
    await rig.unregister(await rig.register("soft"))
    await rig.kill()
    assert rig.engine.contacts("desk@demo") == ()
    rig.restore_bindings()
    assert rig.engine.contacts("desk@demo") == (contact,)
    assert rig.engine.contacts("soft@demo") == ()
    channel = rig.dial(TerminalEndpoint(contact))
    await (await rig.far(channel)).answer()
    await rig.event(Answered, channel)


async def test_who_registers_again_takes_the_place_of_what_was_restored(rig: Rig) -> None:
    contact = await rig.register("desk")
    await rig.kill()
    rig.restore_bindings()
    await rig.unregister(contact)
    assert rig.engine.contacts("desk@demo") == ()
    await rig.until(lambda: rig.bindings["desk@demo"] is None)


async def test_what_was_not_kept_by_this_kind_of_engine_is_not_kept_on(rig: Rig) -> None:
    await rig.kill()
    strange = ("", "{}", "[1]", '[{"contact": 1}]', "[" * 2000, "null")
    rig.engine.restore_bindings({f"{n}@demo": text for n, text in enumerate(strange)})
    assert rig.bindings == {f"{n}@demo": None for n in range(len(strange))}
