"""The four machines of RFC 3261 17, with RFC 6026's Accepted states, one entry at a time."""

from __future__ import annotations

import pytest

from cordboard.sip.client_transaction import (
    INVITE_CLIENT,
    NON_INVITE_CLIENT,
    ClientTransaction,
)
from cordboard.sip.flow import Flow
from cordboard.sip.lines import InviteLines
from cordboard.sip.message import Request, Response, parse
from cordboard.sip.server_transaction import (
    INVITE_SERVER,
    NON_INVITE_SERVER,
    ServerTransaction,
)
from cordboard.sip.timers import Timers
from cordboard.sip.transaction import Event, State, Table
from cordboard.sip.transaction_layer import TransactionLayer, server_key

UDP = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
TCP = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
LINES = InviteLines(
    "sip:b@h",
    "Via: SIP/2.0/UDP h;branch=z9hG4bKb\r\n",
    "Route: <sip:p;lr>\r\n",
    "From: <sip:a@h>;tag=1\r\n",
    "To: <sip:b@h>\r\n",
    "Call-ID: c\r\n",
    1,
)


class User:
    def __init__(self) -> None:
        self.told: list[int | str] = []
        self.told_at: list[float] = []
        self.about: list[object] = []

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        self.tell(response.status, transaction, now)

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        self.tell(f"none: {status}", transaction, now)

    def on_cancel(self, transaction: ServerTransaction, request: Request, now: float) -> None:
        self.tell(request.method, transaction, now)

    def on_flow_lost(self, transaction: ServerTransaction, now: float) -> None:
        self.tell("flow lost", transaction, now)

    def tell(self, what: int | str, transaction: object, now: float) -> None:
        self.told.append(what)
        self.told_at.append(now)
        self.about.append(transaction)


class Bench:
    """A layer, the clock, and what was sent when."""

    def __init__(self) -> None:
        self.layer = TransactionLayer(Timers(), None)
        self.user = User()
        self.now = 0.0
        self.sent: list[tuple[float, bytes]] = []

    def client(self, method: str, flow: Flow) -> ClientTransaction:
        invite = LINES if method == "INVITE" else None
        data = f"{method}!".encode()
        made = self.layer.request(method, "b", flow, "c", data, self.user, 0.0, invite)
        self.take()
        return made

    def server(self, method: str, flow: Flow) -> ServerTransaction:
        request = parse_request(method)
        key = server_key(request, method)
        made = self.layer.serve(key, request, flow, "c", "t")
        made.user = self.user
        return made

    def take(self) -> None:
        self.sent += [(self.now, data) for _, data in self.layer.outbox]
        self.layer.outbox.clear()

    def run(self, until: float) -> None:
        while (due := self.layer.wheel.next_deadline()) is not None and due <= until:
            self.now = due
            self.layer.wheel.run_due(due)
            self.take()
        self.now = until

    def get(self, transaction: ClientTransaction, status: int) -> None:
        transaction.receive(response(status), transaction.flow, self.now)
        self.take()

    def times(self) -> list[float]:
        return [time for time, _ in self.sent]


def parse_request(method: str) -> Request:
    message = parse(
        f"{method} sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h:5060;branch=z9hG4bKx\r\n"
        f"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\r\n".encode()
    )
    assert isinstance(message, Request)
    return message


def response(status: int) -> Response:
    return Response(status, "X", {"to": ["<sip:b@h>;tag=9"], "cseq": ["1 INVITE"]})


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    "table", [INVITE_CLIENT, NON_INVITE_CLIENT, INVITE_SERVER, NON_INVITE_SERVER]
)
def test_every_state_of_a_table_can_be_reached_and_left(table: Table) -> None:
    reached = {to for row in table.values() for to, _ in row.values()}
    starts = {State.CALLING, State.TRYING, State.PROCEEDING}
    assert set(table) - starts <= reached <= set(table)
    for state, row in table.items():
        assert row or state is State.TERMINATED


# INVITE client, figure 5


def test_invite_is_repeated_at_doubling_intervals_for_64_t1(bench: Bench) -> None:
    bench.client("INVITE", UDP)
    bench.run(100.0)
    assert bench.times() == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert bench.user.told == ["none: 408"]
    assert len(bench.layer) == len(bench.layer.wheel) == 0


@pytest.mark.parametrize(("status", "told"), [(180, [180]), (486, []), (200, [200])])
def test_what_comes_after_timer_b_is_acknowledged_or_handed_up(
    bench: Bench, status: int, told: list[int]
) -> None:
    transaction = bench.client("INVITE", UDP)
    bench.run(40.0)
    assert transaction.state is State.FORSAKEN
    bench.get(transaction, status)
    assert bench.user.told == ["none: 408", *told]
    assert bench.sent[-1][1].startswith(b"ACK " if status == 486 else b"INVITE!")
    bench.run(110.0)
    assert len(bench.layer) == len(bench.layer.wheel) == 0


