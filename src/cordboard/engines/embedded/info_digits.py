"""Digits in SIP INFO instead of RTP: the two bodies that phones use, and the one that we send.

Neither is a standard; both are as Cisco and others have sent them for decades.
``application/dtmf-relay`` holds lines like ``Signal=5`` and ``Duration=160``, ``application/dtmf``
the bare digit.
"""

from __future__ import annotations

from typing import Final

from cordboard.media.dtmf import DIGIT_MS

MAX_BODY: Final = 256
MAX_DURATION_DIGITS: Final = 5  # 100 seconds; whatever sends them is cut off by what it sends to
DIGITS: Final = frozenset("0123456789*#ABCD")

# Some senders write the event number of RFC 4733 for what is no decimal digit.
_BY_EVENT: Final = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def read_info(content_type: str, body: bytes) -> tuple[str, int] | None:
    """The digit of an INFO, one of ``0123456789*#ABCD``, and its milliseconds; or None."""
    if len(body) > MAX_BODY:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    text = body.decode("ascii", "replace")
    if kind == "application/dtmf":
        digit, lasting = _digit(text), ""
    elif kind == "application/dtmf-relay":
        pairs = [line.partition("=") for line in text.splitlines()]
        values = {name.strip().lower(): value.strip() for name, _, value in reversed(pairs)}
        digit, lasting = _digit(values.get("signal", "")), values.get("duration", "")
    else:
        return None
    if digit is None:
        return None
    known = len(lasting) <= MAX_DURATION_DIGITS and lasting.isascii() and lasting.isdigit()
    return digit, int(lasting) if known and int(lasting) else DIGIT_MS


def write_info(digit: str, duration_ms: int) -> tuple[str, bytes]:
    """The content type and body of an INFO for a digit."""
    return "application/dtmf-relay", f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode()


def _digit(text: str) -> str | None:
    text = text.strip().upper()
    text = _BY_EVENT.get(text, text)
    return text if text in DIGITS else None
