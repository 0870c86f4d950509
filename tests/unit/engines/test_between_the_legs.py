"""What the first leg hears until the second one answers, packet by packet, in virtual time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cordboard.calls.ports import EarlyMedia, HoldChanged, MediaLost
from cordboard.sip.events import InviteFailed, OfferAnswered, OfferReceived
from support.virtual_call import RINGBACK_HERTZ, FarEnd, VirtualCall


def hears_ringback(call: VirtualCall) -> bool:
    return call.first.hears(*RINGBACK_HERTZ)


def hears_second(call: VirtualCall) -> bool:
    return call.first.hears(call.second.hertz)


def early(call: VirtualCall) -> list[bool]:
    return [event.flowing for event in call.second.told if isinstance(event, EarlyMedia)]


def with_early_media() -> VirtualCall:
    """A call whose second leg's early media is heard."""
    call = VirtualCall()
    call.second.rings(183, call.second.sdp())
    call.second.speaks = True
    call.run(0.5)
    assert hears_second(call)
    return call


def test_ringback_is_heard_from_the_answer_on() -> None:
    call = VirtualCall()
    call.run(0.1)
    assert hears_ringback(call)
    assert call.first.packets_since(0) == 5


def test_a_183_with_a_description_and_no_packets_changes_nothing() -> None:
    call = VirtualCall()
    call.second.rings(183, call.second.sdp())
    call.run(1.0)
    assert hears_ringback(call)
    assert early(call) == []


def test_packets_without_a_description_are_nobodys() -> None:
    call = VirtualCall()
    call.second.rings(183)
    call.second.speaks = True
    call.run(1.0)
    assert hears_ringback(call)
    assert early(call) == []


def test_it_takes_100_ms_of_packets() -> None:
    call = VirtualCall()
    call.second.rings(183, call.second.sdp())
    call.second.speaks = True
    call.run(0.1)
    assert early(call) == []
    call.run(0.04)
    assert early(call) == [True]
    call.run(0.2)
    assert hears_second(call)


def test_a_few_packets_now_and_then_are_no_early_media() -> None:
    call = VirtualCall()
    call.second.rings(183, call.second.sdp())
    for _ in range(10):
        call.second.speaks = True
        call.run(0.08)
        call.second.speaks = False
        call.run(0.2)
    assert early(call) == []


def test_ringback_returns_after_a_second_without_packets_and_early_media_after_100_ms() -> None:
    call = with_early_media()
    call.second.speaks = False
    call.run(0.9)
    assert early(call) == [True]
    call.run(0.3)
    assert early(call) == [True, False]
    assert hears_ringback(call)
    call.second.speaks = True
    call.run(0.4)
    assert hears_second(call)


def test_ringback_returns_at_a_180_though_packets_go_on() -> None:
    call = with_early_media()
    call.second.rings(180)
    call.run(1.0)
    assert hears_ringback(call)
    call.second.rings(180)
    call.run(1.0)
    assert early(call) == [True, False]
    call.second.rings(183, call.second.sdp())
    call.run(0.2)
    assert hears_second(call)


def test_a_180_with_a_description_is_early_media_like_a_183() -> None:
    call = VirtualCall()
    call.second.rings(180, call.second.sdp())
    call.second.speaks = True
    call.run(0.5)
    assert hears_second(call)


def test_a_180_before_the_183_takes_nothing_back() -> None:
    call = VirtualCall()
    call.second.rings(180)
    call.run(0.2)
    call.second.rings(183, call.second.sdp())
    call.second.speaks = True
    call.run(0.5)
    assert hears_second(call)
    call.second.rings(183)
    call.run(0.2)
    assert hears_second(call)


def test_a_second_early_dialog_ends_it_for_good() -> None:
    call = with_early_media()
    call.second.rings(180, dialogs=2)
    call.run(0.3)
    assert hears_ringback(call)
    call.second.rings(183, call.second.sdp(), dialogs=2)
    call.run(2.0)
    assert early(call) == [True, False]


@pytest.mark.parametrize("lines", [("a=inactive",), ("a=recvonly",)])
def test_a_description_that_says_nothing_will_come_is_believed(lines: tuple[str, ...]) -> None:
    call = VirtualCall()
    call.second.rings(183, call.second.sdp(*lines))
    call.second.speaks = True
    call.run(1.0)
    assert early(call) == []
    assert hears_ringback(call)


def test_an_answer_without_a_description_means_the_early_one() -> None:
    call = with_early_media()
    call.second.answers()
    call.bridge()
    call.first.speaks = True
    call.run(0.5)
    assert hears_second(call)
    assert call.second.hears(call.first.hertz)


