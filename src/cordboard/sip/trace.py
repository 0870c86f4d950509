"""The trace: every message that went in or out, for a call's ladder."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cordboard.sip.flow import Flow

# Everything a digest puts into them can be attacked offline, so whole values go.
_SECRET_HEADERS = (b"authorization", b"proxy-authorization")
_REMOVED = b" (removed)"


Traced = tuple[float, bool, Flow, str | None, bool, bytes]
"""One message as it is noted, which happens to every one: the fields of a :class:`TraceRecord`."""

Trace = Callable[[Traced], None]


class TraceRecord(NamedTuple):
    """One message for whoever looks; ``time`` is the stack's ``now``, ``sent`` whether it was ours.

    The text is taken apart only when it is asked for.
    """

    time: float
    sent: bool
    flow: Flow
    call_id: str | None
    retransmission: bool
    raw: bytes

    def __repr__(self) -> str:
        return f"<{'sent' if self.sent else 'received'} {self.summary!r}>"

    @property
    def summary(self) -> str:
        """The start line."""
        return self.raw.lstrip(b"\r\n").partition(b"\r\n")[0].decode("utf-8", "replace")

    @property
    def cseq(self) -> str:
        """The CSeq value, empty where there is none."""
        for line in self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"cseq":
                return value.strip().decode("utf-8", "replace")
        return ""

    @property
    def data(self) -> bytes:
        """The message without the values of its Authorization and Proxy-Authorization headers."""
        head, blank, body = self.raw.partition(b"\r\n\r\n")
        kept: list[bytes] = []
        dropping = False
        for line in head.split(b"\r\n"):
            if line[:1] in (b" ", b"\t") and dropping:
                continue
            name, colon, _ = line.partition(b":")
            dropping = name.strip().lower() in _SECRET_HEADERS
            kept.append(name + colon + _REMOVED if dropping else line)
        return b"\r\n".join(kept) + blank + body
