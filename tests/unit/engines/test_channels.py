"""A channel between a stack and a media session that only take notes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Digit,
    Failed,
    HoldChanged,
    MediaLost,
    PlayEnded,
    Prompt,
    Released,
    Tone,
    ToneKind,
)
from cordboard.calls.said import Said
from cordboard.engines.embedded.channel_states import (
    CHANNEL_TRANSITIONS,
    ChannelState,
    ChannelTrigger,
)
from cordboard.media import events as media
from cordboard.media.figures import MediaFigures
from cordboard.sip.events import (
    EndedBy,
    InfoReceived,
    InviteFailed,
    InviteTrying,
    OfferAnswered,
    OfferReceived,
    OfferRejected,
    SessionConfirmed,
    SessionEnded,
)
from support.channel_bench import PHONE, Bench, sdp


def test_a_name_in_sdp_means_where_the_signalling_comes_from() -> None:
    bench = Bench()
    bench.answer(sdp(host="phone.invalid"))
    assert bench.session.configured[0].remote == (PHONE, 4000)


def test_the_codec_in_use_is_offered_first() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.hold(True)
    _, call, offer, _ = bench.stack.done[-1]
    assert call == "c"
    assert b"RTP/AVP 8 0 101" in offer
    assert b"a=sendonly" in offer
    assert b"o=cordboard 1 2 " in offer


def test_a_prompt_that_is_read_too_late_is_not_played() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.play(Prompt("a.wav"), 1)
    bench.channel.play(Tone(ToneKind.BUSY, "us"), 2)
    bench.channel.play(Prompt("b.wav"), 3)
    bench.channel.stop_play()
    for then in bench.shelf.waiting:
        then(None)
    assert len(bench.session.played) == 1
    assert not [event for event in bench.told if isinstance(event, PlayEnded)]


def test_a_prompt_for_a_channel_that_has_ended_is_nothing() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.play(Prompt("a.wav"), 1)
    bench.channel.on_ended(SessionEnded("c", EndedBy.REMOTE))
    bench.shelf.waiting[0](None)
    assert not [event for event in bench.told if isinstance(event, PlayEnded)]


def test_a_country_without_tones_of_its_own_has_the_default_ones() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.play(Tone(ToneKind.RINGBACK, "zz"), 1)
    assert bench.session.played[0][1].country == "us"


def test_what_can_only_be_done_when_talking_is_ignored_before() -> None:
    bench = Bench()
    other = Bench()
    bench.channel.play(Tone(ToneKind.BUSY, "us"), 1)
    bench.channel.listen(other.channel)
    bench.channel.bridge(other.channel, needs_audio=False)
    bench.channel.hold(True)
    bench.channel.stop_play()
    bench.channel.on_info(InfoReceived("c", "application/dtmf", b"1"))
    bench.channel.on_media(media.Digit("1", 100))
    bench.channel.on_media(media.MediaLost())
    assert bench.session.played == []
    assert bench.session.done == []
    assert bench.stack.done == []
    assert bench.told == []


def bridged_benches(*, events: bool) -> tuple[Bench, Bench]:
    """Two channels in a bridge; ``events``: whether the second one's phone takes them."""
    first, second = Bench(), Bench()
    second.session.takes_events = events
    for bench in (first, second):
        bench.answer()
    first.channel.bridge(second.channel, needs_audio=False)
    return first, second


def test_an_info_is_handed_to_the_audio_which_tells_it_once() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.on_info(InfoReceived("c", "application/dtmf-relay", b"Signal=5\nDuration=250"))
    bench.channel.on_info(InfoReceived("c", "text/plain", b"5"))
    assert bench.session.infos == [("5", 250)]
    assert Digit("c", "5") not in bench.told
    bench.channel.on_media(media.Digit("5", 250, by_info=True))
    assert bench.told[-1] == Digit("c", "5")


def test_a_key_in_the_audio_is_with_the_other_party_already() -> None:
    first, second = bridged_benches(events=True)
    first.channel.on_media(media.Digit("5", 100))
    assert second.session.digits == []
    assert second.stack.done == []


