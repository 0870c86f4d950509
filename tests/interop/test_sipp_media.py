"""SIPp as peers with codecs, holds and media lines of every kind, all played at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.server import CordboardServer, Trunk, result_of
from support.side_by_side import T1, Case, Outcomes, check, play_all, stage_for
from support.sipp import Sipp
from support.sipp_script import Script, answered, sdp

pytestmark = pytest.mark.interop("sipp")

A_WHILE_MS = 300
G722, PCMU, PCMA = "9 G722/8000", "0 PCMU/8000", "8 PCMA/8000"
HAS_G722 = 'codecs = ["G722"]'

VIDEO = "m=video 41100 RTP/AVP 31"
ENCRYPTED = sdp(PCMU, version=2).replace("RTP/AVP", "RTP/SAVP")
FEEDBACK = sdp(PCMU, version=2).replace("RTP/AVP", "RTP/AVPF")
FAX = sdp(PCMU, port="0", version=2) + "\nm=image 41100 udptl t38"


def offered(name: str, body: str, answer: str) -> Case:
    """Offers something in mid-call that we accept in our way."""
    return Case(
        answered(name)
        .request("INVITE", 1, sdp=body)
        .expect_answer(100, optional=True)
        .expect_answer(200, body=answer)
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .hang_up(2)
    )


def refused(name: str, body: str) -> Case:
    """Offers something in mid-call that we refuse, after which the call goes on."""
    return Case(
        answered(name)
        .request("INVITE", 1, sdp=body)
        .expect_answer(100, optional=True)
        .expect_answer(488)
        .request("ACK", 1, branch="[branch-3]")
        .pause(A_WHILE_MS)
        .hang_up(2)
    )


CASES = [
    Case(
        answered("switched-off-and-on-again")
        .request("INVITE", 1, sdp=sdp(port="0", version=2))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="m=audio 0 RTP/AVP 0")
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .request("INVITE", 2, sdp=sdp(version=3))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="m=audio [1-9][0-9]+ RTP/AVP 0")
        .request("ACK", 2)
        .pause(A_WHILE_MS)
        .hang_up(3)
    ),
    Case(
        answered("held-while-holding-and-resumed-in-the-other-order")
        .request("INVITE", 1, sdp=sdp(direction="sendonly", version=2))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="a=recvonly")
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .request("INVITE", 2, sdp=sdp(direction="inactive", version=3))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="a=inactive")
        .request("ACK", 2)
        .request("INVITE", 3, sdp=sdp(version=4))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="a=sendrecv")
        .request("ACK", 3)
        .pause(A_WHILE_MS)
        .hang_up(4)
    ),
    offered("video-is-refused-in-its-place", f"{sdp(PCMU, version=2)}\n{VIDEO}", "m=video 0 "),
    offered("feedback-is-taken-as-plain", FEEDBACK, "m=audio [1-9][0-9]+ RTP/AVPF 0"),
    refused("encrypted-audio-alone-is-refused", ENCRYPTED),
    refused("a-fax-is-refused", FAX),
    Case(  # jessica's phone has G.711 only, whatever its account is said to have
        answered("a-better-codec-is-asked-for-and-taken-back")
        .expect("INVITE", body="RTP/AVP 9 0 8 101")
        .answer_again("INVITE", 200, sdp=sdp(G722, version=2))
        .expect("ACK")
        .expect("INVITE", body="RTP/AVP 0 8 101")
        .answer_again("INVITE", 200, sdp=sdp(PCMU, version=3))
        .expect("ACK")
        .pause(A_WHILE_MS)
        .hang_up(1),
        trunk=HAS_G722,
    ),
    Case(
        answered("a-better-codec-is-refused-and-not-asked-for-again")
        .expect("INVITE", body="RTP/AVP 9 0 8 101")
        .answer_again("INVITE", 488)
        .expect("ACK")
        .pause(2 * A_WHILE_MS)
        .hang_up(1),
        trunk=HAS_G722,
    ),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder: Path = tmp_path_factory.mktemp("media")
    desk = f"terminal.jessica-desk.{HAS_G722}"
    with stage_for(folder, CASES, jessica_lines=desk) as stage:
        return play_all(stage, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_call_ends_as_it_should(case: Case, outcomes: Outcomes) -> None:
    check(case, outcomes)


def moves_to_g722(name: str, first_law: str, offer: str) -> Script:
    """Answers with one law and is then asked for the better codec."""
    return (
        Script(name)
        .expect("INVITE", body="RTP/AVP 0 8 101")
        .answer("INVITE", 180)
        .answer("INVITE", 200, sdp=sdp(first_law), repeat=True)
        .expect("ACK")
        .expect("INVITE", body=offer)
        .answer_again("INVITE", 200, sdp=sdp(G722, version=2))
        .expect("ACK")
    )


def test_two_parties_that_have_it_both_move_to_a_better_codec(tmp_path: Path) -> None:
    first = Sipp(tmp_path / "sipp", moves_to_g722("first", PCMU, "RTP/AVP 9 0 8 101").take_bye())
    second = Sipp(
        tmp_path / "sipp",
        moves_to_g722("second", PCMA, "RTP/AVP 9 8 0 101").pause(A_WHILE_MS).hang_up(1),
    )
    trunks = (
        Trunk("near", "031", first.port, lines=HAS_G722),
        Trunk("far", "032", second.port, lines='codecs = ["opus", "g722"]'),
    )
    with CordboardServer(tmp_path / "server", *trunks, t1=T1) as server, first, second:
        placed = server.basix("initiate_call", pstn_number="0311234567", destination="0321234567")
        first.wait()
        second.wait()
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
