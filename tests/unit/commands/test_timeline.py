"""A call's events as a person reads them: who refused, in whose words, and what is tried next."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.commands.timeline import Timeline

SAID = {
    "phrase": "Circuits Busy",
    "q850": 34,
    "q850_name": "No circuit/channel available",
    "text": "group 7",
    "retry_after": 30,
}


def told(kind: str, **data: Any) -> str:
    timeline = Timeline()
    dialled = {"endpoint": "0312341234", "trunk": "first"}
    timeline.line({"at": 1.0, "kind": "channel.dialled", "channel": "c", "data": dialled})
    event = {"at": 1.5, "leg": "second", "kind": kind, "channel": "c", "data": data}
    line = timeline.line(event)
    assert line.startswith("    500 ms  second  ")
    return line[len("    500 ms  second  ") :]


def test_a_trunk_that_fails_over_is_told_with_its_reason() -> None:
    line = told(
        "channel.failed_over",
        cause="congestion",
        sip_status=503,
        reason=SAID,
        trunk="first",
        next="third",
        passed_over=["second"],
    )
    assert line == (
        "0312341234 not reached through first: no line free (SIP 503 Circuits Busy, "
        'Q.850 34 No circuit/channel available, "group 7", again in 30 s); next trunk third '
        "(second has no line free)"
    )


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            {"cause": "busy", "sip_status": 486, "reason": {"phrase": "Busy Here"}},
            "0312341234 is over: busy (SIP 486 Busy Here)",
        ),
        (
            {"cause": "congestion", "sip_status": 503, "trunk": "first", "passed_over": ["b"]},
            "0312341234 through first is over: no line free (SIP 503); b has no line free",
        ),
        (
            {"cause": "normal", "answered": True, "by": "remote", "reason": {"q850": 16}},
            "0312341234 is over: hung up by the phone (Q.850 16)",
        ),
        ({"cause": "no_answer", "sip_status": None, "reason": None}, "0312341234 is over: nobody"),
    ],
)
def test_the_end_of_a_channel(data: dict[str, Any], line: str) -> None:
    assert told("channel.ended", **data).startswith(line)


def test_the_end_of_a_call() -> None:
    data = {"outcome": "second_leg_failed", "cause": "busy", "leg": "second", "sip_status": 503}
    line = told("call.ended", **data, reason={"phrase": "Refused", "q850": 17})
    assert line == (
        "ended: second leg failed, busy (second leg) (SIP 503 Refused, Q.850 17); talked 0.0 s"
    )
