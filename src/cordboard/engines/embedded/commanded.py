"""Which command does what to which channel; those for channels that have ended do nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cordboard.calls.ports import (
    Accept,
    AnswerReferral,
    Bridge,
    Dial,
    Eavesdrop,
    EngineCommand,
    HangUp,
    Hold,
    Listen,
    PauseRecording,
    Play,
    Record,
    Reject,
    Ring,
    SendDigits,
    StopEavesdropping,
    StopPlay,
    StopRecording,
)
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.offered_channel import OfferedChannel

Channels = Mapping[str, Channel]
"""All that there are, by their ids."""


def carry_out(command: EngineCommand, channels: Channels) -> None:
    """Carry out any command but a dial."""
    if isinstance(command, Dial):
        raise TypeError("a dial makes a channel")
    channel = channels.get(command.a if isinstance(command, Bridge | Record) else command.channel)
    if channel is not None:
        _DOES[type(command)](channel, command, channels)


def _ring(channel: Channel, command: Ring, _channels: Channels) -> None:
    if isinstance(channel, OfferedChannel):
        channel.ring(command.status)


def _accept(channel: Channel, _command: Accept, _channels: Channels) -> None:
    if isinstance(channel, OfferedChannel):
        channel.accept()


def _reject(channel: Channel, command: Reject, _channels: Channels) -> None:
    if isinstance(channel, OfferedChannel):
        channel.reject(command.status, command.reason, command.retry_after)


def _hang_up(channel: Channel, command: HangUp, _channels: Channels) -> None:
    channel.hang_up(command.cause)


def _play(channel: Channel, command: Play, _channels: Channels) -> None:
    channel.play(command.sound, command.play_id)


def _stop_play(channel: Channel, _command: StopPlay, _channels: Channels) -> None:
    channel.stop_play()


def _listen(channel: Channel, command: Listen, channels: Channels) -> None:
    source = channels.get(command.source)
    if source is not None:
        channel.listen(source)


def _bridge(channel: Channel, command: Bridge, channels: Channels) -> None:
    other = channels.get(command.b)
    if other is not None:
        channel.bridge(other, needs_audio=command.needs_audio)


def _hold(channel: Channel, command: Hold, _channels: Channels) -> None:
    channel.hold(command.on)


def _answer_referral(channel: Channel, command: AnswerReferral, _channels: Channels) -> None:
    channel.answer_referral(command.referral, command.status)


def _send_digits(channel: Channel, command: SendDigits, _channels: Channels) -> None:
    channel.send_digits(command.digits, command.duration_ms, command.gap_ms)


def _record(channel: Channel, command: Record, channels: Channels) -> None:
    other = None if command.b is None else channels.get(command.b)
    if command.b is None or other is not None:
        channel.record(other, command.name)


def _pause_recording(channel: Channel, command: PauseRecording, _channels: Channels) -> None:
    channel.pause_recording(command.on)


def _stop_recording(channel: Channel, _command: StopRecording, _channels: Channels) -> None:
    channel.stop_recording()


def _eavesdrop(channel: Channel, command: Eavesdrop, channels: Channels) -> None:
    watched, other = channels.get(command.watched), channels.get(command.other)
    if watched is not None and other is not None:
        channel.eavesdrop(watched, other, command.mode)


def _stop_eavesdropping(channel: Channel, _command: StopEavesdropping, _channels: Channels) -> None:
    channel.stop_eavesdropping()


_DOES: Final[dict[type, Callable[[Channel, Any, Channels], None]]] = {
    Ring: _ring,
    Accept: _accept,
    Reject: _reject,
    HangUp: _hang_up,
    Play: _play,
    StopPlay: _stop_play,
    Listen: _listen,
    Bridge: _bridge,
    Hold: _hold,
    AnswerReferral: _answer_referral,
    SendDigits: _send_digits,
    Record: _record,
    PauseRecording: _pause_recording,
    StopRecording: _stop_recording,
    Eavesdrop: _eavesdrop,
    StopEavesdropping: _stop_eavesdropping,
}
