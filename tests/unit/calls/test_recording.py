"""A call's recording by the word of everybody concerned, from its plan to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Dial,
    Failed,
    Play,
    Prompt,
    Record,
    RecordingEnded,
    RedirectTarget,
    Released,
    StopRecording,
    TerminalEndpoint,
)
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import GroupKeys, Leg, RingUser, UserKeys
from cordboard.calls.running.bridged import BEEP
from cordboard.calls.running.wishes import RecordAction
from cordboard.directory.recording import RecordGroup, RecordPolicy
from cordboard.directory.snapshot import TenantDirectory
from support.call_line import Line
from support.tenants import desk, everywhere, numbered_ids, request, tenant

ALWAYS, NEVER = RecordPolicy.ALWAYS, RecordPolicy.NEVER
QUALITY = RecordGroup(1, "quality", "Quality", "quality", 1.0, True, 30.0)


def house(**users: dict[str, Any]) -> TenantDirectory:
    """A tenant with a record group, whose users say this about recording; ``sales`` is a group."""
    usual = replace(tenant(longest_call=600.0), record_groups=(QUALITY,))
    sales = users.pop("sales", {})
    return replace(
        usual,
        users=tuple(replace(one, **users.get(one.name, {})) for one in usual.users),
        groups=tuple(replace(one, **sales) if one.name == "sales" else one for one in usual.groups),
    )


class Bridged(Line):
    """Jessica's desk phone (c1) talks with thomas (c3); ``bridging`` is what that needed."""

    def __init__(self, here: TenantDirectory, **asked: Any) -> None:
        super().__init__(request(**asked), here=here)
        self.tell(Answered("c1"), Failed("c2", 487))
        self.bridging = self.tell(Answered("c3"))

    @property
    def files(self) -> list[str]:
        return [command.name for command in self.bridging if isinstance(command, Record)]


def test_the_other_party_may_have_it_recorded() -> None:
    line = Bridged(house(thomas={"record": ALWAYS}))
    assert line.files == ["demo/call-1-1.wav"]
    assert line.data(EventKind.RECORDING_STARTED)["record_group"] is None


def test_a_user_who_is_never_recorded_is_not_whoever_wants_it() -> None:
    here = house(thomas={"record": NEVER}, jessica={"record": ALWAYS})
    line = Bridged(here)
    assert line.files == []
    with pytest.raises(Refused) as caught:
        line.call.wishes.record(RecordAction.START)
    assert caught.value.id is RefusalId.RECORDING_NOT_ALLOWED
    assert "thomas" in caught.value.message


@pytest.mark.parametrize("asked", [{"record": True}, {"record_group": "quality"}])
def test_a_request_for_it_is_refused_then(asked: dict[str, Any]) -> None:
    here = house(thomas={"record": NEVER})
    with pytest.raises(Refused) as caught:
        plan(request(**asked), here, desk(everywhere, numbered_ids(), directory=here))
    assert caught.value.id is RefusalId.RECORDING_NOT_ALLOWED
    assert caught.value.parameter == "record"


def test_a_record_group_that_is_not_there_is_told() -> None:
    with pytest.raises(Refused) as caught:
        plan(request(record_group="none"), house(), desk(everywhere, numbered_ids()))
    assert (caught.value.id, caught.value.parameter) == (
        RefusalId.INVALID_PARAMETER,
        "record_group",
    )


@pytest.mark.parametrize("name", ["quality", "1"])
def test_a_request_names_the_record_group(name: str) -> None:
    line = Bridged(house(), record_group=name)
    assert line.files == ["demo/quality/call-1-1.wav"]
    started = line.data(EventKind.RECORDING_STARTED)
    assert (started["record_group"], started["keep_days"]) == ("quality", 30.0)


def test_both_hear_a_beep_whenever_it_begins_or_goes_on() -> None:
    line = Bridged(house(jessica={"record": ALWAYS, "record_group": "quality"}))
    beeps = [Play("c1", Prompt(BEEP)), Play("c3", Prompt(BEEP))]
    assert line.bridging == [
        Bridge("c1", "c3", needs_audio=True),
        Record("c1", "c3", "demo/quality/call-1-1.wav"),
        *beeps,
    ]
    line.call.wishes.record(RecordAction.PAUSE)
    assert not any(isinstance(command, Play) for command in line.commands())
    line.call.wishes.record(RecordAction.RESUME)
    assert line.commands()[1:] == beeps
    line.call.wishes.record(RecordAction.RESUME)
    assert line.commands() == []


