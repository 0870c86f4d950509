"""A program as explanations print it."""

from __future__ import annotations

import pytest

from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.planner import plan
from cordboard.calls.planning.told_steps import told_step
from cordboard.directory.steps import (
    VERBS,
    AddJobStep,
    CalculateStep,
    GetDataStep,
    OnErrorStep,
    Step,
)
from support.programs import steps_of
from support.tenants import desk, everywhere, numbered_ids, request, tenant

TOLD = {
    "{answer = true}": "answer",
    '{label = "a", play = ["x.wav", "y.wav"], times = 2, until = "#"}': (
        "a: play x.wav, y.wav, 2 times, until one of # is pressed"
    ),
    '{say = "${A}"}': "say ${A} digit by digit",
    "{wait = 1.5}": "wait 1.5 s",
    '{gather = "PIN", play = "pin.wav", digits = 4, valid = "123", tries = 2}': (
        "gather up to 4 of 123 until # into PIN, asking with pin.wav, 5 s for the first and 5 s for"
        " each other, 2 tries"
    ),
    '{branch = "A", to = {1 = "a", "" = "b"}, otherwise = "c"}': (
        "branch on A: 1 to a, nothing to b, otherwise to c"
    ),
    '{goto = "a"}': "go to a",
    '{set = {A = "1", B = ""}}': "set A to 1, B to ",
    '{ring = {user = "anna"}, timeout = 20, otherwise = "a"}': (
        "ring user anna for 20 s, why not in RING_RESULT; otherwise to a"
    ),
    '{ring = "1001", show = "0506868001"}': ("ring 1001, shown 0506868001, why not in RING_RESULT"),
    "{record = true}": "record",
    "{record = false}": "stop recording",
    '{message = "M"}': "record a message of up to 120 s, its id in M",
    '{hangup = "busy"}': "hang up: busy",
    "{hangup = true}": "hang up",
    '{fetch = "https://a.test/?secret"}': "fetch the next steps",
}

OF_DOCUMENTS = {
    Step(CalculateStep("A", "1 + 1")): "set A to what 1 + 1 comes to",
    Step(GetDataStep("A", "https://a.test/?secret")): "fetch data into A",
    Step(OnErrorStep("end"), "a"): "a: on an error go on at end",
    Step(AddJobStep("{}")): "have somebody called later, whether he will be in JobAdded",
}
"""Steps that no file has."""


@pytest.mark.parametrize(("step", "words"), TOLD.items())
def test_a_step_is_told_in_words(step: str, words: str) -> None:
    assert told_step(steps_of(f"steps = [{step}]")[0]) == words


def test_every_kind_of_step_is_told() -> None:
    told = {steps_of(f"steps = [{step}]")[0].verb for step in TOLD}
    assert told | {step.verb for step in OF_DOCUMENTS} == set(VERBS.values())


@pytest.mark.parametrize(("step", "words"), OF_DOCUMENTS.items())
def test_a_step_of_a_document_is_told_in_words(step: Step, words: str) -> None:
    assert told_step(step) == words


def test_an_explanation_shows_the_program_and_what_it_begins_with() -> None:
    here = tenant()
    board = desk(everywhere, numbered_ids(), directory=here)
    asked = request(to="1111", variables=(("SKIP", "1"),))
    second = explain(plan(asked, here, board), board)["second"]
    assert isinstance(second, dict)
    assert second["steps"] == ["play one.wav", "play two.wav", "hang up"]
    assert second["language"] == "en"
    assert second["variables"] == {
        "SKIP": "1",
        "CALL_ID": asked.id,
        "CALLER_NUMBER": "1001",
        "CALLER_NAME": "Jessica",
        "CALLED_NUMBER": "1111",
    }
