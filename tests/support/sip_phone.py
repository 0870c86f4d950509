"""A SIP phone for tests, in the test's own event loop, on the same SIP core as the server."""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable, Iterable
from time import monotonic

from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.local_media import LocalMediaPlane
from cordboard.engines.stack_runner import StackRunner
from cordboard.engines.transport import Listen
from cordboard.media import events as media
from cordboard.media import g711
from cordboard.media.prompts import Prompt
from cordboard.sip.address import NameAddr
from cordboard.sip.codecs import Codec
from cordboard.sip.digest import Credentials
from cordboard.sip.events import (
    InfoReceived,
    InviteReceived,
    OfferAnswered,
    OfferReceived,
    RegistrationFailed,
    RegistrationSucceeded,
    SessionConfirmed,
    SessionEnded,
    SipEvent,
)
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.stack import Registration, StackSettings
from cordboard.sip.timers import Timers
from cordboard.sip.uri import SipUri
from support.audio import goertzel, rms, sine
from support.ports import free_range
from support.referring import ReferringStack

HOST = "127.0.0.1"
MEDIA_PORTS = 20
RECENT = 800  # samples (100 ms) of what was heard that are judged
SILENT = 50.0  # root of the mean square; G.711's own noise is below 10
CEASED = 0.5  # s after which nothing comes any more
PRESENT = 0.1  # of the power, from which on a tone is one of those that are heard
NEARLY_ALL = 0.9  # of the power: nothing else is heard
CLEAR = 0.5  # of the power, from which on a tone is what is heard


class Ear:
    """A recorder that keeps only what was heard just now."""

    def __init__(self) -> None:
        self.samples: array[int] = array("h")
        self.packets = 0
        self.latest = 0.0

    def write(self, payload: bytes, codec: str, _timestamp: int) -> None:
        """Take one packet."""
        self.packets += 1
        self.latest = monotonic()
        self.samples += g711.decode(payload, codec)
        del self.samples[:-RECENT]

    def hears(self, hertz: Iterable[float]) -> bool:
        """Whether just these frequencies are heard."""
        samples = self.samples
        loudness = rms(samples) if len(samples) == RECENT else 0.0
        if loudness < SILENT:
            return False
        power = sum(goertzel(samples, one) ** 2 / 2 for one in hertz)
        return power > CLEAR * loudness**2

    def hears_each(self, hertz: Iterable[float]) -> bool:
        """Whether all of these frequencies are heard at once, and little else."""
        samples = self.samples
        loudness = rms(samples) if len(samples) == RECENT else 0.0
        if loudness < SILENT:
            return False
        powers = [goertzel(samples, one) ** 2 / 2 for one in hertz]
        every = loudness**2
        return min(powers) > PRESENT * every and sum(powers) > NEARLY_ALL * every


