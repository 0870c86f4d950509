"""Whatever comes in: nothing is raised, and nothing grows beyond its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from cordboard.sip.digest import Credentials
from cordboard.sip.flow import Flow
from cordboard.sip.stack import Registration
from support.sip_network import (
    ANSWER,
    OTHER_ANSWER,
    OTHER_OFFER,
    PHONE,
    SERVER,
    End,
    Network,
    invitation,
    name_addr,
)
from support.sip_world import MAX_SESSIONS, MAX_TRANSACTIONS, bounded_end, registrar

TORTURE = sorted((Path(__file__).parents[1] / "data" / "rfc4475").glob("*.dat"))
# In-dialog requests have a reserve, and what is under way may add a BYE for each session.
MOST_TRANSACTIONS = int(MAX_TRANSACTIONS * 1.25) + 2 * MAX_SESSIONS
# One message in: 100 and an answer, or an ACK, a BYE and the repeat of something.
MOST_ANSWERS = 4

NASTY = [
    b"", b" ", b",", b";", b"<", b">", b'"', b"\\", b"%", b"\0", b"\n", b"\r\n", b"\r\n ",
    b";tag=", b";rport=", b";branch=", b"z9hG4bK", b"99999999999999999999", b"-1", b"*", b"@",
    b"sip:", b"[::1", b"\xff\xfe", b"SIP/2.0", b"INVITE", b"ACK", b"CANCEL", b"BYE", b"REGISTER",
    b"INFO", b"OPTIONS", b"200", b"100", b"183", b"302", b"401", b"407", b"491", b"503",
    b"Record-Route: <sip:h;lr>\r\n", b"Contact: *\r\n", b"Contact: <sip:>\r\n",
    b"Require: 100rel\r\n", b"Via: x\r\n", b"Content-Length: 9\r\n", b"Expires: 0\r\n",
    b'WWW-Authenticate: Digest realm="r", nonce="n"\r\n', b"Retry-After: 1\r\n",
]  # fmt: skip


def in_the_midst() -> tuple[End, End, Network]:
    """A server with calls in every stage: ringing, cancelled early, up, offered by the phone."""
    server = bounded_end(SERVER, "srv", registrar())
    phone = bounded_end(PHONE, "phn", None)
    network = Network(server, phone)
    credentials = Credentials("jessica", "s")
    phone.stack.register(
        Registration(
            "p", "sip:demo", name_addr("<sip:jessica@demo>"), "jessica",
            phone.flow_to(SERVER), credentials,
        ),
        network.now,
    )  # fmt: skip
    for call_id in ("ringing", "up", "early"):
        call = invitation(server, call_id=call_id, credentials=credentials)
        server.stack.invite(call, network.now)
        network.run(0.1 if call_id != "early" else 0.0)
    phone.stack.ring("ringing", network.now)
    phone.stack.accept("up", ANSWER, network.now)
    network.run(0.1)
    phone.stack.offer("up", OTHER_OFFER, network.now)
    network.run(0.1)
    server.stack.answer_offer("up", OTHER_ANSWER, network.now)
    phone.stack.invite(invitation(phone, SERVER, call_id="incoming"), network.now)
    network.run(0.1)
    server.stack.offer("up", OTHER_OFFER, network.now)
    server.stack.cancel("early", network.now)
    network.pump()
    return server, phone, network


@cache
def spoken() -> tuple[bytes, ...]:
    """What two sane ends say, and the torture messages of RFC 4475."""
    server, phone, network = in_the_midst()
    network.run(5.0)
    phone.stack.answer_offer("up", OTHER_ANSWER, network.now)
    network.run(0.1)
    phone.stack.info("up", "text/plain", b"x", network.now)
    server.stack.hang_up("ringing", network.now, "SIP;cause=200")
    phone.stack.hang_up("up", network.now)
    network.run(1.0)
    server.stack.shut_down(network.now)
    network.run(1.0)
    return tuple(data for _, _, data in network.sent) + tuple(p.read_bytes() for p in TORTURE)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sane message with some bytes replaced, inserted, deleted or repeated."""
    data = draw(st.sampled_from(spoken()))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.one_of(st.sampled_from(NASTY), st.binary(max_size=6)))
        data = draw(
            st.sampled_from(
                [
                    data[:start] + piece + data[end:],
                    data[:start] + piece + data[start:],
                    data[:end] + data[start:end] + data[end:],
                    swapped_lines(data, start),
                ]
            )
        )
    return data


def swapped_lines(data: bytes, number: int) -> bytes:
    lines = data.split(b"\r\n")
    first = number % len(lines)
    second = (number * 7 + 1) % len(lines)
    lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines)


def messages() -> st.SearchStrategy[list[bytes]]:
    return st.lists(st.one_of(mutated(), st.binary(max_size=200)), max_size=12)


def check(end: End) -> None:
    assert end.stack.sessions() <= MAX_SESSIONS
    assert end.stack.transactions() <= MOST_TRANSACTIONS
    assert end.stack.timers() <= MOST_TRANSACTIONS + 4 * MAX_SESSIONS


@given(messages(), st.booleans(), st.sampled_from(["udp", "tcp"]))
@example([b""], True, "udp")
@example([b"\r\n\r\n"], True, "udp")
def test_nothing_that_comes_in_raises_or_grows(
    received: list[bytes], to_server: bool, transport: str
) -> None:
    server, phone, network = in_the_midst()
    end, other = (server, PHONE) if to_server else (phone, SERVER)
    flow = Flow(transport, end.address, other)
    for data in received:
        end.stack.receive(data, flow, network.now)
        assert len(end.stack.messages_to_send()) <= MOST_ANSWERS
        end.take_events()
        check(end)
        network.now += 0.01
    end.stack.connection_lost(flow, network.now)
    end.stack.shut_down(network.now)
    for _ in drain(end, network):
        check(end)
    assert end.stack.sessions() == 0
    assert end.stack.transactions() == 0


def drain(end: End, network: Network) -> Iterator[None]:
    """Let every timer run out with nobody at the other end."""
    while (due := end.stack.get_timer()) is not None and due < network.now + 200:
        end.stack.handle_timer(due)
        end.stack.messages_to_send()
        end.take_events()
        yield


def test_strangers_leave_nothing_behind() -> None:
    server = End(SERVER, "srv", max_sessions=3, max_transactions=8, registrar=registrar())
    flow = Flow("udp", SERVER, PHONE)
    every = ("OPTIONS", "BYE", "SUBSCRIBE", "PUBLISH", "FOO", "INVITE", "INFO", "NOTIFY")
    for method in ("REGISTER", *every):
        for number in range(50):
            data = (
                f"{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{number}{method}\r\n"
                f"From: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: {method}{number}\r\n"
                f"CSeq: 1 {method}\r\n\r\n"
            )
            server.stack.receive(data.encode(), flow, 1.0)
            assert len(server.stack.messages_to_send()) <= 2
    assert server.stack.sessions() == 3
    assert server.stack.transactions() == 3
