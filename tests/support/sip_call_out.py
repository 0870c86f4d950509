"""A call that a test's SIP phone makes."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable

from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.transport import Listen
from cordboard.media.events import MediaEvent
from cordboard.sip.address import name_addr
from cordboard.sip.digest import Credentials
from cordboard.sip.events import (
    InviteAnswered,
    InviteFailed,
    InviteRinging,
    SessionEnded,
    SipEvent,
)
from cordboard.sip.invitation import Invitation
from cordboard.sip.uri import SipUri
from support.sip_phone import Ear, SipPhone


class SipCallOut:
    """One call of a phone to a server, as ``called`` (``user@host``); ``secret`` answers the
    challenge, empty for a phone that knows none."""

    def __init__(
        self,
        phone: SipPhone,
        server: Listen,
        called: str,
        domain: str,
        secret: str,
        *,
        offers: bool = True,
        hops: int = 70,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.call_id = str(uuid.uuid4())
        self._phone = phone
        session = phone.media.open(self.call_id, self._noticed, media_timeout=0)
        self.audio = ChannelAudio(
            session, phone.host, server.host, secrets.randbits(31), strict=False
        )
        self.hertz = phone.hertz
        self._ear = Ear()
        session.record(self._ear)
        user, _, host = called.rpartition("@")
        transport = phone.runner.transport
        flow = transport.flow_to("udp", (server.host, server.port))
        invitation = Invitation(
            call_id=self.call_id,
            uri=f"sip:{called}",
            flow=flow,
            caller=name_addr(phone.name, domain, "Somebody"),
            callee=f"<{SipUri('sip', user or None, host)}>",
            offer=self.audio.offer() if offers else None,
            headers=headers,
            contact_user=phone.name,
            hops=hops,
            credentials=Credentials(phone.name, secret) if secret else None,
        )
        phone.stack.invite(invitation, phone.now)
        phone.pump()

    @property
    def _events(self) -> list[SipEvent]:
        return [one for one in self._phone.events if getattr(one, "call_id", "") == self.call_id]

    @property
    def replaces(self) -> str:
        """How somebody who refers names this call, once it rings."""
        return self._phone.stack.replaces(self.call_id)

    @property
    def rung(self) -> list[int]:
        """The provisional statuses above 100."""
        return [one.status for one in self._events if isinstance(one, InviteRinging)]

    @property
    def refused(self) -> int | None:
        """The status of the refusal."""
        for one in self._events:
            if isinstance(one, InviteFailed):
                return one.status
        return None

    @property
    def retry_after(self) -> int | None:
        """Seconds after which it may be tried again, as the refusal says."""
        for one in self._events:
            if isinstance(one, InviteFailed):
                return one.retry_after
        return None

    @property
    def talks(self) -> bool:
        """Whether the call is up."""
        answered = any(isinstance(one, InviteAnswered) for one in self._events)
        return answered and not any(isinstance(one, SessionEnded) for one in self._events)

    def speak(self) -> None:
        """Take what was agreed on, and say our tone from now on."""
        answers = [one.sdp for one in self._events if isinstance(one, InviteAnswered)]
        assert answers[-1] is not None
        self.audio.take_answer(answers[-1])
        self.audio.session.answered()
        self.audio.session.play(1, self._phone.voice, loop=True)

    def hear_early(self) -> None:
        """Take what a provisional response offers to be heard."""
        rung = [one.sdp for one in self._events if isinstance(one, InviteRinging)]
        described = [sdp for sdp in rung if sdp is not None]
        if described and not self.audio.configured:
            self.audio.take_answer(described[0])

    def hears(self, hertz: Iterable[float]) -> bool:
        """Whether just these frequencies are heard."""
        return self._ear.hears(hertz)

    def give_up(self) -> None:
        """CANCEL."""
        self._phone.stack.cancel(self.call_id, self._phone.now)
        self._phone.pump()

    def hang_up(self) -> None:
        """BYE."""
        self._phone.stack.hang_up(self.call_id, self._phone.now)
        self._phone.pump()

    def _noticed(self, _channel: str, _event: MediaEvent) -> None:
        """Nothing is made of it."""
