"""Two stacks over a network that loses, delays, reorders and repeats messages, in virtual time.

Whatever is done in whatever order: every session ends in exactly one final event, both ends agree
in the end that nothing is up, nothing is remembered, and nobody sends without end.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cordboard.sip.digest import Credentials
from cordboard.sip.events import (
    InviteAnswered,
    InviteReceived,
    OfferReceived,
    SessionEnded,
)
from support.lossy_network import LossyNetwork, endings
from support.sip_network import (
    ANSWER,
    OTHER_ANSWER,
    OTHER_OFFER,
    PHONE,
    SERVER,
    End,
    Network,
    invitation,
)

MAX_CALLS = 6
# INVITE 7, its answers 11, CANCEL, BYE and re-INVITE as many, and each may come twice.
MAX_MESSAGES_A_CALL = 250
PLENTY_OF_TIME = 400.0


class Calls(RuleBasedStateMachine):
    """The server calls; the phone rings, answers, refuses; both offer, hang up, wait."""

    def __init__(self) -> None:
        super().__init__()
        self.server = End(SERVER, "srv")
        self.phone = End(PHONE, "phn")
        self.network = Network(self.server, self.phone)
        self.calls: list[str] = []
        self.offers = 0

    @initialize(
        seed=st.integers(0, 2**32),
        loss=st.sampled_from([0.0, 0.1, 0.3]),
        slowness=st.sampled_from([0.01, 0.3, 1.5]),
    )
    def choose_network(self, seed: int, loss: float, slowness: float) -> None:
        self.network.carry = LossyNetwork(seed, loss, slowness).carry

    def some(self, number: int) -> str:
        return self.calls[number % len(self.calls)]

    @precondition(lambda self: len(self.calls) < MAX_CALLS)
    @rule()
    def invite(self) -> None:
        call_id = f"call-{len(self.calls)}"
        self.calls.append(call_id)
        credentials = Credentials("bob", "secret")
        call = invitation(self.server, call_id=call_id, credentials=credentials)
        self.server.stack.invite(call, self.network.now)

    @precondition(lambda self: len(self.calls) < MAX_CALLS)
    @rule(seconds=st.sampled_from([0.0, 0.1, 2.0]))
    def talk(self, seconds: float) -> None:
        self.invite()
        call_id = self.calls[-1]
        self.network.run_until(lambda: self.phone_has(call_id), 10.0)
        self.phone.stack.accept(call_id, ANSWER, self.network.now)
        self.network.run(seconds)

    def phone_has(self, call_id: str) -> bool:
        return any(event.call_id == call_id for event in self.phone.heard(InviteReceived))

    @rule(seconds=st.sampled_from([0.0, 0.02, 0.2, 0.6, 2.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.network.run(seconds)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5), status=st.sampled_from([180, 183]))
    def ring(self, number: int, status: int) -> None:
        self.phone.stack.ring(self.some(number), self.network.now, status, "Ringing")

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5))
    def accept(self, number: int) -> None:
        self.phone.stack.accept(self.some(number), ANSWER, self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5), status=st.sampled_from([302, 401, 407, 486, 603]))
    def reject(self, number: int, status: int) -> None:
        headers = {
            401: (("www-authenticate", 'Digest realm="r", nonce="n"'),),
            407: (("proxy-authenticate", 'Digest realm="r", nonce="p", qop="auth"'),),
        }.get(status, ())
        self.phone.stack.reject(self.some(number), status, "No", self.network.now, headers)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5))
    def cancel(self, number: int) -> None:
        self.server.stack.cancel(self.some(number), self.network.now, "SIP;cause=200")

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5), by_server=st.booleans())
    def hang_up(self, number: int, by_server: bool) -> None:
        end = self.server if by_server else self.phone
        end.stack.hang_up(self.some(number), self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5), by_server=st.booleans())
    def offer(self, number: int, by_server: bool) -> None:
        end = self.server if by_server else self.phone
        end.stack.offer(self.some(number), OTHER_OFFER, self.network.now)
        self.offers += 1

    @precondition(lambda self: self.calls)
    @rule(by_server=st.booleans(), accepted=st.booleans())
    def answer_offers(self, by_server: bool, accepted: bool) -> None:
        end = self.server if by_server else self.phone
        for event in end.heard(OfferReceived):
            if accepted:
                end.stack.answer_offer(event.call_id, OTHER_ANSWER, self.network.now)
            else:
                end.stack.reject_offer(event.call_id, 488, self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 5), by_server=st.booleans())
    def info(self, number: int, by_server: bool) -> None:
        end = self.server if by_server else self.phone
        self.offers += 1
        call_id = self.some(number)
        end.stack.info(call_id, "application/dtmf-relay", b"Signal=1", self.network.now)

    @invariant()
    def no_session_ends_twice(self) -> None:
        assert all(count == 1 for count in endings(self.server).values())
        received = Counter(event.call_id for event in self.phone.heard(InviteReceived))
        ended = endings(self.phone)
        assert all(ended[call_id] <= count for call_id, count in received.items())

    def teardown(self) -> None:
        self.server.stack.shut_down(self.network.now)
        self.network.run(PLENTY_OF_TIME)
        for end in (self.server, self.phone):
            end.take_events()
        assert endings(self.server) == Counter(self.calls)
        received = Counter(event.call_id for event in self.phone.heard(InviteReceived))
        assert endings(self.phone) == received
        for end in (self.server, self.phone):
            assert end.stack.sessions() == 0
            assert end.stack.transactions() == 0
            assert end.stack.timers() == 0
        assert len(self.network.sent) <= MAX_MESSAGES_A_CALL * (len(self.calls) + self.offers)
        answered = {event.call_id for event in self.server.heard(InviteAnswered)}
        hung_up = {event.call_id for event in self.server.heard(SessionEnded)}
        assert answered == hung_up


Calls.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestCalls = Calls.TestCase