def test_who_is_parked_hears_his_own_tone() -> None:
    line = Bridged(house(jessica={"record_group": "quality"}))
    line.call.wishes.hold(Leg.SECOND, True)
    line.commands()
    line.call.wishes.record(RecordAction.START)
    assert [one for one in line.commands() if isinstance(one, Play)] == [Play("c1", Prompt(BEEP))]


def transferred(line: Line, to: str) -> list[object]:
    """The second party stays, and is connected with somebody else."""
    (channel,) = line.call.wishes.transfer(Leg.SECOND, to, line.now)
    line.commands()
    line.tell(RecordingEnded("c1", "demo/call-1-1.wav", 3.0), Released("c1", remote=False))
    return list(line.tell(Answered(channel)))


def test_whom_a_party_is_transferred_to_has_his_say() -> None:
    line = Bridged(house(helen={"record": NEVER}), record=True)
    assert line.files == ["demo/call-1-1.wav"]
    assert not any(isinstance(one, Record) for one in transferred(line, "helen"))
    with pytest.raises(Refused):
        line.call.wishes.record(RecordAction.START)


def test_who_is_always_recorded_is_so_when_he_is_transferred_to() -> None:
    line = Bridged(house(helen={"record": ALWAYS}))
    assert line.files == []
    (record,) = (one for one in transferred(line, "helen") if isinstance(one, Record))
    assert record.name == "demo/call-1-1.wav"


def test_what_a_client_has_stopped_stays_so_while_nobody_new_wants_it() -> None:
    line = Bridged(house(jessica={"record": ALWAYS}))
    line.call.wishes.record(RecordAction.STOP)
    assert line.commands() == [StopRecording("c1")]
    assert not any(isinstance(one, Record) for one in transferred(line, "helen"))


def test_a_group_has_its_say_as_context_and_when_it_is_rung() -> None:
    here = house(sales={"record": NEVER})
    on_behalf = request(RingUser(UserKeys(name="jessica")), "thomas", group=GroupKeys(name="sales"))
    for asked in (on_behalf, request(RingUser(UserKeys(name="jessica")), "sales")):
        planned = plan(asked, here, desk(everywhere, numbered_ids(), directory=here))
        assert not planned.recording_terms.allowed


def test_how_long_it_is_kept_is_the_tenants_word_where_no_record_group_is() -> None:
    usual = tenant()
    here = replace(usual, policy=replace(usual.policy, keep_recordings=7.0))
    planned = plan(request(), here, desk(everywhere, numbered_ids(), directory=here))
    assert planned.recording_terms.keep_days == 7.0
    assert not planned.recording_terms.wanted


def answered_by(here: TenantDirectory, member: str, **asked: Any) -> list[str]:
    """The files of a call of jessica with the group sales that one of its members takes."""
    line = Line(request(RingUser(UserKeys(name="jessica")), "sales", **asked), here=here)
    rung = line.tell(Answered("c1"), Failed("c2", 487))
    (channel,) = (
        one.channel
        for one in rung
        if isinstance(one, Dial)
        and isinstance(one.endpoint, TerminalEndpoint)
        and one.endpoint.contact.account == f"{member}@demo"
    )
    return [one.name for one in line.tell(Answered(channel)) if isinstance(one, Record)]


def test_of_a_group_the_member_who_answers_has_his_say() -> None:
    here = house(helen={"record": NEVER})
    assert answered_by(here, "helen", record=True) == []
    assert answered_by(here, "thomas", record=True) == ["demo/call-1-1.wav"]
    here = house(thomas={"record": ALWAYS})
    assert answered_by(here, "thomas") == ["demo/call-1-1.wav"]
    assert answered_by(here, "helen") == []


def test_whom_a_phone_sends_a_call_on_to_has_his_say() -> None:
    line = Line(request(record=True), here=house(helen={"record": NEVER}))
    line.tell(Answered("c1"), Failed("c2", 487))
    (dial,) = line.tell(Failed("c3", 302, redirects=(RedirectTarget("helen", "demo", ours=True),)))
    assert isinstance(dial, Dial)
    assert not any(isinstance(one, Record) for one in line.tell(Answered(dial.channel)))
