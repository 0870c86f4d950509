"""A call's ladder as text: every SIP message between us and each phone, in the order of time.

Pure: what ``GET /v1/calls/{id}/ladder`` gives goes in, the drawing comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from cordboard.api.v1.ladder_words import label, moves, story

TIME_WIDTH: Final = 10
WIDEST_LANE: Final = 34
NARROWEST_LANE: Final = 18
"""Room for "180 Ringing" and an arrow; with more phones than fit, lines get longer instead."""

COLUMNS: Final = 4 * WIDEST_LANE + TIME_WIDTH
"""How wide a drawing becomes where nobody says how much room there is."""

PAUSE_SECONDS: Final = 1.0
"""A silence from which on it is drawn."""

_BAR = "│"
_US = "cordboard"


@dataclass(frozen=True, slots=True)
class _Arrow:
    at: float
    lane: int
    sent: bool
    text: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Paper:
    """So many lanes of such a width."""

    lanes: int
    width: int

    def bars(self, first: int = 0) -> str:
        """The bars of the phones from one of them on."""
        return "".join(f"{_BAR:>{self.width}}" for _ in range(self.lanes - first))


def draw(ladder: Mapping[str, Any], columns: int = COLUMNS) -> str:
    """The drawing: one lane a channel, times in milliseconds since the first message.

    Below it stands what became of each channel. ``columns`` is how wide it should be; many
    channels take more.
    """
    channels: Sequence[Mapping[str, Any]] = ladder.get("channels") or []
    arrows = sorted(_arrows(channels), key=lambda arrow: arrow.at)
    if not arrows:
        return "nothing was said yet"
    room = (columns - TIME_WIDTH) // len(channels)
    paper = _Paper(len(channels), max(NARROWEST_LANE, min(WIDEST_LANE, room)))
    lines = [f"call {ladder.get('call')}", "", _heads(channels, paper), _legs(channels, paper)]
    lines += _rows(arrows, paper)
    lines += ["", *_stories(channels)]
    return "\n".join(line.rstrip() for line in lines)


def _arrows(channels: Sequence[Mapping[str, Any]]) -> list[_Arrow]:
    return [
        _Arrow(
            at=float(line["at"]),
            lane=lane,
            sent=bool(line["sent"]),
            text=f"INVITE to {line['peer']}" if elsewhere else label(line),
            repeated=bool(line["retransmission"]),
        )
        for lane, channel in enumerate(channels)
        for line, elsewhere in moves(channel.get("lines", ()))
    ]


def _heads(channels: Sequence[Mapping[str, Any]], paper: _Paper) -> str:
    width = paper.width
    names = "".join(f"{_cut(_party(channel), width - 2):>{width}}" for channel in channels)
    return " " * TIME_WIDTH + _US + names[len(_US) - 1 :]


def _legs(channels: Sequence[Mapping[str, Any]], paper: _Paper) -> str:
    legs = "".join(f"{channel.get('leg', '')!s:>{paper.width}}" for channel in channels)
    return f"{'ms':>{TIME_WIDTH - 2}}  {_BAR}{legs}"


def _rows(arrows: Sequence[_Arrow], paper: _Paper) -> Iterator[str]:
    began = arrows[0].at
    yield _row(arrows[0], paper, began)
    for before, arrow in pairwise(arrows):
        silence = arrow.at - before.at
        if silence >= PAUSE_SECONDS:
            yield f"{f'+{silence:.1f} s':>{TIME_WIDTH - 2}}  ┆{paper.bars().replace(_BAR, '┆')}"
        yield _row(arrow, paper, began)


def _row(arrow: _Arrow, paper: _Paper, began: float) -> str:
    """One message: the arrow runs from our own bar, across other lanes, to the phone's."""
    elapsed = f"{(arrow.at - began) * 1000:>{TIME_WIDTH - 2}.1f}  "
    length = paper.width * (arrow.lane + 1) - 1
    text = f" {_cut(arrow.text, length - 5)} "
    mark = "┄" if arrow.repeated else "─"
    line = text.center(length - 1, mark)
    shaft = f"{line}▶" if arrow.sent else f"◀{line}"
    repeated = "  repeated" if arrow.repeated else ""
    return f"{elapsed}{_BAR}{shaft}{_BAR}{paper.bars(arrow.lane + 1)}{repeated}"


def _stories(channels: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each channel: its leg, whom it rang and where, and how that went."""
    names = max(len(_party(channel)) for channel in channels)
    for channel in channels:
        lines = channel.get("lines") or []
        peer = f"  {lines[-1]['peer']}" if lines else ""
        yield f"{channel.get('leg', '')!s:<6}  {_party(channel):<{names}}{peer}  {story(lines)}"


def _party(channel: Mapping[str, Any]) -> str:
    return str(channel.get("party") or "?")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
