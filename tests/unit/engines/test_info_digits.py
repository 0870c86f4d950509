from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.engines.embedded.info_digits import DIGITS, digit_of_info


@pytest.mark.parametrize(
    ("content_type", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", b"Signal= *\nDuration= 250", "*"),
        ("Application/DTMF-Relay; charset=x", b"duration=1\r\nsignal=#", "#"),
        ("application/dtmf-relay", b"Signal=10", "*"),
        ("application/dtmf-relay", b"Signal=11", "#"),
        ("application/dtmf-relay", b"Signal=a", "A"),
        ("application/dtmf-relay", b"Duration=160", None),
        ("application/dtmf-relay", b"Signal=55", None),
        ("application/dtmf", b"1", "1"),
        ("application/dtmf", b" d\r\n", "D"),
        ("application/dtmf", b"", None),
        ("application/dtmf", b"1" * 300, None),
        ("text/plain", b"1", None),
        ("", b"1", None),
    ],
)
def test_both_bodies_are_read(content_type: str, body: bytes, digit: str | None) -> None:
    assert digit_of_info(content_type, body) == digit


@given(
    st.sampled_from(["application/dtmf", "application/dtmf-relay", "x"]), st.binary(max_size=300)
)
def test_whatever_comes_is_a_digit_or_nothing(content_type: str, body: bytes) -> None:
    digit = digit_of_info(content_type, body)
    assert digit is None or digit in DIGITS
