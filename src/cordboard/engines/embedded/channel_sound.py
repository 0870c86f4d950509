"""What a channel is made to hear: one tone or prompt at a time, until another takes its turn.

A prompt's file may come late, and the end of a sound is told a moment after it: whatever belongs to
an earlier turn by then is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cordboard.calls.ports import EngineEvent, PlayEnded, Prompt, Tone
from cordboard.media import sources
from cordboard.media.tone_plans import DEFAULT_COUNTRY, ToneKind

MAX_TONES: Final = 1024
"""Remembered, by country and kind: a hundred countries have ten each."""

if TYPE_CHECKING:
    from cordboard.engines.embedded.local_media import MediaSession
    from cordboard.engines.embedded.prompt_shelf import PromptShelf
    from cordboard.media import events as media_events
    from cordboard.media.prompts import Prompt as LoadedPrompt


class ChannelSound:
    """The sounds of one channel; ``tell`` is told of each prompt that ends by itself."""

    __slots__ = ("_channel", "_play_id", "_prompts", "_tell", "_turn")

    def __init__(
        self, channel: str, prompts: PromptShelf, tell: Callable[[EngineEvent], None]
    ) -> None:
        self._channel = channel
        self._prompts = prompts
        self._tell = tell
        self._turn = 0
        self._play_id = 0

    def play(self, session: MediaSession, sound: Tone | Prompt, play_id: int) -> None:
        """Let the session play a sound, as soon as its file is read."""
        self.take_turn()
        self._play_id = play_id
        if isinstance(sound, Tone):
            session.play(self._turn, tone_of(sound.country, sound.kind.value), loop=True)
            return
        turn = self._turn

        def read(prompt: LoadedPrompt | None) -> None:
            if turn != self._turn:
                return
            if prompt is None:
                self._tell(PlayEnded(self._channel, play_id, complete=False))
            else:
                session.play(turn, prompt)

        self._prompts.get(sound.path, read)

    def take_turn(self) -> None:
        """Something else is heard from now on, or nothing: what was before is of no interest."""
        self._turn += 1

    def ended(self, event: media_events.PlayEnded) -> None:
        """A sound of the session has ended."""
        if event.play_id == self._turn:
            self._tell(PlayEnded(self._channel, self._play_id))


@lru_cache(maxsize=MAX_TONES)
def tone_of(country: str, kind: ToneKind) -> sources.Tone:
    """The sound of a tone; a country whose tones we do not know has those of the default one."""
    try:
        return sources.Tone(country, kind)
    except ValueError:
        return sources.Tone(DEFAULT_COUNTRY, kind)
