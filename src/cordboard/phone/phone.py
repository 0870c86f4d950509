"""The phone: one SIP stack, its sockets, and the calls that come in.

The stack says what happens, the script says what to do about it; nobody touches the keys. Whoever
started the phone is told of everything as :class:`~cordboard.phone.happenings.Happening` s.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cordboard import __version__
from cordboard.addresses import written
from cordboard.engines.embedded.local_media import LocalMediaPlane
from cordboard.engines.embedded.rtp_ports import MediaPortsExhausted
from cordboard.engines.stack_runner import StackRunner
from cordboard.engines.tls import TlsContexts
from cordboard.media.events import Digit, MediaEvent
from cordboard.media.recorder import Recorder
from cordboard.media.sources import FrameSource
from cordboard.phone.account import Account, Place
from cordboard.phone.call import PhoneCall
from cordboard.phone.ending import ending_of
from cordboard.phone.happenings import Happening, What
from cordboard.phone.recording import Recordings
from cordboard.phone.registering import Registering
from cordboard.phone.script import Script
from cordboard.sip import events as sip
from cordboard.sip.errors import SipParseError
from cordboard.sip.responses import REASONS
from cordboard.sip.stack import SipStack, StackSettings
from cordboard.sip.timers import Timers

VOICE: Final = "voice"

Listener = Callable[[Happening], None]


class Phone:
    """A phone with an account at a server, or (``account`` None) at a place of its own.

    ``media`` is shared by the phones of one process. ``voice`` is what it says once it has
    answered, over and over; None: nothing. ``record_to`` is the WAV file of its first call; those
    of further calls are numbered. ``call_over`` is told how many calls are over by now.
    """

    def __init__(
        self,
        name: str,
        place: Place,
        media: LocalMediaPlane,
        listener: Listener,
        *,
        account: Account | None = None,
        script: Script | None = None,
        voice: FrameSource | None = None,
        record_to: Path | None = None,
        timers: Timers | None = None,
        call_over: Callable[[int], None] | None = None,
        tls: TlsContexts | None = None,
    ) -> None:
        self.name = name
        self.calls: dict[str, PhoneCall] = {}
        self.taken = 0
        """Calls that are over by now, missed and refused ones included."""
        self._place = place
        self._media = media
        self._listener = listener
        self._script = script or Script()
        self._call_over = call_over
        self._voice = voice
        self._recordings = Recordings(record_to) if record_to else None
        self._runner = StackRunner(
            lambda advertised: SipStack(
                StackSettings(
                    timers=timers or Timers(),
                    user_agent=f"cordboard-phone/{__version__}",
                    advertised=advertised,
                    tag_secret=secrets.token_bytes(32),
                )
            ),
            self._on_sip,
            tls=tls,
        )
        self._stack = self._runner.stack
        self._clock = self._runner.clock
        self._started = self._clock()
        self._registering = Registering(account, self._runner, self._tell) if account else None

    # Its life

    async def start(self) -> tuple[str, int]:
        """Listen, and begin to register; returns where it listens.

        Raises :class:`~cordboard.engines.transport.ListenError`.
        """
        self._started = self._clock()
        address = (self._place.host, self._place.port)
        for where in self._place.listeners():
            address = await self._runner.transport.listen(where)
        if self._registering is None:
            self._tell(What.LISTENING, at=written(*address))
        else:
            self._registering.begin()
        return address

    async def stop(self) -> None:
        """Hang up, unregister, and close all sockets."""
        for call_id in tuple(self.calls):
            self.hang_up(call_id)
        if self._registering is not None:
            await self._registering.end()
        await self._runner.stop()
        for call in tuple(self.calls.values()):
            self._forget(call)

    # Its keys

    def answer(self, call_id: str) -> None:
        """Take a ringing call."""
        call = self.calls.get(call_id)
        if call is None or call.answered_at is not None:
            return
        try:
            body = call.describe()
        except SipParseError as error:
            self._refuse(call_id, error.status)
            return
        call.answered_at = self._clock()
        if self._recordings is not None:
            call.recorded_to = self._recordings.next_place()
        self._stack.accept(call_id, body, self._clock())
        call.session.answered()
        if self._voice is not None:
            call.session.play(VOICE, self._voice, loop=True)
        self._tell(What.ANSWERED, call_id, auto_answer=call.auto_answer)
        if self._script.hang_up_after is not None:
            call.after(self._script.hang_up_after, self.hang_up)
        self._runner.pump()

    def hang_up(self, call_id: str) -> None:
        """End a call, or decline it while it rings."""
        call = self.calls.get(call_id)
        if call is None:
            return
        if call.answered_at is None:
            self._refuse(call_id, 603)
            return
        self._stack.hang_up(call_id, self._clock())
        self._runner.pump()

    def hold(self, call_id: str, on: bool) -> None:
        """Put the other side on hold, or take it off."""
        call = self.calls.get(call_id)
        if call is None or call.answered_at is None:
            return
        offer = call.audio.hold(on)
        if offer is not None:
            self._stack.offer(call_id, offer, self._clock())
            self._runner.pump()

    def press(self, call_id: str, digit: str) -> None:
        """Send a DTMF digit, if the other side takes telephone events."""
        call = self.calls.get(call_id)
        if call is not None:
            call.session.send_digit(digit)

    # What the stack says

    def _on_sip(self, event: sip.SipEvent) -> None:
        match event:
            case sip.InviteReceived():
                self._on_invite(event)
            case sip.SessionConfirmed():
                self._on_confirmed(event)
            case sip.OfferReceived():
                self._on_offer(event)
            case sip.OfferAnswered():
                self._on_offer_answered(event)
            case sip.OfferRejected():
                call = self.calls.get(event.call_id)
                if call is not None:
                    call.audio.offer_refused()
            case sip.ReferReceived():
                self._stack.answer_referral(event.call_id, event.referral, 603, self._clock())
            case sip.SessionEnded():
                self._on_ended(event)
            case sip.RegistrationSucceeded() if self._registering is not None:
                self._registering.succeeded(event)
            case sip.RegistrationFailed() if self._registering is not None:
                self._registering.failed(event)
            case _:
                pass  # of calls that we make, or of no importance to a phone

    def _on_invite(self, event: sip.InviteReceived) -> None:
        if len(self.calls) >= self._script.lines:
            self._refuse(event.call_id, 486)
            return
        try:
            session = self._media.open(event.call_id, self._on_media)
        except MediaPortsExhausted:
            self._refuse(event.call_id, 503)
            return
        host = session.address[0]
        call = PhoneCall(event, session, host, Recorder() if self._recordings else None)
        self.calls[event.call_id] = call
        who = call.caller.as_data()
        self._tell(What.RINGING, event.call_id, **who, auto_answer=call.auto_answer)
        script = self._script
        if script.reject is not None:
            self._refuse(event.call_id, script.reject)
            return
        if call.auto_answer and script.obeys_auto_answer:
            self.answer(event.call_id)
            return
        self._stack.ring(event.call_id, self._clock())
        if script.answer_after is not None:
            call.after(script.answer_after, self.answer)

    def _on_confirmed(self, event: sip.SessionConfirmed) -> None:
        call = self.calls.get(event.call_id)
        if call is not None and (event.sdp is None or self._takes_answer(call, event.sdp)):
            self._tell(What.TALKING, event.call_id)

    def _on_offer(self, event: sip.OfferReceived) -> None:
        call = self.calls.get(event.call_id)
        if call is None:
            return
        try:
            body = call.answer_to(event)
        except SipParseError as error:
            self._stack.reject_offer(event.call_id, error.status, self._clock())
            return
        self._stack.answer_offer(event.call_id, body, self._clock())
        self._note_hold(call)

    def _on_offer_answered(self, event: sip.OfferAnswered) -> None:
        call = self.calls.get(event.call_id)
        if call is not None and event.sdp is not None and self._takes_answer(call, event.sdp):
            self._note_hold(call)

    def _takes_answer(self, call: PhoneCall, sdp: bytes) -> bool:
        """Hang up where the answer to our offer is of no use."""
        try:
            call.audio.take_answer(sdp)
        except SipParseError:
            self.hang_up(call.call_id)
            return False
        return True

    def _on_ended(self, event: sip.SessionEnded) -> None:
        call = self.calls.get(event.call_id)
        if call is None:
            return
        talked = None if call.answered_at is None else self._clock() - call.answered_at
        ending = ending_of(event, talked)
        if ending is not None:
            what, data = ending
            self._tell(what, call.call_id, **data)
        self._forget(call)

    def _on_media(self, call_id: str, event: MediaEvent) -> None:
        if isinstance(event, Digit):
            self._tell(What.DIGIT, call_id, digit=event.digit)

    # What follows

    def _note_hold(self, call: PhoneCall) -> None:
        if call.audio.held is not call.held:
            call.held = call.audio.held
            self._tell(What.HELD if call.held else What.RESUMED, call.call_id)

    def _refuse(self, call_id: str, status: int) -> None:
        reason = REASONS.get(status, "Refused")
        self._stack.reject(call_id, status, reason, self._clock())
        self._tell(What.REFUSED, call_id, status=status, reason=reason)
        call = self.calls.get(call_id)
        if call is not None:
            self._forget(call)
        else:
            self._count()
        self._runner.pump()

    def _forget(self, call: PhoneCall) -> None:
        call.close()
        if self.calls.pop(call.call_id, None) is None:
            return
        recorder, path = call.recorder, call.recorded_to
        if recorder is not None and path is not None:
            path.write_bytes(recorder.wav())
            self._tell(What.RECORDED, call.call_id, file=str(path), seconds=recorder.seconds)
        self._count()

    def _count(self) -> None:
        self.taken += 1
        if self._call_over is not None:
            self._call_over(self.taken)

    def _tell(self, what: What, call_id: str | None = None, **data: object) -> None:
        self._listener(Happening(self._clock() - self._started, self.name, what, call_id, data))
