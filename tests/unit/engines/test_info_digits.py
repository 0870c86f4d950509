from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.engines.embedded.info_digits import DIGITS, read_info, write_info


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
    read = read_info(content_type, body)
    assert (None if read is None else read[0]) == digit


@pytest.mark.parametrize(
    ("body", "duration"),
    [
        (b"Signal=5\r\nDuration=160\r\n", 160),
        (b"Signal=5\r\n", 100),
        (b"Signal=5\r\nDuration=0", 100),
        (b"Signal=5\r\nDuration=-1", 100),
        (b"Signal=5\r\nDuration=1000000", 100),
        (b"Signal=5\r\nDuration=long", 100),
        (b"Duration = 80\r\nSignal = 5\r\nSignal = 6", 80),
    ],
)
def test_the_duration(body: bytes, duration: int) -> None:
    assert read_info("application/dtmf-relay", body) == ("5", duration)


@pytest.mark.parametrize("digit", sorted(DIGITS))
def test_what_we_write_can_be_read(digit: str) -> None:
    assert read_info(*write_info(digit, 160)) == (digit, 160)


@given(
    st.sampled_from(["application/dtmf", "application/dtmf-relay", "x"]), st.binary(max_size=300)
)
def test_whatever_comes_is_a_digit_or_nothing(content_type: str, body: bytes) -> None:
    read = read_info(content_type, body)
    assert read is None or (read[0] in DIGITS and 0 < read[1] < 100_000)