def test_a_key_by_info_is_sent_on_as_an_event() -> None:
    first, second = bridged_benches(events=True)
    first.channel.on_media(media.Digit("5", 250, by_info=True))
    assert second.session.digits == [("5", 250)]
    assert second.stack.done == []


@pytest.mark.parametrize("by_info", [False, True])
def test_a_phone_that_takes_no_events_is_sent_an_info(by_info: bool) -> None:
    first, second = bridged_benches(events=False)
    first.channel.on_media(media.Digit("#", 100, by_info=by_info))
    assert second.session.digits == []
    body = b"Signal=#\r\nDuration=100\r\n"
    assert second.stack.done == [("info", "c", "application/dtmf-relay", body, 1.0)]


def test_a_key_after_the_bridge_has_ended_reaches_nobody() -> None:
    first, second = bridged_benches(events=False)
    second.channel.on_ended(SessionEnded("c", EndedBy.REMOTE))
    first.channel.on_media(media.Digit("5", 100))
    assert first.told[-1] == Digit("c", "5")
    assert not [done for done in second.stack.done if done[0] == "info"]


def test_the_peer_lets_us_offer_and_answers_in_its_ack() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.on_offer(OfferReceived("c", None))
    assert bench.stack.done[-1][:2] == ("answer_offer", "c")
    bench.channel.on_confirmed(SessionConfirmed("c", sdp(7000)))
    assert bench.session.configured[-1].remote[1] == 7000


def test_an_unreadable_answer_changes_nothing_and_the_next_wish_is_offered() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.hold(True)
    bench.channel.hold(False)
    bench.channel.on_offer_answered(OfferAnswered("c", b"nonsense"))
    offers = [done for done in bench.stack.done if done[0] == "offer"]
    assert len(offers) == 2
    assert b"a=sendrecv" in offers[-1][2]
    bench.channel.on_offer_answered(OfferAnswered("c", None))
    bench.channel.hold(True)
    assert len([done for done in bench.stack.done if done[0] == "offer"]) == 3
    assert len(bench.session.configured) == 1


def test_an_offer_before_the_answer_is_refused() -> None:
    bench = Bench()
    bench.channel.on_offer(OfferReceived("c", sdp()))
    assert bench.stack.done == [("reject_offer", "c", 488, 1.0)]


def test_a_peer_that_takes_a_hold_for_its_own_is_not_believed() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.hold(True)
    bench.channel.on_offer_answered(OfferAnswered("c", sdp(direction="inactive")))
    assert not [event for event in bench.told if isinstance(event, HoldChanged)]
    bench.channel.on_media(media.MediaLost())
    assert MediaLost("c") not in bench.told
    bench.channel.hold(False)
    bench.channel.on_offer_answered(OfferAnswered("c", sdp(direction="sendonly")))
    assert bench.told[-1] == HoldChanged("c", True)


def test_an_offer_that_waits_for_its_next_try_is_brought_up_to_date() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.hold(True)
    bench.channel.on_offer(OfferReceived("c", sdp(5000, direction="sendonly")))
    (_, _, first, _), (name, _, answer, _), (_, _, again, _) = bench.stack.done
    assert b"a=sendonly" in first
    assert (name, b"a=inactive" in answer) == ("answer_offer", True)
    assert b"a=inactive" in again
    assert b"o=cordboard 1 2 " in first
    assert b"o=cordboard 1 3 " in answer


def test_a_release_brings_the_figures() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.on_ended(SessionEnded("c", EndedBy.REMOTE, reason_header="Q.850;cause=17"))
    figures = MediaFigures(packets_received=7)
    assert bench.told[-1] == Released("c", True, Cause.BUSY, figures, Said(17))
    assert bench.forgotten == [bench.channel]
    assert bench.session.done.count("close") == 1


@pytest.mark.parametrize(
    ("by", "cause"),
    [
        (EndedBy.TIMEOUT, Cause.UNREACHABLE),
        (EndedBy.TRANSPORT, Cause.UNREACHABLE),
        (EndedBy.LOCAL, Cause.INTERRUPTED),
    ],
)
def test_an_end_that_nobody_wanted_has_its_cause(by: EndedBy, cause: Cause) -> None:
    bench = Bench()
    bench.answer()
    bench.channel.on_ended(SessionEnded("c", by))
    released = bench.told[-1]
    assert isinstance(released, Released)
    assert (released.remote, released.cause) == (False, cause)


