"""The trunk desk in virtual time: registrations, questions, and the way from server to server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cordboard.calls.trunk_state import UNWATCHED, TrunkState
from cordboard.directory.model import TenantPolicy, Trunk
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.embedded.trunk_desk import LOOK_AGAIN_SECONDS, Outside, TrunkDesk
from cordboard.sip.events import ReachabilityChanged, RegistrationFailed, RegistrationSucceeded
from cordboard.sip.flow import Flow
from cordboard.sip.locating import Located, Target
from cordboard.sip.message import Request, parse
from cordboard.sip.uri import SipUri
from support.sip_peer import Peer

NAME = "pstn@demo"
ONE = Target("udp", "192.0.2.10", 5060, "pstn.example")
TWO = Target("udp", "192.0.2.20", 5060, "pstn.example")
REGISTERED = Trunk(
    "pstn", "sip:pstn.example", username="office", password="trunk-secret", register=True
)
PINGED = Trunk("pstn", "sip:pstn.example", ping=60.0)
CHALLENGE = ("www-authenticate", 'Digest realm="r", nonce="n", qop="auth"')


def directory_of(*trunks: Trunk) -> Directory:
    return Directory((TenantDirectory(TenantPolicy("demo", "demo"), trunks=trunks),))


class Office:
    """A desk, the servers that its trunks have, and the time."""

    def __init__(self, *servers: Target) -> None:
        self.peer = Peer()
        self.servers: tuple[Target, ...] = servers
        self.looked_for: list[str] = []
        self.failures: list[Target] = []
        self._seen: set[tuple[str, tuple[int, str]]] = set()
        self.reminders: list[tuple[float, Callable[[], None]]] = []
        self.desk = TrunkDesk(
            Outside(
                stack=self.peer.stack,
                finder=self,
                flow_to=lambda target: self.flow(target) if target.transport == "udp" else None,
                own_host=lambda _flow: "192.0.2.1",
                clock=lambda: self.peer.now,
                later=lambda seconds, act: self.reminders.append((self.peer.now + seconds, act)),
                pump=lambda: None,
            )
        )

    def flow(self, target: Target) -> Flow:
        return Flow("udp", self.peer.end.address, (target.address, target.port))

    # What the desk asks

    def targets(self, uri: SipUri, then: Callable[[Located], None]) -> None:
        self.looked_for.append(uri.text())
        then(Located(self.servers, fault="" if self.servers else "there is no such name"))

    def failed(self, target: Target, _now: float) -> None:
        self.failures.append(target)

    def answered(self, target: Target) -> None:
        if target in self.failures:
            self.failures.remove(target)

    # What a test does

    def follow(self, *trunks: Trunk) -> None:
        self.desk.follow(directory_of(*trunks))

    def sent(self) -> list[tuple[str, Request]]:
        """What was sent since, each with the address it went to."""
        messages = self.peer.stack.messages_to_send()
        parsed = [(flow.remote[0], parse(data)) for flow, data in messages]
        return [(host, message) for host, message in parsed if isinstance(message, Request)]

    def asked(self) -> tuple[str, Request]:
        """The next request that is sent, however long that takes; repeats are left out."""
        while True:
            for host, request in self.sent():
                number = (request.need("call-id"), request.cseq)
                if number not in self._seen:
                    self._seen.add(number)
                    return host, request
            due = self.peer.stack.get_timer()
            assert due is not None
            self.wait(due - self.peer.now)

    def answer(self, status: int, *extra: tuple[str, str]) -> str:
        """Answer the next request; gives the address that it went to."""
        host, request = self.asked()
        self.peer.answer(request, status, extra=extra)
        self.tell()
        return host

    def wait(self, seconds: float) -> None:
        self.peer.wait(seconds)
        self.tell()
        due = [act for at, act in self.reminders if at <= self.peer.now]
        self.reminders = [(at, act) for at, act in self.reminders if at > self.peer.now]
        for act in due:
            act()

    def tell(self) -> None:
        """Hand the stack's events to the desk, as the engine does."""
        for event in self.peer.events():
            if isinstance(event, RegistrationSucceeded):
                self.desk.registered(event)
            elif isinstance(event, RegistrationFailed):
                self.desk.not_registered(event)
            elif isinstance(event, ReachabilityChanged):
                self.desk.reachability_changed(event)

    @property
    def state(self) -> TrunkState:
        return self.desk.state(NAME)


def test_a_trunk_that_nobody_watches_is_left_alone() -> None:
    office = Office(ONE)
    office.follow(replace(PINGED, ping=0.0))
    assert (office.looked_for, office.sent(), office.state) == ([], [], UNWATCHED)


def test_we_register_under_the_trunks_own_domain() -> None:
    office = Office(ONE)
    office.follow(replace(REGISTERED, expires=600))
    host, request = office.asked()
    assert (host, request.method, request.uri) == (ONE.address, "REGISTER", "sip:pstn.example")
    assert request.need("to") == "<sip:office@pstn.example>"
    assert request.need("contact") == "<sip:office@192.0.2.1:5060>;expires=600"
    assert office.state == UNWATCHED


