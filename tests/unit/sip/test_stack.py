"""The front door: what is answered outside of calls, what is dropped, and the limits."""

from __future__ import annotations

import gc
import secrets

import pytest

from cordboard.sip.client_transaction import ClientTransaction
from cordboard.sip.dialog import Dialog
from cordboard.sip.dialog_request import DialogRequest
from cordboard.sip.digest import Credentials, answer_challenge, ha1
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.events import (
    BindingsChanged,
    EndedBy,
    InviteFailed,
    RegistrationFailed,
    RegistrationSucceeded,
    SessionEnded,
)
from cordboard.sip.message import Request, Response
from cordboard.sip.registrar import Realm, Registrar, RegistrarAccount
from cordboard.sip.server_transaction import ServerTransaction
from cordboard.sip.session import Session
from cordboard.sip.stack import Registration, SipStack, StackSettings
from support.sip_network import (
    ANSWER,
    OFFER,
    PHONE,
    SERVER,
    End,
    Network,
    invitation,
    name_addr,
)
from support.sip_peer import CONTACT, Peer

SHORT_LIVED = (Session, Dialog, DialogRequest, ClientTransaction, ServerTransaction)


def registrar() -> Registrar:
    account = RegistrarAccount("jessica@demo", "jessica", ha1("jessica", "demo", "s"))
    return Registrar(
        lambda user, _: account if user == "jessica" else None,
        lambda _user, _host: Realm("demo"),
        DigestServer(b"nonces"),
    )


def nothing_is_kept(peer: Peer) -> bool:
    return peer.stack.sessions() == peer.stack.transactions() == peer.stack.timers() == 0


# Outside of calls


def test_options() -> None:
    peer = Peer()
    options = peer.ask("OPTIONS")
    answer = peer.take_response(200)
    assert answer.need("allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER"
    assert answer.need("supported") == "100rel, timer, replaces, norefersub"
    assert answer.need("accept") == "application/sdp"
    assert nothing_is_kept(peer)
    peer.say(options)
    assert peer.take_response(200) == answer


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 405), ("MESSAGE", 405), ("UPDATE", 481), ("PRACK", 481), ("REFER", 403),
     ("SUBSCRIBE", 489), ("PUBLISH", 489), ("NOTIFY", 481), ("BYE", 481), ("INFO", 481),
     ("FROBNICATE", 501)],
)  # fmt: skip
def test_what_is_not_served(method: str, status: int) -> None:
    peer = Peer()
    peer.ask(method)
    answer = peer.take_response(status)
    if status in (405, 489, 501):
        assert "INVITE" in answer.need("allow")
    assert nothing_is_kept(peer)


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE", "OPTIONS", "UPDATE"])
def test_a_dialog_that_nobody_knows(method: str) -> None:
    peer = Peer()
    peer.ask(method, to="<sip:server@demo>;tag=gone")
    peer.take_response(481)
    assert nothing_is_kept(peer)


def test_an_ack_is_never_answered() -> None:
    peer = Peer()
    peer.ask("ACK")
    peer.ask("ACK", to="<sip:server@demo>;tag=gone")
    peer.ask("ACK", extra=(("call-id", "twice"),))
    assert peer.take() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"extra": (("require", "gruu"),)}, 420),
        ({"uri": "http://h/"}, 416),
        ({"uri": "sip:" + "x" * 2000}, 414),
        ({"uri": "sip:a@h?x=y"}, 400),
        ({"sdp": b"x", "extra": (("content-type", "text/plain"),)}, 415),
        ({"sdp": b"x", "extra": (("content-encoding", "gzip"),)}, 415),
        ({"extra": (("record-route", "<sip:x"),)}, 400),
        ({"extra": (("from", "<sip:a@h>;tag=2"),)}, 400),
        ({"extra": (("max-forwards", "x"),)}, 400),
        ({"from_": '"x" sip:a@h'}, 400),
    ],
)
def test_invites_that_are_refused_leave_nothing(change: dict[str, object], status: int) -> None:
    peer = Peer()
    invite = peer.ask("INVITE", **change)  # type: ignore[arg-type]  # the keywords of ask
    answer = peer.take_response(status)
    if status == 420:
        assert answer.need("unsupported") == "gruu"
    if status == 415:
        assert {"accept", "accept-encoding"} & answer.headers.keys()
    assert nothing_is_kept(peer)
    peer.say(invite)
    assert peer.take_response(status) == answer
    peer.acknowledge(invite)
    assert peer.take() == []
    assert peer.events() == []


