"""A program step by step: what the caller hears, what his keys do, how it goes on and ends."""

from __future__ import annotations

import pytest

from cordboard.calls.programs.errands import LONGEST_FETCH
from cordboard.calls.programs.gathering import MAX_TYPED, SPARE_FINISH
from cordboard.calls.programs.program import TRANSITIONS
from cordboard.calls.programs.program_course import (
    MAX_AT_ONCE,
    MAX_FETCHES,
    MAX_MESSAGES,
    MAX_RINGS,
    MAX_STEPS,
    MAX_UNPLAYABLE,
    MAX_VARIABLES,
)
from cordboard.calls.programs.program_words import (
    Ended,
    Fetch,
    Hush,
    Input,
    Keep,
    RingOut,
    State,
    Stepped,
    Tape,
)
from cordboard.calls.programs.run import LONGEST_SOUND
from cordboard.calls.programs.sounding import MAX_SPOKEN
from cordboard.directory.steps import EndReason, SetStep, Step
from support.programs import Caller, steps_of

MENU = """
    {label = "menu", gather = "CHOICE", play = ["menu.wav", "more.wav"], digits = 1, valid = "12"},
    {branch = "CHOICE", to = {1 = "one", "" = "menu"}},
    {play = "two.wav"},
    {hangup = true},
    {label = "one", play = "one.wav"},
"""


def test_the_prompts_of_a_menu_are_heard_until_a_key_is_pressed() -> None:
    caller = Caller(MENU)
    assert caller.sounds() == ["menu.wav"]
    caller.listen()
    assert caller.sounds() == ["more.wav"]
    caller.press("1")
    told = caller.since()
    assert isinstance(told[0], Hush)
    assert caller.program.variables["CHOICE"] == "1"
    caller.listen()
    assert caller.since() == [Ended(EndReason.NORMAL)]


def test_a_key_that_is_not_on_the_menu_changes_nothing() -> None:
    caller = Caller(MENU)
    caller.press("9*")
    assert caller.sounds() == ["menu.wav"]
    assert caller.digits() == []
    caller.press("2")
    assert caller.sounds() == ["two.wav"]


def test_silence_after_the_prompts_is_an_empty_value() -> None:
    caller = Caller(MENU)
    caller.listen_to_all()
    caller.since()
    caller.wait(4.9)
    assert caller.since() == []
    caller.wait(0.1)
    assert [(one.count, one.by) for one in caller.digits()] == [(0, "timeout")]
    assert caller.sounds() == ["menu.wav"], "it branches on nothing"


def test_keys_typed_ahead_answer_the_menus_to_come() -> None:
    caller = Caller(f'{{play = "welcome.wav"}}, {MENU} {{gather = "PIN", digits = 4}}')
    caller.press("1123")
    caller.listen()
    assert caller.sounds() == ["welcome.wav", "one.wav"]
    caller.listen()
    assert caller.program.state is State.GATHERING
    caller.press("4")
    assert caller.program.variables["PIN"] == "1234"


def test_no_more_keys_are_typed_ahead_than_anybody_means() -> None:
    caller = Caller('{wait = 5}, {gather = "A", digits = 99}')
    caller.press("1" * (MAX_TYPED + 10))
    caller.wait(5)
    caller.wait(5)
    assert len(caller.program.variables["A"]) == MAX_TYPED


def test_digits_end_with_the_finish_key_which_is_none_of_them() -> None:
    caller = Caller('{gather = "N", timeout = 8, between = 3}')
    caller.press("12*3#")
    assert caller.program.variables["N"] == "12*3"
    assert caller.digits()[0].by == "finish"


def test_digits_end_when_the_next_one_does_not_come() -> None:
    caller = Caller('{gather = "N", timeout = 8, between = 3}')
    caller.wait(7.9)
    caller.press("1")
    caller.wait(2.9)
    caller.press("2")
    caller.wait(2.9)
    assert caller.digits() == []
    caller.wait(0.1)
    assert caller.program.variables["N"] == "12"
    assert caller.digits()[0].by == "timeout"


def test_without_a_finish_key_it_is_a_digit_like_others() -> None:
    caller = Caller('{gather = "N", finish = "", digits = 3}')
    caller.press("1#2")
    assert caller.program.variables["N"] == "1#2"


@pytest.mark.parametrize(("pause", "expected"), [(SPARE_FINISH, "7"), (SPARE_FINISH + 0.1, "")])
def test_a_finish_key_behind_the_last_digit_belongs_to_it(pause: float, expected: str) -> None:
    caller = Caller('{gather = "A", digits = 2}, {gather = "B", digits = 1}')
    caller.press("12")
    caller.now += pause
    caller.press("#7")
    assert caller.program.variables["B"] == expected


def test_who_presses_nothing_is_asked_again_as_often_as_the_step_says() -> None:
    caller = Caller('{gather = "N", play = "ask.wav", tries = 3}')
    for _ in range(2):
        caller.listen()
        caller.wait(5)
    caller.press("#")
    assert caller.sounds() == ["ask.wav"] * 3
    assert [(one.tries, one.by, one.count) for one in caller.digits()] == [(3, "finish", 0)]


