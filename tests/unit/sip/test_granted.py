"""How long a registrar's answer lets our contact be bound."""

from __future__ import annotations

import pytest

from cordboard.sip.granted import MAX_EXPIRES, granted_seconds, least_seconds
from cordboard.sip.message import Response, parse

CONTACT = "<sip:desk@192.0.2.1:5060>"


def answer(status: int, *lines: str) -> Response:
    """A registrar's answer with these header lines."""
    head = (f"SIP/2.0 {status} Said", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", *lines)
    message = parse("\r\n".join((*head, "", "")).encode())
    assert isinstance(message, Response)
    return message


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (("Contact: <sip:soft@192.0.2.1:5060>;expires=70", "Expires: 90"), 90),
        (("Contact: <sip:DESK@192.0.2.1>;expires=70", "Expires: 90"), 90),
        (("Contact: <sip:desk@192.0.2.1:5060>;expires=70", "Expires: 90"), 70),
        (("Contact: <sip:desk@192.0.2.1:5060>;expires=9999999999",), MAX_EXPIRES),
        (("Expires: 0",), 1),
        (("Expires: ٣",), 300),
        ((), 300),
    ],
)
def test_our_own_contact_counts_before_the_expires_header(
    lines: tuple[str, ...], seconds: int
) -> None:
    assert granted_seconds(answer(200, *lines), CONTACT, 300) == seconds


def test_a_least_time_is_read_only_where_there_is_one() -> None:
    assert least_seconds(answer(423, "Min-Expires: 60")) == 60
    assert least_seconds(answer(423, "Min-Expires: 99999999")) == MAX_EXPIRES
    assert least_seconds(answer(423, "Min-Expires: soon")) is None
    assert least_seconds(answer(423)) is None
