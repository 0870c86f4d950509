"""Far ends with codecs of their own, each with its channel, and the exchanges between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from cordboard.calls.ports import EngineEvent
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.media.audio import AudioParameters
from cordboard.sip.codecs import find_codec
from cordboard.sip.events import InviteAnswered, OfferAnswered, OfferReceived, OfferRejected
from cordboard.sip.sdp import parse_sdp

MAPS = {
    "PCMU": (0, "PCMU/8000"),
    "PCMA": (8, "PCMA/8000"),
    "G722": (9, "G722/8000"),
    "G729": (18, "G729/8000"),
    "opus": (111, "opus/48000/2"),
    "AMR": (98, "AMR/8000"),
}
TOO_MANY = 20  # exchanges; more would never end


class Session:
    """A media session that takes notes."""

    address = ("198.51.100.1", 20000)
    own_ports = frozenset({20000, 20002})
    takes_events = True

    def __init__(self) -> None:
        self.configured: list[AudioParameters] = []
        self.done: list[str] = []

    def configure(self, audio: AudioParameters) -> None:
        self.configured.append(audio)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*_arguments: Any, **_named: Any) -> None:
            self.done.append(name)

        return note


class Party:
    """One far end and its channel. ``has`` is what it can receive, the best first, with its own
    parameters by name in ``fmtp``; ``refuses``: it answers 488 to whatever it is offered."""

    def __init__(self, name: str, *has: str, says: tuple[str, ...] = (), shift: int = 0) -> None:
        self.name = name
        self.has = list(has)
        self.fmtp: dict[str, str] = {}
        self.refuses = False
        self.shift = shift  # of its own dynamic numbers
        self.told: list[EngineEvent] = []
        self.recorded: list[tuple[str, Any, Any]] = []
        self.offers: list[bytes] = []
        self.answers: list[bytes] = []
        self.rejections: list[int] = []
        self.waiting: list[bytes] = []
        self.reoffers = 0
        self.session = Session()
        surroundings = Surroundings(
            stack=cast("Any", self),
            clock=lambda: 1.0,
            prompts=cast("Any", None),
            tell=self.told.append,
            forget=lambda _: None,
            own_hosts=lambda: frozenset({"192.0.2.1"}),
            later=lambda _seconds, _what: None,
            recordings=cast("Any", self),
        )
        self.channel = Channel(name, surroundings)
        codecs = tuple(find_codec(one) for one in says)
        host = f"192.0.2.{10 + shift}"
        audio = ChannelAudio(
            cast("Any", self.session), "198.51.100.1", host, 1, strict=False, codecs=codecs
        )
        first = audio.offer()
        self.channel.invited(audio, "192.0.2.9")
        self.channel.on_answered(InviteAnswered(name, self.answer_to(first), None))

    # As the folder of recordings

    def begin(self, name: str, left: Any, right: Any, *_told: Any) -> None:
        self.recorded.append((name, left, right))

    # As the SIP stack

    def offer(self, _call_id: str, sdp: bytes, _now: float) -> None:
        self.offers.append(sdp)
        self.waiting.append(sdp)

    def answer_offer(self, _call_id: str, sdp: bytes, _now: float) -> None:
        self.answers.append(sdp)

    def reject_offer(self, _call_id: str, status: int, _now: float) -> None:
        self.rejections.append(status)

    # As the far end

    def describe(self, *names: str) -> bytes:
        """What it says when it names these."""
        numbers = {name: self.number(name) for name in names}
        lines = [f"a=rtpmap:{numbers[name]} {MAPS[name][1]}" for name in names]
        lines += [f"a=fmtp:{numbers[n]} {self.fmtp[n]}" for n in names if n in self.fmtp]
        listed = " ".join(str(number) for number in numbers.values())
        return (
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
            f"m=audio 4000 RTP/AVP {listed}\r\n" + "".join(f"{line}\r\n" for line in lines)
        ).encode()

    def number(self, name: str) -> int:
        number = MAPS[name][0]
        return number + self.shift if number >= 96 else number

    def answer_to(self, offer: bytes) -> bytes:
        media = parse_sdp(offer).media[0]
        offered = [media.encoding_of(text).name for text in media.formats]
        return self.describe(next(name for name in self.has if name.upper() in offered))

    def reoffer(self, *names: str) -> None:
        """A re-INVITE of its own."""
        self.reoffers += 1
        self.channel.on_offer(OfferReceived(self.name, self.describe(*names)))

    @property
    def unanswered(self) -> bool:
        """Whether an offer of its own is neither answered nor refused."""
        return self.reoffers > len(self.answers) + len(self.rejections)

    @property
    def sends_to(self) -> str:
        """What it is sent."""
        return self.session.configured[-1].codec


def process(party: Party) -> bool:
    """Let a party answer what it is offered; False where there is nothing, or ours has to wait
    until its own offer is answered."""
    if not party.waiting or party.unanswered:
        return False
    offer = party.waiting.pop()  # a newer one takes an older one's place
    party.waiting.clear()
    if party.refuses:
        party.channel.on_offer_rejected(OfferRejected(party.name, 488))
    else:
        answer = OfferAnswered(party.name, party.answer_to(offer))
        party.channel.on_offer_answered(answer)
    return True


def settle(*parties: Party) -> None:
    """Let the parties answer until nothing is under way."""
    for _ in range(TOO_MANY):
        if not any(process(party) for party in parties):
            return
    raise AssertionError("it never ends")


def bridged(a: Party, b: Party, *, needs_audio: bool = False) -> None:
    """Bridge two, and let them come to what they come to."""
    a.channel.bridge(b.channel, needs_audio=needs_audio)
    settle(a, b)


def codecs(*parties: Party) -> list[str]:
    """What they are sent."""
    return [party.sends_to for party in parties]