def test_invite_over_tcp_is_sent_once(bench: Bench) -> None:
    bench.client("INVITE", TCP)
    bench.run(31.9)
    assert bench.times() == [0.0]
    assert bench.user.told == []
    bench.run(32.0)
    assert bench.user.told == ["none: 408"]


def test_a_provisional_response_stops_the_repeats_and_timer_b(bench: Bench) -> None:
    invite = bench.client("INVITE", UDP)
    bench.get(invite, 100)
    bench.get(invite, 180)
    bench.run(1000.0)
    assert bench.times() == [0.0]
    assert bench.user.told == [100, 180]
    assert invite.state is State.PROCEEDING


def test_a_refusal_is_acknowledged_each_time_and_told_once(bench: Bench) -> None:
    invite = bench.client("INVITE", UDP)
    bench.get(invite, 486)
    bench.run(10.0)
    bench.get(invite, 486)
    ack = bench.sent[1][1]
    assert ack == (
        b"ACK sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKb\r\nRoute: <sip:p;lr>\r\n"
        b"Max-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=9\r\nCall-ID: c\r\n"
        b"CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
    )
    assert bench.sent[2][1] == ack
    assert bench.user.told == [486]
    bench.run(31.9)
    assert invite.state is State.COMPLETED
    bench.run(32.0)
    assert len(bench.layer) == 0


def test_a_refusal_over_tcp_ends_at_once(bench: Bench) -> None:
    invite = bench.client("INVITE", TCP)
    bench.get(invite, 603)
    assert len(bench.sent) == 2
    assert invite.state is State.TERMINATED
    assert len(bench.layer) == len(bench.layer.wheel) == 0


def test_every_2xx_is_handed_up_for_64_t1(bench: Bench) -> None:
    invite = bench.client("INVITE", UDP)
    bench.get(invite, 200)
    bench.get(invite, 200)
    bench.get(invite, 486)
    bench.get(invite, 180)
    assert bench.user.told == [200, 200]
    assert len(bench.sent) == 1  # its user sends the ACK
    bench.run(32.0)
    assert len(bench.layer) == 0


def test_an_invite_that_nobody_waits_for_ends(bench: Bench) -> None:
    for early in (True, False):
        invite = bench.client("INVITE", UDP)
        if early:
            invite.give_up(bench.now)
            bench.get(invite, 180)
        else:
            bench.get(invite, 180)
            invite.give_up(bench.now)
        bench.run(bench.now + 32.0)
        assert len(bench.layer) == 0
    assert bench.user.told == [180]


@pytest.mark.parametrize("before", [(), (180,)])
def test_a_transport_error_ends_an_unanswered_invite(bench: Bench, before: tuple[int, ...]) -> None:
    invite = bench.client("INVITE", TCP)
    for status in before:
        bench.get(invite, status)
    invite.transport_failed(bench.now)
    invite.transport_failed(bench.now)
    assert bench.user.told == [*before, "none: 503"]
    assert len(bench.layer) == len(bench.layer.wheel) == 0


# Client of other requests, figure 6


def test_other_requests_are_repeated_up_to_every_t2(bench: Bench) -> None:
    bench.client("BYE", UDP)
    bench.run(100.0)
    assert bench.times() == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.user.told == ["none: 408"]
    assert len(bench.layer) == 0


def test_after_a_provisional_response_they_are_repeated_every_t2(bench: Bench) -> None:
    bye = bench.client("BYE", UDP)
    bench.run(0.2)
    bench.get(bye, 100)
    bench.run(9.0)
    assert bench.times() == [0.0, 4.2, 8.2]
    bench.run(32.0)
    assert bench.user.told == [100, "none: 408"]


@pytest.mark.parametrize("status", [200, 481])
def test_a_final_response_is_told_once_and_absorbed_for_t4(bench: Bench, status: int) -> None:
    bye = bench.client("BYE", UDP)
    bench.get(bye, status)
    bench.get(bye, status)
    assert bench.user.told == [status]
    bench.run(4.9)
    assert len(bench.layer) == 1
    bench.run(5.0)
    assert len(bench.layer) == 0


def test_over_tcp_nothing_stays(bench: Bench) -> None:
    bye = bench.client("BYE", TCP)
    bench.get(bye, 200)
    assert len(bench.layer) == len(bench.layer.wheel) == 0
    assert bench.times() == [0.0]


# INVITE server, figure 7


