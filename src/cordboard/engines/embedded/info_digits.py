"""Digits that come in SIP INFO instead of RTP: the two bodies that phones use.

Neither is a standard; both are as Cisco and others have sent them for decades.
``application/dtmf-relay`` holds lines like ``Signal=5`` and ``Duration=160``, ``application/dtmf``
the bare digit.
"""

from __future__ import annotations

from typing import Final

MAX_BODY: Final = 256
DIGITS: Final = frozenset("0123456789*#ABCD")

# Some senders write the event number of RFC 4733 for what is no decimal digit.
_BY_EVENT: Final = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def digit_of_info(content_type: str, body: bytes) -> str | None:
    """The digit of an INFO, one of ``0123456789*#ABCD``, or None."""
    if len(body) > MAX_BODY:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    text = body.decode("ascii", "replace")
    if kind == "application/dtmf":
        return _digit(text)
    if kind == "application/dtmf-relay":
        for line in text.splitlines():
            name, equals, value = line.partition("=")
            if equals and name.strip().lower() == "signal":
                return _digit(value)
    return None


def _digit(text: str) -> str | None:
    text = text.strip().upper()
    text = _BY_EVENT.get(text, text)
    return text if text in DIGITS else None
