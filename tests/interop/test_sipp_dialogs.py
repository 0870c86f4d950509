"""What peers do within and around a dialog: scripts for SIPp, all played at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.side_by_side import Case, Outcomes, Played, check, header_of, play_all, stage_for
from support.sipp_script import Script, answered, sdp

pytestmark = pytest.mark.interop("sipp")

ZERO_ADDRESS = ".".join("0000")
"""How a hold was said before there were directions (RFC 2543)."""

SPEEX = "97 SPEEX/8000"
A_WHILE_MS = 300


def held(name: str, hold: str, answer: str) -> Case:
    """Puts us on hold in one of the three forms, and takes us off again without a direction."""
    script = (
        answered(name)
        .request("INVITE", 1, sdp=hold)
        .expect_answer(100, optional=True)
        .expect_answer(200, body=answer)
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .request("INVITE", 2, sdp=sdp(version=3))
        .expect_answer(100, optional=True)
        .expect_answer(200)
        .request("ACK", 2)
        .pause(A_WHILE_MS)
        .hang_up(3)
    )
    return Case(script)


HOLDS = [
    held("hold-sendonly", sdp(direction="sendonly", version=2), "a=recvonly"),
    held("hold-inactive", sdp(direction="inactive", version=2), "a=inactive"),
    held("hold-address-zero", sdp(host=ZERO_ADDRESS, version=2), "m=audio"),
]

OFFERS = [
    Case(
        answered("no-codec-in-common-is-refused-and-the-call-stays")
        .request("INVITE", 1, sdp=sdp(SPEEX, version=2))
        .expect_answer(100, optional=True)
        .expect_answer(488)
        .request("ACK", 1, branch="[branch-3]")
        .pause(A_WHILE_MS)
        .hang_up(2)
    ),
    Case(
        answered("offer-in-200-answer-in-ack")
        .request("INVITE", 1)
        .expect_answer(100, optional=True)
        .expect_answer(200, body="m=audio")
        .request("ACK", 1, sdp=sdp(version=2))
        .pause(A_WHILE_MS)
        .hang_up(2)
    ),
    Case(
        answered("a-new-port-in-mid-call")
        .request("INVITE", 1, sdp=sdp(port="41000", version=2))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="m=audio")
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .hang_up(2)
    ),
    Case(
        answered("a-new-codec-in-mid-call")
        .request("INVITE", 1, sdp=sdp("8 PCMA/8000", version=2))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="m=audio [0-9]+ RTP/AVP 8")
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .hang_up(2)
    ),
    Case(
        answered("a-new-payload-type-in-mid-call")
        .request("INVITE", 1, sdp=sdp("96 PCMU/8000", version=2))
        .expect_answer(100, optional=True)
        .expect_answer(200, body="m=audio [0-9]+ RTP/AVP 96")
        .request("ACK", 1)
        .pause(A_WHILE_MS)
        .hang_up(2)
    ),
    Case(
        Script("answer-without-description")
        .expect("INVITE")
        .answer("INVITE", 180)
        .answer("INVITE", 200, repeat=True)
        .expect("ACK")
        .take_bye(),
        outcome="second_leg_failed",
        cause="incompatible",
        status=488,
    ),
]

PROGRESS = [
    Case(
        Script("ringing-after-progress")
        .expect("INVITE")
        .answer("INVITE", 183, sdp=sdp())
        .pause(A_WHILE_MS)
        .answer("INVITE", 180)
        .pause(A_WHILE_MS)
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .hang_up(1)
    ),
    Case(
        Script("two-forks-answer")
        .expect("INVITE")
        .answer("INVITE", 180)
        .answer("INVITE", 180, tag="other")
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .answer("INVITE", 200, sdp=sdp(), tag="other", repeat=True)
        .expect("ACK", headers={"To": "tag=other"})
        .expect("BYE", headers={"To": "tag=other"})
        .answer_again("BYE", 200)
        .pause(A_WHILE_MS)
        .hang_up(1)
    ),
    Case(
        Script("cancel-waits-for-the-first-sign-of-life")
        .expect("INVITE")
        .pause(1600)
        .answer("INVITE", 180)
        .expect("CANCEL")
        .answer_again("CANCEL", 200)
        .answer("INVITE", 487, repeat=True)
        .expect("ACK"),
        outcome="first_leg_failed",
        cause="no_answer",
        second=False,
        parameters={"answer_timeout": 1},
    ),
]

GOODBYES = [
    Case(
        answered("bye-is-challenged")
        .expect("BYE")
        .answer_again("BYE", 407, 'Proxy-Authenticate: Digest realm="x", nonce="1", qop="auth"')
        .expect("BYE", headers={"Proxy-Authorization": 'username="scott"'})
        .answer_again("BYE", 200),
        second=False,
        credentials=("scott", "tiger"),
    ),
]


def moved(name: str, *extensions: str) -> Script:
    """Sends us on from number to number, by 302, to numbers that are the first one and a digit."""
    script = Script(name)
    for extension in extensions:
        contact = f"Contact: <sip:[number]{extension}@[local_ip]:[local_port]>"
        script.expect("INVITE").answer("INVITE", 302, contact, repeat=True).expect("ACK")
    return script


REDIRECTS = [
    Case(
        moved("moved-once", "1")
        .expect("INVITE")
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .hang_up(1)
    ),
    Case(
        moved("moved-in-a-circle", "1", "2", "1"),
        outcome="first_leg_failed",
        cause="unreachable",
        status=302,
        second=False,
    ),
    Case(
        moved("moved-for-ever", "1", "2", "3", "4"),
        outcome="second_leg_failed",
        cause="unreachable",
        status=302,
    ),
    Case(
        Script("moved-to-somebody-elses-server")
        .expect("INVITE")
        .answer("INVITE", 302, "Contact: <sip:[number]1@elsewhere.test>", repeat=True)
        .expect("ACK"),
        outcome="second_leg_failed",
        cause="unreachable",
        status=302,
    ),
]

IDENTITY = [
    Case(
        Script("a-number-that-is-for-the-network-only")
        .expect(
            "INVITE",
            headers={
                "P-Asserted-Identity": "<sip:05068680000@127.0.0.1>",
                "Privacy": "id",
                "From": "<sip:anonymous@anonymous.invalid>",
            },
        )
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .hang_up(1),
        trunk='identity = "p-asserted-identity"\nanonymous = true',
    )
]

UNACKNOWLEDGED = [
    Case(
        answered("our-answer-is-never-acknowledged")
        .request("INVITE", 1, sdp=sdp(version=2))
        .expect_answer(100, optional=True)
        .expect_answer(200)
        .take_bye(),
        cause="unreachable",
    ),
]

AWAY = "Refer-To: <sip:thomas@demo>"
OUTSIDE = "Refer-To: <sip:[number]@elsewhere.test>"
FOR_BYE = "Refer-To: <sip:thomas@demo;method=BYE>"

REFERS = [
    Case(
        answered("who-is-outside-transfers-nobody-and-the-call-stays")
        .request("REFER", 1, AWAY)
        .expect_answer(603)
        .request("REFER", 2, OUTSIDE)
        .expect_answer(603)
        .request("REFER", 3, f"{AWAY}?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2")
        .expect_answer(400)
        .request("REFER", 4)
        .expect_answer(400)
        .request("REFER", 5, AWAY, AWAY)
        .expect_answer(400)
        .request("REFER", 6, FOR_BYE)
        .expect_answer(501)
        .pause(A_WHILE_MS)
        .hang_up(7)
    ),
]

CASES = [*HOLDS, *OFFERS, *PROGRESS, *GOODBYES, *REDIRECTS, *IDENTITY, *UNACKNOWLEDGED, *REFERS]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder: Path = tmp_path_factory.mktemp("dialogs")
    with stage_for(folder, CASES) as stage:
        return play_all(stage, CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_call_ends_as_it_should(case: Case, outcomes: Outcomes) -> None:
    check(case, outcomes)


def test_a_redirected_call_keeps_its_call_id_and_takes_a_new_tag(outcomes: Outcomes) -> None:
    played = outcomes["moved-once"]
    assert isinstance(played, Played)
    first, second = played.received("INVITE")
    call_ids = {header_of(invite, "Call-ID") for invite in (first, second)}
    tags = {header_of(invite, "From").rpartition("tag=")[2] for invite in (first, second)}
    assert (len(call_ids), len(tags)) == (1, 2)
