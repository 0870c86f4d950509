"""What the benchmark makes of SIP on the wire."""

from __future__ import annotations

import struct

from bench.harness.capture import Reading, Seen, only_sip

SERVER, PHONE = 15160, 16361


def seen_in(*messages: tuple[float, int, str]) -> Seen:
    """What is known after messages: when, from which port, the text with one header a line."""
    reading = Reading(SERVER)
    for at, source, text in messages:
        target = PHONE if source == SERVER else SERVER
        payload = text.replace("\n", "\r\n").encode()
        udp = struct.pack("!HHHH", source, target, 8 + len(payload), 0)
        reading.take(bytes(12) + b"\x08\x00\x45" + bytes(19) + udp + payload, at)
    return reading.seen


def message(start: str, call: str, cseq: str, branch: str = "b1", body: str = "") -> str:
    return f"{start}\nVia: SIP/2.0/UDP h;branch={branch}\nCall-ID: {call}\nCSeq: {cseq}\n\n{body}"


def invite(call: str, number: str = "0312345678", port: int = 20000) -> str:
    body = f"v=0\nm=audio {port} RTP/AVP 0\n"
    return message(f"INVITE sip:{number}@h SIP/2.0", call, "1 INVITE", body=body)


def test_a_leg_is_known_by_its_call_id_and_by_its_number() -> None:
    seen = seen_in((1.0, SERVER, invite("one", "0311110000", 20002)))
    assert seen.call_id("0311110000") == seen.call_id("one") == "one"
    assert seen.invites == {"one": 1.0}
    assert seen.offers == {"one": 20002}
    assert seen.number_of("one") == "0311110000"


def test_answers_acknowledgements_and_ends_have_their_moments() -> None:
    seen = seen_in(
        (1.0, SERVER, invite("one")),
        (2.0, PHONE, message("SIP/2.0 200 OK", "one", "1 INVITE")),
        (3.0, SERVER, message("ACK sip:p@h SIP/2.0", "one", "1 ACK", "b2")),
        (4.0, PHONE, message("BYE sip:c@h SIP/2.0", "one", "2 BYE", "b3")),
        (5.0, SERVER, message("SIP/2.0 200 OK", "one", "2 BYE", "b3")),
    )
    assert (seen.answers, seen.acknowledged) == ({"one": 2.0}, {"one": 3.0})
    assert seen.ended == {"one"}
    assert seen.messages == 5
    assert not seen.repeated


def test_a_message_that_comes_twice_is_repeated() -> None:
    seen = seen_in((1.0, SERVER, invite("one")), (1.5, SERVER, invite("one")))
    assert seen.repeated == [(1.5, "INVITE sip:0312345678@h SIP/2.0")]
    assert seen.invites == {"one": 1.0}


def test_a_request_that_goes_on_through_the_server_is_not_repeated() -> None:
    """The same words in the other direction are another message."""
    bye = message("BYE sip:x@h SIP/2.0", "one", "2 BYE")
    assert not seen_in((1.0, PHONE, bye), (1.1, SERVER, bye)).repeated


def test_a_second_attempt_with_credentials_is_not_repeated() -> None:
    again = message("INVITE sip:1@h SIP/2.0", "one", "2 INVITE", "b9")
    assert not seen_in((1.0, SERVER, invite("one", "1")), (1.1, SERVER, again)).repeated


def test_short_header_names_and_what_is_no_sip() -> None:
    short = "INVITE sip:1@h SIP/2.0\nv: SIP/2.0/UDP h;branch=x\ni: short\nCSeq: 1 INVITE\n\n"
    noise = "\x80Z not SIP"
    seen = seen_in(
        (1.0, SERVER, "\n\n"), (1.1, SERVER, noise), (1.2, SERVER, noise), (2.0, SERVER, short)
    )
    assert seen.invites == {"short": 2.0}
    assert seen.messages == 1
    assert not seen.repeated


def test_the_kernels_filter_is_whole() -> None:
    """Every jump lands inside the program, which ends with yes and no."""
    program = only_sip(5060)
    steps = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    for number, (code, yes, no, _) in enumerate(steps):
        if code & 0x07 == 0x05:
            assert number + 1 + max(yes, no) < len(steps)
    assert [(code, value > 0) for code, _, _, value in steps[-2:]] == [(0x06, True), (0x06, False)]
