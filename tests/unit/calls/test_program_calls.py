"""A call in the hands of a program: what it commands, what is told of it, how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome, Recorded
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Dial,
    Digit,
    EarlyMedia,
    Failed,
    HangUp,
    Listen,
    Play,
    PlayEnded,
    Prompt,
    Record,
    RecordingEnded,
    Released,
    StopPlay,
    StopRecording,
    Tone,
    ToneKind,
)
from cordboard.calls.programs.program_words import WantedSteps
from cordboard.calls.request import CallRequest, GroupKeys, Leg, Offered
from cordboard.calls.ringing.waiting import MUSIC_PLAY
from cordboard.calls.running.progress import progress_of
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import Context
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.step_document import Document, read_steps_of
from cordboard.directory.steps import RingStep
from support.call_line import Line
from support.effects import taken_errand
from support.programs import steps_of
from support.tenants import request, tenant

RINGBACK = Tone(ToneKind.RINGBACK, "jp")
EN_1 = Play("c1", Prompt("builtin:en/1"), 1)


def house(steps: str, **more: object) -> TenantDirectory:
    """A tenant whose context 1111 runs these steps."""
    here = tenant(longest_call=600.0)
    context = Context("ivr", "1111", steps=steps_of(f"steps = [{steps}]"), **more)  # type: ignore[arg-type]  # of Context
    return replace(here, contexts=(context,))


def running(steps: str, asked: CallRequest | None = None) -> Line:
    """Jessica's desk phone (c1) is in the program."""
    line = Line(asked or request(to="1111"), here=house(steps))
    line.tell(Answered("c1"), Failed("c2", 487))
    return line


def steps_told(line: Line) -> list[str]:
    line.commands()
    return [str(e.data["does"]) for e in line.log if e.kind is EventKind.PROGRAM_STEP]


def test_keys_go_to_the_program_and_into_no_event() -> None:
    line = running('{gather = "PIN", digits = 4}, {say = "1"}')
    assert line.tell(*(Digit("c1", key) for key in "9753")) == [EN_1]
    assert line.data(EventKind.PROGRAM_GATHERED) == {
        "variable": "PIN",
        "count": 4,
        "by": "full",
        "tries": 1,
        "digits": None,
    }
    assert "channel.digit" not in line.kinds()
    assert not any("9753" in str(event.data) for event in line.log)
    assert steps_told(line) == ["gather", "say"]


def test_time_goes_to_the_program() -> None:
    line = running('{gather = "A", timeout = 3}, {wait = 2}, {hangup = "rejected"}')
    assert line.call.deadline == line.now + 3
    assert line.wait(3) == []
    assert line.wait(2) == [HangUp("c1", Cause.REJECTED)]
    assert line.outcome == (Outcome.COMPLETED, Cause.REJECTED)


def test_a_program_does_not_outlast_the_longest_call() -> None:
    line = running("{wait = 3000}")
    assert line.wait(600) == [HangUp("c1", Cause.DURATION_LIMIT)]


