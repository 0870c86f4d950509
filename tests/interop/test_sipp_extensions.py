"""Extensions of SIP as peers use them: reliable provisional responses, UPDATE, session timers and
challenges, each as a script for SIPp, all played at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.side_by_side import Case, Outcomes, check, play_all, stage_for
from support.sipp_script import Script, answered, sdp

pytestmark = pytest.mark.interop("sipp")

A_WHILE_MS = 300
SCOTT = ("scott", "tiger")
SESSION_SECONDS = 4
"""The least that the server of this test allows, see SIP_LINES."""

SIP_LINES = f"min_se = {SESSION_SECONDS}\nsession_expires = {SESSION_SECONDS}"


def challenge(nonce: str, algorithm: str = "MD5") -> str:
    """A proxy's demand for credentials (RFC 7616 3.3)."""
    asked = f'Digest realm="x", nonce="{nonce}", qop="auth", algorithm={algorithm}'
    return f"Proxy-Authenticate: {asked}"


RELIABLE = ("Require: 100rel", "RSeq: 1")


def reliable_progress(name: str, *more: str) -> Script:
    """A 183 with the answer that has to be acknowledged by PRACK (RFC 3262)."""
    return (
        Script(name)
        .expect("INVITE", headers={"Supported": "100rel"})
        .answer("INVITE", 183, *RELIABLE, *more, sdp=sdp(), repeat=True)
        .expect("PRACK", headers={"RAck": "1 [0-9]+ INVITE"})
        .answer_again("PRACK", 200)
    )


RELIABLES = [
    Case(
        reliable_progress("answer-in-a-reliable-183")
        .pause(A_WHILE_MS)
        .answer("INVITE", 200, repeat=True)
        .expect("ACK")
        .pause(A_WHILE_MS)
        .hang_up(1)
    ),
    Case(
        reliable_progress("a-second-reliable-response")
        .answer("INVITE", 180, "Require: 100rel", "RSeq: 2", repeat=True)
        .expect("PRACK", headers={"RAck": "2 [0-9]+ INVITE"})
        .answer_again("PRACK", 200)
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .hang_up(1)
    ),
    Case(
        Script("prack-is-challenged")
        .expect("INVITE")
        .answer("INVITE", 183, *RELIABLE, sdp=sdp(), repeat=True)
        .expect("PRACK")
        .answer_again("PRACK", 407, challenge("1"))
        .expect("PRACK", headers={"Proxy-Authorization": 'username="scott"'})
        .answer_again("PRACK", 200)
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .take_bye(),
        second=False,
        credentials=SCOTT,
    ),
]

UPDATES = [
    Case(
        reliable_progress("update-before-the-answer")
        .request("UPDATE", 1, sdp=sdp(version=2))
        .expect_answer(200, body="m=audio")
        .answer("INVITE", 200, repeat=True)
        .expect("ACK")
        .pause(A_WHILE_MS)
        .hang_up(2)
    ),
    Case(
        answered("update-holds-and-resumes")
        .request("UPDATE", 1, sdp=sdp(direction="sendonly", version=2))
        .expect_answer(200, body="a=recvonly")
        .pause(A_WHILE_MS)
        .request("UPDATE", 2, sdp=sdp(version=3))
        .expect_answer(200, body="m=audio")
        .pause(A_WHILE_MS)
        .hang_up(3)
    ),
    Case(answered("update-without-description").request("UPDATE", 1).expect_answer(200).hang_up(2)),
]


def timed(name: str, refresher: str, *allow: str) -> Script:
    """Answers with a session that lasts so long, refreshed by one of us."""
    return (
        Script(name)
        .expect("INVITE", headers={"Session-Expires": "[0-9]+", "Supported": "timer"})
        .answer("INVITE", 180)
        .answer(
            "INVITE",
            200,
            "Require: timer",
            f"Session-Expires: {SESSION_SECONDS};refresher={refresher}",
            *allow,
            sdp=sdp(),
            repeat=True,
        )
        .expect("ACK")
    )