def test_a_merged_invite_is_482() -> None:
    peer = Peer()
    peer.ask("INVITE", sdp=OFFER)
    peer.take_response(100)
    peer.ask("INVITE", sdp=OFFER)
    peer.take_response(482)
    peer.stack.reject("in-1", 486, "Busy", peer.now)
    peer.take_response(486)
    peer.ask("INVITE", sdp=OFFER)
    peer.take_response(482)
    peer.ask("INVITE", sdp=OFFER, number=2)
    peer.take_response(100)


def test_our_own_call_coming_back_is_482() -> None:
    peer = Peer()
    peer.stack.invite(invitation(peer.end), peer.now)
    peer.take()
    peer.ask("INVITE", call_id="call-1", sdp=OFFER)
    peer.take_response(482)


def raw(version: str = "SIP/2.0", cseq: str = "1 OPTIONS", more: str = "") -> bytes:
    return (
        f"OPTIONS sip:a {version}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:a>\r\n"
        f"From: <sip:b>;tag=1\r\nCall-ID: c\r\nCSeq: {cseq}\r\n{more}\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (raw("SIP/3.0"), 505),
        (raw(cseq="1 INVITE"), 400),
        (raw(cseq="x OPTIONS"), 400),
        (raw(more="Content-Length: 9\r\n"), 400),
    ],
)
def test_what_can_not_be_read_is_refused(data: bytes, status: int) -> None:
    peer = Peer()
    peer.stack.receive(data, peer.flow, peer.now)
    answer = peer.take_response(status)
    if status == 400:
        assert answer.reason != "Bad Request"  # it says what is bad


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\0\0\0\0", b"jaK", b"x" * 100, b"SIP/2.0 200 OK\r\n\r\n",
     b"OPTIONS sip:a SIP/2.0\r\n\r\n", b"\xff" * 64,
     b"OPTIONS sip:a SIP/3.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:a>\r\n\r\n"],
)  # fmt: skip
def test_what_can_not_even_be_refused_is_dropped(data: bytes) -> None:
    peer = Peer()
    peer.stack.receive(data, peer.flow, peer.now)
    assert peer.take() == []


# Responses


def test_a_stray_2xx_of_ours_is_acknowledged_and_hung_up() -> None:
    before = Peer()
    before.stack.invite(invitation(before.end), before.now)
    invite = before.take_request("INVITE")
    after = Peer(End(SERVER, "new"))
    after.answer(
        invite, 200, sdp=ANSWER, extra=(CONTACT, ("record-route", "<sip:p1;lr>,<sip:p2;lr>"))
    )
    ack, bye = after.take_requests("ACK", "BYE")
    assert ack.uri == bye.uri == "sip:phone@192.0.2.2:5060"
    assert bye.headers["route"] == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert bye.need("from") == invite.need("from")
    assert (ack.need("cseq"), bye.need("cseq")) == ("1 ACK", "2 BYE")
    after.answer(invite, 200, sdp=ANSWER)
    after.take_request("ACK")  # one BYE at a time
    after.answer(bye, 200)
    assert after.events() == []
    after.wait(100.0)
    assert nothing_is_kept(after)


