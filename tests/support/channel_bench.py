"""A channel between a stack and a media session that only take notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from cordboard.calls.ports import (
    EarlyMedia,
    EngineEvent,
)
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.media.audio import AudioParameters
from cordboard.media.figures import MediaFigures
from cordboard.sip.events import (
    InviteAnswered,
    InviteRinging,
)

PHONE = "192.0.2.10"


def sdp(port: int = 4000, *, direction: str = "sendrecv", host: str = PHONE) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8 0\r\na={direction}\r\n"
    ).encode()


class Session:
    """A media session that takes notes."""

    address = ("198.51.100.1", 20000)
    own_ports = frozenset({20000, 20002})

    def __init__(self) -> None:
        self.configured: list[AudioParameters] = []
        self.done: list[str] = []
        self.played: list[Any] = []
        self.infos: list[tuple[str, int]] = []
        self.digits: list[tuple[str, int]] = []
        self.takes_events = True

    def receive_info(self, digit: str, duration_ms: int) -> None:
        self.infos.append((digit, duration_ms))

    def send_digit(self, digit: str, duration_ms: int) -> None:
        self.digits.append((digit, duration_ms))

    def configure(self, audio: AudioParameters) -> None:
        self.configured.append(audio)

    def play(self, play_id: int, source: Any, *, loop: bool = False) -> None:
        self.played.append((play_id, source, loop))

    def close(self) -> MediaFigures:
        self.done.append("close")
        return MediaFigures(packets_received=7)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*_arguments: Any) -> None:
            self.done.append(name)

        return note


class Stack:
    """A SIP stack that takes notes."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*arguments: Any) -> None:
            self.done.append((name, *arguments))

        return note


class Shelf:
    """Prompts that come when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Any], None]] = []

    def deliver(self) -> None:
        for then in self.waiting:
            then(None)

    def get(self, _path: str, then: Callable[[Any], None]) -> None:
        self.waiting.append(then)


class Bench:
    """A channel and all that surrounds it."""

    def __init__(self, *, invited: bool = True) -> None:
        self.told: list[EngineEvent] = []
        self.forgotten: list[Channel] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.stack, self.session, self.shelf = Stack(), Session(), Shelf()
        surroundings = Surroundings(
            stack=cast("Any", self.stack),
            clock=lambda: 1.0,
            prompts=cast("Any", self.shelf),
            tell=self.told.append,
            forget=self.forgotten.append,
            own_hosts=lambda: frozenset({"192.0.2.1"}),
            later=lambda seconds, what: self.later.append((seconds, what)),
            recordings=cast("Any", None),
        )
        self.channel = Channel("c", surroundings)
        if invited:
            audio = ChannelAudio(cast("Any", self.session), "198.51.100.1", PHONE, 1, strict=False)
            audio.offer()
            self.channel.invited(audio, "192.0.2.9")

    def ring(self, status: int = 180, body: bytes | None = None, dialogs: int = 1) -> None:
        self.channel.on_ringing(InviteRinging("c", status, "", body, f"t{dialogs}", dialogs))

    def answer(self, body: bytes | None = None) -> None:
        self.channel.on_answered(InviteAnswered("c", sdp() if body is None else body, None))

    @property
    def flowing(self) -> list[bool]:
        return [event.flowing for event in self.told if isinstance(event, EarlyMedia)]
