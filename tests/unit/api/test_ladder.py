"""The drawing of a call's SIP messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.v1.ladder import NARROWEST_LANE, TIME_WIDTH, draw
from cordboard.api.v1.ladder_words import label, story

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)


def line(
    start: str,
    *headers: str,
    at: float = 0.0,
    sent: bool = False,
    body: str = "",
    again: bool = False,
) -> dict[str, Any]:
    """A line as the API gives it."""
    return {
        "at": at,
        "sent": sent,
        "peer": "udp:192.0.2.7:50",
        "summary": start,
        "text": "\r\n".join([start, *headers]) + "\r\n\r\n" + body,
        "retransmission": again,
    }


INVITE = line("INVITE sip:1@192.0.2.7 SIP/2.0", "CSeq: 1 INVITE", sent=True, body=OFFER)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (INVITE, "INVITE +SDP PCMU PCMA"),
        (line("SIP/2.0 180 Ringing", "CSeq: 1 INVITE"), "180 Ringing"),
        (line("SIP/2.0 200 OK", "CSeq: 2 BYE"), "200 OK (BYE)"),
        (
            line("INVITE sip:a SIP/2.0", body=OFFER + "a=sendonly\r\n"),
            "INVITE +SDP PCMU PCMA sendonly",
        ),
        (
            line("INVITE sip:a SIP/2.0", "Proxy-Authorization: (removed)", sent=True),
            "INVITE +credentials",
        ),
        (
            line("CANCEL sip:a SIP/2.0", 'Reason: SIP;cause=200;text="Call completed elsewhere"'),
            "CANCEL: Call completed elsewhere",
        ),
        (line("BYE sip:a SIP/2.0", "Reason: Q.850;cause=16"), "BYE: Q.850 16 Normal call clearing"),
        (
            line("SIP/2.0 302 Moved Temporarily", "CSeq: 1 INVITE", "Contact: <sip:2@192.0.2.7>"),
            "302 Moved Temporarily (INVITE) to <sip:2@192.0.2.7>",
        ),
        (
            line("SIP/2.0 503 Service Unavailable", "CSeq: 1 INVITE", "Retry-After: 30 (soon)"),
            "503 Service Unavailable (INVITE): again in 30 s",
        ),
        (
            line("SIP/2.0 488 Not Acceptable Here", "CSeq: 1 INVITE", 'Warning: 304 x "No codec"'),
            "488 Not Acceptable Here (INVITE): No codec",
        ),
    ],
)
def test_what_stands_on_an_arrow(message: dict[str, Any], said: str) -> None:
    assert label(message) == said


def test_a_channel_is_told_with_its_times_and_repeats() -> None:
    told = story(
        [
            INVITE,
            {**INVITE, "at": 0.5, "retransmission": True},
            line("SIP/2.0 100 Trying", "CSeq: 1 INVITE", at=0.6),
            line("SIP/2.0 180 Ringing", "CSeq: 1 INVITE", at=0.7),
            line("SIP/2.0 486 Busy", "CSeq: 1 INVITE", at=2.0),
        ]
    )
    assert told == "180 Ringing after 700 ms, 486 Busy after 2000 ms, 1 repeated"


def ladder(*lines: dict[str, Any], parties: int = 1) -> dict[str, Any]:
    """A call with the lines in its last channel, and an empty one for each other party."""
    channels: list[dict[str, Any]] = [
        {"channel": str(at), "leg": "first", "party": f"p{at}", "lines": []}
        for at in range(parties)
    ]
    channels[-1]["lines"] = list(lines)
    return {"call": "c1", "channels": channels}


def test_the_drawing_of_a_short_call() -> None:
    drawing = draw(
        ladder(
            INVITE,
            line("SIP/2.0 180 Ringing", "CSeq: 1 INVITE", at=0.0125),
            line("SIP/2.0 486 Busy", "CSeq: 1 INVITE", at=2.5),
            line("SIP/2.0 486 Busy", "CSeq: 1 INVITE", at=3.0, again=True),
        )
    )
    assert drawing.split("\n") == [
        "call c1",
        "",
        "          cordboard                        p0",
        "      ms  │                             first",
        "     0.0  │──── INVITE +SDP PCMU PCMA ─────▶│",
        "    12.5  │◀───────── 180 Ringing ──────────│",
        "  +2.5 s  ┆                                 ┆",
        "  2500.0  │◀────── 486 Busy (INVITE) ───────│",
        "  3000.0  │◀┄┄┄┄┄┄ 486 Busy (INVITE) ┄┄┄┄┄┄┄│  repeated",
        "",
        "first   p0  udp:192.0.2.7:50  180 Ringing after 12 ms, 486 Busy after 2500 ms, 1 repeated",
    ]


def test_many_phones_share_the_room_there_is() -> None:
    drawing = draw(ladder(INVITE, parties=6), columns=100)
    arrow = next(row for row in drawing.split("\n") if "INVITE" in row)
    assert len(arrow) == TIME_WIDTH + 6 * NARROWEST_LANE + 1


TEXTS = st.text(alphabet=st.sampled_from('INVITE SIP/2.0 400:;="\r\n<>v=m,é'), max_size=60)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.booleans()), max_size=6))
def test_whatever_peers_say_can_be_drawn(said: list[tuple[str, str, bool]]) -> None:
    lines = [
        {**line("x", at=float(at)), "summary": summary, "text": text, "retransmission": again}
        for at, (summary, text, again) in enumerate(said)
    ]
    assert draw(ladder(*lines))


def test_each_server_that_was_tried_is_named() -> None:
    first = {**INVITE, "peer": "udp:192.0.2.7:5060"}
    second = {**INVITE, "peer": "tls:192.0.2.8:5061", "at": 5.0}
    lines = [first, {**first, "at": 0.5, "retransmission": True}, second]
    channel = {"party": "81312345678", "leg": "first", "lines": lines}
    drawn = draw({"call": "c1", "channels": [channel]}, 80)
    assert "INVITE +SDP" in drawn
    assert " INVITE to tls:192.0.2.8:5061 " in drawn
    assert "INVITE to tls:192.0.2.8:5061 after 5000 ms" in drawn
    assert "INVITE to udp" not in drawn