def test_whom_it_rings_is_the_second_party() -> None:
    line = running('{say = "1"}, {ring = "thomas", timeout = 20}, {say = "2"}')
    commands = line.tell(PlayEnded("c1", 1))
    dial, ringback = commands
    assert isinstance(dial, Dial)
    assert dial.options.caller.number == "1001"
    assert ringback == Play("c1", RINGBACK)
    assert line.call.stage is Stage.RINGING_SECOND
    assert line.tell(Answered(dial.channel)) == [Bridge("c1", dial.channel)]
    line.tell(Digit("c1", "5"))
    assert "channel.digit" in line.kinds(), "it is their own conversation again"
    line.tell(Released(dial.channel, remote=True), Released("c1", remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert line.call.result is not None
    assert line.call.result.leg is Leg.SECOND
    assert line.usage.in_use() == {}


def test_where_nobody_answers_the_program_goes_on() -> None:
    line = running(
        '{ring = "thomas", timeout = 20}, {branch = "RING_RESULT", to = {no_answer = "a"}},'
        '{hangup = true}, {label = "a", ring = {user = "helen"}}, {say = "1"}'
    )
    commands = line.wait(20)
    hang_up, stop, dial, *_ = commands
    assert hang_up == HangUp("c3", Cause.NO_ANSWER)
    assert stop == StopPlay("c1")
    assert isinstance(dial, Dial)
    assert line.tell(Failed("c3", 487), Failed(dial.channel, 486))[-1] == EN_1
    assert line.call.stage is Stage.PROGRAM
    line.tell(PlayEnded("c1", 1), Released("c1", remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert [e.data["cause"] for e in line.log if e.kind is EventKind.LEG_FAILED] == [
        "no_answer",
        "busy",
    ]
    assert line.usage.in_use() == {}


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        ('"nobody"', "invalid_destination"),
        ('"119"', "no_route"),
        ('{user = "anna"}', "user_not_found"),
        ('{group = "all"}', "group_not_found"),
        ('{number = "sales"}', "invalid_parameter"),
        ('"1111"', "invalid_destination"),
        ('"0312341234", show = "0399999999"', "calling_number_not_allowed"),
    ],
)
def test_who_may_not_be_rung_is_not(ring: str, why: str) -> None:
    line = running(
        f'{{ring = {ring}, result = "WHY"}}, {{branch = "WHY", to = {{{why} = "a"}}}},'
        '{hangup = true}, {label = "a", say = "1"}'
    )
    assert line.data(EventKind.PROGRAM_REFUSED)["id"] == why
    assert steps_told(line) == ["ring", "say"]
    assert line.call.stage is Stage.PROGRAM


def test_a_limit_that_is_reached_stands_in_the_way() -> None:
    here = house('{ring = "thomas", result = "WHY"}, {say = "1"}')
    here = replace(here, policy=replace(here.policy, channel_limit=1))
    line = Line(request(to="1111"), here=here)
    line.tell(Answered("c1"))
    assert line.data(EventKind.PROGRAM_REFUSED)["id"] == "channel_limit_reached"


def test_a_number_outside_is_shown_what_the_step_says() -> None:
    line = running('{ring = {number = "0312341234"}, show = "0506868001"}')
    line.commands()
    dialled = [event.data for event in line.log if event.kind is EventKind.CHANNEL_DIALLED]
    assert dialled[-1]["caller_number"] == "0506868001"


def test_recording_begins_with_the_conversation() -> None:
    line = running('{record = true}, {ring = "thomas"}')
    told = line.tell(Answered("c3"))
    assert Bridge("c1", "c3", needs_audio=True) in told
    assert any(isinstance(command, Record) for command in told)


def test_the_caller_who_hangs_up_ends_it_all() -> None:
    line = running('{wait = 5}, {ring = "thomas"}')
    line.tell(Released("c1", remote=True))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    ringing = running('{ring = "thomas"}')
    assert ringing.tell(Released("c1", remote=True)) == [HangUp("c3", Cause.NORMAL)]
    ringing.tell(Failed("c3", 487))
    assert ringing.outcome == (Outcome.CANCELLED, Cause.NORMAL)
    assert ringing.usage.in_use() == {}


def test_a_program_that_can_not_go_on_fails_the_call() -> None:
    line = running('{goto = "nowhere"}')
    assert line.data(EventKind.PROGRAM_STOPPED)["error"].startswith("there is no step")
    assert line.outcome == (Outcome.COMPLETED, Cause.FAILED)


def test_the_program_knows_who_calls_and_what_the_client_told_it() -> None:
    asked = request(to="1111", variables=(("SKIP", "7"), ("CALLER_NUMBER", "forged")))
    line = running('{say = "${SKIP}${CALLER_NUMBER}${CALLED_NUMBER}"}', asked)
    said = "7"
    for number in range(1, 9):
        (play,) = line.tell(PlayEnded("c1", number))
        assert isinstance(play, Play)
        assert isinstance(play.sound, Prompt)
        said += play.sound.path[-1]
    assert said == "710011111"


def test_it_speaks_the_language_of_the_context_the_user_or_the_tenant() -> None:
    def heard(here: TenantDirectory) -> object:
        line = Line(request(to="1111"), here=here)
        return next(c.sound for c in line.tell(Answered("c1")) if isinstance(c, Play))

    assert heard(house('{say = "1"}', language="ja")) == Prompt("builtin:ja/1")
    here = house('{say = "1"}')
    jessica = replace(here.users[0], language="pt-BR")
    here = replace(here, users=(jessica, *here.users[1:]))
    assert heard(here) == Prompt("builtin:pt-BR/1")


def test_steps_are_asked_for_once_and_with_what_the_vendor_tells() -> None:
    line = running('{set = {A = "x"}}, {fetch = "https://a.test/${A}"}')
    wanted = taken_errand(line.call)
    assert isinstance(wanted, WantedSteps)
    assert wanted.form is not None
    assert wanted.urls == ("https://a.test/x",)
    assert wanted.form["CallUUID"] == "c1"
    assert (wanted.form["CallingNumber"], wanted.form["CalledNumber"]) == ("1001", "1111")
    assert (wanted.form["UserName"], wanted.form["Direction"]) == ("jessica", "outbound")
    assert wanted.form["A"] == "x"
    again = taken_errand(line.call)
    assert not again
    line.call.fetched(wanted.turn, steps_of('steps = [{say = "1"}]'), line.now)
    assert line.commands() == [Play("c1", Prompt("builtin:en/1"), 2)]
    assert line.data(EventKind.PROGRAM_FETCHED) == {"steps": 1, "error": None}


def test_servers_are_told_of_the_group_and_of_who_diverted_the_call() -> None:
    asked = request(to="1111", group=GroupKeys(name="sales"))
    line = running('{fetch = "https://a.test/"}', asked)
    wanted = taken_errand(line.call)
    assert isinstance(wanted, WantedSteps)
    assert wanted.form is not None
    sales = line.call.plan.group
    assert sales is not None
    assert (wanted.form["GroupId"], wanted.form["GroupName"]) == (str(sales.id), "sales")
    assert "RedirectingNumber" not in wanted.form

    caller = Offered("in-1", "0312340000", from_trunk="first", diverted_by="0398765432")
    came_in = Line(replace(request(caller, to="1111")), here=house('{fetch = "https://a.test/"}'))
    came_in.tell(Answered("in-1"))
    wanted = taken_errand(came_in.call)
    assert isinstance(wanted, WantedSteps)
    assert wanted.form is not None
    assert wanted.form["RedirectingNumber"] == "0398765432"
    assert "GroupId" not in wanted.form


def test_a_document_that_comes_after_the_end_changes_nothing() -> None:
    line = running('{fetch = "https://a.test/"}')
    line.tell(Released("c1", remote=True))
    line.call.fetched(1, steps_of('steps = [{say = "1"}]'), line.now)
    assert line.commands() == []


def test_how_far_it_is_can_be_told_from_its_events() -> None:
    line = running('{say = "1"}, {ring = "thomas"}, {say = "2"}')

    def stage() -> Stage:
        line.commands()
        log = [Recorded("e", n, float(n), "demo", event) for n, event in enumerate(line.log)]
        return progress_of(log).stage

    stages = [stage()]
    for event in (PlayEnded("c1", 1), Failed("c3", 486)):
        line.tell(event)
        stages.append(stage())
    assert stages == [Stage.PROGRAM, Stage.RINGING_SECOND, Stage.PROGRAM]


def test_a_forward_and_do_not_disturb_count_for_whom_it_rings() -> None:
    def ringing(terms: Forwarding, steps: str) -> Line:
        here = house(steps)
        jessica, thomas, helen = here.users
        here = replace(here, users=(jessica, replace(thomas, forwarding=terms), helen))
        line = Line(request(to="1111"), here=here)
        line.tell(Answered("c1"))
        return line

    sent = ringing(Forwarding(always="helen"), '{ring = "thomas"}')
    dialled = [e.data["endpoint"] for e in sent.log if e.kind is EventKind.CHANNEL_DIALLED]
    assert dialled[-1] == "helen@demo"
    away = ringing(Forwarding(do_not_disturb=True), '{ring = "thomas"}, {wait = 5}')
    assert away.data(EventKind.LEG_FAILED)["cause"] == "busy"
    assert away.call.stage is Stage.PROGRAM
    again = ringing(Forwarding(do_not_disturb=True), '{label = "a", ring = "thomas"}, {goto = "a"}')
    assert again.outcome == (Outcome.COMPLETED, Cause.FAILED), "fifty times is enough"


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (Forwarding(always="helen"), "unreachable"),
        (Forwarding(do_not_disturb=True, busy="helen"), "busy"),
        (Forwarding(no_answer="helen"), None),
        (Forwarding(), None),
    ],
)
def test_a_transfer_with_a_failure_action_follows_no_forward(
    terms: Forwarding, why: str | None
) -> None:
    section = "<Section name='s'><Wait/></Section>"
    text = f"<IVR><Transfer failureAction='section:s'>thomas</Transfer>{section}</IVR>"
    here = house("{wait = 1}")
    jessica, thomas, helen = here.users
    context = replace(here.contexts[0], steps=read_steps_of(Document(text.encode())))
    users = (jessica, replace(thomas, forwarding=terms), helen)
    line = Line(request(to="1111"), here=replace(here, users=users, contexts=(context,)))
    line.tell(Answered("c1"), Failed("c2", 487))
    if why is None:
        assert line.call.stage is Stage.RINGING_SECOND
        line.tell(Failed("c3", 486))
    assert line.call.stage is Stage.PROGRAM
    assert line.data(EventKind.LEG_FAILED)["cause"] == (why or "busy")
    dialled = [e.data["endpoint"] for e in line.log if e.kind is EventKind.CHANNEL_DIALLED]
    assert "helen@demo" not in dialled