def test_any_other_stray_response_is_dropped() -> None:
    other = Peer(End(SERVER, "srv", secret=b"another secret"))
    other.stack.invite(invitation(other.end), other.now)
    foreign = other.take_request("INVITE")
    peer = Peer()
    peer.answer(foreign, 200)
    peer.stack.invite(invitation(peer.end), peer.now)
    ours = peer.take_request("INVITE")
    fresh = Peer()
    fresh.answer(ours, 180)
    fresh.answer(ours, 486)
    fresh.answer(ours, 200, extra=())  # nobody to send the ACK to
    assert peer.take() == fresh.take() == []
    assert nothing_is_kept(fresh)


def test_a_response_of_another_call_id_is_not_believed() -> None:
    peer = Peer()
    peer.stack.invite(invitation(peer.end), peer.now)
    invite = peer.take_request("INVITE")
    invite.put("call-id", "other")
    peer.answer(invite, 200)
    assert peer.take() == []
    assert peer.events() == []


# Limits


def test_too_many_calls_are_turned_away() -> None:
    peer = Peer(End(SERVER, "srv", max_sessions=2))
    for number in range(3):
        peer.ask("INVITE", call_id=f"c{number}", sdp=OFFER)
    statuses = [m.status for m in peer.take() if isinstance(m, Response)]
    assert statuses == [100, 100, 503]
    peer.stack.invite(invitation(peer.end), peer.now)
    assert peer.take() == []
    failed = InviteFailed("call-1", 503, "Service Unavailable", local=True)
    assert peer.events()[-1] == failed


def test_within_calls_there_is_a_reserve() -> None:
    peer = Peer(End(SERVER, "srv", max_transactions=4))
    peer.ask("INVITE", sdp=OFFER)
    peer.take_response(100)
    peer.stack.accept("in-1", ANSWER, peer.now)
    answer = peer.take_response(200)
    peer.ask_back(answer, "ACK", 1)
    for number in range(2, 6):
        peer.ask_back(answer, "INFO", number)
        peer.take_response(200)
    peer.ask("OPTIONS", call_id="stranger")
    assert peer.take_response(503).need("retry-after") == "10"
    peer.ask_back(answer, "INFO", 6)
    peer.take_response(503)
    assert peer.stack.transactions() == 5
    peer.wait(100.0)
    peer.ask_back(answer, "BYE", 7)
    peer.take_response(200)


# Commands


def test_commands_for_calls_that_do_not_exist_do_nothing() -> None:
    stack, now = Peer().stack, 1.0
    stack.cancel("x", now)
    stack.hang_up("x", now)
    stack.ring("x", now)
    stack.accept("x", b"", now)
    stack.reject("x", 486, "Busy", now)
    stack.offer("x", b"", now)
    stack.answer_offer("x", b"", now)
    stack.reject_offer("x", 488, now)
    stack.info("x", "text/plain", b"", now)
    stack.unregister("x", now)
    assert stack.messages_to_send() == []
    assert stack.next_event() is None
    assert stack.get_timer() is None


def test_a_call_id_names_one_call_at_a_time() -> None:
    peer = Peer()
    peer.stack.invite(invitation(peer.end), peer.now)
    first = peer.take_request("INVITE")
    with pytest.raises(ValueError, match="Call-ID"):
        peer.stack.invite(invitation(peer.end), peer.now)
    peer.answer(first, 503)
    peer.take_request("ACK")
    peer.stack.invite(invitation(peer.end), peer.now)  # the next trunk
    second = peer.take_request("INVITE")
    assert second.need("from") != first.need("from")
    peer.answer(first, 503)
    peer.take_request("ACK")
    assert [event.call_id for event in peer.end.heard(InviteFailed)] == ["call-1"]
    assert peer.stack.sessions() == 1


def test_shut_down_ends_everything() -> None:
    peer = Peer()
    for call_id in ("silent", "ringing", "up"):
        peer.stack.invite(invitation(peer.end, call_id=call_id), peer.now)
        invite = peer.take_request("INVITE")
        if call_id != "silent":
            peer.answer(invite, 180 if call_id == "ringing" else 200)
    peer.ask("INVITE", sdp=OFFER)
    peer.take()
    peer.events()
    peer.stack.shut_down(peer.now)
    sent = [m.method if isinstance(m, Request) else m.status for m in peer.take()]
    assert sent == ["CANCEL", "BYE", 480]
    peer.wait(100.0)
    assert {event.call_id for event in peer.end.heard(InviteFailed)} == {"silent", "ringing"}
    assert {event.call_id for event in peer.end.heard(SessionEnded)} == {"up", "in-1"}
    assert nothing_is_kept(peer)


