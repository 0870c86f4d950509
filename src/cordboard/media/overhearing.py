"""Two who talk with each other, and who overhears them.

Who hears whom follows from a few rules, whose one place is :meth:`Overhearing._heard_by`::

    mode     the eavesdropper hears   the watched party hears   the other party hears
    listen   both                     the other party           the watched party
    whisper  both                     the other party and him   the watched party
    join     both                     the other party and him   the watched party and him

Eavesdroppers do not hear each other, but for those who have joined, whom everybody hears. A party
that hears nobody beside the other one goes on hearing its packets as they came: only who hears
several is given a mix (:mod:`~cordboard.media.mixing`). Once the two are parted, an eavesdropper
hears silence until he is let go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from cordboard.media.g711 import MOST_SUMMED
from cordboard.media.mixing import Mix, Voice
from cordboard.media.recorder import AudioSink
from cordboard.media.sources import FrameSource

MOST_EAVESDROPPERS: Final = MOST_SUMMED - 2
"""Of two who talk: a sum has room for no more."""


class EavesdropMode(Enum):
    """What an eavesdropper does: he hears two, and speaks to nobody, one of them, or both."""

    LISTEN = "listen"
    WHISPER = "whisper"
    JOIN = "join"


class MixingEnd(Protocol):
    """The audio of a leg that may be heard in a mix, and hear one: a stream, or what has one."""

    def hear_mix(self, mix: FrameSource | None) -> None:
        """Hear several in place of the one that is listened to; None: that one again."""

    def speak_to(self, voice: AudioSink | None) -> None:
        """Let those have what is received who hear a mix; None ends that."""


@dataclass(eq=False, slots=True)
class _Participant:
    """Somebody with his voice, which is taken while somebody else hears it in a mix."""

    end: MixingEnd
    voice: Voice = field(default_factory=Voice)
    mix: Mix | None = None
    speaks: bool = False

    def hear(self, voices: list[Voice] | None) -> None:
        """Hear these voices; None: whom he listens to anyhow."""
        if voices is None:
            self._hear_nobody_else()
            return
        before, self.mix = self.mix, self.mix or Mix()
        self.mix.hear(voices)
        if before is None:
            self.end.hear_mix(self.mix)

    def speak(self, on: bool) -> None:
        """Be heard in mixes, or no longer."""
        if on != self.speaks:
            self.speaks = on
            self.end.speak_to(self.voice if on else None)

    def _hear_nobody_else(self) -> None:
        mix, self.mix = self.mix, None
        if mix is not None:
            mix.hear(())
            self.end.hear_mix(None)


@dataclass(eq=False, slots=True)
class _Eavesdropper(_Participant):
    watched: MixingEnd | None = None
    mode: EavesdropMode = EavesdropMode.LISTEN

    def is_heard_by(self, party: MixingEnd) -> bool:
        """Whether he speaks to one of the two."""
        if self.mode is EavesdropMode.WHISPER:
            return party is self.watched
        return self.mode is EavesdropMode.JOIN


class Overhearing:
    """Those who overhear two ends, ``first`` and ``second``, that hear each other."""

    def __init__(self, first: MixingEnd, second: MixingEnd) -> None:
        self._parties: tuple[_Participant, ...] = (_Participant(first), _Participant(second))
        self._eavesdroppers: dict[MixingEnd, _Eavesdropper] = {}

    def __bool__(self) -> bool:
        return bool(self._eavesdroppers)

    def has(self, end: MixingEnd) -> bool:
        """Whether somebody is one of those who overhear."""
        return end in self._eavesdroppers

    def mixes_for(self, party: MixingEnd) -> bool:
        """Whether one of the two hears somebody beside the other one."""
        return any(one.end is party and one.mix is not None for one in self._parties)

    def let(self, end: MixingEnd, watched: MixingEnd, mode: EavesdropMode) -> bool:
        """Let somebody overhear the two, whose interest is in the ``watched`` one, or in another
        mode than before; False where there is no room for one more, or they have parted."""
        if not self._parties:
            return False
        eavesdropper = self._eavesdroppers.get(end)
        if eavesdropper is None:
            if len(self._eavesdroppers) >= MOST_EAVESDROPPERS:
                return False
            eavesdropper = self._eavesdroppers[end] = _Eavesdropper(end)
        eavesdropper.watched, eavesdropper.mode = watched, mode
        self._settle()
        return True

    def leave(self, end: MixingEnd) -> None:
        """Let somebody overhear them no longer, and hear whom he listens to, if anybody."""
        gone = self._eavesdroppers.pop(end, None)
        if gone is not None:
            gone.speak(False)
            gone.hear(None)
            self._settle()

    def part(self) -> None:
        """The two hear each other no longer: who overhears them hears silence until he leaves."""
        for party in self._parties:
            party.speak(False)
            party.hear(None)
        for eavesdropper in self._eavesdroppers.values():
            eavesdropper.speak(False)
            eavesdropper.hear([])
        self._parties = ()

    def _settle(self) -> None:
        """Have everybody hear whom he is to hear, and be heard."""
        if not self._parties:
            return
        everybody = [*self._parties, *self._eavesdroppers.values()]
        heard = {one: self._heard_by(one) for one in everybody}
        spoken = {one for others in heard.values() if others is not None for one in others}
        for one, others in heard.items():
            one.hear(None if others is None else [other.voice for other in others])
            one.speak(one in spoken)

    def _heard_by(self, one: _Participant) -> list[_Participant] | None:
        """Whom somebody hears; None: nobody but whom he listens to."""
        first, second = self._parties
        eavesdroppers = self._eavesdroppers.values()
        if isinstance(one, _Eavesdropper):
            joined = [o for o in eavesdroppers if o is not one and o.mode is EavesdropMode.JOIN]
            return [first, second, *joined]
        speakers = [other for other in eavesdroppers if other.is_heard_by(one.end)]
        other = second if one is first else first
        return [other, *speakers] if speakers else None