def test_a_challenge_is_answered_and_the_trunk_is_up() -> None:
    office = Office(ONE)
    office.follow(REGISTERED)
    office.answer(401, CHALLENGE)
    _, request = office.asked()
    assert 'username="office"' in request.need("authorization")
    office.peer.answer(request, 200)
    office.tell()
    assert (office.state.word, office.state.registered, office.state.since) == ("up", True, 1000.0)
    assert office.state.target == "udp:192.0.2.10:5060"
    assert office.desk.server_of(NAME) == ONE


def test_a_refusal_is_told_in_the_peers_own_words_and_not_tried_elsewhere() -> None:
    office = Office(ONE, TWO)
    office.follow(REGISTERED)
    office.answer(403)
    assert (office.state.word, office.state.reason) == ("unregistered", "403 Said")
    assert office.failures == []
    assert office.desk.server_of(NAME) is None
    assert office.answer(200) == ONE.address
    assert (office.state.word, office.state.reason) == ("up", "")


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_server_that_fails_is_followed_by_the_next_at_once(status: int) -> None:
    office = Office(ONE, TWO)
    office.follow(REGISTERED)
    assert office.answer(status) == ONE.address
    began = office.peer.now
    assert office.answer(200) == TWO.address
    assert office.peer.now == began
    assert office.failures == [ONE]
    assert office.state.target == "udp:192.0.2.20:5060"


def test_when_all_servers_have_failed_they_are_looked_for_again() -> None:
    office = Office(ONE, TWO)
    office.follow(REGISTERED)
    office.answer(503)
    office.answer(503)
    assert office.looked_for == ["sip:pstn.example"] * 2
    office.servers = (TWO,)
    assert office.answer(503) == ONE.address  # what was found by then
    assert office.answer(200) == TWO.address


def test_a_trunk_without_an_address_is_down_until_it_has_one() -> None:
    office = Office()
    office.follow(PINGED)
    assert (office.state.word, office.state.reason) == ("down", "there is no such name")
    office.wait(LOOK_AGAIN_SECONDS)
    assert len(office.looked_for) == 2
    office.servers = (ONE,)
    office.wait(LOOK_AGAIN_SECONDS)
    office.answer(200)
    assert (office.state.word, office.state.since) == ("up", office.peer.now)


def test_a_server_that_we_have_no_way_to_is_passed_over() -> None:
    office = Office(Target("tls", "192.0.2.9", 5061, "pstn.example"), ONE)
    office.follow(PINGED)
    assert office.asked()[0] == ONE.address


def test_a_trunk_that_stops_to_answer_is_down_and_its_next_server_asked() -> None:
    office = Office(ONE, TWO)
    office.follow(PINGED)
    office.answer(200)
    assert office.state.word == "up"
    for _ in range(2):
        assert office.answer(503) == ONE.address
    assert (office.state.word, office.state.reason) == ("down", "503 Said")
    began = office.peer.now
    assert office.answer(200) == TWO.address
    assert office.state.word == "down"
    assert office.answer(200) == TWO.address
    assert office.state.word == "up"
    assert office.peer.now - began < 10.0


def test_a_trunk_may_be_both_registered_and_asked() -> None:
    office = Office(ONE)
    office.follow(replace(REGISTERED, ping=60.0))
    methods = []
    for _ in range(2):
        _, request = office.asked()
        methods.append(request.method)
        office.peer.answer(request, 200 if request.method == "OPTIONS" else 403)
    office.tell()
    assert sorted(methods) == ["OPTIONS", "REGISTER"]
    assert (office.state.word, office.state.reachable) == ("unregistered", True)


def test_everything_goes_by_the_proxy_where_there_is_one() -> None:
    office = Office(ONE)
    office.follow(replace(REGISTERED, proxy="sip:edge.example;transport=udp"))
    _, request = office.asked()
    assert office.looked_for == ["sip:edge.example;transport=udp"]
    assert request.uri == "sip:pstn.example"
    assert request.need("route") == "<sip:edge.example;transport=udp;lr>"


def test_a_trunk_that_has_gone_from_the_directory_is_left() -> None:
    office = Office(ONE)
    office.follow(replace(REGISTERED, ping=60.0))
    for _ in range(2):
        office.answer(200)
    office.follow()
    _, request = office.asked()
    assert (request.method, request.need("expires")) == ("REGISTER", "0")
    assert office.state == UNWATCHED


def test_a_trunk_that_has_changed_begins_anew() -> None:
    office = Office(ONE)
    office.follow(PINGED)
    office.answer(200)
    office.follow(PINGED)
    assert office.state.word == "up"
    office.follow(replace(PINGED, ping=30.0))
    assert office.state == UNWATCHED
    assert office.asked()[1].method == "OPTIONS"


def test_a_trunk_that_goes_while_it_is_looked_for_is_not_begun() -> None:
    office = Office()
    office.follow(PINGED)
    office.follow()
    office.servers = (ONE,)
    office.wait(LOOK_AGAIN_SECONDS)
    assert office.sent() == []


def test_who_we_are_at_a_trunk() -> None:
    office = Office(ONE)
    office.follow(
        replace(REGISTERED, username="office@example.com", from_domain="sip.example", ping=60.0)
    )
    (_, one), (_, other) = office.asked(), office.asked()
    for request in (one, other):
        assert "<sip:office@sip.example>" in request.need("from")