# The registrar, and ourselves as a phone


def registration(end: End, password: str = "s") -> Registration:
    return Registration(
        "desk", "sip:demo", name_addr("<sip:jessica@demo>"), "jessica",
        end.flow_to(SERVER), Credentials("jessica", password), 600,
    )  # fmt: skip


def test_a_phone_registers_is_renewed_and_leaves() -> None:
    server, phone = End(SERVER, "srv", registrar=registrar()), End(PHONE, "phn")
    network = Network(server, phone)
    phone.stack.register(registration(phone), network.now)
    network.run(1.0)
    assert phone.said == [RegistrationSucceeded("desk", 600)]
    (changed,) = server.said
    assert isinstance(changed, BindingsChanged)
    (binding,) = changed.bindings
    assert binding.contact == "sip:jessica@192.0.2.2:5060"
    assert binding.flow == server.flow_to(PHONE)
    network.run(480.0)
    assert len(phone.heard(RegistrationSucceeded)) == 2
    phone.stack.unregister("desk", network.now)
    network.run(1.0)
    assert phone.said[-1] == RegistrationSucceeded("desk", 0)
    assert server.said[-1] == BindingsChanged("jessica@demo", ())
    network.run(100.0)
    for end in (server, phone):
        assert end.stack.transactions() == 0
    assert phone.stack.timers() == 0


def test_a_repeated_register_gets_the_same_answer() -> None:
    server = End(SERVER, "srv", registrar=registrar())
    peer = Peer(server)
    asked = peer.ask("REGISTER", to="<sip:jessica@demo>", from_="<sip:jessica@demo>;tag=1")
    challenge = peer.take_response(401)
    assert peer.stack.transactions() == 0, "nothing is kept of what anybody may ask"
    peer.say(asked)
    again = peer.take_response(401)
    assert again.need("www-authenticate") != challenge.need("www-authenticate")
    given = answer_challenge(
        [challenge.need("www-authenticate")], Credentials("jessica", "s"), "REGISTER",
        "sip:server@192.0.2.1", cnonce="c",
    )  # fmt: skip
    assert given is not None
    register = peer.ask(
        "REGISTER",
        to="<sip:jessica@demo>",
        from_="<sip:jessica@demo>;tag=1",
        number=2,
        extra=(("contact", "<sip:jessica@192.0.2.50>"), ("authorization", given)),
    )
    answer = peer.take_response(200)
    peer.now += 1.0
    peer.say(register)
    assert peer.take_response(200) == answer
    assert "REGISTER" in options_of(peer).need("allow")


def options_of(peer: Peer) -> Response:
    peer.ask("OPTIONS")
    return peer.take_response(200)


def test_bindings_expire_and_die_with_their_connection() -> None:
    server, phone = End(SERVER, "srv", registrar=registrar()), End(PHONE, "phn")
    network = Network(server, phone)
    phone.stack.register(registration(phone), network.now)
    network.run(1.0)
    network.carry = lambda _flow, _data: []
    network.run(700.0)
    assert server.said[-1] == BindingsChanged("jessica@demo", ())
    assert isinstance(phone.said[-1], RegistrationFailed)


def test_a_wrong_password_is_told_and_tried_again_in_a_while() -> None:
    server, phone = End(SERVER, "srv", registrar=registrar()), End(PHONE, "phn")
    network = Network(server, phone)
    phone.stack.register(registration(phone, "wrong"), network.now)
    network.run(29.0)
    assert phone.said == [RegistrationFailed("desk", 403, "Forbidden")]
    network.run(130.0)
    assert len(phone.heard(RegistrationFailed)) == 3  # after 30 and 60 more seconds


