"""What clients ask of a live call: hold, resume, keys, recordings."""

from __future__ import annotations

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Hold,
    HoldChanged,
    PauseRecording,
    Play,
    Record,
    RecordingEnded,
    Released,
    SendDigits,
    StopPlay,
    StopRecording,
    Tone,
    ToneKind,
)
from cordboard.calls.request import Leg
from cordboard.calls.running.call import FAREWELL_SECONDS
from cordboard.calls.running.recording import NOT_TOLD
from cordboard.calls.running.wishes import MAX_DIGITS, MAX_RECORDINGS, RecordAction, WrongState
from cordboard.calls.stages import Stage
from support.call_line import Line, bridged, ringing_second
from support.tenants import request

HOLD_TONE = Tone(ToneKind.HOLD, "jp")


def hold(line: Line, leg: Leg, on: bool) -> list[object]:
    line.call.wishes.hold(leg, on)
    return list(line.commands())


def press(line: Line, leg: Leg, digits: str) -> list[object]:
    line.call.wishes.send_digits(leg, digits, line.now, duration_ms=100, gap_ms=60)
    return list(line.commands())


def test_a_party_is_put_on_hold_and_hears_a_tone() -> None:
    line = bridged()
    assert hold(line, Leg.SECOND, True) == [Hold("c3", True), Play("c3", HOLD_TONE)]
    assert hold(line, Leg.SECOND, True) == [], "it is on hold already"
    assert hold(line, Leg.SECOND, False) == [StopPlay("c3"), Hold("c3", False)]
    assert hold(line, Leg.SECOND, False) == []
    assert line.kinds()[-2:] == ["channel.held", "channel.resumed"]


def test_a_hold_by_the_other_partys_phone_stands_beside_it() -> None:
    line = bridged()
    hold(line, Leg.FIRST, True)
    assert line.tell(HoldChanged("c3", True)) == [], "it is on hold already"
    assert hold(line, Leg.FIRST, False) == [StopPlay("c1")], "the other's phone holds it still"
    assert line.tell(HoldChanged("c3", False)) == [Hold("c1", False)]
    line.tell(HoldChanged("c3", True))
    assert hold(line, Leg.FIRST, True) == [Play("c1", HOLD_TONE)]
    assert line.tell(HoldChanged("c3", False)) == [], "the client holds it still"


def test_its_own_phone_may_hold_as_well() -> None:
    line = bridged()
    hold(line, Leg.FIRST, True)
    assert line.tell(HoldChanged("c1", True)) == [Hold("c3", True)]
    assert hold(line, Leg.FIRST, False) == [StopPlay("c1"), Hold("c1", False)]
    assert line.tell(HoldChanged("c1", False)) == [Hold("c3", False)]


def test_only_who_talks_can_be_held() -> None:
    line = ringing_second()
    with pytest.raises(WrongState) as caught:
        hold(line, Leg.FIRST, True)
    assert caught.value.stage is Stage.RINGING_SECOND
    assert line.tell(Answered("c3")) == [Bridge("c1", "c3")]
    line.tell(Released("c3", remote=True))
    with pytest.raises(WrongState):
        hold(line, Leg.FIRST, True)


def test_keys_are_pressed_for_a_party() -> None:
    line = bridged()
    assert press(line, Leg.SECOND, "12#") == [SendDigits("c3", "12#", 100, 60)]
    assert line.data(EventKind.DIGITS_SENT) == {"count": 3}, "and not which"


def test_the_first_party_takes_keys_as_soon_as_it_is_there() -> None:
    line = ringing_second()
    assert press(line, Leg.FIRST, "5") == [SendDigits("c1", "5", 100, 60)]
    with pytest.raises(WrongState, match="second leg"):
        press(line, Leg.SECOND, "5")
    with pytest.raises(WrongState):
        press(Line(), Leg.FIRST, "5")


def test_no_more_keys_wait_than_a_leg_can_take() -> None:
    line = bridged()
    press(line, Leg.FIRST, "1" * 60)
    with pytest.raises(WrongState, match=str(MAX_DIGITS)):
        press(line, Leg.FIRST, "1" * 5)
    assert press(line, Leg.SECOND, "2") == [SendDigits("c3", "2", 100, 60)]
    line.now += 0.161
    assert press(line, Leg.FIRST, "1" * 5) == [SendDigits("c1", "11111", 100, 60)]


def record(line: Line, action: RecordAction) -> list[object]:
    line.call.wishes.record(action)
    return list(line.commands())


