"""A process that is killed at any instant of its calls: the next one ends them all.

Over a whole network nobody rings or talks 5 s after the restart; over one that loses and repeats,
once the transactions have had their time. Nothing is then remembered anywhere, and no record is
left.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.sip.digest import Credentials
from cordboard.sip.events import InviteReceived, OfferReceived, SessionEnded
from support.killed_process import REASON, Kept
from support.lossy_network import LossyNetwork
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

CALLS = 3
QUIET = 5.0
AWAY = (0.5, 1.0, 6.0, 40.0)
"""Seconds that nobody is there: longer than any message is on its way."""

SETTLED = 150.0
"""Transactions, and what they leave behind, several times over."""

numbers = st.integers(0, CALLS - 1)
steps = st.tuples(
    st.sampled_from(
        ["call", "ring", "answer", "answer", "reject", "give up", "hang up", "offer", "info"]
    ),
    numbers,
    st.sampled_from([0.0, 0.005, 0.02, 0.3, 5.0]),
)


class House:
    """A server, its phone, and what the server has handed out."""

    def __init__(self, seed: int, loss: float) -> None:
        self.kept = Kept()
        self.processes = 0
        self._seen: Counter[End] = Counter()
        self.server = self._process()
        self.phone = End(PHONE, "phn")
        self.network = Network(self.server, self.phone)
        self.network.carry = LossyNetwork(seed, loss, 0.02).carry

    def _process(self) -> End:
        self.processes += 1
        return End(SERVER, f"srv{self.processes}", keeper=self.kept)

    def do(self, what: str, call_id: str) -> None:
        """Let one of the two do something with a call, whatever its state is."""
        now, server, phone = self.network.now, self.server.stack, self.phone.stack
        if what == "call":
            if call_id not in self.kept.remains:
                keys = Credentials("u", "p")
                server.invite(invitation(self.server, call_id=call_id, credentials=keys), now)
        elif what == "ring":
            phone.ring(call_id, now)
        elif what == "answer":
            phone.accept(call_id, ANSWER, now)
        elif what == "reject":
            phone.reject(call_id, 486, "Busy Here", now)
        elif what == "give up":
            server.cancel(call_id, now)
        elif what == "hang up":
            phone.hang_up(call_id, now)
        elif what == "offer":
            (server if now % 2 > 1 else phone).offer(call_id, OTHER_OFFER, now)
        else:
            server.info(call_id, "text/plain", b"1", now)
        self.network.pump()

    def run(self, seconds: float) -> None:
        """Let time pass; offers are answered at once."""
        until = self.network.now + seconds
        while self.network.now < until:
            self.network.run(min(0.1, until - self.network.now))
            for end in (self.server, self.phone):
                end.take_events()
                for event in end.said[self._seen[end] :]:
                    if isinstance(event, OfferReceived):
                        answer = OFFER if event.sdp is None else OTHER_ANSWER
                        end.stack.answer_offer(event.call_id, answer, self.network.now)
                self._seen[end] = len(end.said)
            self.network.pump()

    def kill(self, away: float) -> None:
        """Kill the server, and start it again some seconds later."""
        del self.network.ends[SERVER]
        self.network.run(away)
        self.server = self.network.ends[SERVER] = self._process()
        for call_id, remains in tuple(self.kept.remains.items()):

            def done(call_id: str = call_id) -> None:
                self.kept.forget(call_id)

            self.server.stack.end_left_over(
                call_id, remains, Credentials("u", "p"), REASON, done, self.network.now
            )
        self.network.pump()

    def live(self) -> set[str]:
        """The calls that the phone believes in."""
        live: set[str] = set()
        for event in self.phone.said:
            if isinstance(event, InviteReceived):
                live.add(event.call_id)
            elif isinstance(event, SessionEnded):
                live.discard(event.call_id)
        return live


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.0, 0.2]),
    lives=st.lists(
        st.tuples(st.lists(steps, max_size=12), st.sampled_from(AWAY)), min_size=1, max_size=3
    ),
)
def test_whatever_instant_it_is_killed_at_its_calls_are_ended(
    seed: int, loss: float, lives: list[tuple[list[tuple[str, int, float]], float]]
) -> None:
    house = House(seed, loss)
    for life, (actions, away) in enumerate(lives):
        for what, number, seconds in actions:
            house.do(what, f"call-{life}-{number}")
            house.run(seconds)
        house.kill(away)
        if not loss:
            house.run(QUIET)
            assert house.live() == set()
    house.run(SETTLED)
    assert house.live() == set()
    assert house.kept.remains == {}
    for end in (house.server, house.phone):
        assert end.stack.sessions() == 0
        assert end.stack.transactions() == 0
