from __future__ import annotations

from cordboard.media.latch import FORMER_PACKETS, Address, Latch, LatchState, canonical

SDP = ("10.0.0.5", 4000)  # a phone behind a NAT names its own address
NAT = ("192.0.2.10", 61000)
STRANGER = ("203.0.113.66", 4000)


def opened(sdp: Address = SDP, signalling: str = NAT[0], *, strict: bool = False) -> Latch:
    """A latch after the first SDP."""
    latch = Latch()
    latch.reopen(sdp, signalling, strict=strict)
    return latch


def send(latch: Latch, source: Address, packets: int, *, ssrc: int = 1, first: int = 0) -> None:
    """Let packets come from an address."""
    for sequence in range(first, first + packets):
        if latch.accepts(source):
            latch.observe(source, ssrc, sequence)


def test_before_sdp_nothing_is_accepted() -> None:
    latch = Latch()
    assert not latch.accepts(NAT)
    assert not latch.accepts_rtcp(NAT)


def test_we_answer_to_where_the_packets_come_from() -> None:
    latch = opened()
    assert latch.destination == SDP
    send(latch, NAT, 1)
    assert latch.destination == NAT
    assert not latch.settled
    send(latch, NAT, 4, first=1)
    assert latch.state is LatchState.LOCKED


def test_overtaken_and_repeated_packets_do_not_keep_it_open() -> None:
    latch = opened()
    for sequence in (2, 1, 2, 4, 3, 7, 6):
        latch.observe(NAT, 1, sequence)
    assert not latch.settled
    for sequence in (9, 8, 10):
        latch.observe(NAT, 1, sequence)
    assert latch.state is LatchState.LOCKED


def test_one_packet_over_and_over_makes_nobody_certain() -> None:
    latch = opened()
    for _ in range(20):
        latch.observe(NAT, 1, 2)
    assert latch.state is LatchState.OPEN


def test_a_stranger_is_never_listened_to() -> None:
    latch = opened()
    send(latch, STRANGER, 100)
    assert latch.destination == SDP
    assert not latch.accepts(STRANGER)
    assert not latch.accepts_rtcp(STRANGER)


def test_once_locked_no_other_port_takes_the_audio() -> None:
    latch = opened()
    send(latch, NAT, 5)
    thief = (NAT[0], 61001)
    assert not latch.accepts(thief)
    assert not latch.accepts(SDP)
    assert latch.accepts_rtcp((NAT[0], 61002))


def test_a_rival_that_is_interleaved_does_not_move_the_audio() -> None:
    latch = opened()
    rival = (NAT[0], 50000)
    for sequence in range(5):
        send(latch, NAT, 1, ssrc=1, first=sequence)
        send(latch, rival, 1, ssrc=2, first=sequence)
        assert latch.destination == NAT
    assert latch.state is LatchState.LOCKED
    assert not latch.accepts(rival)


def test_a_former_port_gives_way_to_the_one_that_goes_on() -> None:
    latch = opened()
    send(latch, (NAT[0], 50000), 2)
    send(latch, NAT, 5, ssrc=2)
    assert latch.destination == NAT
    assert latch.settled


def test_inconsistent_packets_do_not_lock() -> None:
    latch = opened()
    for number in range(50):
        latch.observe(NAT, number, 0)  # each another SSRC
    for number in range(50):
        latch.observe(NAT, 1, number * 1000)  # guessed sequence numbers
    assert latch.state is LatchState.OPEN


def test_many_ports_of_one_host_are_bounded() -> None:
    latch = opened()
    for port in range(1024, 2048):
        send(latch, (NAT[0], port), 4)
    assert latch.destination == (NAT[0], 1024)
    assert not latch.settled


def test_new_sdp_opens_it_again_and_keeps_the_learned_address() -> None:
    latch = opened()
    send(latch, NAT, 5)
    latch.reopen(SDP, NAT[0], strict=False)
    assert latch.destination == NAT
    moved = (NAT[0], 62000)
    send(latch, moved, 5)
    assert latch.destination == moved


def test_sdp_with_another_address_is_followed() -> None:
    latch = opened()
    send(latch, NAT, 5)
    latch.reopen(("10.0.0.5", 4002), NAT[0], strict=False)
    assert latch.destination == ("10.0.0.5", 4002)


def test_a_phone_whose_signalling_moved_is_not_sent_to_its_former_host() -> None:
    latch = opened()
    send(latch, NAT, 5)
    latch.reopen(SDP, "198.51.100.9", strict=False)
    assert latch.destination == SDP
    assert not latch.accepts(NAT)


def test_a_trunk_sends_from_exactly_its_sdp() -> None:
    trunk = ("198.51.100.7", 16000)
    latch = opened(trunk, trunk[0], strict=True)
    assert latch.accepts(trunk)
    assert latch.settled
    assert not latch.accepts((trunk[0], 16002))
    latch.observe((trunk[0], 16002), 1, 1)
    assert latch.destination == trunk
    assert latch.accepts_rtcp((trunk[0], 16001))


def test_ipv6_is_compared_by_value() -> None:
    latch = opened(("2001:DB8:0:0::1", 4000), "")
    assert latch.accepts(("2001:db8::1", 9))
    assert canonical(("::ffff:192.0.2.1", 5)) == ("192.0.2.1", 5)
    assert canonical(("[2001:db8::1]", 5)) == ("2001:db8::1", 5)
    assert canonical(("not:an:address", 5)) == ("not:an:address", 5)


# New SDP with another port


def test_the_last_packets_from_a_former_port_move_nothing() -> None:
    latch = opened()
    send(latch, NAT, 5)
    latch.reopen((SDP[0], 4002), NAT[0], strict=False)
    assert latch.destination == (SDP[0], 4002)
    send(latch, NAT, 100, first=5)
    assert latch.destination == (SDP[0], 4002), "a round trip's worth is under way"
    fresh = (NAT[0], 61002)
    send(latch, fresh, 1, ssrc=2)
    assert latch.destination == fresh
    send(latch, NAT, 10, first=105)
    send(latch, fresh, 4, ssrc=2, first=1)
    assert latch.state is LatchState.LOCKED
    assert latch.destination == fresh


def test_a_phone_that_goes_on_from_its_former_port_is_heard_in_the_end() -> None:
    latch = opened()
    send(latch, NAT, 5)
    latch.reopen((SDP[0], 4002), NAT[0], strict=False)
    send(latch, NAT, FORMER_PACKETS, first=5)
    assert latch.state is LatchState.LOCKED
    assert latch.destination == NAT


def test_the_address_of_nobody_leaves_all_as_it_was() -> None:
    nobody = ("0.0.0.0", 4000)  # noqa: S104 - RFC 2543's way to hold
    for strict in (False, True):
        latch = opened(strict=strict)
        send(latch, NAT if not strict else SDP, 5)
        before = (latch.state, latch.destination)
        latch.reopen(nobody, NAT[0], strict=strict)
        latch.reopen(("::", 4000), NAT[0], strict=strict)
        assert (latch.state, latch.destination) == before


def test_a_call_that_begins_on_hold_is_sent_nothing_until_it_speaks() -> None:
    latch = opened(("0.0.0.0", 4000))  # noqa: S104
    assert latch.destination == ("", 0)
    assert not latch.accepts(STRANGER)
    send(latch, NAT, 5)
    assert latch.destination == NAT
    latch = opened(("0.0.0.0", 4000), strict=True)  # noqa: S104
    assert not latch.accepts(NAT)