def test_a_client_has_the_two_recorded() -> None:
    line = bridged()
    assert record(line, RecordAction.START) == [Record("c1", "c3", "demo/call-1-1.wav")]
    assert record(line, RecordAction.START) == []
    assert record(line, RecordAction.PAUSE) == [PauseRecording("c1", True)]
    assert record(line, RecordAction.PAUSE) == []
    assert record(line, RecordAction.RESUME) == [PauseRecording("c1", False)]
    assert record(line, RecordAction.STOP) == [StopRecording("c1")]
    assert line.data(EventKind.RECORDING_STARTED) == {
        "recording": "call-1-1",
        "file": "demo/call-1-1.wav",
        "group": None,
        "record_group": None,
        "keep_days": None,
    }
    line.tell(RecordingEnded("c1", "demo/call-1-1.wav", 12.3456, octets=395_103))
    assert line.data(EventKind.RECORDING_STOPPED) == {
        "recording": "call-1-1",
        "file": "demo/call-1-1.wav",
        "seconds": 12.346,
        "octets": 395_103,
        "error": None,
    }
    assert record(line, RecordAction.START) == [Record("c1", "c3", "demo/call-1-2.wav")]
    with pytest.raises(WrongState):
        record(ringing_second(), RecordAction.START)


def test_there_must_be_something_to_pause() -> None:
    line = bridged()
    assert record(line, RecordAction.STOP) == []
    with pytest.raises(WrongState, match="nothing"):
        record(line, RecordAction.PAUSE)


def test_the_request_may_want_it_from_the_start() -> None:
    line = ringing_second(request(record=True))
    assert line.tell(Answered("c3")) == [
        Bridge("c1", "c3", needs_audio=True),
        Record("c1", "c3", "demo/call-1-1.wav"),
    ]
    line.tell(RecordingEnded("c1", "demo/call-1-1.wav", 3.0, "the disk is full"))
    assert line.data(EventKind.RECORDING_STOPPED)["error"] == "the disk is full"
    assert line.call.stage is Stage.BRIDGED, "the call goes on"


def test_who_takes_a_partys_place_is_recorded_into_a_file_of_his_own() -> None:
    line = ringing_second(request(record=True))
    line.tell(Answered("c3"))
    (helen,) = line.call.wishes.transfer(Leg.SECOND, "helen", line.now)
    line.commands()
    line.tell(RecordingEnded("c1", "demo/call-1-1.wav", 3.0), Released("c1", remote=False))
    assert line.tell(Answered(helen)) == [
        Bridge(helen, "c3", needs_audio=True),
        Record(helen, "c3", "demo/call-1-2.wav"),
    ]
    line.call.cancel(line.now)
    line.wait(FAREWELL_SECONDS)
    assert line.kinds().count("call.recording_stopped") == 2, "whatever the engine says"
    assert line.kinds()[-1] == "call.ended"


def test_a_call_is_over_when_its_recording_is_written() -> None:
    line = ringing_second(request(record=True))
    line.tell(Answered("c3"))
    line.call.cancel(line.now)
    line.tell(Released("c1", remote=False), Released("c3", remote=False))
    assert line.kinds()[-1] == "channel.ended", "its last piece is on its way to the disk"
    line.tell(RecordingEnded("c1", "demo/call-1-1.wav", 3.0))
    assert line.call.stage is Stage.ENDED
    assert line.data(EventKind.RECORDING_STOPPED)["seconds"] == 3.0
    assert line.kinds()[-2:] == ["call.recording_stopped", "call.ended"]


def test_a_call_does_not_wait_for_a_dead_disk() -> None:
    line = ringing_second(request(record=True))
    line.tell(Answered("c3"))
    line.call.cancel(line.now)
    line.tell(Released("c1", remote=False), Released("c3", remote=False))
    line.wait(FAREWELL_SECONDS)
    assert line.call.stage is Stage.ENDED
    assert line.data(EventKind.RECORDING_STOPPED) == {
        "recording": "call-1-1",
        "file": "demo/call-1-1.wav",
        "seconds": None,
        "octets": None,
        "error": NOT_TOLD,
    }


def test_files_of_one_call_are_bounded() -> None:
    line = bridged()
    for number in range(1, MAX_RECORDINGS + 1):
        record(line, RecordAction.START)
        record(line, RecordAction.STOP)
        line.tell(RecordingEnded("c1", f"demo/call-1-{number}.wav", 0.1))
    with pytest.raises(WrongState, match=str(MAX_RECORDINGS)):
        record(line, RecordAction.START)
