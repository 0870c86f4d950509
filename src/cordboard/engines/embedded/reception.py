"""Where calls come in: from an INVITE to an offered channel with its audio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from cordboard.calls.ports import MOST_HOPS, Incoming
from cordboard.calls.said import readable
from cordboard.directory.model import IdentityStyle, Trunk
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.caller_identity import shown_of
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.dialler import MEDIA_TIMEOUT, Dialler
from cordboard.engines.embedded.offered_channel import OfferedChannel
from cordboard.engines.embedded.rtp_ports import MediaPortsExhausted
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.sip.address import parse_name_addr
from cordboard.sip.codecs import find_codec
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import InviteReceived
from cordboard.sip.uri import parse_uri

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reception:
    """Opens offered channels. ``dialler`` has the media, ``directory`` says how trunks and
    terminals are."""

    dialler: Dialler
    surroundings: Surroundings
    directory: Callable[[], Directory]

    def open(self, event: InviteReceived) -> tuple[OfferedChannel, Incoming] | None:
        """A channel for a call, and what to tell of it; None where it was refused: 488 without
        audio in common, 503 without a port for it, 404 for a URI that dials nothing, 483 for a call
        that has come too far."""
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
        """Our end of it: with the codecs that the caller has, and from exactly the address of its
        SDP where a trunk calls that is not behind a NAT."""
        names, timeout, strict, direct = self._terms(incoming)
        return self.dialler.open_audio(
            event.call_id,
            event.flow,
            strict=strict,
            codecs=tuple(find_codec(name) for name in names),
            media_timeout=timeout,
            direct=direct,
        )

    def _terms(self, incoming: Incoming) -> tuple[tuple[str, ...], float, bool, bool]:
        """The codecs of a caller beyond G.711, how long he may be without media, whether he is a
        trunk that sends from where it says, and whether his audio may go past us."""
        name, _, domain = (incoming.terminal or next(iter(incoming.trunks), "")).rpartition("@")
        tenant = self.directory().tenant(domain)
        if tenant is None:
            return (), MEDIA_TIMEOUT, True, False
        timeout = tenant.policy.media_timeout
        if incoming.terminal is not None:
            terminal = tenant.terminal(name)
            if terminal is None:
                return (), timeout, False, False
            return terminal.codecs, timeout, False, terminal.direct_media
        trunk = tenant.trunk(name)
        if trunk is None:
            return (), timeout, True, False
        strict = not all(map(self._is_behind_nat, incoming.trunks))
        return trunk.codecs, timeout, strict, trunk.direct_media and strict

    def _is_behind_nat(self, full_name: str) -> bool:
        trunk = self._trunk(full_name)
        return trunk is not None and trunk.nat

    def _trunk(self, full_name: str) -> Trunk | None:
        name, _, domain = full_name.rpartition("@")
        tenant = self.directory().tenant(domain)
        return None if tenant is None else tenant.trunk(name)

    def _asserting(self, full_names: tuple[str, ...]) -> Trunk | None:
        """The trunk of those where a call may come from that says best who calls."""
        trunks = [trunk for name in full_names if (trunk := self._trunk(name)) is not None]
        trusted = (trunk for trunk in trunks if trunk.identity is not IdentityStyle.FROM)
        return next(trusted, trunks[0] if trunks else None)

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
        peers = () if caller is None else caller.peers
        shown = shown_of(event.request, self._asserting(peers))
        hops = int(event.request.first("max-forwards") or MOST_HOPS)
        if hops == 0:  # of who does not only take calls, but makes others of them (RFC 7332 3)
            raise SipParseError("it has come too far", 483)
        from_ = parse_name_addr(event.request.need("from"))
        to = parse_name_addr(event.request.need("to"))
        same_domain = called.host.lower() == from_.uri.host.lower()
        return Incoming(
            event.call_id,
            None if caller is None else caller.account,
            peers,
            called.user,
            called.host,
            shown.number,
            shown.name,
            ours=same_domain or called.host in self.surroundings.own_hosts(),
            to=readable(to.uri.user or ""),
            replaces=event.replaces,
            diverted_by=shown.diverted,
            hops=min(hops, MOST_HOPS),
        )