def test_digits_are_told_to_nobody_unless_the_step_says_so() -> None:
    caller = Caller('{gather = "PIN", digits = 4}, {gather = "N", digits = 2, shown = true}')
    caller.press("975356")
    assert [(one.count, one.digits) for one in caller.digits()] == [(4, None), (2, "56")]
    assert "9753" not in repr(caller.done)


def test_a_prompt_is_played_as_often_as_wanted_and_until_a_key() -> None:
    caller = Caller('{play = ["a.wav", "b.wav"], times = 2, until = "#"}, {play = "c.wav"}')
    caller.listen()
    caller.listen()
    caller.press("1")
    assert caller.sounds() == ["a.wav", "b.wav", "a.wav"]
    caller.press("#")
    assert caller.sounds() == ["c.wav"]


def test_the_end_of_a_prompt_that_was_cut_short_ends_no_other() -> None:
    caller = Caller('{play = "a.wav", until = "1"}, {play = "b.wav"}')
    caller.press("1")
    caller.program.handle(Input.PLAYED, caller.now, (1, True))
    assert caller.program.take() == []
    caller.listen()
    assert caller.ends() != []


def test_a_prompt_whose_end_nobody_tells_does_not_hold_up_the_program() -> None:
    caller = Caller('{play = "a.wav"}, {play = "b.wav"}')
    caller.wait(LONGEST_SOUND)
    assert caller.sounds() == ["a.wav", "b.wav"]


def test_numbers_are_spoken_digit_by_digit_in_the_language_of_the_call() -> None:
    caller = Caller('{say = "+81 3-${EXT}*#"}', "ja", EXT="10")
    caller.listen_to_all()
    spoken = ["plus", "8", "1", "3", "1", "0", "star", "hash"]
    assert caller.sounds() == [f"builtin:ja/{one}" for one in spoken]


def test_a_text_without_digits_is_passed_over_and_a_long_one_is_cut() -> None:
    caller = Caller('{say = "${NOTHING} here"}, {say = "${LONG}"}', LONG="1" * 500)
    caller.listen_to_all()
    assert len(caller.sounds()) == MAX_SPOKEN


def test_prompts_are_those_of_the_language() -> None:
    caller = Caller('{play = ["p/{language}/a.wav", "builtin:call", "builtin:de/1"]}', "pt-BR")
    caller.listen_to_all()
    assert caller.sounds() == ["p/pt-BR/a.wav", "builtin:pt-BR/call", "builtin:de/1"]


def test_variables_are_set_from_others_and_branched_on() -> None:
    steps = """
        {branch = "SKIP_WELCOME", to = {1 = "on"}},
        {play = "welcome.wav"},
        {label = "on", set = {A = "<${CALLER_NUMBER}>", B = "${A}${NONE}"}},
        {branch = "B", to = {"<1001>" = "good"}, otherwise = "bad"},
        {label = "bad", hangup = "rejected"},
        {label = "good", hangup = "busy"},
    """
    caller = Caller(steps, SKIP_WELCOME="1", CALLER_NUMBER="1001")
    assert caller.since() == [Ended(EndReason.BUSY)]
    other = Caller(steps, CALLER_NUMBER="1001")
    assert other.sounds() == ["welcome.wav"]


def test_a_ring_that_is_answered_ends_the_program_without_an_end_of_the_call() -> None:
    caller = Caller('{ring = {user = "${WHO}"}, timeout = 20}, {play = "sorry.wav"}', WHO="anna")
    (rung,) = caller.since()
    assert isinstance(rung, RingOut)
    assert rung.to == "anna"
    caller.press("123")
    caller.connect()
    assert caller.program.over
    assert caller.since() == []


def test_a_ring_in_vain_sets_a_variable_and_goes_on() -> None:
    steps = """
        {ring = "sales", result = "WHY"},
        {branch = "WHY", to = {busy = "busy"}},
        {hangup = true},
        {label = "busy", ring = "support", otherwise = "sorry"},
        {hangup = true},
        {label = "sorry", play = "sorry.wav"},
    """
    caller = Caller(steps)
    caller.ring_fails("busy")
    caller.ring_fails("no_answer")
    told = [one.to if isinstance(one, RingOut) else one for one in caller.since()]
    assert told[:2] == ["sales", "support"]
    known = caller.program.variables
    assert (known["WHY"], known["RING_RESULT"]) == ("busy", "no_answer")
    assert caller.program.state is State.PLAYING


def test_recording_is_switched_on_and_off() -> None:
    caller = Caller("{record = true}, {record = false}")
    assert caller.since() == [Keep(True), Keep(False), Ended(EndReason.NORMAL)]


