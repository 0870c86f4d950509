"""Our own registrations, one answer at a time."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials
from cordboard.sip.errors import SipBuildError
from cordboard.sip.events import RegistrationFailed, RegistrationSucceeded
from cordboard.sip.message import Request
from cordboard.sip.registration import REGISTRATION, Input, Registration, Stage
from support.sip_network import name_addr
from support.sip_peer import Peer

CHALLENGE = ("www-authenticate", 'Digest realm="r", nonce="n", qop="auth"')
OURS = "<sip:desk@192.0.2.1:5060>"


def register(
    peer: Peer, expires: int = 600, name: str = "desk", *, hurried: bool = False
) -> Request:
    peer.stack.register(
        Registration(
            name=name,
            registrar_uri="sip:demo",
            aor=name_addr("<sip:desk@demo>"),
            contact_user="desk",
            flow=peer.flow,
            credentials=Credentials("desk", "s"),
            expires=expires,
            hurried=hurried,
        ),
        peer.now,
    )
    return peer.take_request("REGISTER")


def renewed_after(peer: Peer) -> float:
    """Seconds until the next REGISTER is sent."""
    peer.take()
    begun = peer.now
    while True:
        due = peer.stack.get_timer()
        assert due is not None
        peer.wait(due - peer.now)
        if any(m.method == "REGISTER" for m in peer.take() if isinstance(m, Request)):
            return peer.now - begun


def test_the_register_says_all_it_has_to() -> None:
    asked = register(Peer())
    assert asked.uri == "sip:demo"
    assert asked.need("to") == "<sip:desk@demo>"
    assert asked.need("from").startswith("<sip:desk@demo>;tag=")
    assert asked.need("contact") == f"{OURS};expires=600"
    assert asked.need("expires") == "600"
    assert asked.need("cseq") == "1 REGISTER"


def test_over_tcp_the_contact_says_so() -> None:
    asked = register(Peer(transport="tcp"))
    assert asked.need("contact") == "<sip:desk@192.0.2.1:5060;transport=tcp>;expires=600"


def test_a_challenge_is_answered_without_a_word() -> None:
    peer = Peer()
    asked = register(peer)
    peer.answer(asked, 401, extra=(CHALLENGE,))
    again = peer.take_request("REGISTER")
    assert again.need("call-id") == asked.need("call-id")
    assert again.need("from") == asked.need("from")
    assert again.need("cseq") == "2 REGISTER"
    assert 'nonce="n"' in again.need("authorization")
    peer.answer(again, 200, extra=(("contact", f"{OURS};expires=100"),))
    assert peer.events() == [RegistrationSucceeded("desk", 100)]
    assert renewed_after(peer) == pytest.approx(80.0)


@pytest.mark.parametrize(
    ("extra", "granted"),
    [
        ((("contact", f"<sip:other@h>;expires=7, {OURS};expires=120"),), 120),
        ((("contact", OURS), ("expires", "90")), 90),
        ((("contact", OURS),), 600),
        ((), 600),
        ((("contact", f"{OURS};expires=x"),), 600),
        ((("contact", f"{OURS};expires=0"),), 1),
        ((("contact", "<sip:broken"),), 600),
        ((("contact", f"<sip:broken, {OURS};expires=120"),), 600),
        ((("contact", "<sip:broken"), ("contact", f'{OURS};expires="120"')), 120),
        # Behind a NAT the registrar lists what it sees, perhaps beside what is left of before
        ((("contact", "<sip:desk@203.0.113.9:40001>;expires=120"),), 120),
        ((("contact", "<sip:desk@192.0.2.1:5060;transport=UDP>;expires=120"),), 120),
        (
            (
                ("contact", "<sip:desk@203.0.113.9:40000>;expires=7"),
                ("contact", "<sip:desk@203.0.113.9:40001>;expires=120"),
                ("contact", "<sip:other@203.0.113.9:40001>;expires=300"),
            ),
            120,
        ),
        ((("contact", "<sip:desk@203.0.113.9:40001>;expires=9000"),), 600),
        ((("contact", "<sip:desk@203.0.113.9:40001>"), ("expires", "90")), 90),
    ],
)
def test_how_long_it_is_good(extra: tuple[tuple[str, str], ...], granted: int) -> None:
    peer = Peer()
    peer.answer(register(peer), 200, extra=extra)
    assert peer.events() == [RegistrationSucceeded("desk", granted)]


def test_too_brief_is_asked_for_longer() -> None:
    peer = Peer()
    peer.answer(register(peer, 10), 423, extra=(("min-expires", "60"),))
    again = peer.take_request("REGISTER")
    assert again.need("expires") == "60"
    assert peer.events() == []
    for _ in range(3):
        peer.answer(again, 423, extra=(("min-expires", "70"),))
        requests = [m for m in peer.take() if isinstance(m, Request)]
        if not requests:
            break
        (again,) = requests
    assert peer.events() == [RegistrationFailed("desk", 423, "Said")]


@pytest.mark.parametrize("value", ["", "x", "-5"])
def test_too_brief_without_a_bound_is_a_refusal(value: str) -> None:
    peer = Peer()
    peer.answer(register(peer, 10), 423, extra=(("min-expires", value),))
    assert peer.events() == [RegistrationFailed("desk", 423, "Said")]


def test_failures_are_told_and_tried_again_with_growing_pauses() -> None:
    peer = Peer()
    asked = register(peer)
    pauses = []
    for _ in range(7):
        peer.answer(asked, 503)
        assert peer.events() == [RegistrationFailed("desk", 503, "Said")]
        peer.take()
        begun = peer.now
        due = peer.stack.get_timer()
        while not (sent := [m for m in peer.take() if isinstance(m, Request)]):
            due = peer.stack.get_timer()
            assert due is not None
            peer.wait(due - peer.now)
        pauses.append(peer.now - begun)
        (asked,) = sent
    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    peer.answer(asked, 200)
    peer.events()
    peer.wait(480.0)
    asked = next(m for m in peer.take() if isinstance(m, Request))
    peer.answer(asked, 503, extra=(("retry-after", "45"),))
    assert renewed_after(peer) == 45


def test_silence_and_lost_connections_are_failures() -> None:
    peer = Peer()
    register(peer)
    peer.wait(32.0)
    assert peer.events() == [RegistrationFailed("desk", 408, "Request Timeout")]
    tcp = Peer(transport="tcp")
    asked = register(tcp)
    tcp.stack.connection_lost(tcp.flow._replace(remote=("192.0.2.9", 1)), tcp.now)
    tcp.stack.connection_lost(tcp.flow, tcp.now)
    assert tcp.events() == [RegistrationFailed("desk", 503, "Service Unavailable")]
    tcp.answer(asked, 200)
    assert tcp.events() == []
    tcp.wait(30.0)
    tcp.answer(tcp.take_request("REGISTER"), 200)
    tcp.stack.connection_lost(tcp.flow, tcp.now)
    assert tcp.events() == [
        RegistrationSucceeded("desk", 600),
        RegistrationFailed("desk", 503, "Connection lost"),
    ]


def test_where_there_is_another_registrar_a_silent_one_is_given_up_early() -> None:
    peer = Peer()
    register(peer, hurried=True)
    peer.wait(4.9)
    assert peer.events() == []
    peer.wait(0.2)
    assert peer.events() == [RegistrationFailed("desk", 408, "Request Timeout")]


def test_unregistering() -> None:
    peer = Peer()
    peer.answer(register(peer), 200)
    peer.events()
    peer.stack.unregister("desk", peer.now)
    last = peer.take_request("REGISTER")
    assert last.need("contact") == f"{OURS};expires=0"
    peer.answer(last, 401, extra=(CHALLENGE,))
    last = peer.take_request("REGISTER")
    assert last.need("expires") == "0"
    peer.answer(last, 423, extra=(("min-expires", "60"),))
    assert peer.events() == [RegistrationSucceeded("desk", 0)]
    peer.stack.unregister("desk", peer.now)
    peer.wait(100.0)
    assert peer.stack.timers() == peer.stack.transactions() == 0
    register(peer)  # the name is free again


@pytest.mark.parametrize("when", ["asking", "pausing"])
def test_unregistering_before_it_is_registered(when: str) -> None:
    peer = Peer()
    asked = register(peer)
    if when == "pausing":
        peer.answer(asked, 503)
    peer.stack.unregister("desk", peer.now)
    last = peer.take_request("REGISTER")
    peer.answer(asked, 200)  # of the first REGISTER, too late to count
    peer.answer(last, 200, extra=())
    assert peer.events()[-1] == RegistrationSucceeded("desk", 0)
    peer.wait(100.0)
    assert peer.stack.timers() == 0


def test_a_name_is_registered_once() -> None:
    peer = Peer()
    register(peer)
    with pytest.raises(ValueError, match="name"):
        register(peer)


def test_no_value_can_smuggle_a_header_in() -> None:
    peer = Peer()
    with pytest.raises(SipBuildError):
        peer.stack.register(
            Registration("x", "sip:a\r\nX: y", name_addr("<sip:a@b>"), "a", peer.flow), peer.now
        )
    assert peer.take() == []
    peer.stack.shut_down(peer.now)
    assert peer.take() == []


def test_every_stage_can_be_left_by_its_user() -> None:
    for stage in (Stage.REGISTERING, Stage.REGISTERED, Stage.PAUSING):
        assert Input.UNREGISTER in REGISTRATION[stage]


ELSEWHERE = ("192.0.2.77", 5060)


def test_a_registrar_that_failed_may_be_tried_elsewhere_at_once() -> None:
    peer = Peer()
    peer.answer(register(peer), 503)
    peer.stack.aim("desk", peer.end.flow_to(ELSEWHERE))
    assert peer.take() == []
    peer.stack.try_again("desk", peer.now)
    assert [flow.remote for flow in peer.take_flows()] == [ELSEWHERE]
    peer.wait(40.0)
    assert {flow.remote for flow in peer.take_flows()} == {ELSEWHERE}


def test_a_registration_that_holds_is_renewed_where_the_registrar_is_found_by_then() -> None:
    peer = Peer()
    peer.answer(register(peer), 200)
    peer.stack.aim("desk", peer.end.flow_to(ELSEWHERE))
    peer.stack.try_again("desk", peer.now)
    assert peer.take() == []
    peer.wait(481.0)
    assert next(flow.remote for flow in peer.take_flows()) == ELSEWHERE
