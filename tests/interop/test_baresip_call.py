"""A whole call_user with real phones: who rings, who hears what and when, what is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.baresip import BaresipPhone
from support.own_phone import OwnPhone
from support.receiver import CallbackReceiver
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import heard, recorded_seconds, seconds_of
from support.waiting import BOUND, let_last, wait_until

pytestmark = pytest.mark.interop("baresip")

DESK_HZ, SOFT_HZ, THOMAS_HZ = 620.0, 850.0, 1100.0
RINGBACK_HZ = 400.0
"""Of Japan, where the test's tenant is (ITU-T E.180)."""

RINGBACK_WITHIN = 0.4
"""s after the answer: no dead air."""

PACKETS_A_SECOND = 50
ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"'

NewPhone = Callable[..., BaresipPhone]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    with CallbackReceiver() as running:
        yield running


@pytest.fixture
def phone(server: CordboardServer, tmp_path: Path) -> Iterator[NewPhone]:
    """Makes registered phones: ``phone(terminal, tone_hz)``; they end with the test."""
    with ExitStack() as running:

        def make(terminal: str, tone_hz: float, transport: str = "udp") -> BaresipPhone:
            return running.enter_context(
                BaresipPhone(
                    tmp_path / terminal,
                    terminal,
                    server=server.sip,
                    domain=DOMAIN,
                    secret=f"demo-{terminal}",
                    transport=transport,
                    tone_hz=tone_hz,
                )
            )

        yield make


def wait_heard(phone: BaresipPhone, seconds: float) -> None:
    """Wait until a phone has recorded so much of the call."""
    wait_until(
        lambda: phone.has_recording and recorded_seconds(phone.recording()) >= seconds,
        seconds + 5.0,
        f"{phone.account} hears {seconds} s",
    )


def header(message: str, name: str) -> str:
    """The value of a header of a SIP message."""
    start = f"{name.lower()}:"
    lines = (line for line in message.splitlines() if line.lower().startswith(start))
    return next(lines).partition(":")[2].strip()


def shown_caller(phone: BaresipPhone) -> tuple[str, str]:
    """Name and number that a phone was called with."""
    caller = header(phone.wait_message("INVITE"), "From")
    name, _, uri = caller.partition("<sip:")
    return name.strip().strip('"'), uri.partition("@")[0]


@pytest.mark.parametrize("who_hangs_up", ["first", "second"])
def test_call_user_from_request_to_hang_up(
    server: CordboardServer, receiver: CallbackReceiver, phone: NewPhone, who_hangs_up: str
) -> None:
    desk = phone("jessica-desk", DESK_HZ)
    soft = phone("jessica-soft", SOFT_HZ)
    thomas = phone("thomas", THOMAS_HZ)

    placed = server.basix(
        "call_user",
        user_name="jessica",
        destination="thomas",
        calling_name="Tommy",
        callback_url=receiver.url(),
    )
    assert len(placed.uuids) == 2

    # Both of her phones ring, and show who she is going to talk with.
    desk.wait_ringing()
    soft.wait_ringing()
    for one in (desk, soft):
        assert shown_caller(one) == ("Tommy", "1002"), one.account
    assert not receiver.callbacks.all(), "told before anybody answered"

    # One answers; the other stops, and knows that nothing was missed.
    desk.answer()
    answered = desk.wait_established()
    soft.wait_closed()
    assert ELSEWHERE in soft.wait_message("CANCEL")
    assert len(soft.messages("CANCEL")) == 1
    assert not soft.happened("CALL_ESTABLISHED")

    # The second leg rings, showing her.
    thomas.wait_ringing()
    assert shown_caller(thomas) == ("Jessica Jones", "1001")
    (callback,) = receiver.wait_for(1)
    winner = header(desk.wait_message("INVITE"), "Call-ID")
    assert callback.json == {"result_code": 0, "uuid": winner}
    assert winner in placed.uuids
    assert callback.headers["content-type"] == "application/json"

    # She hears it ring from the start; then they hear each other.
    first_packet = desk.wait_for("CALL_RTPESTAB")
    wait_heard(desk, 0.8)
    thomas.answer()
    thomas.wait_established()
    wait_heard(thomas, 1.5)
    {"first": desk, "second": thomas}[who_hangs_up].hang_up()
    desk.wait_closed()
    thomas.wait_closed()
    events = server.wait_ended(placed.call)

    by_desk = heard(desk.recording(), [RINGBACK_HZ, THOMAS_HZ, DESK_HZ])
    ringback = by_desk[0]
    assert ringback.hertz == RINGBACK_HZ, by_desk
    silence = first_packet.at - answered.at + ringback.start
    assert silence < RINGBACK_WITHIN, f"{silence:.3f} s of silence after the answer"
    assert seconds_of(desk.recording(), THOMAS_HZ) > 1.0, by_desk
    assert seconds_of(thomas.recording(), DESK_HZ) > 1.0
    assert [tone.hertz for tone in by_desk].count(DESK_HZ) == 0, "she hears herself"
    assert seconds_of(thomas.recording(), RINGBACK_HZ) == 0, "the callee hears ringback"
    after_answer = next(tone for tone in by_desk if tone.hertz == THOMAS_HZ)
    assert not [
        tone for tone in by_desk if tone.hertz == RINGBACK_HZ and tone.start > after_answer.start
    ]

    result = result_of(events)
    assert result["outcome"] == "completed"
    assert result["talk_seconds"] == pytest.approx(1.5, abs=1.0)
    ended = [event for event in events if event["kind"] == "channel.ended"]
    assert len(ended) == 3
    for one in (desk, thomas):
        one.wait_message("BYE")
        assert len(one.messages("BYE")) == 1, one.account
    assert len(receiver.callbacks) == 1