# The trace


def test_the_trace_knows_forks_from_repeats() -> None:
    peer = Peer(End(SERVER, "srv", traced=True))
    peer.stack.invite(invitation(peer.end), peer.now)
    invite = peer.take_request("INVITE")
    for tag in ("a", "b", "b", "a"):
        peer.answer(invite, 180, tag=tag)
    shown = [record.retransmission for record in peer.end.traced if not record.sent]
    assert shown == [False, False, True, False]


def test_the_trace_shows_both_directions_and_repeats() -> None:
    server, phone = End(SERVER, "srv", traced=True), End(PHONE, "phn")
    network = Network(server, phone)
    dropped = iter([True])
    network.carry = lambda flow, _: [] if flow.remote == PHONE and next(dropped, False) else [0.01]
    server.stack.invite(invitation(server), network.now)
    network.run(1.0)
    phone.stack.reject("call-1", 486, "Busy Here", network.now)
    network.run(1.0)
    shown = [(r.sent, r.summary.split()[-1], r.cseq, r.retransmission) for r in server.traced]
    assert shown == [
        (True, "SIP/2.0", "1 INVITE", False),
        (True, "SIP/2.0", "1 INVITE", True),
        (False, "Trying", "1 INVITE", False),
        (False, "Here", "1 INVITE", False),
        (True, "SIP/2.0", "1 ACK", False),
    ]
    assert {record.call_id for record in server.traced} == {"call-1"}
    server.stack.receive(b"no message at all", server.flow_to(PHONE), network.now)
    assert server.traced[-1].call_id is None


def test_what_is_over_is_freed_without_the_garbage_collector() -> None:
    server, phone = End(SERVER, "srv"), End(PHONE, "phn")
    network = Network(server, phone)
    gc.collect()
    gc.disable()
    try:
        for call_id in ("up", "refused", "cancelled", "silent"):
            server.stack.invite(invitation(server, call_id=call_id), network.now)
            network.run(0.1)
        phone.stack.accept("up", ANSWER, network.now)
        phone.stack.reject("refused", 486, "Busy", network.now)
        server.stack.cancel("cancelled", network.now)
        network.run(1.0)
        server.stack.offer("up", OFFER, network.now)
        network.run(1.0)
        phone.stack.answer_offer("up", ANSWER, network.now)
        network.run(1.0)
        server.stack.hang_up("up", network.now)
        network.run(1.0)
        network.carry = lambda _flow, _data: []
        server.stack.shut_down(network.now)
        network.run(200.0)
        left = [type(o).__name__ for o in gc.get_objects() if isinstance(o, SHORT_LIVED)]
    finally:
        gc.enable()
    # The phone was never told about the last one: it rings.
    assert sorted(left) == ["Dialog", "ServerSession", "ServerTransaction"]


def test_the_default_tokens_differ() -> None:
    stack = SipStack(StackSettings(advertised=lambda _: SERVER, tag_secret=secrets.token_bytes(16)))
    end = End(SERVER, "x")
    for number in range(3):
        stack.invite(invitation(end, call_id=f"c{number}"), 1.0)
    sent = {data.partition(b"branch=")[2][:24] for _, data in stack.messages_to_send()}
    assert len(sent) == 3
    assert "secret" not in repr(StackSettings(lambda _: SERVER, b"secret bytes"))


def test_the_peer_may_end_a_call_that_we_are_ending() -> None:
    server, phone = End(SERVER, "srv"), End(PHONE, "phn")
    network = Network(server, phone)
    server.stack.invite(invitation(server), network.now)
    network.run(0.1)
    phone.stack.accept("call-1", ANSWER, network.now)
    network.run(1.0)
    for end in (server, phone):
        end.stack.hang_up("call-1", network.now)
    network.run(1.0)
    for end in (server, phone):
        assert end.said[-1] == SessionEnded("call-1", EndedBy.LOCAL)
        assert end.stack.sessions() == 0
