"""The embedded engine: the calls' commands carried out by our own SIP and RTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from cordboard.calls.ports import (
    Busy,
    Contact,
    Dial,
    EngineCommand,
    EngineEvent,
    Records,
    TraceLine,
)
from cordboard.calls.trunk_state import TrunkState
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.commanded import carry_out
from cordboard.engines.embedded.handed_on import HANDLERS
from cordboard.engines.embedded.kept_bindings import KeptBindings
from cordboard.engines.embedded.ladder import Ladder
from cordboard.engines.embedded.left_over import LeftOver
from cordboard.engines.embedded.media_poll import RelayFigures
from cordboard.engines.embedded.prompt_files import PromptFiles
from cordboard.engines.embedded.running import Callbacks, Running
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.transport import Listen as SipListen
from cordboard.media.events import MediaEvent
from cordboard.sip.events import (
    BindingsChanged,
    InviteReceived,
    ReachabilityChanged,
    RegistrationFailed,
    RegistrationsBlocked,
    RegistrationSucceeded,
    SipEvent,
)

_log = structlog.get_logger(__name__)


class EmbeddedEngine:
    """SIP and RTP behind the engine port, in the running event loop.

    :param settings: addresses, ports, timers.
    :param directory: gives the snapshot of the moment, for the registrar.
    :param load_prompt: reads a prompt's WAV file; called in a thread, raises :class:`OSError`.
    """

    def __init__(
        self,
        settings: EngineSettings,
        directory: Callable[[], Directory],
        load_prompt: Callable[[str], bytes] | None = None,
    ) -> None:
        self.settings = settings
        self._directory = directory
        self._load_prompt = load_prompt or PromptFiles(settings.languages).read
        self._tell: Callable[[EngineEvent], None] = _tell_nobody
        self._channels: dict[str, Channel] = {}
        self._ladder = Ladder()
        self._running: Running | None = None
        self._records: Records | None = None
        self._takes_calls = False
        self._busy: Busy | None = None
        self._keep_bindings: Callable[[str, str | None], None] | None = None
        self._bindings: KeptBindings | None = None

    async def start(self, tag_secret: bytes | None = None) -> None:
        """Listen, and be ready for commands. ``tag_secret`` counts over that of the settings: where
        it is kept it may be known only now.

        Raises :class:`~cordboard.engines.transport.ListenError` for an address that can't be had,
        :class:`ValueError` for media settings that make no sense.
        """
        callbacks = Callbacks(
            directory=self._directory,
            load_prompt=self._load_prompt,
            on_sip_event=self._on_sip_event,
            on_media=self._on_media,
            trace=self._ladder.record,
            tell=self._tell,
            forget=self._forget,
            records=self._records,
            takes_calls=self._takes_calls,
            busy=self._busy,
        )
        if tag_secret is not None:
            self.settings = replace(self.settings, tag_secret=tag_secret)
        running = Running(self.settings, callbacks)
        try:
            await running.render_tones()
            for where in self.settings.listen:
                await running.runner.transport.listen(where)
        except BaseException:
            await running.stop()
            raise
        self._running = running
        if self._keep_bindings is not None:
            mark = running.bindings.mark
            self._bindings = KeptBindings(running.runner, self._keep_bindings, mark=mark)
        running.watch_certificates()
        running.trunks.follow(self._directory())
        running.runner.pump()
        _log.info("relaying audio", natively=self.relay.native)
        _log.info("listening for SIP", at=[str(at) for at in self.listening])

    async def stop(self) -> None:
        """Hang up what is up, wait a little for the peers, and close every socket."""
        if self._bindings is not None:
            self._bindings.close()
            self._bindings = None
        if self._running is not None:
            await self._running.stop()
            self._running = None

    def reload_certificates(self) -> None:
        """Use the certificates that the files hold now, for new connections."""
        self._need().reload_certificates()

    def follow(self, before: Directory) -> None:
        """The directory is another one than ``before``: end the registrations of terminals that
        have gone or have new passwords, begin with new trunks, leave old ones. Calls go on."""
        running = self._need()
        for ended in running.bindings.follow(before):
            self._on_sip_event(ended)
        running.prompts.forget()
        running.trunks.follow(self._directory())
        running.runner.pump()

    @property
    def listening(self) -> tuple[SipListen, ...]:
        """Where SIP is listened for, with the ports as bound."""
        return self._need().runner.transport.listening

    @property
    def relay(self) -> RelayFigures:
        """How audio is relayed, and how much was."""
        return self._need().media.relay

    @property
    def channels(self) -> int:
        """How many channels are up or being dialled."""
        return len(self._channels)

    @property
    def connections(self) -> int:
        """How many connections carry SIP."""
        return self._need().runner.transport.connections

    # The engine port

    def connect(self, on_event: Callable[[EngineEvent], None]) -> None:
        """Say who is told; to be called once, before any command."""
        self._tell = on_event
        if self._running is not None:
            self._running.surroundings.tell = on_event

    def keep_records(self, records: Records) -> None:
        """Say who keeps the records of channels; to be called before :meth:`start`."""
        self._records = records

    def keep_bindings(self, keep: Callable[[str, str | None], None]) -> None:
        """Say who is to keep where terminals are registered."""
        self._keep_bindings = keep

    def restore_bindings(self, kept: Mapping[str, str]) -> None:
        """Have the contacts of an earlier process; see the port."""
        if self._bindings is not None:
            self._bindings.restore(kept)

    def end_left_over(self, left: Mapping[str, str]) -> None:
        """End the channels of an earlier process; see the port."""
        running = self._need()
        if left and self._records is not None:
            LeftOver(running.runner, self._directory, self._records, left).go_on()

    def take_calls(self, busy: Busy | None = None) -> None:
        """Have calls offered; to be called before :meth:`start`."""
        self._takes_calls, self._busy = True, busy

    def execute(self, command: EngineCommand) -> None:
        """Carry out a command. Commands for channels that have ended are ignored."""
        running = self._running or self._need()
        if isinstance(command, Dial):
            self._dial(command, running)
        else:
            carry_out(command, self._channels)
        running.runner.pump()

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal (``name@domain``) that can be dialled now."""
        return self._need().bindings.contacts(account)

    def registered(self) -> dict[str, tuple[Contact, ...]]:
        """The contacts of all terminals that have any, by account."""
        return self._need().bindings.registered()

    def trunk(self, name: str) -> TrunkState:
        """What is known of a trunk (``name@domain``) now; nothing of one that is not watched."""
        return self._need().trunks.state(name)

    def trace(self, channel: str) -> tuple[TraceLine, ...]:
        """The bounded trace of a channel, oldest first; empty for an unknown or forgotten one."""
        return self._ladder.lines(channel)

    # Commands

    def _dial(self, dial: Dial, running: Running) -> None:
        if dial.channel in self._channels:
            return  # its first dial is under way and will have its end
        channel = self._channels[dial.channel] = Channel(dial.channel, running.surroundings)
        self._ladder.begin(dial.channel)
        running.dialler.dial(channel, dial)

    def _offer(self, event: InviteReceived) -> None:
        opened = self._need().reception.open(event)
        if opened is not None:
            channel, incoming = opened
            self._channels[channel.id] = channel
            self._ladder.begin(channel.id)
            self._tell(incoming)

    # What happens

    def _on_media(self, channel: str, event: MediaEvent) -> None:
        found = self._channels.get(channel)
        if found is not None and self._running is not None:
            found.on_media(event)
            self._running.runner.pump()

    def _on_sip_event(self, event: SipEvent) -> None:
        """Hand a SIP event to its channel."""
        handler = HANDLERS.get(type(event))
        if handler is not None:
            channel = self._channels.get(getattr(event, "call_id", ""))
            if channel is not None:
                getattr(channel, handler)(event)
        elif isinstance(event, InviteReceived):
            self._offer(event)
        elif isinstance(event, RegistrationSucceeded):
            self._need().trunks.registered(event)
        elif isinstance(event, RegistrationFailed):
            self._need().trunks.not_registered(event)
        elif isinstance(event, ReachabilityChanged):
            self._need().trunks.reachability_changed(event)
        elif isinstance(event, BindingsChanged):
            if self._bindings is not None:
                self._bindings.changed(event)
        elif isinstance(event, RegistrationsBlocked):
            _log.warning("too many wrong passwords", source=event.source, account=event.account)

    def _forget(self, channel: Channel) -> None:
        if self._channels.get(channel.id) is channel:
            del self._channels[channel.id]
            self._ladder.end(channel.id)

    def _need(self) -> Running:
        if self._running is None:
            raise RuntimeError("the engine is not started")
        return self._running


def _tell_nobody(_event: EngineEvent) -> None:
    """Before anybody is connected."""
