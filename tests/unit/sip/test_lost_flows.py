"""A connection that is gone fails what waits on it, found without looking at anything else."""

from __future__ import annotations

import pytest

from cordboard.sip.client_transaction import ClientTransaction
from cordboard.sip.events import InviteFailed, SessionEnded
from cordboard.sip.flow import Flow
from cordboard.sip.invitation import Invitation
from support.sip_network import SERVER, End
from support.sip_peer import Peer

SDP = b"v=0\r\n"
FIRST = Flow("tcp", SERVER, ("192.0.2.50", 40001))
SECOND = Flow("tcp", SERVER, ("192.0.2.50", 40002))
OUT = Flow("tcp", ("", 0), ("192.0.2.60", 5060))


def invite(end: End, call_id: str, flow: Flow, now: float = 1000.0) -> None:
    end.stack.invite(
        Invitation(call_id, "sip:b@192.0.2.50", flow, "<sip:a@demo>", "<sip:a@demo>", SDP), now
    )


def connected(end: End) -> int:
    """How many transactions are found by connections."""
    return sum(map(len, end.stack._layer._connected.values()))


@pytest.fixture
def end() -> End:
    return End(SERVER, "srv")


def test_only_what_goes_over_it_fails(end: End) -> None:
    invite(end, "one", FIRST)
    invite(end, "two", SECOND)
    invite(end, "datagrams", FIRST._replace(transport="udp"))
    end.stack.connection_lost(FIRST, 1001.0)
    assert [(e.call_id, e.status, e.local) for e in end.heard(InviteFailed)] == [("one", 503, True)]
    assert connected(end) == 1


def test_a_connection_that_we_opened_is_known_by_its_peer(end: End) -> None:
    invite(end, "one", OUT)
    end.stack.connection_lost(OUT._replace(local=("192.0.2.1", 55555)), 1001.0)
    assert [e.call_id for e in end.heard(InviteFailed)] == ["one"]
    assert connected(end) == 0


def test_a_refused_datagram_fails_the_request_only(end: End) -> None:
    flow = FIRST._replace(transport="udp")
    invite(end, "one", flow)
    end.stack.connection_lost(flow, 1001.0)
    assert [e.call_id for e in end.heard(InviteFailed)] == ["one"]


def test_nothing_else_is_looked_at(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        invite(end, f"call {number}", FIRST._replace(remote=("192.0.2.50", 1000 + number)))
    failed: list[ClientTransaction] = []
    monkeypatch.setattr(ClientTransaction, "transport_failed", lambda self, _: failed.append(self))
    looked: list[Flow] = []
    matches = Flow.matches

    def counted(self: Flow, other: Flow) -> bool:
        looked.append(self)
        return matches(self, other)

    monkeypatch.setattr(Flow, "matches", counted)
    end.stack.connection_lost(FIRST._replace(remote=("192.0.2.50", 1007)), 1001.0)
    assert [transaction.call_id for transaction in failed] == ["call 7"]
    assert len(looked) == 1


def test_an_offered_call_ends_with_its_connection() -> None:
    peer = Peer(transport="tcp")
    peer.ask("INVITE", sdp=SDP)
    peer.take_response(100)
    peer.stack.connection_lost(peer.flow, peer.now)
    assert [type(event) for event in peer.events()][-1:] == [SessionEnded]
    assert (connected(peer.end), peer.stack.sessions()) == (0, 0)


def test_what_is_over_is_found_no_more() -> None:
    peer = Peer(transport="tcp")
    peer.ask("INVITE", sdp=SDP)
    peer.take_response(100)
    peer.stack.reject("in-1", 486, "Busy", peer.now)
    refusal = peer.take_response(486)
    peer.ask("ACK", to=refusal.need("to"), branch="peer1")
    peer.ask("OPTIONS")
    peer.wait(100)
    assert (connected(peer.end), peer.stack.transactions()) == (0, 0)
    assert not peer.stack._layer._connected