def test_a_bye_that_crosses_ours_leaves_our_cause() -> None:
    bench = Bench()
    bench.answer()
    bench.channel.hang_up(Cause.MEDIA_TIMEOUT)
    bench.channel.on_ended(SessionEnded("c", EndedBy.REMOTE))
    released = bench.told[-1]
    assert isinstance(released, Released)
    assert (released.remote, released.cause) == (False, Cause.MEDIA_TIMEOUT)


def test_hanging_up_what_was_never_invited_needs_no_stack() -> None:
    bench = Bench(invited=False)
    bench.channel.hang_up(Cause.CANCELLED)
    assert bench.stack.done == []
    assert bench.told == [Failed("c", 487, "Request Terminated", local=True)]


HAPPENINGS: dict[str, Callable[[Bench], None]] = {
    "trying": lambda b: b.channel.on_trying(InviteTrying("c")),
    "ringing": lambda b: b.ring(180),
    "early": lambda b: b.ring(183, sdp()),
    "forked": lambda b: b.ring(183, sdp(5000), dialogs=2),
    "answered": lambda b: b.answer(),
    "answered unusably": lambda b: b.answer(b"v=0\r\n"),
    "failed": lambda b: b.channel.on_failed(InviteFailed("c", 486, "Busy Here")),
    "ended": lambda b: b.channel.on_ended(SessionEnded("c", EndedBy.REMOTE)),
    "hang up": lambda b: b.channel.hang_up(Cause.NORMAL),
    "hold": lambda b: b.channel.hold(True),
    "unhold": lambda b: b.channel.hold(False),
    "offer": lambda b: b.channel.on_offer(OfferReceived("c", sdp(direction="sendonly"))),
    "offer answered": lambda b: b.channel.on_offer_answered(OfferAnswered("c", sdp())),
    "offer rejected": lambda b: b.channel.on_offer_rejected(OfferRejected("c", 488)),
    "play": lambda b: b.channel.play(Tone(ToneKind.BUSY, "us"), 1),
    "prompt": lambda b: b.channel.play(Prompt("a.wav"), 2),
    "prompt read": lambda b: b.shelf.deliver(),
    "stop": lambda b: b.channel.stop_play(),
    "media": lambda b: b.channel.on_media(media.EarlyMedia(True)),
    "media gone": lambda b: b.channel.on_media(media.EarlyMedia(False)),
    "media lost": lambda b: b.channel.on_media(media.MediaLost()),
    "digit": lambda b: b.channel.on_media(media.Digit("1", 100)),
}


@given(st.lists(st.sampled_from(sorted(HAPPENINGS)), max_size=30))
def test_a_channel_has_one_end_and_nothing_after_it(happenings: list[str]) -> None:
    bench = Bench()
    for name in happenings:
        HAPPENINGS[name](bench)
    HAPPENINGS["hang up"](bench)
    # The stack owes an end to every session that it was given.
    if bench.channel.state in (ChannelState.LEAVING, ChannelState.PARTING):
        bench.channel.on_ended(SessionEnded("c", EndedBy.LOCAL))
    ends = [event for event in bench.told if isinstance(event, Failed | Released)]
    assert len(ends) == 1
    assert bench.told[-1] is ends[0]
    assert isinstance(ends[0], Released) == (Answered("c") in bench.told)
    assert bench.channel.state is ChannelState.OVER
    assert bench.forgotten == [bench.channel]
    assert bench.session.done.count("close") == 1


def test_the_table_knows_every_state_and_leaves_none_but_the_last_without_a_way_out() -> None:
    assert set(CHANNEL_TRANSITIONS) == set(ChannelState)
    for state, row in CHANNEL_TRANSITIONS.items():
        assert (ChannelTrigger.ENDED in row) == (state is not ChannelState.OVER)
