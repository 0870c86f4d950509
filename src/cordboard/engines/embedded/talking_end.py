"""What can be done with a channel while it is answered; before and after, nothing happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.calls.ports import EavesdropMode, Prompt, Tone
    from cordboard.engines.embedded.channel_audio import ChannelAudio
    from cordboard.engines.embedded.talk import Talk
    from cordboard.sip.events import ReferReceived


class TalkingEnd:
    """The end of a channel that talks, hears and is heard; ``audio`` is there before it talks."""

    __slots__ = ("_talk", "audio")

    def __init__(self) -> None:
        self.audio: ChannelAudio | None = None
        self._talk: Talk | None = None  # while it is talking

    def play(self, sound: Tone | Prompt, play_id: int) -> None:
        """Let the channel hear a sound in place of what it heard."""
        if self._talk is not None:
            self._talk.play(sound, play_id)

    def stop_play(self) -> None:
        """Stop what is played, or would be as soon as it is read."""
        if self._talk is not None:
            self._talk.stop_play()

    def listen(self, source: TalkingEnd) -> None:
        """Let the channel hear another one's early media."""
        if self._talk is not None and source.audio is not None:
            self._talk.listen(source.audio)

    def bridge(self, other: TalkingEnd, *, needs_audio: bool) -> None:
        """Connect the channel with another one; ``needs_audio``: not by those two alone."""
        if self._talk is not None and other._talk is not None:
            self._talk.bridge(other._talk, needs_audio=needs_audio)

    def eavesdrop(self, watched: TalkingEnd, other: TalkingEnd, mode: EavesdropMode) -> None:
        """Let the channel overhear two bridged ones, or in another mode."""
        if self._talk is not None and watched._talk is not None and other._talk is not None:
            self._talk.eavesdrop(watched._talk, other._talk, mode)

    def stop_eavesdropping(self) -> None:
        """Let the channel overhear nobody any more."""
        if self._talk is not None:
            self._talk.stop_eavesdropping()

    def on_refer(self, event: ReferReceived) -> None:
        """The peer wants its other party to be connected with somebody else."""
        if self._talk is not None:
            self._talk.refer(event)

    def answer_referral(self, referral: int, status: int) -> None:
        """Tell the peer what becomes of that."""
        if self._talk is not None:
            self._talk.answer_referral(referral, status)

    def send_digits(self, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Let the peer have keys pressed."""
        if self._talk is not None:
            self._talk.send_digits(digits, duration_ms, gap_ms)

    def record(self, other: TalkingEnd | None, name: str) -> None:
        """Record the channel and the one it is bridged with, this one on the left; None: alone."""
        right = None if other is None else other._talk
        if self._talk is not None and (other is None or right is not None):
            self._talk.record(right, name)

    def pause_recording(self, on: bool) -> None:
        """Leave out what is said from now on, or no longer."""
        if self._talk is not None and self._talk.recording is not None:
            self._talk.recording.pause(on)

    def stop_recording(self) -> None:
        """End the recording, if there is one."""
        if self._talk is not None:
            self._talk.stop_recording()

    def hold(self, on: bool) -> None:
        """Put the peer on hold, or take it off."""
        if self._talk is not None:
            self._talk.offers.hold(on)