def test_hold_and_resume_reach_the_other_phone(
    server: CordboardServer, phone: NewPhone, tmp_path: Path
) -> None:
    # baresip 1.0 records no more once it has been on hold: the other phone is our own, and what
    # reaches the one that held is counted by the server.
    desk = phone("jessica-desk", DESK_HZ)
    heard_by_thomas = tmp_path / "thomas.wav"
    options = ("--tone", str(int(THOMAS_HZ)), "--record", heard_by_thomas, "--answer-after", "0")
    with OwnPhone("thomas", server.sip, *options) as thomas:
        placed = server.basix("call_user", user_name="jessica", destination="1002")
        desk.wait_ringing()
        desk.answer()
        thomas.wait_for("talking")
        wait_heard(desk, 0.5)

        desk.hold()
        server.wait_event(placed.call, "call.held")
        thomas.wait_for("held")
        let_last(0.6)  # long enough to be measured as a gap

        desk.resume()
        server.wait_event(placed.call, "call.resumed")
        thomas.wait_for("resumed")
        said = recorded_seconds(desk.said())
        wait_until(lambda: recorded_seconds(desk.said()) > said + 1.0, BOUND, "desk talks on")
        desk.hang_up()
        thomas.wait_for("recorded")
    events = server.wait_ended(placed.call)
    assert result_of(events)["outcome"] == "completed"
    before, *_, after = heard(heard_by_thomas, [DESK_HZ])
    assert before.seconds > 0.2
    assert after.seconds > 0.8, "not heard after the resume"
    (to_desk,) = (
        event["data"]["media"]["packets_sent"]
        for event in events
        if event["kind"] == "channel.ended"
        and event["leg"] == "first"
        and event["data"]["answered"]
    )
    assert to_desk > (0.5 + 0.8) * PACKETS_A_SECOND, "nothing came back after the resume"


def test_a_phone_that_registered_over_tcp_is_called_over_that_connection(
    server: CordboardServer, phone: NewPhone
) -> None:
    desk = phone("jessica-desk", DESK_HZ, transport="tcp")
    thomas = phone("thomas", THOMAS_HZ)
    placed = server.basix("call_user", user_name="jessica", destination="thomas")
    assert len(placed.uuids) == 1
    desk.wait_ringing()
    assert "/TCP " in header(desk.wait_message("INVITE"), "Via")
    desk.answer()
    thomas.wait_ringing()
    thomas.answer()
    thomas.wait_established()
    wait_heard(thomas, 0.5)
    desk.hang_up()
    thomas.wait_closed()
    assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
    assert seconds_of(thomas.recording(), DESK_HZ) > 0.3


def test_a_declined_call_is_told_so(
    server: CordboardServer, receiver: CallbackReceiver, phone: NewPhone
) -> None:
    desk = phone("jessica-desk", DESK_HZ)
    phone("thomas", THOMAS_HZ)
    placed = server.basix(
        "call_user", user_name="jessica", destination="thomas", callback_url=receiver.url()
    )
    desk.wait_ringing()
    desk.hang_up()
    (callback,) = receiver.wait_for(1)
    assert callback.json["result_code"] == 500
    assert callback.json["error"]["id"] in ("busy", "rejected")
    result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["leg"]) == ("first_leg_failed", "first")
    assert len(receiver.callbacks) == 1


def test_codecs_that_differ_are_converted(server: CordboardServer, tmp_path: Path) -> None:
    def one(terminal: str, tone_hz: float, codec: str) -> BaresipPhone:
        return BaresipPhone(
            tmp_path / terminal,
            terminal,
            server=server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            tone_hz=tone_hz,
            codecs=codec,
        )

    with one("jessica-desk", DESK_HZ, "pcma") as desk, one("thomas", THOMAS_HZ, "pcmu") as thomas:
        server.basix("call_user", user_name="jessica", destination="thomas")
        desk.wait_ringing()
        desk.answer()
        thomas.wait_ringing()
        thomas.answer()
        thomas.wait_established()
        wait_heard(thomas, 1.0)
        desk.hang_up()
        thomas.wait_closed()
        assert seconds_of(thomas.recording(), DESK_HZ) > 0.7
        assert seconds_of(desk.recording(), THOMAS_HZ) > 0.7
