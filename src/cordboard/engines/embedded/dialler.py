"""Dialling: finds the way to an endpoint, opens the channel's media session, sends its INVITE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import structlog
from msgspec import structs

from cordboard.calls.planning.trunks import full_name
from cordboard.calls.ports import MOST_HOPS, Dial, TerminalEndpoint, TrunkEndpoint
from cordboard.engines.dns.locator import Locator
from cordboard.engines.embedded.bindings import Bindings
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.channel_states import ChannelState
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.dialling import invitation_to_terminal, invitation_to_trunk
from cordboard.engines.embedded.media_planes import MediaPlanes
from cordboard.engines.embedded.media_session import MediaEventHandler, MediaSession
from cordboard.engines.embedded.rtp_ports import MediaPortsExhausted
from cordboard.engines.embedded.trunk_addresses import first_hop
from cordboard.engines.embedded.trunk_desk import TrunkDesk
from cordboard.engines.embedded.trunk_servers import TrunkServers
from cordboard.engines.stack_runner import StackRunner
from cordboard.randomness import bits
from cordboard.sip.codecs import Codec, find_codec
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.invitation import Invitation
from cordboard.sip.locating import Located
from cordboard.sip.timers import Timers

_log = structlog.get_logger(__name__)

MEDIA_TIMEOUT: Final = 60.0
"""Seconds without audio after which a call that was offered to us counts as dead."""

MakeInvitation = Callable[[bytes], Invitation]


class FarEnd(NamedTuple):
    """What the directory says of the audio of who is dialled: which codecs it has beyond G.711,
    whether it sends from exactly the address of its SDP, and whether its audio may go past us."""

    codecs: tuple[str, ...]
    strict: bool
    direct: bool


@dataclass(frozen=True, slots=True)
class Dialler:
    """Dials channels; what can't be dialled fails here and now, with a local status.

    ``media_host`` gives the host of our SDP for a flow, ``on_media`` takes the sessions' events.
    """

    runner: StackRunner
    media: MediaPlanes
    bindings: Bindings
    locator: Locator
    trunks: TrunkDesk
    timers: Timers
    media_host: Callable[[Flow], str]
    on_media: MediaEventHandler

    def dial(self, channel: Channel, dial: Dial) -> None:
        """Send a channel's INVITE, or as soon as its trunk's name is resolved."""
        if isinstance(dial.endpoint, TerminalEndpoint):
            self._dial_terminal(channel, dial, dial.endpoint)
        else:
            self._dial_trunk(channel, dial, dial.endpoint)

    def _dial_terminal(self, channel: Channel, dial: Dial, endpoint: TerminalEndpoint) -> None:
        binding = self.bindings.find(endpoint.contact)
        if binding is None:
            channel.fail(480, "Not Registered")
            return
        caller = dial.options.caller

        def make(offer: bytes) -> Invitation:
            return invitation_to_terminal(channel.id, endpoint, binding, caller, offer)

        far_end = FarEnd(endpoint.codecs, strict=False, direct=endpoint.direct_media)
        self._invite(channel, dial, binding.flow, make, far_end)

    def _dial_trunk(self, channel: Channel, dial: Dial, endpoint: TrunkEndpoint) -> None:
        try:
            uri = first_hop(endpoint.trunk)
        except SipParseError:
            channel.fail(503, "Malformed Trunk Address")
            return

        is_found_at_once = True

        def found(located: Located) -> None:
            if channel.state is ChannelState.DIALLING:
                self._dial_located(channel, dial, endpoint, located)
                if not is_found_at_once:
                    self.runner.pump()

        self.locator.targets(uri, found)
        is_found_at_once = False

    def _dial_located(
        self, channel: Channel, dial: Dial, endpoint: TrunkEndpoint, located: Located
    ) -> None:
        """Send the INVITE to the first server that we have a way to, that first by which the trunk
        is known to be up unless a call has found otherwise, and to the next ones while those fail.
        """
        targets = located.targets
        known = self.trunks.server_of(full_name(endpoint.trunk, endpoint.domain))
        if known in targets and not self.locator.has_failed(known):
            targets = (known, *(target for target in targets if target != known))
        caller, trunk = dial.options.caller, endpoint.trunk
        direct = trunk.direct_media and not trunk.nat  # behind one only we know where it is
        far_end = FarEnd(trunk.codecs, strict=not trunk.nat, direct=direct)

        def send(servers: TrunkServers, flow: Flow, patience: float | None) -> None:
            own_host, _ = self.runner.transport.advertised(flow)

            def make(offer: bytes) -> Invitation:
                invitation = invitation_to_trunk(
                    channel.id, endpoint, flow, own_host, caller, offer
                )
                return (
                    invitation
                    if patience is None
                    else structs.replace(invitation, patience=patience)
                )

            self._invite(channel, dial, flow, make, far_end, servers)

        servers = TrunkServers(self.runner, self.locator, targets, self.timers, send)
        if not servers.go_on():
            channel.fail(503, f"Trunk not found: {located.fault or servers.story}")

    def _invite(
        self,
        channel: Channel,
        dial: Dial,
        flow: Flow,
        make: MakeInvitation,
        far_end: FarEnd,
        servers: TrunkServers | None = None,
    ) -> None:
        """Open the channel's media session and send its INVITE; ``servers`` are to be told what
        becomes of it."""
        if self.runner.stack.full:
            channel.fail(503, "Too Many Calls")
            return
        try:
            audio = self.open_audio(
                *(channel.id, flow),
                strict=far_end.strict,
                codecs=tuple(map(find_codec, far_end.codecs)),
                media_timeout=dial.options.media_timeout,
                direct=far_end.direct,
            )
        except MediaPortsExhausted as error:
            _log.warning("no media port for a channel", channel=channel.id, reason=str(error))
            channel.fail(503, "No Media Port")
            return
        try:
            invitation = make(audio.offer())
            if dial.options.hops != MOST_HOPS:
                invitation = structs.replace(invitation, hops=dial.options.hops)
            self.runner.stack.invite(invitation, self.runner.clock())
        except ValueError as error:  # among them SipBuildError and SipParseError
            audio.session.close()
            _log.warning("an INVITE can't be written", channel=channel.id, reason=str(error))
            channel.fail(500, "Unwritable Request")
            return
        channel.invited(audio, flow.remote[0], servers)

    def open_audio(
        self,
        channel: str,
        flow: Flow,
        *,
        strict: bool,
        codecs: tuple[Codec, ...] = (),
        media_timeout: float = MEDIA_TIMEOUT,
        direct: bool = False,
    ) -> ChannelAudio:
        """A channel's end of its audio with the peer of a flow; raises
        :class:`MediaPortsExhausted`."""
        peer = flow.remote[0]
        session = self.media.open(peer, channel, self.on_media, media_timeout=media_timeout)
        return ChannelAudio(
            session,
            self.media_host(flow),
            peer,
            bits(31),
            strict=strict,
            codecs=codecs,
            move=partial(self._move, session),
            direct=direct,
        )

    def _move(self, session: MediaSession, flow: Flow) -> str | None:
        """Have a session met on the family of a flow; our host there."""
        try:
            self.media.move(session, flow.remote[0])
        except MediaPortsExhausted as error:
            _log.warning("a channel stays", channel=session.channel, reason=str(error))
            return None
        return self.media_host(flow)
