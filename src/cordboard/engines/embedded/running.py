"""What a started engine is made of: stack, registrar, media plane, locator and prompts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from cordboard.addresses import bracketed, canonical
from cordboard.calls.ports import Busy, EngineEvent, Records
from cordboard.directory.snapshot import Directory
from cordboard.engines.dns.locator import Locator, means_of
from cordboard.engines.dns.port import Resolver
from cordboard.engines.embedded.acquaintances import Acquaintances
from cordboard.engines.embedded.bindings import Bindings
from cordboard.engines.embedded.channel_sound import tone_of
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.dialler import Dialler
from cordboard.engines.embedded.known_callers import KnownCallers
from cordboard.engines.embedded.media_hosts import MediaHosts
from cordboard.engines.embedded.media_planes import MediaPlanes
from cordboard.engines.embedded.media_session import MediaEventHandler
from cordboard.engines.embedded.prompt_shelf import PromptShelf
from cordboard.engines.embedded.reception import Reception
from cordboard.engines.embedded.recordings import Recordings
from cordboard.engines.embedded.records import KeptRecords
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.engines.embedded.trunk_desk import Outside, TrunkDesk
from cordboard.engines.stack_runner import StackRunner
from cordboard.engines.tls import TlsContexts, TlsError
from cordboard.engines.transport import Listen, ListenError
from cordboard.media.g711 import CODECS, transcoding_tables
from cordboard.media.tone_plans import TONE_KINDS
from cordboard.sip.core import StackSettings
from cordboard.sip.events import SipEvent
from cordboard.sip.flow import Flow
from cordboard.sip.locating import Means, Target
from cordboard.sip.stack import SipStack
from cordboard.sip.strangers import Strangers
from cordboard.sip.trace import Trace

_log = structlog.get_logger(__name__)

CERTIFICATE_CHECK_SECONDS: Final = 60.0
"""A certificate is renewed weeks before its end; a look costs some microseconds."""

NO_SUCH_NUMBER: Final = 404
"""Where no calls are taken, whoever is asked for is not here."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the parts of a running engine ask, and whom they tell; ``records`` keeps what is needed
    after a crash; ``takes_calls``: those of phones and trunks are told of, unless there is too much
    to do, which ``busy`` says."""

    directory: Callable[[], Directory]
    load_prompt: Callable[[str], bytes]
    on_sip_event: Callable[[SipEvent], None]
    on_media: MediaEventHandler
    trace: Trace
    tell: Callable[[EngineEvent], None]
    forget: Callable[[Channel], None]
    records: Records | None = None
    takes_calls: bool = False
    busy: Busy | None = None


class Running:
    """All that exists from an engine's start to its stop. Raises :class:`ValueError` for media
    settings that make no sense, :class:`TlsError` for certificates that can't be used."""

    def __init__(self, settings: EngineSettings, callbacks: Callbacks) -> None:
        loop = asyncio.get_running_loop()
        self._settings = settings
        self._directory = callbacks.directory
        self.bindings = Bindings(callbacks.directory, settings.secret, loop.time)
        self.media = MediaPlanes(
            settings.media_hosts,
            settings.media_advertised,
            settings.media_ports,
            native=settings.native_relay,
            loop=loop,
        )
        self.locator = Locator(
            self._make_resolver, self._means, timeout=settings.dns.timeout, loop=loop
        )
        self._known_means: Means | None = None
        self.prompts = PromptShelf(loop, callbacks.load_prompt)
        self.recordings = Recordings(settings.recordings, loop, lambda: self.runner.pump())
        self._trace = callbacks.trace
        self._takes_calls, self._busy = callbacks.takes_calls, callbacks.busy
        self._keeper = None if callbacks.records is None else KeptRecords(callbacks.records)
        self.tls = TlsContexts(settings.tls)
        self._watch: asyncio.TimerHandle | None = None
        self.runner = StackRunner(
            self._make_stack,
            callbacks.on_sip_event,
            advertised=settings.advertised,
            connections=settings.connections,
            tls=self.tls,
            phones=self.bindings.registrar,
            loop=loop,
        )
        self.trunks = TrunkDesk(
            Outside(
                stack=self.runner.stack,
                finder=self.locator,
                flow_to=self._flow_to,
                own_host=lambda flow: bracketed(self.runner.transport.advertised(flow)[0]),
                clock=loop.time,
                later=loop.call_later,
                pump=self.runner.pump,
            )
        )
        self.dialler = Dialler(
            runner=self.runner,
            media=self.media,
            bindings=self.bindings,
            locator=self.locator,
            trunks=self.trunks,
            timers=settings.timers,
            media_host=MediaHosts(
                settings.media_advertised, settings.media_hosts, self.runner.transport.advertised
            ).towards,
            on_media=callbacks.on_media,
        )
        self.surroundings = Surroundings(
            stack=self.runner.stack,
            clock=loop.time,
            prompts=self.prompts,
            tell=callbacks.tell,
            forget=callbacks.forget,
            own_hosts=self._own_hosts,
            later=lambda seconds, what: loop.call_later(seconds, self._do, what),
            recordings=self.recordings,
        )
        self.reception = Reception(self.dialler, self.surroundings, self._directory)

    async def render_tones(self) -> None:
        """Render the tones of all tenants' countries, up to 20 ms each, and the tables from one law
        to the other, before a call needs one."""
        countries = {tenant.policy.country for tenant in self._directory().tenants}
        await asyncio.get_running_loop().run_in_executor(None, _render, countries)

    def _do(self, what: Callable[[], None]) -> None:
        what()
        self.runner.pump()

    def _make_stack(self, advertised: Callable[[Flow], tuple[str, int]]) -> SipStack:
        settings = self._settings
        known = Acquaintances(
            self._directory,
            self.bindings.registrar.knows_host,
            self.locator.is_server,
            self._own_hosts,
        )
        callers = KnownCallers(self._directory, self.bindings.registrar, self._server_of)
        return SipStack(
            StackSettings(
                advertised=advertised,
                tag_secret=settings.tag_secret,
                timers=settings.timers,
                session_expires=settings.session_expires,
                min_se=settings.min_se,
                keepalive=settings.connections.keepalive,
                strangers=Strangers(settings.ignore_strangers, known.knows, known.serves),
                user_agent=settings.user_agent,
                refuses_calls=None if self._takes_calls else NO_SUCH_NUMBER,
                callers=callers,
                busy=self._busy,
            ),
            registrar=self.bindings.registrar,
            trace=self._trace,
            keeper=self._keeper,
        )

    def _server_of(self, trunk: str) -> Target | None:
        return self.trunks.server_of(trunk)

    def _flow_to(self, target: Target) -> Flow | None:
        """A way to a server, if there is one."""
        try:
            return self.runner.transport.flow_to(
                target.transport, (target.address, target.port), target.name
            )
        except ListenError:
            return None

    def _make_resolver(self) -> Resolver:
        # Only for names: dnspython takes 60 ms to import, which other servers are spared.
        from cordboard.engines.dns.network import NetworkResolver

        return NetworkResolver(self._settings.dns)

    def _means(self) -> Means:
        """The transports to trunks, by where we listen; that stays as it is from the start on."""
        if self._known_means is None:
            self._known_means = means_of(self.listening)
        return self._known_means

    def _own_hosts(self) -> frozenset[str]:
        """Where this server is found, as it was told; a wildcard stands for every address."""
        listening = frozenset(canonical(listen.host) for listen in self.listening)
        return listening.union(self._settings.advertised)

    @property
    def listening(self) -> tuple[Listen, ...]:
        """Where we listen."""
        return self.runner.transport.listening

    def reload_certificates(self) -> None:
        """Use what the files hold now; one that can't be used leaves all as it was."""
        try:
            self.tls.reload()
        except TlsError as error:
            _log.error("certificates stay as they were", reason=str(error))
        else:
            _log.info("certificates read again")

    def watch_certificates(self) -> None:
        """Look now and then whether the files have changed: who renews them may not tell us."""
        if self._watch is not None and self.tls.has_changed():
            self.reload_certificates()
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(CERTIFICATE_CHECK_SECONDS, self.watch_certificates)

    async def stop(self) -> None:
        """End sessions, then close everything."""
        if self._watch is not None:
            self._watch.cancel()
        self.trunks.close()
        await self.runner.stop()
        await self.locator.close()
        await self.prompts.close()
        await self.recordings.close()
        self.media.close()


def _render(countries: set[str]) -> None:
    for codec in CODECS:
        transcoding_tables(codec)
    for country in countries:
        for kind in TONE_KINDS:
            for codec in CODECS:
                tone_of(country, kind).frame(codec, 0)
