"""Where calls come in: from an INVITE to an offered channel with its audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from cordboard.calls.ports import Incoming
from cordboard.calls.said import readable
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.dialler import Dialler
from cordboard.engines.embedded.offered_channel import OfferedChannel
from cordboard.engines.embedded.rtp_ports import MediaPortsExhausted
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.sip.address import parse_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import InviteReceived
from cordboard.sip.uri import parse_uri

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reception:
    """Opens offered channels. ``dialler`` has the media, ``is_strict`` says of a trunk
    (``name@domain``) whether it sends from exactly the address of its SDP."""

    dialler: Dialler
    surroundings: Surroundings
    is_strict: Callable[[str], bool]

    def open(self, event: InviteReceived) -> tuple[OfferedChannel, Incoming] | None:
        """A channel for a call, and what to tell of it; None where it was refused: 488 without
        audio in common, 503 without a port for it, 404 for a URI that dials nothing."""
        try:
            incoming = self._incoming(event)
            audio = self._audio(event, incoming)
        except SipParseError as error:
            self._refuse(event, error.status, "Not Acceptable Here" if error.status == 488 else "")
            return None
        except MediaPortsExhausted as error:
            _log.warning("no media port for a call", channel=event.call_id, reason=str(error))
            self._refuse(event, 503, "No Media Port")
            return None
        try:
            answer = None if event.sdp is None else audio.answer(event.sdp)
        except SipParseError as error:
            audio.session.close()
            self._refuse(event, error.status, "Not Acceptable Here" if error.status == 488 else "")
            return None
        return OfferedChannel(event.call_id, self.surroundings, audio, answer), incoming

    def _audio(self, event: InviteReceived, incoming: Incoming) -> ChannelAudio:
        strict = any(map(self.is_strict, incoming.trunks))
        return self.dialler.open_audio(event.call_id, event.flow, strict=strict)

    def _refuse(self, event: InviteReceived, status: int, reason: str) -> None:
        surroundings = self.surroundings
        phrase = reason or "Refused"
        surroundings.stack.reject(event.call_id, status, phrase, surroundings.clock())

    def _incoming(self, event: InviteReceived) -> Incoming:
        """Who calls whom; raises :class:`SipParseError`, with 404 where nobody is dialled."""
        caller = event.caller
        called = parse_uri(event.request.uri)
        if not called.user:
            raise SipParseError("nobody is dialled", 404)
        from_ = parse_name_addr(event.request.need("from"))
        to = parse_name_addr(event.request.need("to"))
        same_domain = called.host.lower() == from_.uri.host.lower()
        return Incoming(
            event.call_id,
            None if caller is None else caller.account,
            () if caller is None else caller.peers,
            called.user,
            called.host,
            readable(from_.uri.user or ""),
            readable(from_.display),
            ours=same_domain or called.host in self.surroundings.own_hosts(),
            to=readable(to.uri.user or ""),
            replaces=event.replaces,
        )
