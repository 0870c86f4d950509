"""Two stacks with everything that a dialog may do: PRACK, UPDATE, re-INVITE, INFO, session timers,
over a network that loses, repeats and reorders, and now and then carries nothing at all.

Once the network is whole again both ends agree on which calls are up, each of those takes a new
offer from either side, and after the last hang-up nothing is remembered.
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
    InviteRinging,
    OfferAnswered,
    OfferReceived,
    OfferRejected,
    SessionConfirmed,
)
from cordboard.sip.flow import Flow
from support.lossy_network import LossyNetwork, endings
from support.sip_network import (
    ANSWER,
    OFFER,
    OTHER_ANSWER,
    OTHER_OFFER,
    PHONE,
    SERVER,
    End,
    Network,
    invitation,
)

MAX_CALLS = 4
INTERVALS = (90, 120)
"""Seconds: a refresh at half of it has a sixth of it to get through before the peer hangs up, which
is enough for as many losses as the network makes."""
LEAST = (4, 90, 110)
LONGEST_INTERVAL = max(INTERVALS)
"""Seconds after which every vanished peer is found out."""

SETTLED = 3.0 * LONGEST_INTERVAL
CHECKS = 30


class Dialogs(RuleBasedStateMachine):
    """Both ends call, ring, answer, offer, hang up; the network comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.server = self.phone = End(SERVER, "srv")
        self.network = Network(self.server)
        self.lossy = LossyNetwork(0, 0.0, 0.01)
        self.calls: list[str] = []
        self.cut_until = 0.0

    @initialize(
        seed=st.integers(0, 2**32),
        loss=st.sampled_from([0.0, 0.1, 0.3]),
        slowness=st.sampled_from([0.01, 0.3, 1.5]),
        intervals=st.tuples(*[st.sampled_from(INTERVALS)] * 2),
        least=st.tuples(*[st.sampled_from(LEAST)] * 2),
    )
    def begin(
        self,
        seed: int,
        loss: float,
        slowness: float,
        intervals: tuple[int, int],
        least: tuple[int, int],
    ) -> None:
        self.server = End(SERVER, "srv", session_expires=intervals[0], min_se=least[0])
        self.phone = End(PHONE, "phn", session_expires=intervals[1], min_se=least[1])
        self.network = Network(self.server, self.phone)
        self.lossy = LossyNetwork(seed, loss, slowness)
        self.network.carry = self.carry

    def carry(self, flow: Flow, data: bytes) -> list[float]:
        return [] if self.network.now < self.cut_until else self.lossy.carry(flow, data)

    def some(self, number: int) -> str:
        return self.calls[number % len(self.calls)]

    def end(self, by_server: bool) -> End:
        return self.server if by_server else self.phone

    # What may happen

    @precondition(lambda self: len(self.calls) < MAX_CALLS)
    @rule(with_offer=st.booleans())
    def invite(self, with_offer: bool) -> None:
        call_id = f"call-{len(self.calls)}"
        self.calls.append(call_id)
        offer = OFFER if with_offer else None
        credentials = Credentials("bob", "secret")
        call = invitation(self.server, call_id=call_id, credentials=credentials, offer=offer)
        self.server.stack.invite(call, self.network.now)

    @precondition(lambda self: len(self.calls) < MAX_CALLS)
    @rule(early=st.booleans())
    def talk(self, early: bool) -> None:
        self.invite(True)
        call_id = self.calls[-1]
        self.network.run_until(lambda: heard(self.phone, InviteReceived, call_id) > 0, 10.0)
        if early:
            self.phone.stack.ring(call_id, self.network.now, 183, "Progress", ANSWER, reliable=True)
        self.phone.stack.accept(call_id, ANSWER, self.network.now)
        self.network.run_until(lambda: heard(self.phone, SessionConfirmed, call_id) > 0, 10.0)

    @rule(seconds=st.sampled_from([0.0, 0.02, 0.2, 0.6, 2.0, 10.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.network.run(seconds)

    @rule(seconds=st.sampled_from([0.1, 2.0, 20.0, 70.0]))
    def cut(self, seconds: float) -> None:
        self.cut_until = self.network.now + seconds

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3), described=st.booleans(), reliable=st.booleans())
    def ring(self, number: int, described: bool, reliable: bool) -> None:
        sdp = ANSWER if described else None
        now = self.network.now
        self.phone.stack.ring(self.some(number), now, 183, "Progress", sdp, reliable=reliable)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3))
    def accept(self, number: int) -> None:
        self.phone.stack.accept(self.some(number), ANSWER, self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3), status=st.sampled_from([407, 422, 486, 500]))
    def reject(self, number: int, status: int) -> None:
        headers = {
            407: (("proxy-authenticate", 'Digest realm="r", nonce="p", qop="auth"'),),
            422: (("min-se", "60"),),
        }.get(status, ())
        self.phone.stack.reject(self.some(number), status, "No", self.network.now, headers)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3), by_server=st.booleans())
    def hang_up(self, number: int, by_server: bool) -> None:
        self.end(by_server).stack.hang_up(self.some(number), self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3), by_server=st.booleans())
    def offer(self, number: int, by_server: bool) -> None:
        self.end(by_server).stack.offer(self.some(number), OTHER_OFFER, self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3))
    def offer_both_at_once(self, number: int) -> None:
        for end in (self.server, self.phone):
            end.stack.offer(self.some(number), OTHER_OFFER, self.network.now)

    @precondition(lambda self: self.calls)
    @rule(by_server=st.booleans(), accepted=st.booleans())
    def answer_offers(self, by_server: bool, accepted: bool) -> None:
        end = self.end(by_server)
        for call_id in {event.call_id for event in end.heard(OfferReceived)}:
            if accepted:
                end.stack.answer_offer(call_id, OTHER_ANSWER, self.network.now)
            else:
                end.stack.reject_offer(call_id, 488, self.network.now)

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0, 3), by_server=st.booleans())
    def info(self, number: int, by_server: bool) -> None:
        call_id = self.some(number)
        stack = self.end(by_server).stack
        stack.info(call_id, "application/dtmf-relay", b"Signal=1", self.network.now)

    # What must be so

    @invariant()
    def no_session_ends_twice(self) -> None:
        assert all(count == 1 for count in endings(self.server).values())

    @invariant()
    def nobody_rings_after_the_answer(self) -> None:
        for call_id in self.calls:
            told = [e for e in self.server.said if getattr(e, "call_id", "") == call_id]
            kinds = [type(event) for event in told]
            if InviteAnswered in kinds:
                assert InviteRinging not in kinds[kinds.index(InviteAnswered) :]

    def settle(self, seconds: float) -> None:
        """Let time pass, with every offer answered, and no phone left ringing for ever."""
        for _ in range(CHECKS):
            self.network.run(seconds / CHECKS)
            for call_id in self.calls:
                self.phone.stack.reject(call_id, 480, "No", self.network.now)
            for end in (self.server, self.phone):
                for call_id in self.calls:
                    end.stack.answer_offer(call_id, OTHER_ANSWER, self.network.now)

    def up(self, end: End, kind: type[InviteAnswered] | type[InviteReceived]) -> set[str]:
        """The calls that an end believes in; one that was challenged came to it more than once."""
        begun = Counter(event.call_id for event in end.heard(kind))
        return set(begun - endings(end))

    def teardown(self) -> None:
        self.cut_until = 0.0
        self.settle(SETTLED)
        up = self.up(self.server, InviteAnswered)
        assert up == self.up(self.phone, InviteReceived)
        for end in (self.server, self.phone):
            before = {call_id: offers_done(end, call_id) for call_id in up}
            for call_id in up:
                end.stack.offer(call_id, OTHER_OFFER, self.network.now)
            self.settle(60.0)
            assert all(offers_done(end, call_id) > before[call_id] for call_id in up)
        assert self.up(self.server, InviteAnswered) == up
        for end in (self.server, self.phone):
            end.stack.shut_down(self.network.now)
        self.network.run(SETTLED)
        for end in (self.server, self.phone):
            end.take_events()
            assert end.stack.sessions() == 0
            assert end.stack.transactions() == 0
            assert end.stack.timers() == 0
        assert set(endings(self.server)) == set(self.calls)


def heard(end: End, kind: type[InviteReceived] | type[SessionConfirmed], call_id: str) -> int:
    """How often an end was told something of a call."""
    return sum(event.call_id == call_id for event in end.heard(kind))


def offers_done(end: End, call_id: str) -> int:
    """How many offers of an end came to something."""
    answered = sum(event.call_id == call_id for event in end.heard(OfferAnswered))
    return answered + sum(event.call_id == call_id for event in end.heard(OfferRejected))


Dialogs.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestDialogs = Dialogs.TestCase
