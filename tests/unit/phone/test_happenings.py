"""What a phone tells, and what it makes of a caller's wishes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cordboard.phone.happenings import Happening, What
from cordboard.phone.wishes import asks_for_auto_answer
from cordboard.sip.message import Request


def invite(**headers: str) -> Request:
    return Request(
        "INVITE", "sip:a@b", {name.replace("_", "-"): [value] for name, value in headers.items()}
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"call_info": "<sip:example.invalid>;answer-after=0"}, True),
        ({"call_info": "<sip:example.invalid>;answer-after=5"}, False),
        ({"alert_info": "<http://x>;info=alert-autoanswer;delay=0"}, True),
        ({"alert_info": "Ring-Answer"}, True),
        ({"alert_info": "<http://www.notused.com>;info=external"}, False),
        ({"answer_mode": "Auto"}, True),
        ({"answer_mode": "Auto;require"}, True),
        ({"answer_mode": "Manual"}, False),
        ({"call_info": '<sip:x>;answer-after="'}, False),
        ({}, False),
    ],
)
def test_wishes_for_an_answer_at_once(headers: dict[str, str], expected: bool) -> None:
    assert asks_for_auto_answer(invite(**headers)) is expected


def test_a_line_for_a_person() -> None:
    data = {"caller": "1002", "name": "Thomas", "called": "desk", "auto_answer": False}
    line = Happening(1.2345, "desk", What.RINGING, "id", data).as_line()
    assert line == "   1234 ms  desk            rings: Thomas <1002> calls desk"


def test_a_line_for_a_program() -> None:
    data: dict[str, Any] = {"by": "them", "seconds": 2.0, "reason": ""}
    told = json.loads(Happening(0.5, "desk", What.ENDED, "id-1", data).as_json())
    assert told == {"ms": 500, "phone": "desk", "event": "ended", "call_id": "id-1", **data}


DATA: dict[What, dict[str, Any]] = {
    What.LISTENING: {"at": "127.0.0.1:5090"},
    What.REGISTERED: {"expires": 300},
    What.REGISTRATION_FAILED: {"status": 403, "reason": "Forbidden"},
    What.RINGING: {"caller": "1", "name": "", "called": "2", "auto_answer": True},
    What.ANSWERED: {"auto_answer": True},
    What.DIGIT: {"digit": "#"},
    What.REFUSED: {"status": 486, "reason": "Busy Here"},
    What.MISSED: {"reason": "No answer"},
    What.ENDED: {"by": "us", "seconds": 1.0, "reason": ""},
    What.RECORDED: {"file": "x.wav", "seconds": 1.0},
}


@pytest.mark.parametrize("what", What)
def test_everything_has_its_sentence(what: What) -> None:
    sentence = Happening(0.0, "desk", what, None, DATA.get(what, {})).as_sentence()
    assert sentence
    assert "{" not in sentence
    assert "None" not in sentence
