"""Outgoing sessions: what each answer and each race leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.sip.digest import Credentials
from cordboard.sip.errors import SipBuildError
from cordboard.sip.events import (
    EndedBy,
    InfoReceived,
    InviteAnswered,
    InviteFailed,
    InviteRinging,
    InviteTrying,
    OfferAnswered,
    OfferReceived,
    OfferRejected,
    SessionEnded,
)
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.outgoing import OUTGOING, Input, Stage
from support.sip_network import ANSWER, OFFER, OTHER_ANSWER, OTHER_OFFER, PHONE, invitation
from support.sip_peer import CONTACT, Peer

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
CHALLENGE = ("proxy-authenticate", 'Digest realm="trunk", nonce="n1", qop="auth"')


def call(peer: Peer, **more: object) -> Request:
    """Send an INVITE; returns it."""
    peer.stack.invite(invitation(peer.end, **more), peer.now)  # type: ignore[arg-type]
    return peer.take_request("INVITE")


def answered(peer: Peer, **more: object) -> Request:
    """A call that is up; returns its INVITE."""
    invite = call(peer, **more)
    peer.answer(invite, 200, sdp=ANSWER)
    peer.take_request("ACK")
    peer.events()
    return invite


def only_failure(peer: Peer) -> InviteFailed:
    """The only event there is."""
    (event,) = peer.events()
    assert isinstance(event, InviteFailed)
    return event


def all_quiet(peer: Peer) -> bool:
    """Nothing is left after some time."""
    peer.wait(200.0)
    return peer.stack.sessions() == peer.stack.transactions() == peer.stack.timers() == 0


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
    assert invite.first("supported") == "100rel, timer"
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


# CANCEL and its races


def test_cancel_after_a_provisional_response() -> None:
    peer = Peer()
    invite = call(peer, routes=("<sip:p;lr>",))
    peer.answer(invite, 180)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    cancel = peer.take_request("CANCEL")
    for name in ("via", "from", "to", "call-id", "route"):
        assert cancel.need(name) == invite.need(name)
    assert cancel.uri == invite.uri
    assert cancel.need("cseq") == "1 CANCEL"
    assert cancel.need("reason") == ELSEWHERE
    peer.answer(cancel, 200)
    peer.stack.cancel("call-1", peer.now)
    assert peer.take() == []
    peer.answer(invite, 487)
    peer.take_request("ACK")
    assert peer.events()[1:] == [InviteFailed("call-1", 487, "Said")]
    assert all_quiet(peer)


def test_cancel_waits_for_a_provisional_response() -> None:
    peer = Peer()
    invite = call(peer)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    assert peer.take() == []
    peer.wait(0.5)
    peer.take_request("INVITE")
    peer.answer(invite, 100)
    assert peer.take_request("CANCEL").need("reason") == ELSEWHERE
    assert peer.events() == []
    peer.answer(invite, 487)
    assert only_failure(peer).status == 487


def test_cancel_wanted_before_silence_is_487() -> None:
    peer = Peer()
    call(peer)
    peer.stack.cancel("call-1", peer.now)
    peer.wait(32.0)
    assert only_failure(peer) == InviteFailed("call-1", 487, "Request Terminated", local=True)
    assert all_quiet(peer)


def test_a_refusal_that_crosses_the_cancel_keeps_its_status() -> None:
    peer = Peer()
    invite = call(peer)
    peer.stack.cancel("call-1", peer.now)
    peer.answer(invite, 486)
    assert only_failure(peer) == InviteFailed("call-1", 486, "Said")


@pytest.mark.parametrize("ringing_first", [True, False])
def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up(ringing_first: bool) -> None:
    peer = Peer()
    invite = call(peer)
    if ringing_first:
        peer.answer(invite, 180)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    peer.take_requests(*(["CANCEL"] if ringing_first else []))
    peer.answer(invite, 200, sdp=ANSWER)
    ack, bye = peer.take_requests("ACK", "BYE")
    assert bye.need("cseq") == "2 BYE"
    assert bye.need("reason") == ELSEWHERE
    assert peer.events()[-1] == InviteFailed("call-1", 487, "Request Terminated", local=True)
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take() == [ack]
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.answer(bye, 481)
    assert peer.events() == []
    assert all_quiet(peer)


def test_nothing_after_the_cancel_ends_the_session_after_64_t1() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180)
    peer.events()
    peer.stack.cancel("call-1", peer.now)
    peer.answer(peer.take_request("CANCEL"), 200)
    peer.wait(10.0)
    peer.answer(invite, 180)
    peer.wait(21.9)
    assert peer.events() == []
    peer.wait(0.1)
    assert only_failure(peer) == InviteFailed("call-1", 487, "Request Terminated", local=True)
    assert peer.stack.sessions() == 0
    # The phone answers after all: its 2xx is known by its From tag.
    peer.answer(invite, 200)
    assert [m.method for m in peer.take_requests("ACK", "BYE")] == ["ACK", "BYE"]
    assert all_quiet(peer)


def test_a_challenge_that_crosses_the_cancel_is_not_answered() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.stack.cancel("call-1", peer.now)
    peer.answer(invite, 407, extra=(CHALLENGE,))
    peer.take_request("ACK")
    assert only_failure(peer) == InviteFailed("call-1", 487, "Request Terminated", local=True)
    assert all_quiet(peer)


def test_cancelling_an_answered_call_hangs_up() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    assert peer.take_request("BYE").need("reason") == ELSEWHERE
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]


# Forks


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


# Challenges


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


def test_a_challenge_is_answered_without_a_word() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 407, extra=(CHALLENGE,), tag="proxy")
    ack, again = peer.take_requests("ACK", "INVITE")
    assert ack.need("cseq") == "1 ACK"
    assert again.need("cseq") == "2 INVITE"
    assert again.need("via") != invite.need("via")
    for name in ("from", "to", "call-id", "contact"):
        assert again.need(name) == invite.need(name)
    assert 'nonce="n1"' in again.need("proxy-authorization")
    assert "nc=00000001" in again.need("proxy-authorization")
    assert again.body == OFFER
    assert peer.events() == []
    # The server behind the proxy asks too: both answers go with the third.
    peer.answer(again, 401, extra=(("www-authenticate", 'Digest realm="s", nonce="n2"'),))
    _, third = peer.take_requests("ACK", "INVITE")
    assert "nc=00000002" in third.need("proxy-authorization")
    assert 'nonce="n2"' in third.need("authorization")
    peer.answer(third, 200, sdp=ANSWER)
    ack = peer.take_request("ACK")
    assert ack.need("cseq") == "3 ACK"
    assert "proxy-authorization" in ack.headers
    peer.stack.hang_up("call-1", peer.now)
    bye = peer.take_request("BYE")
    peer.answer(bye, 407, extra=(("proxy-authenticate", 'Digest realm="trunk", nonce="n3"'),))
    assert 'nonce="n3"' in peer.take_request("BYE").need("proxy-authorization")


def test_a_wrong_password_fails() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    peer.answer(again, 407, extra=(CHALLENGE,))
    peer.take_request("ACK")
    assert only_failure(peer).status == 407


def test_a_stale_nonce_is_replaced() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    stale = ("proxy-authenticate", 'Digest realm="trunk", nonce="n1", stale=TRUE')
    peer.answer(again, 407, extra=(stale,))
    peer.take_requests("ACK", "INVITE")
    assert peer.events() == []


def test_a_peer_that_only_asks_is_given_up() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    for number in range(10):
        challenge = ("www-authenticate", f'Digest realm="s", nonce="{number}"')
        peer.answer(invite, 401, extra=(challenge,))
        requests = [m for m in peer.take() if isinstance(m, Request) and m.method == "INVITE"]
        if not requests:
            break
        (invite,) = requests
    assert number == 4
    assert only_failure(peer).status == 401


@pytest.mark.parametrize("value", ["", "Basic realm=x", "Digest", 'Digest nonce="x'])
def test_a_challenge_that_can_not_be_read_is_a_refusal(value: str) -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 401, extra=(("www-authenticate", value),))
    peer.take_request("ACK")
    assert only_failure(peer).status == 401


# What is handed in


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
        peer.stack.invite(replace(good, **bad), peer.now)  # type: ignore[arg-type]
    assert peer.take() == []
    assert peer.stack.sessions() == peer.stack.transactions() == peer.stack.timers() == 0


def test_a_reason_with_a_line_break_is_refused() -> None:
    peer = Peer()
    answered(peer)
    with pytest.raises(SipBuildError):
        peer.stack.hang_up("call-1", peer.now, "x\r\ny")
    assert peer.events() == []


# In a call


def test_the_peer_hangs_up() -> None:
    peer = Peer()
    invite = answered(peer)
    bye = peer.ask_within(invite, "BYE", extra=(("reason", "Q.850;cause=16"),))
    peer.take_response(200)
    assert peer.events() == [SessionEnded("call-1", EndedBy.REMOTE, reason_header="Q.850;cause=16")]
    peer.say(bye)
    peer.take_response(200)
    assert peer.events() == []
    peer.ask_within(invite, "BYE", 2)
    peer.take_response(481)
    assert all_quiet(peer)


def test_two_byes_that_cross_are_both_answered() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.hang_up("call-1", peer.now)
    bye = peer.take_request("BYE")
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.answer(bye, 200)
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
    assert all_quiet(peer)


def test_a_bye_that_nobody_answers_ends_too() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.hang_up("call-1", peer.now)
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
    assert all_quiet(peer)
    assert peer.events() == []


def test_requests_of_another_dialog_get_481() -> None:
    peer = Peer()
    invite = answered(peer)
    for from_, to in [
        (f"{invite.need('to')};tag=other", invite.need("from")),
        (f"{invite.need('to')};tag=peer", "<sip:bob@demo>;tag=other"),
    ]:
        peer.ask("BYE", call_id="call-1", from_=from_, to=to)
        peer.take_response(481)
    assert peer.stack.sessions() == 1


def test_requests_before_the_answer_get_481() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180)
    peer.ask_within(invite, "INFO")
    peer.take_response(481)


def test_an_old_cseq_gets_500() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "OPTIONS", 5)
    assert "INFO" in peer.take_response(200).need("allow")
    peer.ask_within(invite, "BYE", 4)
    peer.take_response(500)
    assert peer.stack.sessions() == 1


@pytest.mark.parametrize(
    ("method", "status"),
    [("REFER", 405), ("MESSAGE", 405), ("SUBSCRIBE", 489), ("NOTIFY", 481), ("FOO", 501)],
)  # fmt: skip
def test_what_is_not_served_in_a_call(method: str, status: int) -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, method)
    assert "allow" in peer.take_response(status).headers
    assert peer.stack.sessions() == 1


def test_required_extensions_are_refused_in_a_call_too() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", extra=(CONTACT, ("require", "100rel, gruu, path")))
    assert peer.take_response(420).headers["unsupported"] == ["gruu, path"]


MOVED = Flow("udp", ("192.0.2.1", 5060), (PHONE[0], 40000))


@pytest.mark.parametrize("method", ["INFO", "OPTIONS", "UPDATE", "INVITE"])
def test_a_phone_whose_nat_gave_it_another_port_is_followed(method: str) -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, method, flow=MOVED)
    peer.take()
    peer.stack.hang_up("call-1", peer.now)
    assert MOVED in peer.take_flows()


@pytest.mark.parametrize(
    ("more", "number", "tag"),
    [
        ({"sticky": False}, 5, "peer"),  # a trunk stays where its Contact says
        ({"routes": ()}, 3, "peer"),  # out of order
        ({"routes": ()}, 5, "stranger"),
    ],
)
def test_nobody_else_moves_a_call(more: dict[str, object], number: int, tag: str) -> None:
    peer = Peer()
    invite = answered(peer, **more)
    peer.ask_within(invite, "INFO", 4)
    peer.take_response(200)
    from_, to = f"{invite.need('to')};tag={tag}", invite.need("from")
    peer.ask("INFO", call_id="call-1", number=number, from_=from_, to=to, flow=MOVED)
    peer.take()
    peer.stack.hang_up("call-1", peer.now)
    assert peer.take_flows() == [peer.flow]


def test_info_both_ways() -> None:
    peer = Peer()
    invite = answered(peer)
    body = ("content-type", "application/dtmf-relay")
    peer.ask_within(invite, "INFO", sdp=b"Signal=5", extra=(body,))
    peer.take_response(200)
    assert peer.events() == [InfoReceived("call-1", "application/dtmf-relay", b"Signal=5")]
    peer.stack.info("call-1", "application/dtmf-relay", b"Signal=6", peer.now)
    info = peer.take_request("INFO")
    assert (info.body, info.need("cseq")) == (b"Signal=6", "2 INFO")
    peer.answer(info, 415)
    assert peer.events() == []


def test_a_peer_that_forgot_the_dialog_ends_the_call() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.info("call-1", "text/plain", b"x", peer.now)
    peer.answer(peer.take_request("INFO"), 481)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]
    peer.take_request("BYE")
    assert all_quiet(peer)


# Offers


def test_our_offer_is_answered() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    assert offer.need("cseq") == "2 INVITE"
    assert offer.need("contact") == "<sip:cordboard@192.0.2.1:5060>"
    assert offer.body == OTHER_OFFER
    peer.answer(offer, 100)
    moved = ("contact", "<sip:moved@192.0.2.2:5060>")
    peer.answer(offer, 200, sdp=OTHER_ANSWER, extra=(moved,))
    ack = peer.take_request("ACK")
    assert (ack.uri, ack.need("cseq")) == ("sip:moved@192.0.2.2:5060", "2 ACK")
    peer.answer(offer, 200, sdp=OTHER_ANSWER, extra=(moved,))
    assert peer.take() == [ack]
    assert peer.events() == [OfferAnswered("call-1", OTHER_ANSWER)]


def test_our_offer_is_refused_and_the_call_stays() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 488)
    ack = peer.take_request("ACK")
    assert ack.need("via") == offer.need("via")
    assert ack.need("to") == offer.need("to")
    assert peer.events() == [OfferRejected("call-1", 488)]
    assert peer.stack.sessions() == 1


def test_our_offer_is_authenticated() -> None:
    peer = Peer()
    answered(peer, credentials=Credentials("u", "p"))
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.answer(peer.take_request("INVITE"), 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    assert again.need("cseq") == "3 INVITE"
    assert "proxy-authorization" in again.headers


def test_offers_that_wait_are_sent_one_after_another_the_last_of_them() -> None:
    peer = Peer()
    answered(peer)
    for sdp in (b"1", b"2", b"3"):
        peer.stack.offer("call-1", sdp, peer.now)
    offer = peer.take_request("INVITE")
    assert offer.body == b"1"
    peer.answer(offer, 200)
    _, last = peer.take_requests("ACK", "INVITE")
    assert last.body == b"3"


@pytest.mark.parametrize(("status", "extra"), [(491, ()), (500, (("retry-after", "2"),))])
def test_a_collision_of_offers_is_tried_again(
    status: int, extra: tuple[tuple[str, str], ...]
) -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    theirs = peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.take_response(491)
    peer.acknowledge(theirs)
    peer.answer(offer, status, extra=extra)
    peer.take_request("ACK")
    peer.wait(2.0)
    assert peer.take() == []
    # While we wait, the peer's offer may come through, and ours comes after it.
    peer.ask_within(invite, "INVITE", 2, sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.wait(2.0)
    assert peer.take() == []
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.take_response(200)
    peer.ask_within(invite, "ACK", 2)
    peer.wait(0.5)
    peer.answer(peer.take_request("INVITE"), 200)
    assert [type(event) for event in peer.events()] == [OfferReceived, OfferAnswered]


def test_an_offer_that_waits_for_its_next_try_can_be_brought_up_to_date() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.answer(peer.take_request("INVITE"), 491)
    peer.take_request("ACK")
    peer.stack.offer("call-1", b"newer", peer.now)
    assert peer.take() == []
    peer.wait(4.0)
    offer = next(m for m in peer.take() if isinstance(m, Request))
    assert offer.body == b"newer"
    peer.answer(offer, 200)
    peer.take_request("ACK")


def test_ends_that_keep_colliding_give_up() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    for _ in range(9):
        offer = next(m for m in peer.take() if isinstance(m, Request))
        peer.answer(offer, 491)
        peer.take_request("ACK")
        peer.wait(4.0)
    assert peer.events() == [OfferRejected("call-1", 491)]


@pytest.mark.parametrize("how", ["481", "408", "silence", "unreachable"])
def test_an_offer_that_finds_nobody_ends_the_call(how: str) -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    if how == "silence":
        peer.wait(32.0)
    elif how == "unreachable":
        peer.stack.connection_lost(peer.flow, peer.now)
    else:
        peer.answer(offer, int(how))
    by = EndedBy.TRANSPORT if how == "unreachable" else EndedBy.TIMEOUT
    assert peer.events() == [SessionEnded("call-1", by)]
    assert [m.method for m in peer.take() if isinstance(m, Request)][-1] == "BYE"
    assert all_quiet(peer)


def test_an_offer_that_is_never_answered_is_taken_back() -> None:
    """9.1: CANCEL after 64*T1; a peer that is alive answers it, and the call goes on."""
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 100)
    peer.answer(offer, 183)
    peer.wait(31.9)
    assert peer.take() == []
    peer.wait(0.2)
    cancel = peer.take_request("CANCEL")
    assert (cancel.need("via"), cancel.need("to")) == (offer.need("via"), offer.need("to"))
    peer.answer(cancel, 200)
    peer.answer(offer, 487)
    peer.take_request("ACK")
    assert peer.events() == [OfferRejected("call-1", 487)]
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.take_request("INVITE")


def test_a_peer_that_vanishes_over_an_offer_ends_the_call() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.answer(peer.take_request("INVITE"), 100)
    peer.wait(64.1)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]
    assert all_quiet(peer)


def test_the_end_of_the_call_ends_all_offers() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.ask_within(invite, "BYE", 2)
    statuses = [m.status for m in peer.take() if not isinstance(m, Request)]
    assert sorted(statuses) == [200, 487]
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    assert peer.take() == []
    assert all_quiet(peer)


def test_our_offer_under_way_when_the_call_ends_bothers_nobody() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 100)
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.events()
    peer.answer(offer, 487)
    peer.take_request("ACK")
    assert peer.events() == []
    assert all_quiet(peer)


def test_the_peers_offer_is_answered_and_repeated_until_its_ack() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", 7, sdp=OTHER_OFFER)
    peer.take_response(100)
    assert peer.events() == [OfferReceived("call-1", OTHER_OFFER)]
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    answer = peer.take_response(200)
    assert answer.body == OTHER_ANSWER
    peer.wait(0.5)
    assert peer.take() == [answer]
    early = peer.ask_within(invite, "INVITE", 8, sdp=OTHER_OFFER)
    assert "retry-after" in peer.take_response(500).headers
    peer.acknowledge(early)
    peer.ask_within(invite, "ACK", 7)
    peer.wait(60.0)
    assert peer.take() == []
    assert peer.events() == []


def test_an_offer_of_ours_in_the_answer_to_an_empty_one() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE")
    peer.take_response(100)
    assert peer.events() == [OfferReceived("call-1", None)]
    peer.stack.answer_offer("call-1", OTHER_OFFER, peer.now)
    peer.take_response(200)
    peer.ask_within(invite, "ACK", sdp=OTHER_ANSWER)
    assert peer.events() == [OfferAnswered("call-1", OTHER_ANSWER)]


def test_an_offer_says_by_which_flow_the_peer_is_reached_now() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER, flow=MOVED)
    (event,) = peer.events()
    assert isinstance(event, OfferReceived)
    assert event.flow == MOVED


def test_the_peers_offer_is_refused_or_taken_back() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.stack.reject_offer("call-1", 488, peer.now)
    peer.take_response(488)
    peer.ask_within(invite, "INVITE", 2, branch="again", sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.ask_within(invite, "CANCEL", 2, branch="again")
    assert [m.status for m in peer.take() if not isinstance(m, Request)] == [200, 487]
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    assert peer.take() == []
    assert peer.stack.sessions() == 1


def test_no_ack_for_our_answer_ends_the_call() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.take()
    peer.events()
    peer.wait(32.0)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]
    assert [m.method for m in peer.take() if isinstance(m, Request)] == ["BYE"]
    assert all_quiet(peer)


def test_every_stage_has_its_entries() -> None:
    unanswered = {Stage.CALLING, Stage.PROCEEDING, Stage.CANCEL_WANTED, Stage.CANCELLING}
    for stage in unanswered:
        wanted = {Input.ANSWER, Input.REFUSAL, Input.DEMAND, Input.SILENCE}
        assert wanted <= OUTGOING[stage].keys()
    for stage in Stage:
        assert Input.ANSWER in OUTGOING[stage]
