"""A call's ladder as text: every SIP message between us and each phone, in the order of time.

Pure: what ``GET /v1/calls/{id}/ladder`` gives goes in, the drawing comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

TIME_WIDTH: Final = 10
LANE_WIDTH: Final = 34
_BAR = "│"
_US = "cordboard"


@dataclass(frozen=True, slots=True)
class _Arrow:
    at: float
    lane: int
    sent: bool
    text: str
    repeated: bool


def draw(ladder: Mapping[str, Any]) -> str:
    """The drawing: one lane a channel, times in milliseconds since the first message."""
    channels: Sequence[Mapping[str, Any]] = ladder.get("channels") or []
    arrows = sorted(_arrows(channels), key=lambda arrow: arrow.at)
    if not arrows:
        return "nothing was said yet"
    lanes = len(channels)
    began = arrows[0].at
    lines = [f"call {ladder.get('call')}", "", _heads(channels), _legs(channels)]
    lines += [_row(arrow, lanes, began) for arrow in arrows]
    return "\n".join(lines)


def _arrows(channels: Sequence[Mapping[str, Any]]) -> list[_Arrow]:
    return [
        _Arrow(
            at=float(line["at"]),
            lane=lane,
            sent=bool(line["sent"]),
            text=_label(line),
            repeated=bool(line["retransmission"]),
        )
        for lane, channel in enumerate(channels)
        for line in channel.get("lines", ())
    ]


def _label(line: Mapping[str, Any]) -> str:
    """What stands on an arrow: the method, or the status and what it answers, and the SDP."""
    summary, text = str(line["summary"]), str(line["text"])
    words = summary.split(" ")
    label = words[0] if words[0] != "SIP/2.0" else " ".join(words[1:])
    if words[0] == "SIP/2.0" and words[1].startswith("2"):
        label += f" ({_value(text, 'cseq').partition(' ')[2]})"
    reason = _value(text, "reason")
    if "text=" in reason:
        label += ": " + reason.partition("text=")[2].strip('"')
    if "\r\nv=0" in text:
        label += " +SDP"
    return label


def _value(text: str, name: str) -> str:
    for line in text.split("\r\n"):
        header, _, value = line.partition(":")
        if header.strip().lower() == name:
            return value.strip()
    return ""


def _heads(channels: Sequence[Mapping[str, Any]]) -> str:
    names = [_cut(str(channel.get("party") or "?"), LANE_WIDTH - 2) for channel in channels]
    lanes = "".join(f"{name:>{LANE_WIDTH}}" for name in names)
    return " " * TIME_WIDTH + _US + lanes[len(_US) - 1 :]


def _legs(channels: Sequence[Mapping[str, Any]]) -> str:
    legs = "".join(f"{channel.get('leg', '')!s:>{LANE_WIDTH}}" for channel in channels)
    return " " * TIME_WIDTH + _BAR + legs


def _row(arrow: _Arrow, lanes: int, began: float) -> str:
    """One message: the arrow runs from our own bar, across other lanes, to the phone's."""
    elapsed = f"{(arrow.at - began) * 1000:>{TIME_WIDTH - 2}.1f}  "
    length = LANE_WIDTH * (arrow.lane + 1) - 1
    text = f" {_cut(arrow.text, length - 5)} "
    mark = "┄" if arrow.repeated else "─"
    line = text.center(length - 1, mark)
    shaft = f"{line}▶" if arrow.sent else f"◀{line}"
    rest = "".join(f"{_BAR:>{LANE_WIDTH}}" for _ in range(lanes - arrow.lane - 1))
    repeated = "  repeated" if arrow.repeated else ""
    return f"{elapsed}{_BAR}{shaft}{_BAR}{rest}{repeated}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
