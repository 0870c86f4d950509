"""The table of trunks, as a person reads it."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.commands.trunk_table import trunk_table

UP: dict[str, Any] = {
    "name": "pstn",
    "uri": "sip:pstn.example",
    "state": "up",
    "since": 1000.0,
    "server": "udp:192.0.2.7:5060",
    "calls": 4,
    "channel_limit": 30,
    "reason": None,
}
DOWN: dict[str, Any] = {
    "name": "backup",
    "uri": "sip:backup.example",
    "state": "down",
    "since": None,
    "server": None,
    "calls": 0,
    "channel_limit": None,
    "reason": "no answer to OPTIONS",
}


def test_each_trunk_has_a_line_under_the_headings() -> None:
    assert trunk_table([UP, DOWN], 1300.0).splitlines() == [
        "trunk   state  for    calls    server              reason",
        "pstn    up     5 min  4 of 30  udp:192.0.2.7:5060",
        "backup  down          0        sip:backup.example  no answer to OPTIONS",
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7300, "2 h"), (200_000, "2 d")],
)
def test_times_are_told_in_a_unit_of_their_size(seconds: float, told: str) -> None:
    assert trunk_table([UP], 1000.0 + seconds).splitlines()[1].split("  ")[3].strip() == told