class SipPhoneCall:
    """One call that a phone was offered."""

    def __init__(self, phone: SipPhone, event: InviteReceived) -> None:
        self.request: Request = event.request
        self.call_id = event.call_id
        self.hertz = phone.hertz
        self.ended: SessionEnded | None = None
        self.on_hold = False
        self.offers = 0
        self.accepts_offers = True
        self._phone = phone
        self._ear = Ear()
        self.keys: list[media.Digit] = []
        self.infos: list[InfoReceived] = []
        session = phone.media.open(event.call_id, self._noticed, media_timeout=0)
        session.record(self._ear)
        self.audio = ChannelAudio(
            session, phone.host, event.flow.remote[0], secrets.randbits(31), strict=False
        )
        self._answer = None if event.sdp is None else self.audio.answer(event.sdp)
        self._said = False
        self._confirmed = False
        self._to_say: list[Callable[[], object]] = []

    def ring(self, status: int = 180, *, with_audio: bool = False) -> None:
        """180 to 183; with audio, its SDP goes along."""
        sdp = self._answer if with_audio else None
        self._phone.stack.ring(self.call_id, self._phone.now, status, "Ringing", sdp)
        self._phone.pump()

    def early(self) -> None:
        """183 with audio, which flows from now on."""
        self.ring(183, with_audio=True)
        self.speak()

    def speak(self) -> None:
        """Say our tone from now on."""
        if not self._said:
            self._said = True
            self.audio.session.play(1, self._phone.voice, loop=True)

    def be_silent(self) -> None:
        """Say nothing any more."""
        self._said = False
        self.audio.session.stop_play()

    def answer(self, sdp: bytes | None = None) -> None:
        """200, and our tone from then on."""
        answer = self._answer if self._answer is not None else self.audio.offer()
        self._phone.stack.accept(self.call_id, sdp if sdp is not None else answer, self._phone.now)
        self._phone.pump()
        self.speak()

    def reject(
        self, status: int, phrase: str = "Refused", headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """A final refusal."""
        self._phone.stack.reject(self.call_id, status, phrase, self._phone.now, headers)
        self._phone.pump()

    def hang_up(self, reason: str | None = None) -> None:
        """BYE."""
        self._phone.stack.hang_up(self.call_id, self._phone.now, reason)
        self._phone.pump()

    def hold(self, on: bool) -> None:
        """A re-INVITE that holds the other end, or no longer."""
        offer = self.audio.hold(on)
        assert offer is not None
        self.offer(offer)

    def offer(self, sdp: bytes) -> None:
        """A re-INVITE with any description."""
        self._once_confirmed(lambda: self._phone.stack.offer(self.call_id, sdp, self._phone.now))

    def prefer(self, codec: Codec) -> None:
        """Take this codec wherever it is offered."""
        self.audio.allow((codec,))
        self.audio.codec = codec

    def press(self, digit: str) -> None:
        """A key, as RFC 4733 has it."""
        assert self.audio.session.send_digit(digit)

    def without_events(self) -> bytes:
        """An offer of our audio that takes no telephone events."""
        lines = self.audio.offer().decode().splitlines()
        kept = [line.removesuffix(" 101") for line in lines if ":101 " not in line]
        return "".join(f"{line}\r\n" for line in kept).encode()

    def send_info(self, content_type: str, body: bytes) -> None:
        """An INFO."""
        self._once_confirmed(
            lambda: self._phone.stack.info(self.call_id, content_type, body, self._phone.now)
        )

    def _once_confirmed(self, say: Callable[[], object]) -> None:
        """Say it in the dialog now, or as soon as the ACK is here: nobody may before."""
        self._to_say.append(say)
        if self._confirmed:
            self._say_all()
            self._phone.pump()

    def _say_all(self) -> None:
        for say in self._to_say:
            say()
        self._to_say.clear()

    def refer(self, refer_to: str, lines: str = "") -> list[int]:
        """A REFER; gives what it is told of it, the final answer first."""
        told: list[int] = []
        stack, phone = self._phone.stack, self._phone
        self._once_confirmed(lambda: stack.refer(self.call_id, refer_to, told, phone.now, lines))
        return told

    @property
    def replaces(self) -> str:
        """How somebody who refers names this call."""
        return self._phone.stack.replaces(self.call_id)

    def hears(self, hertz: Iterable[float]) -> bool:
        """Whether just these frequencies are heard."""
        return self._ear.hears(hertz)

    def hears_each(self, hertz: Iterable[float]) -> bool:
        """Whether all of these frequencies are heard at once, and little else."""
        return self._ear.hears_each(hertz)

    def hears_nothing(self) -> bool:
        """Whether all is silent, or nothing comes."""
        ear = self._ear
        if len(ear.samples) < RECENT or monotonic() - ear.latest > CEASED:
            return True
        return rms(ear.samples) < SILENT

    @property
    def packets(self) -> int:
        """How many packets were heard."""
        return self._ear.packets

    @property
    def reason(self) -> str:
        """The Reason that came with the end, empty for none."""
        return "" if self.ended is None else self.ended.reason_header or ""

    def _noticed(self, _channel: str, event: media.MediaEvent) -> None:
        if isinstance(event, media.Digit):
            self.keys.append(event)

    def happened(self, event: SipEvent) -> None:
        """Follow what the other end does."""
        phone = self._phone
        if isinstance(event, InfoReceived):
            self.infos.append(event)
        elif isinstance(event, SessionConfirmed):
            self._confirmed = True
            self._say_all()
        elif isinstance(event, SessionEnded):
            self.ended = event
            self.audio.session.close()
        elif isinstance(event, OfferReceived) and event.sdp is not None:
            self.offers += 1
            if not self.accepts_offers:
                phone.stack.reject_offer(self.call_id, 488, phone.now)
                return
            phone.stack.answer_offer(self.call_id, self.audio.answer(event.sdp), phone.now)
            self.on_hold = self.audio.held
        elif isinstance(event, OfferAnswered) and event.sdp is not None:
            self.audio.take_answer(event.sdp)


class SipPhone:
    """A phone with one account, and as many calls as are offered.

    :param hertz: the tone that it says in its calls.
    """

    def __init__(
        self,
        name: str,
        hertz: float,
        timers: Timers | None = None,
        transport: str = "udp",
        host: str = HOST,
    ) -> None:
        self.host = host
        self.name = name
        self.hertz = hertz
        self.voice = Prompt(sine(hertz, 1.0, 8000))
        self.calls: list[SipPhoneCall] = []
        self.events: list[SipEvent] = []
        self.received: list[Request] = []
        self._transport = transport
        self._timers = timers or Timers()
        self.stack: ReferringStack
        self.runner = StackRunner(
            self._make_stack,
            self._happened,
        )
        self.media = LocalMediaPlane(host, port_range=free_range(MEDIA_PORTS, self), warm=0)

    def _make_stack(self, advertised: Callable[[Flow], tuple[str, int]]) -> ReferringStack:
        settings = StackSettings(advertised, b"phone", self._timers, user_agent="test phone")
        self.stack = ReferringStack(settings)
        return self.stack

    @property
    def now(self) -> float:
        """The stack's time."""
        return self.runner.clock()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self.runner.transport.listening[0][1:]

    def pump(self) -> None:
        """Let what was commanded go out."""
        self.runner.pump()

    async def start(self) -> None:
        """Listen on a free port."""
        await self.runner.transport.listen(Listen(self._transport, self.host, 0))

    async def stop(self) -> None:
        """Be gone at once."""
        await self.runner.stop(patience=0.2)
        self.media.close()

    def register(self, server: Listen, domain: str, secret: str, expires: int = 3600) -> None:
        """Register with a server."""
        aor = NameAddr(SipUri("sip", self.name, domain))
        flow = self.runner.transport.flow_to(self._transport, (server.host, server.port))
        registration = Registration(
            name=self.name,
            registrar_uri=f"sip:{domain}",
            aor=aor,
            contact_user=self.name,
            flow=flow,
            credentials=Credentials(self.name, secret),
            expires=expires,
        )
        self.stack.register(registration, self.now)
        self.pump()

    def unregister(self) -> None:
        """Take it back."""
        self.stack.unregister(self.name, self.now)
        self.pump()

    def last(self) -> SipPhoneCall:
        """The latest call."""
        return self.calls[-1]

    def _happened(self, event: SipEvent) -> None:
        self.events.append(event)
        if isinstance(event, InviteReceived):
            self.calls.append(SipPhoneCall(self, event))
        elif not isinstance(event, RegistrationSucceeded | RegistrationFailed):
            call_id = getattr(event, "call_id", "")
            for call in reversed(self.calls):
                if call.call_id == call_id:
                    call.happened(event)
                    return
