"""Calls of a process that was killed, as the next one ends them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cordboard.sip.digest import Credentials
from cordboard.sip.errors import SipBuildError
from cordboard.sip.flow import Flow
from cordboard.sip.left_over import RETURN_SECONDS
from cordboard.sip.message import Request
from cordboard.sip.remains import CSEQ_LEAP, CSEQ_RENEWAL, DialogRemains, InviteRemains
from support.killed_process import REASON, Processes
from support.outgoing_calls import CHALLENGE, MOVED, answered, call
from support.sip_network import ANSWER, OTHER_OFFER, PHONE, SERVER, invitation
from support.sip_peer import CONTACT, Peer, all_quiet

TRUNK = Credentials("office", "secret")
PROXIED = ("record-route", "<sip:p1;lr>,<sip:p2;lr>")
LINES = ("via", "from", "to", "call-id")


DESK = "desk@demo sip:phone@10.0.0.7"
CONNECTION = Flow("tcp", SERVER, (PHONE[0], 49_152))
COMES_BACK = Flow("tcp", SERVER, (PHONE[0], 49_153))


def comes_back(peer: Peer, phone: str = DESK) -> None:
    """A phone registers anew."""
    peer.stack._core.phone_calls.follow(phone, COMES_BACK, peer.now)
    peer.wait(0.0)


def killed_while_ringing(processes: Processes, **more: Any) -> tuple[Request, Peer]:
    """The INVITE that was sent, and the next process."""
    invite = call(processes.before, **more)
    processes.before.answer(invite, 180)
    return invite, processes.kill()


def killed_while_talking(processes: Processes, **more: Any) -> tuple[Request, Peer]:
    invite = answered(processes.before, **more)
    return invite, processes.kill()


# What rang


def test_what_rang_is_cancelled_and_its_refusal_acknowledged() -> None:
    processes = Processes()
    invite, after = killed_while_ringing(processes, routes=("<sip:p;lr>",))
    cancel = after.take_request("CANCEL")
    for name in (*LINES, "route"):
        assert cancel.need(name) == invite.need(name)
    assert (cancel.uri, cancel.need("cseq")) == (invite.uri, "1 CANCEL")
    assert cancel.need("reason") == REASON
    after.answer(cancel, 200)
    assert not processes.done
    after.answer(invite, 487)
    ack = after.take_request("ACK")
    assert (ack.need("via"), ack.need("cseq")) == (invite.need("via"), "1 ACK")
    assert ack.need("to").endswith(";tag=peer")
    assert processes.done == ["call-1"]
    after.answer(invite, 487)
    after.take_request("ACK")
    assert after.events() == []
    assert all_quiet(after)
    assert not processes.kept.remains


def test_what_had_no_sign_of_life_yet_is_cancelled_too() -> None:
    processes = Processes()
    invite = call(processes.before)
    after = processes.kill()
    assert after.take_request("CANCEL").need("via") == invite.need("via")


def test_a_provisional_response_changes_nothing() -> None:
    processes = Processes()
    invite, after = killed_while_ringing(processes)
    after.take_request("CANCEL")
    after.answer(invite, 183)
    assert after.take() == []
    assert after.events() == []
    assert not processes.done


def test_the_cancel_is_of_the_invite_that_was_sent_last() -> None:
    processes = Processes()
    first = call(processes.before, credentials=TRUNK)
    processes.before.answer(first, 407, extra=(CHALLENGE,))
    _, second = processes.before.take_requests("ACK", "INVITE")
    cancel = processes.kill().take_request("CANCEL")
    assert cancel.need("via") == second.need("via") != first.need("via")
    assert cancel.need("cseq") == "2 CANCEL"
    assert cancel.need("proxy-authorization") == second.need("proxy-authorization")


def test_after_a_failover_it_is_of_the_invite_to_the_next_server() -> None:
    processes = Processes()
    first = call(processes.before)
    processes.before.answer(first, 503)
    processes.before.take_request("ACK")
    assert not processes.kept.remains
    second = call(processes.before)
    cancel = processes.kill().take_request("CANCEL")
    assert cancel.need("from") == second.need("from") != first.need("from")


@pytest.mark.parametrize("status", [486, 487, 407, 302])
def test_any_refusal_is_an_end(status: int) -> None:
    processes = Processes()
    invite, after = killed_while_ringing(processes)
    after.take_request("CANCEL")
    after.answer(invite, status, extra=(CONTACT, CHALLENGE))
    after.take_request("ACK")
    assert processes.done == ["call-1"]


def test_who_says_nothing_is_given_up() -> None:
    processes = Processes()
    _, after = killed_while_ringing(processes)
    after.wait(31.9)
    assert not processes.done
    after.wait(0.2)
    assert processes.done == ["call-1"]
    after.take()
    assert all_quiet(after)


def test_an_answer_that_came_while_nobody_was_here_is_acknowledged_and_hung_up() -> None:
    processes = Processes()
    invite, after = killed_while_ringing(processes)
    after.take_request("CANCEL")
    after.answer(invite, 200, sdp=ANSWER, extra=(CONTACT, PROXIED))
    ack, bye = after.take_requests("ACK", "BYE")
    assert ack.uri == bye.uri == "sip:phone@192.0.2.2:5060"
    assert bye.headers["route"] == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (ack.need("cseq"), bye.need("cseq")) == ("1 ACK", "2 BYE")
    assert bye.need("reason") == REASON
    assert isinstance(processes.kept.remains["call-1"], DialogRemains), "known before the ACK"
    after.answer(invite, 200, sdp=ANSWER)
    after.take_request("ACK")  # one BYE at a time
    assert not processes.done
    after.answer(bye, 200)
    assert processes.done == ["call-1"]
    assert after.events() == []
    assert all_quiet(after)


def test_of_two_forks_that_answer_both_are_hung_up() -> None:
    processes = Processes()
    invite, after = killed_while_ringing(processes)
    after.take_request("CANCEL")
    after.answer(invite, 200, sdp=ANSWER, tag="one")
    _, one = after.take_requests("ACK", "BYE")
    after.answer(invite, 200, sdp=ANSWER, tag="two")
    _, two = after.take_requests("ACK", "BYE")
    assert two.need("to").endswith(";tag=two")
    after.answer(two, 200)
    assert not processes.done
    after.answer(one, 481)
    assert processes.done == ["call-1"]


def test_an_answer_that_nobody_can_acknowledge_is_an_end() -> None:
    processes = Processes()
    invite, after = killed_while_ringing(processes)
    after.take_request("CANCEL")
    after.answer(invite, 200, sdp=ANSWER, extra=())
    assert after.take() == []
    assert processes.done == ["call-1"]


def test_a_call_that_was_given_up_already_is_still_known() -> None:
    processes = Processes()
    invite = call(processes.before)
    processes.before.answer(invite, 180)
    processes.before.stack.cancel("call-1", processes.before.now)
    after = processes.kill()
    after.take_request("CANCEL")
    after.answer(invite, 487)
    after.take_request("ACK")
    assert processes.done == ["call-1"]


# What talked


def test_what_talked_gets_a_bye_with_a_number_beyond_all_before() -> None:
    processes = Processes()
    invite = answered(processes.before, PROXIED)
    processes.before.stack.info("call-1", "text/plain", b"hello", processes.before.now)
    processes.before.take_request("INFO")
    after = processes.kill()
    bye = after.take_request("BYE")
    assert (bye.need("from"), bye.need("call-id")) == (invite.need("from"), "call-1")
    assert bye.need("to").endswith(";tag=peer")
    assert bye.uri == "sip:phone@192.0.2.2:5060"
    assert bye.headers["route"] == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (bye.need("cseq"), bye.need("reason")) == (f"{2 + CSEQ_LEAP} BYE", REASON)
    after.answer(bye, 200)
    assert processes.done == ["call-1"]
    assert all_quiet(after)
    assert not processes.kept.remains


def test_the_bye_is_repeated_until_nobody_is_there() -> None:
    processes = Processes()
    _, after = killed_while_talking(processes)
    first = after.take_request("BYE")
    after.wait(0.5)
    assert bytes(after.take_request("BYE")) == bytes(first)
    after.wait(31.6)
    assert processes.done == ["call-1"]
    after.take()
    assert all_quiet(after)


@pytest.mark.parametrize("status", [200, 481, 500, 408])
def test_whatever_the_peer_says_is_an_end(status: int) -> None:
    processes = Processes()
    _, after = killed_while_talking(processes)
    after.answer(after.take_request("BYE"), status)
    assert processes.done == ["call-1"]


@pytest.mark.parametrize("asking", [401, 407])
def test_a_challenge_is_answered_with_the_credentials_that_are_found(asking: int) -> None:
    processes = Processes()
    answered(processes.before, credentials=TRUNK)
    after = processes.kill(TRUNK)
    bye = after.take_request("BYE")
    name = {401: "www-authenticate", 407: CHALLENGE[0]}[asking]
    after.answer(bye, asking, extra=((name, CHALLENGE[1]),))
    again = after.take_request("BYE")
    answer = {401: "authorization", 407: "proxy-authorization"}[asking]
    assert 'username="office"' in again.need(answer)
    assert again.need("cseq") == f"{3 + CSEQ_LEAP} BYE"
    assert not processes.done
    after.answer(again, 200)
    assert processes.done == ["call-1"]


def test_a_challenge_that_nobody_can_answer_is_an_end() -> None:
    processes = Processes()
    _, after = killed_while_talking(processes)
    after.answer(after.take_request("BYE"), 407, extra=(CHALLENGE,))
    assert after.take() == []
    assert processes.done == ["call-1"]


def test_a_challenge_to_the_bye_after_a_late_answer_is_answered_too() -> None:
    processes = Processes()
    invite = call(processes.before, credentials=TRUNK)
    after = processes.kill(TRUNK)
    after.take_request("CANCEL")
    after.answer(invite, 200, sdp=ANSWER)
    _, bye = after.take_requests("ACK", "BYE")
    after.answer(bye, 407, extra=(CHALLENGE,))
    assert 'username="office"' in after.take_request("BYE").need("proxy-authorization")


def test_where_the_phone_is_now_counts() -> None:
    processes = Processes()
    invite = answered(processes.before)
    moved = ("contact", "<sip:elsewhere@192.0.2.7>")
    processes.before.ask_within(invite, "INVITE", extra=(moved,), sdp=OTHER_OFFER, flow=MOVED)
    after = processes.kill()
    (flow, data), *_ = after.stack.messages_to_send()
    assert data.startswith(b"BYE sip:elsewhere@192.0.2.7 ")
    assert flow == MOVED


def test_a_long_call_is_known_by_its_later_numbers() -> None:
    processes = Processes()
    answered(processes.before)
    for _ in range(CSEQ_RENEWAL + 1):
        processes.before.stack.info("call-1", "text/plain", b"hello", processes.before.now)
    number = CSEQ_RENEWAL + 2
    remains = processes.kept.remains["call-1"]
    assert isinstance(remains, DialogRemains)
    assert number - CSEQ_RENEWAL <= remains.number <= number
    bye = processes.kill().take_request("BYE")
    assert int(bye.need("cseq").split()[0]) > number


def test_a_second_crash_counts_on() -> None:
    processes = Processes()
    _, after = killed_while_talking(processes)
    first = int(after.take_request("BYE").need("cseq").split()[0])
    second = int(processes.kill().take_request("BYE").need("cseq").split()[0])
    assert second > first


def test_a_repeated_answer_beside_the_bye_is_only_acknowledged() -> None:
    processes = Processes()
    invite, after = killed_while_talking(processes)
    after.take_request("BYE")
    after.answer(invite, 200, sdp=ANSWER)
    after.take_request("ACK")


def test_the_peers_own_requests_find_no_call() -> None:
    processes = Processes()
    invite, after = killed_while_talking(processes)
    after.take_request("BYE")
    after.ask_within(invite, "BYE")
    after.take_response(481)


# When it is known, and no longer


def test_what_is_needed_is_known_before_anything_is_sent() -> None:
    processes = Processes()
    before = processes.before
    invite = call(before)  # taken from what waits to be sent
    remains = processes.kept.remains["call-1"]
    assert isinstance(remains, InviteRemains)
    assert invite.need("via").endswith(remains.branch)
    before.answer(invite, 200, sdp=ANSWER)
    assert isinstance(processes.kept.remains["call-1"], DialogRemains)
    before.take_request("ACK")


def test_nothing_is_known_of_calls_that_are_over() -> None:
    processes = Processes()
    before, kept = processes.before, processes.kept
    invite = call(before)
    before.answer(invite, 486)
    assert not kept.remains
    before.take()
    answered(before, call_id="call-2")
    before.stack.hang_up("call-2", before.now)
    assert list(kept.remains) == ["call-2"], "the BYE may not have arrived"
    before.answer(before.take_request("BYE"), 200)
    assert not kept.remains
    invite = answered(before, call_id="call-3")
    before.ask_within(invite, "BYE")
    assert not kept.remains


def test_an_answer_that_crossed_the_cancel_is_known_until_its_bye_is_answered() -> None:
    processes = Processes()
    before = processes.before
    invite = call(before)
    before.answer(invite, 180)
    before.stack.cancel("call-1", before.now)
    before.take_request("CANCEL")
    before.answer(invite, 200, sdp=ANSWER)
    _, bye = before.take_requests("ACK", "BYE")
    assert isinstance(processes.kept.remains["call-1"], DialogRemains)
    before.answer(bye, 200)
    assert not processes.kept.remains


# Over connections


@pytest.mark.parametrize("state", [killed_while_ringing, killed_while_talking])
def test_a_phone_that_listens_where_it_came_from_is_connected_to(state: Any) -> None:
    processes = Processes("tcp")
    connection = Flow("tcp", SERVER, (PHONE[0], 49_152))
    processes.before.flow = connection
    contact = (("contact", f"<sip:phone@{PHONE[0]}:5062;transport=tcp>"),)
    uri = f"sip:phone@{PHONE[0]}:5062;transport=tcp"
    invite = call_over(processes.before, connection, uri)
    if state is killed_while_talking:
        processes.before.answer(invite, 200, sdp=ANSWER, extra=contact)
    after = processes.kill()
    ((flow, _),) = after.stack.messages_to_send()
    assert flow == Flow("tcp", ("", 0), (PHONE[0], 5062))
    after.stack.connection_lost(flow, after.now)
    assert processes.done == ["call-1"]


@pytest.mark.parametrize(
    "uri",
    [
        "sip:phone@10.0.0.7:5062;transport=tcp",
        f"sip:phone@{PHONE[0]}:5062;transport=ws",
        "sip:phone@phone.invalid;transport=tcp",
    ],
)
@pytest.mark.parametrize("talking", [False, True])
def test_where_only_the_phone_can_connect_it_is_waited_for(uri: str, talking: bool) -> None:
    processes = Processes("tcp")
    invite = call_over(processes.before, CONNECTION, uri, phone=DESK)
    if talking:
        contact = ("contact", f"<{uri}>")
        processes.before.answer(invite, 200, sdp=ANSWER, extra=(contact,), flow=CONNECTION)
    after = processes.kill()
    assert after.take() == []
    assert not processes.done
    after.wait(RETURN_SECONDS - 1.0)
    comes_back(after, "somebody else")
    assert after.take() == []
    comes_back(after)
    ((flow, data),) = after.stack.messages_to_send()
    assert data.startswith(b"BYE " if talking else b"CANCEL ")
    assert flow == COMES_BACK
    after.wait(40.0)
    assert processes.done == ["call-1"]
    comes_back(after)
    after.take()
    assert all_quiet(after)


def test_a_phone_that_does_not_come_back_is_not_waited_for_ever() -> None:
    processes = Processes("tcp")
    call_over(processes.before, CONNECTION, "sip:phone@10.0.0.7;transport=tcp", phone=DESK)
    after = processes.kill()
    after.wait(RETURN_SECONDS + 0.1)
    assert processes.done == ["call-1"]
    comes_back(after)
    assert after.take() == []
    assert all_quiet(after)


def test_of_two_calls_of_a_phone_both_are_ended_when_it_is_back() -> None:
    processes = Processes("tcp")
    for call_id in ("call-1", "call-2"):
        uri = "sip:phone@10.0.0.7;transport=tcp"
        call_over(processes.before, CONNECTION, uri, phone=DESK, call_id=call_id)
    after = processes.kill()
    comes_back(after)
    after.take_requests("CANCEL", "CANCEL")


def test_where_nobody_can_come_back_it_is_over_at_once() -> None:
    processes = Processes("tcp")
    call_over(processes.before, CONNECTION, "sip:phone@10.0.0.7;transport=tcp")
    processes.kill()
    assert processes.done == ["call-1"]


def test_a_phone_that_does_not_listen_is_waited_for() -> None:
    processes = Processes("tcp")
    uri = f"sip:phone@{PHONE[0]}:5062;transport=tcp"
    invite = call_over(processes.before, CONNECTION, uri, phone=DESK)
    processes.before.answer(invite, 200, sdp=ANSWER, extra=(("contact", f"<{uri}>"),))
    after = processes.kill()
    (flow,) = after.take_flows()
    after.stack.connection_lost(flow, after.now)
    assert not processes.done
    comes_back(after)
    assert after.take_flows() == [COMES_BACK]
    after.stack.connection_lost(COMES_BACK, after.now)
    assert processes.done == ["call-1"], "once is enough"


def test_behind_a_proxy_the_proxy_is_connected_to() -> None:
    processes = Processes("tcp")
    connection = Flow("tcp", SERVER, ("192.0.2.9", 49_152))
    routes = ("<sip:192.0.2.9:5080;transport=tcp;lr>",)
    call_over(processes.before, connection, "sip:phone@10.0.0.7", routes)
    after = processes.kill()
    assert after.take_flows() == [Flow("tcp", ("", 0), ("192.0.2.9", 5080))]


def test_a_connection_of_our_own_is_made_again() -> None:
    processes = Processes("tcp")
    connection = Flow("tls", ("", 0), ("192.0.2.9", 5061), "trunk.example")
    call_over(processes.before, connection, "sip:0312345678@trunk.example")
    assert processes.kill().take_flows() == [connection]


def test_what_makes_no_message_is_said_so() -> None:
    processes = Processes()
    call(processes.before)
    remains = processes.kept.remains.pop("call-1")
    assert isinstance(remains, InviteRemains)
    stack = processes.before.stack
    with pytest.raises(SipBuildError):
        stack.end_left_over(
            "call-1", remains._replace(uri="sip:\ud800"), None, REASON, lambda: None, 0.0
        )


def call_over(
    peer: Peer,
    flow: Flow,
    uri: str,
    routes: tuple[str, ...] = (),
    phone: str | None = None,
    call_id: str = "call-1",
) -> Request:
    """Send an INVITE over a flow; returns it."""
    plain = invitation(peer.end, routes=routes, call_id=call_id)
    asked = replace(plain, flow=flow, uri=uri, phone=phone)
    peer.stack.invite(asked, peer.now)
    return peer.take_request("INVITE")
