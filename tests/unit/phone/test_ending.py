"""How a phone tells the end of a call, and what it makes of a caller's reasons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.phone.ending import done_elsewhere, ending_of, reason_text
from cordboard.phone.happenings import What
from cordboard.sip.events import EndedBy, SessionEnded

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@pytest.mark.parametrize(
    ("by", "reason", "talked", "told"),
    [
        (EndedBy.LOCAL, None, 3.0, (What.ENDED, {"by": "us", "seconds": 3.0, "reason": ""})),
        (
            EndedBy.TRANSPORT,
            None,
            0.5,
            (What.ENDED, {"by": "timeout", "seconds": 0.5, "reason": ""}),
        ),
        (EndedBy.REMOTE, ELSEWHERE, None, (What.ANSWERED_ELSEWHERE, {})),
        (EndedBy.REMOTE, 'Q.850;cause=16;text="bye"', None, (What.MISSED, {"reason": "bye"})),
        (EndedBy.LOCAL, None, None, None),
    ],
)
def test_what_is_told_of_an_end(
    by: EndedBy, reason: str | None, talked: float | None, told: tuple[What, dict[str, Any]] | None
) -> None:
    assert ending_of(SessionEnded("call", by, reason_header=reason), talked) == told


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (ELSEWHERE, What.ANSWERED_ELSEWHERE),
        ('Q.850;cause=26, SIP ;cause=200;text="x, y"', What.ANSWERED_ELSEWHERE),
        ("sip;cause=200", What.ANSWERED_ELSEWHERE),
        ('SIP;cause=603;text="Decline", Q.850;cause=21', What.DECLINED_ELSEWHERE),
        ('SIP;cause=600;text="Busy Everywhere"', What.DECLINED_ELSEWHERE),
        ("SIP;cause=486", None),
        ("Q.850;cause=200", None),
        ('SIP;cause=200;text="unbalanced', None),
        ("", None),
        (None, None),
    ],
)
def test_what_another_phone_did(header: str | None, expected: What | None) -> None:
    assert done_elsewhere(header) is expected


def test_the_words_of_a_reason() -> None:
    assert reason_text(ELSEWHERE) == "Call completed elsewhere"
    assert reason_text("Q.850;cause=16") == ""
    assert reason_text('Q.850;cause=16;text="a \\"b\\""') == 'a "b"'


@given(st.text(max_size=60))
def test_any_reason_can_be_read(header: str) -> None:
    done_elsewhere(header)
    reason_text(header)
