"""Pings to phones that registered over UDP: as long as they are registered, and to nobody else."""

from __future__ import annotations

from cordboard.sip.core import Core, StackSettings
from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.flow import Flow
from cordboard.sip.framing import PING
from cordboard.sip.message import Response
from cordboard.sip.nat_pings import PAUSE, NatPings
from support.registering_phone import NOW, TCP, UDP, Phone, new_registrar
from support.sip_network import SERVER, End, tokens
from support.sip_peer import Extra, Peer
from support.sip_world import registrar

EVERY = 30.0
ACCOUNT = "desk@demo"
CONTACT = "<sip:desk@10.0.0.7:5060>"


class Pinged:
    """A registrar with its pings, in a time of its own."""

    def __init__(self) -> None:
        self.core = Core(
            StackSettings(advertised=lambda _: SERVER, tag_secret=b"s"), tokens("t"), None
        )
        self.phone = Phone(new_registrar())
        self.pings = NatPings(self.core, self.phone.registrar, EVERY)
        self.now = NOW

    def register(self, flow: Flow = UDP, expires: int = 600) -> None:
        self.phone.flow = flow
        self.phone.register(f"{CONTACT};expires={expires}", now=self.now)
        self.pings.follow(ACCOUNT, flow, self.now)

    def until(self, end: float) -> list[tuple[float, Flow]]:
        """Who was pinged when, until then."""
        sent = []
        while (due := self.core.wheel.next_deadline()) is not None and due <= end:
            self.now = due
            self.core.wheel.run_due(due)
            sent += [(due - NOW, flow) for flow, data in self.core.layer.outbox if data == PING]
            self.core.layer.outbox.clear()
        self.now = end
        return sent


def test_a_phone_is_pinged_while_it_is_registered() -> None:
    pinged = Pinged()
    pinged.register(expires=100)
    assert pinged.until(NOW + 1000) == [(30.0, UDP), (60.0, UDP), (90.0, UDP)]
    assert len(pinged.core.wheel) == 0
    pinged.register(expires=40)
    assert pinged.until(NOW + 2000) == [(1030.0, UDP)]


def test_a_refresh_changes_nothing() -> None:
    pinged = Pinged()
    for second in (0.0, 10.0, 20.0):
        assert pinged.until(NOW + second) == []
        pinged.register()
    assert pinged.until(NOW + 40) == [(30.0, UDP)]


def test_who_comes_back_from_elsewhere_is_pinged_there() -> None:
    pinged = Pinged()
    pinged.register()
    other = UDP._replace(remote=("192.0.2.50", 40_000))
    pinged.until(NOW + 10)
    pinged.register(other)
    assert pinged.until(NOW + 75) == [(40.0, other), (70.0, other)]


def test_what_is_due_at_nearly_one_time_goes_together() -> None:
    pinged = Pinged()
    flows = [UDP._replace(remote=("192.0.2.50", 5060 + number)) for number in range(3)]
    for number, flow in enumerate(flows):
        pinged.until(NOW + number * PAUSE / 4)
        pinged.register(flow)
        pinged.phone.call_id = f"call-{number}"
    # all three are one contact, so that the last has taken the others' place
    assert [flow for _, flow in pinged.until(NOW + EVERY + PAUSE)] == [flows[-1]]
    assert len(pinged.core.wheel) == 1


def ask_register(peer: Peer, number: int, credentials: str | None = None) -> Response:
    extra: Extra = (("contact", "<sip:jessica@10.0.0.7:5060>"),)
    if credentials is not None:
        extra += (("authorization", credentials),)
    peer.ask("REGISTER", number=number, to="<sip:jessica@demo>", extra=extra, uri="sip:demo")
    (answer,) = peer.take()
    assert isinstance(answer, Response)
    return answer


def pings_of(every: float, flow: Flow) -> list[Flow]:
    """Where a stack pings within 70 s after a phone has registered."""
    peer = Peer(End(SERVER, "srv", registrar=registrar(), keepalive=every))
    peer.flow = flow
    challenge = ask_register(peer, 1).need("www-authenticate")
    credentials = answer_challenge(
        [challenge], Credentials("jessica", "s"), "REGISTER", "sip:demo", cnonce="c"
    )
    assert ask_register(peer, 2, credentials).status == 200
    peer.wait(70.0)
    sent = peer.stack.messages_to_send()
    assert all(data == PING for _, data in sent)
    return [flow for flow, _ in sent]


def test_a_stack_pings_phones_where_it_is_asked_to() -> None:
    assert pings_of(30.0, UDP) == [UDP, UDP]
    assert pings_of(0.0, UDP) == []
    assert pings_of(30.0, TCP) == []  # connections have their own