def test_fetched_steps_take_the_place_of_the_program() -> None:
    caller = Caller('{set = {A = "x"}}, {fetch = "https://a.test/?q=${A}"}, {play = "no.wav"}')
    (asked,) = caller.since()
    assert isinstance(asked, Fetch)
    assert (asked.urls, asked.variables) == (("https://a.test/?q=x",), {"A": "x"})
    assert "q=x" not in repr(asked)
    caller.fetched(steps_of('steps = [{play = "${A}.wav"}, {say = "1"}]'))
    caller.listen_to_all()
    assert caller.sounds() == ["${A}.wav", "builtin:en/1"]
    assert caller.ends() == [Ended(EndReason.NORMAL)]


@pytest.mark.parametrize("late", [True, False])
def test_without_a_document_it_goes_on_elsewhere(late: bool) -> None:
    caller = Caller(
        '{fetch = "https://a.test/", otherwise = "sorry"}, {hangup = true},'
        '{label = "sorry", play = "sorry.wav"}'
    )
    if late:
        caller.wait(LONGEST_FETCH)
        caller.fetched(steps_of('steps = [{play = "late.wav"}]'))
    else:
        caller.fetched("status 500")
    assert caller.sounds() == ["sorry.wav"]
    assert caller.program.variables["FETCH_RESULT"] == "failed"


def test_each_step_that_does_something_is_told() -> None:
    caller = Caller('{goto = "a"}, {hangup = true}, {label = "a", play = "a.wav"}')
    turns = [one for one in caller.done if isinstance(one, Stepped)]
    assert [(one.place, one.step.verb, one.step.label) for one in turns] == [(2, "play", "a")]


FAULTS = [
    ('{label = "a", goto = "a"}', f"more than {MAX_AT_ONCE} steps without a pause"),
    ('{goto = "nowhere"}', 'there is no step with the label "nowhere"'),
]


@pytest.mark.parametrize(("steps", "fault"), FAULTS)
def test_a_program_that_can_not_go_on_ends(steps: str, fault: str) -> None:
    assert Caller(steps).ends() == [Ended(EndReason.NORMAL, fault)]


def test_steps_in_all_are_bounded() -> None:
    caller = Caller('{label = "a", wait = 1}, {goto = "a"}')
    while not caller.ends():
        caller.wait_for_it()
    assert caller.ends() == [Ended(EndReason.NORMAL, f"more than {MAX_STEPS} steps")]


def test_rings_are_bounded() -> None:
    caller = Caller('{label = "a", ring = "sales"}, {goto = "a"}')
    for _ in range(MAX_RINGS):
        caller.ring_fails("busy")
    assert caller.ends() == [Ended(EndReason.NORMAL, f"more than {MAX_RINGS} parties rung")]


def test_documents_are_bounded() -> None:
    caller = Caller('{fetch = "https://a.test/"}')
    for _ in range(MAX_FETCHES):
        caller.fetched(steps_of('steps = [{fetch = "https://a.test/"}]'))
    assert caller.ends() == [Ended(EndReason.NORMAL, f"more than {MAX_FETCHES} documents")]


def test_a_program_whose_prompts_are_gone_ends() -> None:
    caller = Caller('{label = "a", play = "gone.wav"}, {goto = "a"}')
    for _ in range(MAX_UNPLAYABLE + 1):
        caller.listen(heard=False)
    assert len(caller.ends()) == 1


def test_variables_are_bounded() -> None:
    names = [(f"V{number}", "x") for number in range(MAX_VARIABLES + 1)]
    caller = Caller((Step(SetStep(tuple(names))),))
    (end,) = caller.ends()
    assert end.fault == f"more than {MAX_VARIABLES} variables"


def test_every_state_that_waits_by_itself_has_a_way_out_in_time() -> None:
    waiting = set(State) - {State.NEW, State.STEPPING, State.RINGING, State.OVER}
    assert {state for state, happened in TRANSITIONS if happened is Input.DUE} == waiting
    assert not any(state is State.OVER for state, _ in TRANSITIONS)


def test_a_message_is_recorded_behind_a_beep_until_a_key() -> None:
    caller = Caller('{message = "M", seconds = 30, until = "#"}, {play = "thanks.wav"}')
    assert caller.sounds() == ["builtin:en/beep"]
    caller.listen()
    assert caller.since() == [Tape(True)]
    caller.speak("call-1")
    caller.press("12")
    assert caller.since() == []
    caller.press("#")
    told = caller.since()
    assert told[0] == Tape(False)
    assert caller.program.variables["M"] == "call-1"
    assert caller.program.state is State.PLAYING


def test_a_message_ends_by_itself_and_where_nobody_is_recorded() -> None:
    caller = Caller('{message = "M", seconds = 30}, {message = "N"}, {wait = 1}')
    caller.listen()
    caller.speak("call-1")
    caller.wait(30)
    caller.listen()
    caller.speak("")
    assert caller.program.state is State.PAUSING
    assert (caller.program.variables["M"], caller.program.variables["N"]) == ("call-1", "")


def test_messages_are_bounded() -> None:
    caller = Caller('{label = "a", message = "M"}, {goto = "a"}')
    for _ in range(MAX_MESSAGES):
        caller.listen()
        caller.speak("")
    assert caller.ends() == [Ended(EndReason.NORMAL, f"more than {MAX_MESSAGES} messages")]