def test_a_message_is_a_recording_of_the_caller_alone() -> None:
    line = running('{message = "M"}, {set = {N = "${M}"}}, {say = "1"}')
    told = line.tell(PlayEnded("c1", 1))
    file = line.data(EventKind.RECORDING_STARTED)["file"]
    assert told == [Record("c1", None, file)]
    told = line.tell(Digit("c1", "5"))
    assert told == [StopRecording("c1"), Play("c1", Prompt("builtin:en/1"), 2)]
    line.tell(RecordingEnded("c1", file, 3.0))
    assert line.data(EventKind.RECORDING_STOPPED)["seconds"] == 3.0
    assert line.call.stage is Stage.PROGRAM


def test_a_message_ends_with_its_caller() -> None:
    line = running('{message = "M"}')
    line.tell(PlayEnded("c1", 1))
    file = line.data(EventKind.RECORDING_STARTED)["file"]
    line.tell(Released("c1", remote=True), RecordingEnded("c1", file, 3.0))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert line.kinds().count("call.recording_stopped") == 1


def rung_with_music(to: str) -> tuple[Line, str]:
    """A program rings somebody as a document of Basix wants it; the channel."""
    (step,) = [
        one
        for one in read_steps_of(
            Document(
                f"<IVR><Transfer suppressPreAnswerAudio='true'>{to}</Transfer></IVR>".encode(), ""
            )
        )
        if isinstance(one.action, RingStep)
    ]
    here = house('{say = "1"}')
    here = replace(here, contexts=(replace(here.contexts[0], steps=(step,)),))
    line = Line(request(to="1111"), here=here)
    dial, *heard = line.tell(Answered("c1"), Failed("c2", 487))[1:]
    assert isinstance(dial, Dial)
    line.started = heard
    return line, dial.channel


def test_music_takes_the_place_of_what_is_heard_from_outside() -> None:
    line, channel = rung_with_music("0312341234")
    music = Play("c1", Prompt("builtin:music"), MUSIC_PLAY)
    assert line.started == [music]
    assert line.tell(EarlyMedia(channel, flowing=True)) == []
    assert line.tell(PlayEnded("c1", MUSIC_PLAY)) == [music], "for as long as it rings"
    assert line.tell(PlayEnded("c1", MUSIC_PLAY, complete=False)) == [Play("c1", RINGBACK)]
    assert line.tell(PlayEnded("c1", MUSIC_PLAY)) == []
    assert line.tell(Answered(channel)) == [Bridge("c1", channel)]


def test_who_is_inside_is_rung_with_ringback() -> None:
    line, channel = rung_with_music("thomas")
    assert line.started == [Play("c1", RINGBACK)]
    assert line.tell(EarlyMedia(channel, flowing=True)) == [Listen("c1", channel)]
