"""What goes on in an answered channel: what it hears, whom it talks with, its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.calls.ports import (
    Digit,
    MediaRouted,
    PlayEnded,
    Prompt,
    RecordingEnded,
    RedirectTarget,
    Referred,
    Tone,
)
from cordboard.engines.embedded.channel_audio import G711_KEYS, ChannelAudio
from cordboard.engines.embedded.channel_offers import ChannelOffers
from cordboard.engines.embedded.channel_sound import ChannelSound
from cordboard.engines.embedded.direct_media import DirectMedia
from cordboard.engines.embedded.info_digits import read_info, write_info
from cordboard.engines.embedded.redirects import redirect_targets
from cordboard.engines.embedded.sent_keys import SentKeys
from cordboard.engines.embedded.shared_codec import SharedCodec
from cordboard.media import events as media_events
from cordboard.media.overhearing import EavesdropMode, Overhearing

if TYPE_CHECKING:
    from cordboard.engines.embedded.recordings import Recording
    from cordboard.engines.embedded.surroundings import Surroundings
    from cordboard.sip.events import ReferReceived


class Talk:
    """One channel from its answer to its end."""

    __slots__ = (
        "_channel",
        "_overheard",
        "_overhears",
        "_partner",
        "_sent_keys",
        "_sound",
        "_waiting",
        "_with",
        "offers",
        "recording",
        "session",
    )

    def __init__(self, channel: str, audio: ChannelAudio, surroundings: Surroundings) -> None:
        around = surroundings
        self.session = audio.session
        self.offers = ChannelOffers(channel, audio, around.stack, around.clock, around.tell)
        self._channel = channel
        self._with = around
        self._partner: Talk | None = None  # whom it is bridged with
        self._overheard: Overhearing | None = None  # who overhears it and its partner
        self._overhears: Overhearing | None = None  # the two that it overhears
        self._sound: ChannelSound | None = None  # from the first that it is to hear
        self._waiting: tuple[Tone | Prompt, int] | None = None  # for G.711
        self._sent_keys: SentKeys | None = None
        self.recording: Recording | None = None  # where this is the left channel

    # What it hears

    def play(self, sound: Tone | Prompt, play_id: int) -> None:
        """Let the channel hear a sound in place of what it heard, once it has G.711.

        A prompt that it will not have is told to have ended.
        """
        self.stop_play()
        self._waiting = (sound, play_id)
        self.offers.need_g711()
        self._play_waiting()

    def stop_play(self) -> None:
        """Stop what is played, or would be as soon as it is read."""
        self._waiting = None
        if self._sound is not None:
            self._sound.take_turn()
            self.session.stop_play()

    def listen(self, source: ChannelAudio) -> None:
        """Let the channel hear another one's early media."""
        self._waiting = None
        self.offers.need_g711()
        if self._sound is not None:
            self._sound.take_turn()
        self.session.listen_to(source.session)

    def play_ended(self, event: media_events.PlayEnded) -> None:
        """A sound has ended."""
        if self._sound is not None:
            self._sound.ended(event)

    def offer_answered(self, sdp: bytes | None) -> None:
        """The peer answered an offer of ours; without a description all stays as it was."""
        self.offers.answered(sdp)
        self._play_waiting()

    def offer_refused(self) -> None:
        """The peer refused an offer of ours."""
        self.offers.refused()
        self._play_waiting()

    def _play_waiting(self) -> None:
        audio = self.offers.audio
        if self._waiting is None or audio.offering:
            return
        (sound, play_id), self._waiting = self._waiting, None
        if audio.codec.key in G711_KEYS:
            if self._sound is None:
                self._sound = ChannelSound(self._channel, self._with.prompts, self._with.tell)
            self._sound.play(self.session, sound, play_id)
        elif isinstance(sound, Prompt):
            self._with.tell(PlayEnded(self._channel, play_id, complete=False))

    # Whom it talks with

    def bridge(self, other: Talk, *, needs_audio: bool) -> None:
        """Connect the channel with another one; ``needs_audio``: not by those two alone."""
        for talk in (self, other):
            talk.stop_play()
            if talk.recording is not None:
                talk.stop_recording()
            if talk._partner is not None:
                talk.part()
        self._partner, other._partner = other, self
        self.session.bridge(other.session)
        if not needs_audio:
            SharedCodec(self.offers, other.offers).settle()
            self._go_direct(other)

    def _go_direct(self, other: Talk) -> None:
        """Have the two send to each other, where both may."""
        if self.offers.audio.may_go_past_us and other.offers.audio.may_go_past_us:
            channel, tell = self._channel, self._with.tell
            DirectMedia(
                *(self.offers, other.offers),
                lambda direct: tell(MediaRouted(channel, direct)),
                self._with.later,
            )

    def part(self) -> None:
        """Be bridged with nobody any more."""
        partner, self._partner = self._partner, None
        if partner is not None:
            partner._partner = None
            self.stop_recording()
            partner.stop_recording()
            self._let_go(partner)
            self.offers.part()
            partner.offers.part()

    def end(self) -> None:
        """The channel is over: leave the two without a way to each other, to be freed at once."""
        self._waiting = None
        if self._sound is not None:
            self._sound.take_turn()
        if self._sent_keys is not None:
            self._sent_keys.end()
        self.offers.shared = None
        if self.offers.direct is not None:
            self.offers.direct.end()
        if self.recording is not None:
            self.stop_recording()
        if self._overhears is not None:
            self.stop_eavesdropping()
        partner, self._partner = self._partner, None
        if partner is not None:
            partner._partner = None
            if partner.recording is not None:
                partner.stop_recording()
            if self._overheard is not None:
                self._let_go(partner)
            partner.offers.shared = None

    # Who overhears whom

    def eavesdrop(self, watched: Talk, other: Talk, mode: EavesdropMode) -> None:
        """Let the channel overhear two that are bridged, which take G.711; or in another mode."""
        if watched._partner is not other or self._partner is not None:
            return
        if watched._overheard is None:
            watched._overheard = other._overheard = Overhearing(watched.session, other.session)
        if self._overhears is not watched._overheard:
            self.stop_eavesdropping()
        for talk in (self, watched, other):
            talk.offers.need_g711()
        self.stop_play()
        if watched._overheard.let(self.session, watched.session, mode):
            self._overhears = watched._overheard

    def stop_eavesdropping(self) -> None:
        """Let the channel overhear nobody any more."""
        overhears, self._overhears = self._overhears, None
        if overhears is not None:
            overhears.leave(self.session)

    @property
    def _hears_others(self) -> bool:
        """Whether it hears somebody beside its partner, whose packets do not reach it then."""
        return self._overheard is not None and self._overheard.mixes_for(self.session)

    def _let_go(self, partner: Talk) -> None:
        """The two are parted, whoever overhears them."""
        overheard, self._overheard, partner._overheard = self._overheard, None, None
        if overheard is not None:
            overheard.part()

    def refer(self, event: ReferReceived) -> None:
        """The peer wants its other party to be connected with somebody else."""
        uri = event.target.text()
        targets = redirect_targets((uri,), self._with.own_hosts())
        if targets:
            target = targets[0]
        elif event.replaced is not None:  # then the URI is no matter
            target = RedirectTarget("", "")
        else:
            self.answer_referral(event.referral, 403)
            return
        self._with.tell(
            Referred(self._channel, event.referral, target, event.replaced, event.elsewhere)
        )

    def answer_referral(self, referral: int, status: int) -> None:
        """Tell the peer what becomes of that."""
        self._with.stack.answer_referral(self._channel, referral, status, self._with.clock())

    def record(self, other: Talk | None, name: str) -> None:
        """Record this channel and the one it is bridged with, which takes G.711; None: this one,
        which is bridged with nobody."""
        talks = [self] if other is None else [self, other]
        if self._partner is not other or any(talk.recording is not None for talk in talks):
            return
        for talk in talks:
            talk.offers.need_g711()

        def over() -> None:
            self.recording = None

        def ended(seconds: float, octets: int, error: str) -> None:
            self._with.tell(RecordingEnded(self._channel, name, seconds, error, octets))

        right = None if other is None else other.session
        self.recording = self._with.recordings.begin(name, self.session, right, over, ended)

    def stop_recording(self) -> None:
        """End the recording, if there is one."""
        if self.recording is not None:
            self.recording.end()

    # Keys

    def info(self, content_type: str, body: bytes) -> None:
        """An INFO came; it may be a key."""
        key = read_info(content_type, body)
        if key is not None:
            self.session.receive_info(*key)

    def send_digits(self, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Let the peer have keys that a client pressed, which are ours to send."""
        direct = self.offers.direct
        if direct is not None and direct.goes_past_us:
            direct.when_relayed(lambda: self.send_digits(digits, duration_ms, gap_ms))
            return
        if self._sent_keys is None:
            self._sent_keys = SentKeys(self._channel, self.session, self._with)
        self._sent_keys.send(digits, duration_ms, gap_ms)

    def key_pressed(self, key: media_events.Digit) -> None:
        """Tell a key, and let the other party have it."""
        self._with.tell(Digit(self._channel, key.digit))
        if self._partner is not None:
            self._partner.take_key(key)

    def take_key(self, key: media_events.Digit) -> None:
        """Let the peer have a key that the other party pressed, in the way it takes keys.

        What came in the audio has gone on in the audio already, where the peer takes events and
        hears nobody else.
        """
        direct = self.offers.direct
        if not self.session.takes_events or (direct is not None and direct.goes_past_us):
            content_type, body = write_info(key.digit, key.duration_ms)
            self._with.stack.info(self._channel, content_type, body, self._with.clock())
        elif key.by_info or self._hears_others:
            self.session.send_digit(key.digit, key.duration_ms)