def test_a_failure_gives_the_ringback_back() -> None:
    call = with_early_media()
    call.second.channel.on_failed(InviteFailed("second", 503, "Service Unavailable"))
    call.run(0.3)
    assert hears_ringback(call)


def test_to_the_first_phone_all_of_it_is_one_stream() -> None:
    call = with_early_media()
    call.second.rings(180)
    call.run(0.3)
    call.second.answers(call.second.sdp())
    call.bridge()
    call.run(0.5)
    packets = [packet for _, packet in call.first.heard]
    assert len({packet.ssrc for packet in packets}) == 1
    steps = [(after.sequence - before.sequence) & 0xFFFF for before, after in pairwise(packets)]
    assert set(steps) == {1}
    begin, first = call.first.heard[0]
    for at, packet in call.first.heard:
        passed = (packet.timestamp - first.timestamp) & 0xFFFFFFFF
        assert passed / 8000 == pytest.approx(at - begin, abs=0.03)


# Hold


def talking() -> VirtualCall:
    """A call in which both speak."""
    call = VirtualCall()
    call.second.answers(call.second.sdp())
    call.bridge()
    call.first.speaks = call.second.speaks = True
    call.run(0.5)
    return call


def hold(holder: FarEnd, other: FarEnd, *lines: str) -> None:
    """One holds, the other is held, and both say so."""
    holder.channel.on_offer(OfferReceived(holder.name, holder.sdp(*lines)))
    other.channel.hold(True)
    other.channel.on_offer_answered(OfferAnswered(other.name, other.sdp("a=recvonly")))


def resume(holder: FarEnd, other: FarEnd) -> None:
    holder.channel.on_offer(OfferReceived(holder.name, holder.sdp()))
    other.channel.hold(False)
    other.channel.on_offer_answered(OfferAnswered(other.name, other.sdp()))


def test_the_held_party_hears_music_or_silence_and_the_holder_nothing() -> None:
    call = talking()
    hold(call.first, call.second, "a=sendonly")
    begin = call.now
    call.run(1.0)
    assert call.second.hears(call.first.hertz), "the holder's music"
    assert call.first.packets_since(begin + 0.01) == 0
    call.first.speaks = False
    call.run(0.5)
    begin = call.now
    call.run(0.5)
    assert call.second.packets_since(begin + 0.01) == 25, "silence, where there is no music"
    call.first.speaks = True
    resume(call.first, call.second)
    call.run(0.5)
    assert call.first.hears(call.second.hertz)
    hold(call.first, call.second, "a=inactive")
    begin = call.now
    call.run(1.0)
    assert call.second.packets_since(begin + 0.01) == 50, "silence, all the time"
    assert not call.second.hears(call.first.hertz, during=0.9)
    assert call.first.packets_since(begin + 0.01) == 0
    resume(call.first, call.second)
    call.run(0.5)
    assert call.second.hears(call.first.hertz)
    assert len({packet.ssrc for _, packet in call.second.heard}) == 1


def test_media_is_not_lost_on_hold_and_is_after_it() -> None:
    call = talking()
    call.first.speaks = call.second.speaks = False
    hold(call.first, call.second, "a=sendonly")
    call.run(130.0)
    assert not [
        e for end in (call.first, call.second) for e in end.told if isinstance(e, MediaLost)
    ]
    resume(call.first, call.second)
    call.run(59.0)
    assert MediaLost("first") not in call.first.told
    call.run(2.0)
    assert call.first.told[-1] == MediaLost("first")
    assert call.second.told[-1] == MediaLost("second")


def test_hold_changes_are_told_once_each() -> None:
    call = talking()
    hold(call.first, call.second, "a=sendonly")
    call.first.channel.on_offer(OfferReceived("first", call.first.sdp("a=inactive")))
    resume(call.first, call.second)
    told = [e.held for e in call.first.told if isinstance(e, HoldChanged)]
    assert told == [True, False]
    assert not [e for e in call.second.told if isinstance(e, HoldChanged)]


def test_a_port_that_moves_in_mid_call_is_followed() -> None:
    call = talking()
    call.first.channel.on_offer(OfferReceived("first", call.first.sdp(port=4100)))
    call.run(0.3)  # its last packets from the former port
    assert call.first.session.stream.destination == (call.first.address[0], 4100)
    call.first.address = (call.first.address[0], 4100)
    call.run(0.5)
    assert call.second.hears(call.first.hertz)
    assert call.first.session.stream.destination == call.first.address
