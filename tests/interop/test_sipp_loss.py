"""Calls over a network that loses a tenth of all SIP datagrams, both ways, on both legs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from support.lossy import LossyRelay, loses
from support.ports import free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp

pytestmark = [pytest.mark.interop("sipp"), pytest.mark.slow]

CALLS = 20
LOSS = 0.1
T1 = 0.2
FIRST_SEED, SECOND_SEED = 2543, 3261
TALK_MS = 300


def test_every_call_completes_under_ten_per_cent_loss(tmp_path: Path) -> None:
    first_port, second_port = free_ports(), free_ports()
    with (
        LossyRelay(loses(LOSS, FIRST_SEED), first_port) as near,
        LossyRelay(loses(LOSS, SECOND_SEED), second_port) as far,
        CordboardServer(
            tmp_path / "server",
            Trunk("near", "031", near.port),
            Trunk("far", "032", far.port),
            t1=T1,
        ) as server,
        Sipp(
            tmp_path, "lossy_answer", port=first_port, contact_port=near.port, calls=CALLS
        ) as first,
        Sipp(
            tmp_path,
            "lossy_hang_up",
            port=second_port,
            contact_port=far.port,
            calls=CALLS,
            pause_ms=TALK_MS,
        ) as second,
    ):
        placed = [
            server.basix("initiate_call", pstn_number="0311112222", destination="0322223333")
            for _ in range(CALLS)
        ]
        results = [result_of(server.wait_ended(answer.call)) for answer in placed]
        failed = [result for result in results if result["outcome"] != "completed"]
        for answer, result in zip(placed, results, strict=True):
            if result in failed:
                show(result, server.get(f"/v1/calls/{answer.call}/ladder").body)
        assert not failed, failed
        first.wait()
        second.wait()
        assert len(near.lost) > CALLS / 5
        assert len(far.lost) > CALLS / 5
        repeated = sum(repeated_messages(server, answer.call) for answer in placed)
        assert repeated > 0, "nothing was repeated, so nothing was made good"


def show(result: dict[str, Any], ladder: dict[str, Any]) -> None:
    """Print what became of a call; pytest shows it for a test that fails."""
    sys.stdout.write(f"{result}\n")
    for channel in ladder["channels"]:
        for line in channel["lines"]:
            way = "->" if line["sent"] else "<-"
            sys.stdout.write(f"{line['at']:.3f} {channel['leg']} {way} {line['summary']}\n")


def repeated_messages(server: CordboardServer, call: str) -> int:
    """How many messages of a call's ladder are repeats."""
    ladder: dict[str, Any] = server.get(f"/v1/calls/{call}/ladder").body
    return sum(
        line["retransmission"] for channel in ladder["channels"] for line in channel["lines"]
    )
