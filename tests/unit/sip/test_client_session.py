"""Outgoing sessions: what each answer leads to."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cordboard.sip.digest import Credentials
from cordboard.sip.errors import SipBuildError
from cordboard.sip.events import (
    EndedBy,
    InviteAnswered,
    InviteFailed,
    InviteRinging,
    InviteTrying,
    SessionEnded,
)
from cordboard.sip.flow import Flow
from cordboard.sip.outgoing import OUTGOING, Input, Stage
from support.outgoing_calls import CHALLENGE, answered, call, only_failure
from support.sip_network import ANSWER, OFFER, OTHER_ANSWER, PHONE, invitation
from support.sip_peer import CONTACT, Peer, all_quiet

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def test_the_invite_says_all_it_has_to() -> None:
    peer = Peer()
    invite = call(peer, headers=(("call-info", "<sip:x>;answer-after=0"),), routes=("<sip:p;lr>",))
    assert invite.uri == "sip:jessica@192.0.2.2:5060"
    assert invite.need("via").startswith("SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK")
    assert invite.need("route") == "<sip:p;lr>"
    assert invite.need("from").startswith('"Bob" <sip:bob@demo>;tag=')
    assert invite.need("to") == "<sip:jessica@demo>"
    assert invite.need("contact") == "<sip:cordboard@192.0.2.1:5060>"
    assert invite.need("call-info") == "<sip:x>;answer-after=0"
    assert invite.need("cseq") == "1 INVITE"
    assert invite.need("content-type") == "application/sdp"
    assert invite.first("supported") == "100rel, timer, replaces, norefersub"
    assert invite.first("session-expires") == "1800"
    assert invite.body == OFFER


def test_a_call_from_ring_to_hang_up() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 100)
    peer.answer(invite, 180)
    peer.answer(invite, 183, tag="other", sdp=b"early")
    peer.answer(invite, 200, sdp=ANSWER, extra=(CONTACT, ("server", "Phone/1")))
    ack = peer.take_request("ACK")
    assert ack.uri == f"sip:phone@{PHONE[0]}:{PHONE[1]}"
    assert ack.need("cseq") == "1 ACK"
    assert ack.need("to").endswith(";tag=peer")
    assert ack.need("via") != invite.need("via")
    assert peer.events() == [
        InviteTrying("call-1"),
        InviteRinging("call-1", 180, "Said", None, "peer", 1),
        InviteRinging("call-1", 183, "Said", b"early", "other", 2),
        InviteAnswered("call-1", ANSWER, "Phone/1"),
    ]
    peer.stack.hang_up("call-1", peer.now, "Q.850;cause=16")
    bye = peer.take_request("BYE")
    assert bye.need("cseq") == "2 BYE"
    assert bye.need("reason") == "Q.850;cause=16"
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
    assert peer.stack.sessions() == 1
    peer.answer(bye, 200)
    assert peer.stack.sessions() == 0
    assert all_quiet(peer)


def test_a_repeated_2xx_is_acknowledged_again_also_after_the_call() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 200, sdp=ANSWER)
    ack = peer.take_request("ACK")
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take_request("ACK") == ack
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take_request("ACK") == ack
    assert [type(event) for event in peer.events()] == [InviteAnswered, SessionEnded]
    assert all_quiet(peer)


def test_a_2xx_that_was_very_long_on_its_way_does_not_end_the_call() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.wait(100.0)
    assert peer.stack.transactions() == 0
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take_request("ACK").need("cseq") == "1 ACK"
    assert peer.stack.sessions() == 1


@pytest.mark.parametrize(
    ("status", "extra", "expected"),
    [
        (486, (), InviteFailed("call-1", 486, "Said")),
        (503, (("retry-after", "7;duration=3"),), InviteFailed("call-1", 503, "Said", (), 7)),
        (603, (("reason", ELSEWHERE),), InviteFailed("call-1", 603, "Said", (), None, ELSEWHERE)),
        (401, (), InviteFailed("call-1", 401, "Said")),
        (
            302,
            (("contact", '<sip:a@h>;q=1, "x" <sip:b@h>'), ("contact", "<sip:c@h")),
            InviteFailed("call-1", 302, "Said", ("sip:a@h", "sip:b@h")),
        ),
        (302, (("contact", "<sip:a@h>, <sip:b@h"),), InviteFailed("call-1", 302, "Said")),
    ],
)
def test_a_refusal_is_told_and_acknowledged(
    status: int, extra: tuple[tuple[str, str], ...], expected: InviteFailed
) -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, status, extra=extra)
    ack = peer.take_request("ACK")
    assert ack.need("via") == invite.need("via")
    assert ack.uri == invite.uri
    assert peer.events() == [expected]
    assert peer.stack.sessions() == 0
    assert all_quiet(peer)


def test_silence_is_408_after_timer_b() -> None:
    peer = Peer()
    call(peer)
    peer.wait(31.9)
    assert peer.events() == []
    peer.wait(0.1)
    assert only_failure(peer) == InviteFailed("call-1", 408, "Request Timeout", local=True)
    assert all_quiet(peer)


def test_a_phone_that_wakes_up_after_timer_b_is_cancelled() -> None:
    peer = Peer()
    invite = call(peer)
    peer.wait(40.0)
    peer.take()
    assert only_failure(peer).status == 408
    assert peer.stack.sessions() == 0
    peer.answer(invite, 180)
    cancel = peer.take_request("CANCEL")
    assert cancel.need("via") == invite.need("via")
    peer.answer(invite, 180)
    peer.answer(cancel, 200)
    peer.answer(invite, 487)
    peer.take_request("ACK")
    assert peer.events() == []
    assert all_quiet(peer)


@pytest.mark.parametrize("ringing_first", [False, True])
def test_an_answer_after_timer_b_is_acknowledged_and_hung_up(ringing_first: bool) -> None:
    peer = Peer()
    invite = call(peer)
    peer.wait(40.0)
    peer.take()
    peer.events()
    if ringing_first:
        peer.answer(invite, 180)
        peer.take_request("CANCEL")
    peer.answer(invite, 200, sdp=ANSWER)
    ack, bye = peer.take_requests("ACK", "BYE")
    assert (ack.uri, bye.uri) == ("sip:phone@192.0.2.2:5060",) * 2
    peer.answer(bye, 200)
    peer.answer(invite, 200, sdp=ANSWER)
    peer.take_request("ACK")
    assert peer.events() == []
    assert all_quiet(peer)


def test_a_call_id_can_be_dialled_again_while_its_phone_may_still_wake_up() -> None:
    peer = Peer()
    asleep = call(peer)
    peer.wait(40.0)
    peer.take()
    peer.events()
    awake = call(peer)
    peer.answer(awake, 180)
    peer.answer(asleep, 180)
    assert peer.take_request("CANCEL").need("via") == asleep.need("via")
    assert [type(event) for event in peer.events()] == [InviteRinging]


def test_a_strict_router_takes_the_place_of_the_request_uri() -> None:
    peer = Peer()
    routes = ("<sip:192.0.2.9>", "<sip:p2;lr>")
    invite = call(peer, routes=routes, credentials=Credentials("u", "p"))
    assert invite.uri == "sip:192.0.2.9"
    assert invite.headers["route"] == ["<sip:p2;lr>", "<sip:jessica@192.0.2.2:5060>"]
    peer.answer(invite, 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    assert 'uri="sip:192.0.2.9"' in again.need("proxy-authorization")


def test_a_route_that_can_not_be_read_goes_out_as_it_is() -> None:
    peer = Peer()
    assert call(peer, routes=("<sip:p",)).need("route") == "<sip:p"


@pytest.mark.parametrize("local_port", [5060, 0])
def test_a_message_that_can_not_be_sent_is_503(local_port: int) -> None:
    peer = Peer()
    call(peer)
    peer.stack.connection_lost(Flow("udp", ("192.0.2.1", local_port), PHONE), peer.now)
    assert only_failure(peer) == InviteFailed("call-1", 503, "Service Unavailable", local=True)
    assert all_quiet(peer)


def test_another_connection_is_no_matter() -> None:
    peer = Peer()
    call(peer)
    peer.stack.connection_lost(Flow("udp", peer.end.address, ("192.0.2.9", 5060)), peer.now)
    peer.stack.connection_lost(Flow("tcp", peer.end.address, PHONE), peer.now)
    assert peer.events() == []


def test_further_2xx_of_a_fork_are_hung_up() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 200, sdp=ANSWER)
    first = peer.take_request("ACK")
    other = ("contact", "<sip:other@192.0.2.3:5070>")
    peer.answer(invite, 200, tag="fork", sdp=ANSWER, extra=(other,))
    ack, bye = peer.take_requests("ACK", "BYE")
    assert ack.uri == bye.uri == "sip:other@192.0.2.3:5070"
    assert ack.need("to").endswith(";tag=fork")
    peer.answer(invite, 200, tag="fork", sdp=ANSWER, extra=(other,))
    assert peer.take() == [ack]
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take() == [first]
    peer.answer(bye, 407, extra=(CHALLENGE,))
    again = peer.take_request("BYE")
    assert again.need("cseq") == "3 BYE"
    assert "proxy-authorization" in again.headers
    peer.answer(again, 200)
    assert [type(event) for event in peer.events()] == [InviteAnswered]
    assert peer.stack.sessions() == 1


def test_a_fork_that_gave_up_is_counted_no_more() -> None:
    """RFC 6228: a proxy tells by 199 that one of the early dialogs is over."""
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180, tag="a")
    peer.answer(invite, 180, tag="b")
    peer.answer(invite, 199, tag="b")
    peer.answer(invite, 199, tag="never heard of")
    peer.answer(invite, 183, tag="a")
    counts = [event.early_dialogs for event in peer.events() if isinstance(event, InviteRinging)]
    assert counts == [1, 2, 1]


def test_a_provisional_response_after_the_answer_is_nothing() -> None:
    peer = Peer()
    invite = answered(peer)
    for tag in ("peer", "another fork"):
        peer.answer(invite, 183, tag=tag, sdp=OTHER_ANSWER)
    assert peer.take() == peer.events() == []


@pytest.mark.parametrize(
    "bad",
    [
        {"uri": "sip:a\r\nX: y"},
        {"call_id": "a\nb"},
        {"headers": (("call-info", "x\r\nRoute: <sip:evil>"),)},
        {"headers": (("bad name", "x"),)},
        {"routes": ("<sip:x>\r\n",)},
        {"contact_user": "a\0"},
        {"uri": "sip:\ud800@h"},
    ],
)
def test_no_value_can_smuggle_a_header_in(bad: dict[str, object]) -> None:
    peer = Peer()
    good = invitation(peer.end)
    with pytest.raises(SipBuildError):
        peer.stack.invite(replace(good, **bad), peer.now)
    assert peer.take() == []
    assert peer.stack.sessions() == peer.stack.transactions() == peer.stack.timers() == 0


def test_a_reason_with_a_line_break_is_refused() -> None:
    peer = Peer()
    answered(peer)
    with pytest.raises(SipBuildError):
        peer.stack.hang_up("call-1", peer.now, "x\r\ny")
    assert peer.events() == []


def test_every_stage_has_its_entries() -> None:
    unanswered = {Stage.CALLING, Stage.PROCEEDING, Stage.CANCEL_WANTED, Stage.CANCELLING}
    for stage in unanswered:
        wanted = {Input.ANSWER, Input.REFUSAL, Input.DEMAND, Input.SILENCE}
        assert wanted <= OUTGOING[stage].keys()
    for stage in Stage:
        assert Input.ANSWER in OUTGOING[stage]
