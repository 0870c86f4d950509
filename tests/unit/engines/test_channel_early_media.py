"""What a channel tells of audio before its answer."""

from __future__ import annotations

from cordboard.calls.ports import (
    Answered,
    EarlyMedia,
    Failed,
    Ringing,
)
from cordboard.media import events as media
from cordboard.sip.events import (
    InviteFailed,
)
from support.channel_bench import Bench, sdp


def test_early_media_is_told_when_it_flows_and_when_it_ceases() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.channel.on_media(media.EarlyMedia(True))
    bench.channel.on_media(media.EarlyMedia(False))
    assert bench.flowing == [True, False]


def test_a_180_without_audio_takes_early_media_back_and_a_183_brings_it_again() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.channel.on_media(media.EarlyMedia(True))
    bench.ring(180)
    bench.ring(180)
    bench.ring(183, sdp())
    assert bench.flowing == [True, False, True]


def test_a_183_without_audio_leaves_it_as_it_is() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.channel.on_media(media.EarlyMedia(True))
    bench.ring(183)
    assert bench.flowing == [True]


def test_a_forked_channel_has_no_early_media_any_more() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.channel.on_media(media.EarlyMedia(True))
    bench.ring(183, sdp(5000), dialogs=2)
    bench.channel.on_media(media.EarlyMedia(False))
    bench.channel.on_media(media.EarlyMedia(True))
    assert bench.flowing == [True, False]


def test_a_channel_forked_from_the_start_never_has_any() -> None:
    bench = Bench()
    bench.ring(180)
    bench.ring(183, sdp(), dialogs=2)
    bench.channel.on_media(media.EarlyMedia(True))
    assert bench.flowing == []


def test_after_the_answer_there_is_no_early_media() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.answer()
    bench.channel.on_media(media.EarlyMedia(True))
    assert bench.flowing == []


def test_early_media_ceases_before_its_channel_fails() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.channel.on_media(media.EarlyMedia(True))
    bench.channel.on_failed(InviteFailed("c", 503, "Service Unavailable"))
    assert bench.told[-2:] == [EarlyMedia("c", False), Failed("c", 503, "Service Unavailable")]


def test_the_answer_of_another_fork_decides_where_audio_goes() -> None:
    bench = Bench()
    bench.ring(183, sdp(4000))
    bench.ring(183, sdp(5000), dialogs=2)
    assert [audio.remote[1] for audio in bench.session.configured] == [4000]
    bench.answer(sdp(6000))
    assert [audio.remote[1] for audio in bench.session.configured] == [4000, 6000]


def test_an_answer_that_repeats_its_183_configures_nothing_anew() -> None:
    bench = Bench()
    bench.ring(183, sdp())
    bench.answer(sdp())
    assert len(bench.session.configured) == 1


def test_an_unreadable_183_is_passed_over() -> None:
    bench = Bench()
    bench.ring(183, b"nonsense")
    bench.answer()
    assert bench.told == [Ringing("c", 183), Answered("c")]


def test_other_provisional_responses_are_no_ringing() -> None:
    bench = Bench()
    bench.ring(199)
    bench.ring(182)
    assert bench.told == [Ringing("c", 182)]