def test_a_repeated_invite_gets_the_latest_provisional_response(bench: Bench) -> None:
    invite = bench.server("INVITE", UDP)
    invite.receive(Event.REQUEST, 0.0)
    invite.respond(100, b"100", 0.0)
    invite.respond(180, b"180", 0.0)
    invite.receive(Event.REQUEST, 0.0)
    bench.take()
    assert [data for _, data in bench.sent] == [b"100", b"180", b"180"]


def test_a_refusal_is_repeated_until_its_ack(bench: Bench) -> None:
    invite = bench.server("INVITE", UDP)
    invite.respond(486, b"486", 0.0)
    bench.take()
    bench.run(4.0)
    assert bench.times() == [0.0, 0.5, 1.5, 3.5]
    invite.receive(Event.ACK, 4.0)
    invite.receive(Event.REQUEST, 4.0)
    invite.respond(200, b"200", 4.0)
    bench.run(8.9)
    assert len(bench.sent) == 4
    assert len(bench.layer) == 1
    bench.run(9.0)
    assert len(bench.layer) == 0


def test_a_refusal_without_ack_is_repeated_up_to_every_t2_for_64_t1(bench: Bench) -> None:
    bench.server("INVITE", UDP).respond(486, b"486", 0.0)
    bench.take()
    bench.run(100.0)
    assert bench.times() == [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert len(bench.layer) == 0


def test_over_tcp_a_refusal_is_sent_once_and_waits_for_its_ack(bench: Bench) -> None:
    invite = bench.server("INVITE", TCP)
    invite.respond(486, b"486", 0.0)
    bench.take()
    bench.run(5.0)
    assert bench.times() == [0.0]
    invite.receive(Event.ACK, 5.0)
    assert len(bench.layer) == 0


def test_after_a_2xx_repeats_of_the_invite_are_absorbed(bench: Bench) -> None:
    invite = bench.server("INVITE", UDP)
    invite.respond(200, b"200", 0.0)
    invite.receive(Event.REQUEST, 1.0)
    bench.take()
    bench.run(31.9)
    assert [data for _, data in bench.sent] == [b"200"]
    bench.run(32.0)
    assert len(bench.layer) == 0


def test_a_lost_connection_is_told_while_the_invite_is_unanswered(bench: Bench) -> None:
    bench.server("INVITE", TCP).transport_failed(0.0)
    assert bench.user.told == ["flow lost"]
    assert len(bench.layer) == 0


# Server of other requests, figure 8


def test_a_repeated_request_gets_the_same_answer_for_64_t1(bench: Bench) -> None:
    bye = bench.server("BYE", UDP)
    bye.receive(Event.REQUEST, 0.0)
    bye.respond(100, b"100", 0.0)
    bye.receive(Event.REQUEST, 0.0)
    bye.respond(200, b"200", 0.0)
    bye.respond(500, b"500", 0.0)
    bye.receive(Event.REQUEST, 1.0)
    bench.take()
    assert [data for _, data in bench.sent] == [b"100", b"100", b"200", b"200"]
    bench.run(32.0)
    assert len(bench.layer) == len(bench.layer.wheel) == 0


def test_over_tcp_no_answer_is_kept(bench: Bench) -> None:
    bench.server("BYE", TCP).respond(200, b"200", 0.0)
    assert len(bench.layer) == 0


# What belongs together


def test_a_response_belongs_to_branch_and_method(bench: Bench) -> None:
    invite = bench.client("INVITE", UDP)
    answer = response(200)
    answer.put("via", "SIP/2.0/UDP h;branch=z9hG4bKb;rport=1")
    assert bench.layer.client_of(answer.need("via"), answer.need("cseq")) is invite
    answer.put("cseq", "1 CANCEL")
    assert bench.layer.client_of(answer.need("via"), answer.need("cseq")) is None
    answer.put("cseq", "1 INVITE")
    answer.put("via", "SIP/2.0/UDP h;branch=b")
    assert bench.layer.client_of(answer.need("via"), answer.need("cseq")) is None


def test_a_request_belongs_to_branch_sent_by_and_method() -> None:
    invite, other = parse_request("INVITE"), parse_request("INVITE")
    assert server_key(invite, "INVITE") == server_key(other, "INVITE")
    other.put("via", "SIP/2.0/UDP elsewhere:5060;branch=z9hG4bKx")
    assert server_key(invite, "INVITE") != server_key(other, "INVITE")


def test_without_the_magic_cookie_more_is_compared() -> None:
    invite, ack = parse_request("INVITE"), parse_request("ACK")
    for request in (invite, ack):
        request.put("via", "SIP/2.0/UDP h:5060;branch=1")
    assert server_key(invite, "INVITE") == server_key(ack, "INVITE")
    ack.put("cseq", "2 ACK")
    assert server_key(invite, "INVITE") != server_key(ack, "INVITE")
