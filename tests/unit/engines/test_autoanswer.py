from __future__ import annotations

import pytest

from cordboard.directory.model import AutoAnswerStyle
from cordboard.engines.embedded.autoanswer import auto_answer_headers

CALL_INFO = ("call-info", "<sip:cordboard.invalid>;answer-after=0")
ALERT_INFO = ("alert-info", "<http://cordboard.invalid>;info=alert-autoanswer;delay=0")
ANSWER_MODE = ("answer-mode", "Auto")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (AutoAnswerStyle.ALL, (CALL_INFO, ALERT_INFO, ANSWER_MODE)),
        (AutoAnswerStyle.CALL_INFO, (CALL_INFO,)),
        (AutoAnswerStyle.ALERT_INFO, (ALERT_INFO,)),
        (AutoAnswerStyle.ANSWER_MODE, (ANSWER_MODE,)),
        (AutoAnswerStyle.NONE, ()),
    ],
)
def test_each_style_has_its_headers(
    style: AutoAnswerStyle, expected: tuple[tuple[str, str], ...]
) -> None:
    assert auto_answer_headers(style) == expected