REFRESHED = f"Session-Expires: {SESSION_SECONDS};refresher=uac"

SESSION_TIMERS = [
    Case(
        timed("we-refresh-by-update", "uac", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
        .expect("UPDATE", headers={"Session-Expires": "refresher=uac"})
        .answer_again("UPDATE", 200, "Require: timer", REFRESHED)
        .pause(A_WHILE_MS)
        .hang_up(1)
    ),
    Case(
        timed("we-refresh-by-invite-after-glare", "uac", "Allow: INVITE, ACK, BYE, CANCEL")
        .expect("INVITE", headers={"Session-Expires": "refresher=uac"})
        .answer_again("INVITE", 491)
        .expect("ACK")
        .expect("INVITE")
        .answer_again("INVITE", 200, "Require: timer", REFRESHED, sdp=sdp())
        .expect("ACK")
        .hang_up(1)
    ),
    Case(
        timed("the-peer-refreshes", "uas")
        .pause(1000 * SESSION_SECONDS // 2)
        .request("UPDATE", 1, f"Session-Expires: {SESSION_SECONDS};refresher=uac")
        .expect_answer(200, headers={"Session-Expires": "refresher=uac"})
        .pause(1000 * SESSION_SECONDS // 2)
        .hang_up(2)
    ),
    Case(
        timed("a-peer-that-vanishes", "uas").take_bye(),
        cause="unreachable",
    ),
    Case(
        Script("a-longer-interval-is-asked-for")
        .expect("INVITE")
        .answer("INVITE", 422, "Min-SE: 3600", repeat=True)
        .expect("ACK")
        .expect("INVITE", headers={"Session-Expires": "3600", "Min-SE": "3600"})
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .hang_up(1)
    ),
    Case(
        answered("too-short-an-interval-is-refused")
        .request("UPDATE", 1, "Supported: timer", "Session-Expires: 1")
        .expect_answer(422, headers={"Min-SE": "[0-9]+"})
        .hang_up(2)
    ),
]

CHALLENGES = [
    Case(
        Script("sha-256-is-preferred")
        .expect("INVITE")
        .answer("INVITE", 407, challenge("1", "SHA-256"), challenge("2"), repeat=True)
        .expect("ACK")
        .expect("INVITE", headers={"Proxy-Authorization": "algorithm=SHA-256"})
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .take_bye(),
        second=False,
        credentials=SCOTT,
    ),
    Case(
        Script("a-stale-nonce-is-replaced")
        .expect("INVITE")
        .answer("INVITE", 407, challenge("1"), repeat=True)
        .expect("ACK")
        .expect("INVITE", headers={"Proxy-Authorization": 'nonce="1"'})
        .answer("INVITE", 407, challenge("2") + ", stale=true", repeat=True)
        .expect("ACK")
        .expect("INVITE", headers={"Proxy-Authorization": 'nonce="2"'})
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .take_bye(),
        second=False,
        credentials=SCOTT,
    ),
    Case(
        timed("a-refresh-is-challenged", "uac", "Allow: INVITE, ACK, BYE, CANCEL")
        .expect("INVITE", headers={"Session-Expires": "refresher=uac"})
        .answer_again("INVITE", 407, challenge("1"))
        .expect("ACK")
        .expect("INVITE", headers={"Proxy-Authorization": 'username="scott"'})
        .answer_again("INVITE", 200, "Require: timer", REFRESHED, sdp=sdp())
        .expect("ACK")
        .take_bye(),
        second=False,
        credentials=SCOTT,
        prompt="long",
    ),
]

CASES = [*RELIABLES, *UPDATES, *SESSION_TIMERS, *CHALLENGES]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder: Path = tmp_path_factory.mktemp("extensions")
    with stage_for(folder, CASES, sip_lines=SIP_LINES) as stage:
        return play_all(stage, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_call_ends_as_it_should(case: Case, outcomes: Outcomes) -> None:
    check(case, outcomes)
