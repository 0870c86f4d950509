"""One call on a phone, from the INVITE to its end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.local_media import MediaSession
from cordboard.media.recorder import Recorder
from cordboard.phone.wishes import asks_for_auto_answer
from cordboard.sip.address import parse_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import InviteReceived, OfferReceived
from cordboard.sip.message import Request
from cordboard.sip.uri import parse_uri


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and whom, as the INVITE says; texts of strangers, to be shown and not trusted."""

    number: str
    name: str
    called: str

    @classmethod
    def of(cls, request: Request) -> Caller:
        """Read From and the Request-URI; what can't be read is shown as ``unknown``."""
        try:
            caller = parse_name_addr(request.need("from"))
            called = parse_uri(request.uri)
        except SipParseError:
            return cls("unknown", "", "unknown")
        return cls(caller.uri.user or caller.uri.host, caller.display, called.user or called.host)

    def as_data(self) -> dict[str, str]:
        """As a happening tells it."""
        return {"caller": self.number, "name": self.name, "called": self.called}


class PhoneCall:
    """A call that came in. Times are in the event loop's seconds."""

    def __init__(
        self, event: InviteReceived, session: MediaSession, host: str, recorder: Recorder | None
    ) -> None:
        self.call_id = event.call_id
        self.caller = Caller.of(event.request)
        self.auto_answer = asks_for_auto_answer(event.request)
        self.answered_at: float | None = None
        self.held = False
        self.recorder = recorder
        self.recorded_to: Path | None = None
        """Where it is written to in the end, once it was answered."""
        self.session = session
        self.audio = ChannelAudio(
            session, host, event.flow.remote[0], secrets.randbits(31), strict=False
        )
        self._offer = event.sdp
        self._timers: list[asyncio.TimerHandle] = []
        session.record(recorder)

    def describe(self) -> bytes:
        """Our SDP: the answer to the caller's offer, or an offer where he made none.

        Raises :class:`SipParseError`, with 488 where there is no codec in common.
        """
        return self._description(self._offer)

    def answer_to(self, event: OfferReceived) -> bytes:
        """The same for an offer during the call, which may come from elsewhere."""
        if event.flow is not None:
            self.audio.heard_over(event.flow)
        return self._description(event.sdp)

    def _description(self, offer: bytes | None) -> bytes:
        return self.audio.offer() if offer is None else self.audio.answer(offer)

    def after(self, seconds: float, then: Callable[[str], None]) -> None:
        """Do something with this call later, unless it has ended by then."""
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(seconds, then, self.call_id))

    def close(self) -> None:
        """It is over: nothing more happens in it, its ports are given back."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.session.close()
