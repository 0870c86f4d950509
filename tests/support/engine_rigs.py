"""An engine and the far ends that it dials, in one shape for every engine.

A contract test knows a :class:`Rig` and its :class:`Far` ends only: with the embedded engine they
are SIP stacks of their own on the loopback, with the engine in memory they are its far ends.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from unittest.mock import patch
from urllib.parse import unquote

from cordboard.calls.causes import cause_of_ending
from cordboard.calls.ports import (
    Answered,
    Busy,
    CallerId,
    Contact,
    Dial,
    DialOptions,
    Endpoint,
    Engine,
    EngineCommand,
    EngineEvent,
    Failed,
    Incoming,
    RedirectTarget,
    Released,
    TerminalEndpoint,
    Tone,
    TrunkEndpoint,
)
from cordboard.calls.said import NOTHING, Said
from cordboard.directory.model import TenantPolicy, Terminal, Trunk, User
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.connections import ConnectionSettings
from cordboard.engines.dns.settings import DnsSettings
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.far_end import CallingEnd, FarEnd, FarState
from cordboard.engines.memory import MemoryEngine
from cordboard.engines.tls import TlsSettings
from cordboard.engines.transport import Listen
from cordboard.journal.recovery import MemoryRecovery
from cordboard.media.tone_plans import tone_plan
from cordboard.sip.digest import ha1
from cordboard.sip.grammar import quote
from cordboard.sip.timers import Timers
from support.ports import free_range
from support.sip_call_out import SipCallOut
from support.sip_phone import SipPhone, SipPhoneCall
from support.waiting import BOUND, eventually

E = TypeVar("E")

HOST = "127.0.0.1"
DOMAIN = "demo"
REALM = "demo"
SECRET = "of-every-phone"
CALLER = CallerId("0312341234", "Jessica Jones")
QUICK = Timers(t1=0.1, t2=0.4, t4=0.5)

PHONE_HERTZ = {"desk": 700.0, "soft": 950.0, "trunk": 1300.0, "boss": 1800.0}
"""What each far end says: a tone of its own."""


class Far(ABC):
    """The far end of one channel."""

    @abstractmethod
    async def take(self) -> None:
        """100."""

    @abstractmethod
    async def ring(self, status: int = 180) -> None:
        """180 to 183, without audio."""

    @abstractmethod
    async def early(self) -> None:
        """Audio before the answer, from now on."""

    @abstractmethod
    async def answer(self) -> None:
        """200, and its audio from then on."""

    @abstractmethod
    async def reject(self, status: int, phrase: str = "Refused", said: Said = NOTHING) -> None:
        """A final refusal, in such words."""

    @abstractmethod
    async def hang_up(self, said: Said = NOTHING) -> None:
        """BYE, for that reason."""

    @abstractmethod
    async def hold(self, on: bool) -> None:
        """Put us on hold, or take us off."""

    @abstractmethod
    async def press(self, digit: str) -> None:
        """A key."""

    @abstractmethod
    async def refer(
        self,
        user: str,
        host: str = "elsewhere.test",
        replaces: Far | CallerEnd | str | None = None,
    ) -> list[int]:
        """REFER: have the other party connected with somebody else, or with a far end of the same
        phone; gives the answer and the news of it as they come."""

    @property
    @abstractmethod
    def on_hold(self) -> bool:
        """Whether we hold it."""

    @property
    @abstractmethod
    def keys(self) -> str:
        """The keys that it was sent."""

    @property
    @abstractmethod
    def gone(self) -> bool:
        """Whether it knows that the call is over."""

    @property
    @abstractmethod
    def reason(self) -> str:
        """The name of the cause that it was hung up for."""

    @abstractmethod
    def hears(self, what: Tone | Far | None) -> bool:
        """Whether that is what it hears now."""

    @abstractmethod
    def hears_all(self, *whom: Far) -> bool:
        """Whether it hears just these, all at once."""


class CallerEnd(ABC):
    """Somebody who calls us."""

    channel: str

    @property
    @abstractmethod
    def rung(self) -> list[int]:
        """The provisional statuses above 100 that he got."""

    @property
    @abstractmethod
    def refused(self) -> int | None:
        """The status that he was refused with."""

    @property
    @abstractmethod
    def retry_after(self) -> int | None:
        """Seconds after which he was told to call again."""

    @property
    @abstractmethod
    def talks(self) -> bool:
        """Whether he is in a call."""

    @abstractmethod
    async def give_up(self) -> None:
        """CANCEL."""

    @abstractmethod
    async def hang_up(self) -> None:
        """BYE."""

    @abstractmethod
    def hears(self, what: Tone | Far) -> bool:
        """Whether that is what he hears now."""


class Rig(ABC):
    """An engine, its events, and ways to let things happen."""

    def __init__(self, engine: Engine) -> None:
        self.records = MemoryRecovery()
        self.bindings: dict[str, str | None] = {}
        self.events: list[EngineEvent] = []
        self.take(engine)

    def take(self, engine: Engine) -> None:
        """Have this engine from now on."""
        self.engine = engine
        engine.connect(self.events.append)
        engine.keep_records(self.records)
        engine.keep_bindings(self.bindings.__setitem__)

    def restore_bindings(self) -> None:
        """Give the engine what was kept of registrations."""
        kept = {account: text for account, text in self.bindings.items() if text is not None}
        self.engine.restore_bindings(kept)

    @abstractmethod
    async def kill(self) -> None:
        """Let the engine's process be killed, and have the next one's engine; its far ends do not
        know of that, and neither does it of them."""

    @abstractmethod
    async def register(self, name: str) -> Contact:
        """Let a phone of that name register, and give its contact."""

    @abstractmethod
    async def call_in(self, name: str, dialled: str, replaces: Far | None = None) -> CallerEnd:
        """Let a terminal's phone dial, which knows its password; in place of another one's call."""

    @abstractmethod
    async def unregister(self, contact: Contact) -> None:
        """Let it take its registration back."""

    @abstractmethod
    def trunk(self, name: str) -> Trunk:
        """A trunk to somebody who takes calls."""

    @abstractmethod
    async def far(self, channel: str) -> Far:
        """The far end of a channel, once it was reached (again, if it was dialled again)."""

    @abstractmethod
    async def until(self, condition: Callable[[], object]) -> None:
        """Let time pass until a condition holds; an AssertionError if it does not in time."""

    @abstractmethod
    def prompt(self, folder: Path, seconds: float | None) -> str:
        """The path of a prompt that lasts so long; None: one that can't be played."""

    # The same for all

    def execute(self, *commands: EngineCommand) -> None:
        """Carry out commands."""
        for command in commands:
            self.engine.execute(command)

    def dial(self, endpoint: Endpoint, channel: str | None = None) -> str:
        """Dial, and give the channel."""
        channel = channel or str(uuid.uuid4())
        self.engine.execute(Dial(channel, endpoint, DialOptions(CALLER)))
        return channel

    async def dial_phone(self, name: str) -> tuple[str, Far]:
        """Register a phone, dial it, and give the channel and its far end."""
        contact = await self.register(name)
        channel = self.dial(TerminalEndpoint(contact))
        return channel, await self.far(channel)

    async def answered(self, name: str) -> tuple[str, Far]:
        """The same, answered."""
        channel, far = await self.dial_phone(name)
        await far.answer()
        await self.event(Answered, channel)
        return channel, far

    def told(self, channel: str) -> list[EngineEvent]:
        """What was told of a channel."""
        return [event for event in self.events if event.channel == channel]

    async def event(self, kind: type[E], channel: str, count: int = 1) -> E:
        """The latest event of a kind, once there are so many."""

        def found() -> list[E]:
            return [event for event in self.told(channel) if isinstance(event, kind)]

        await self.until(lambda: len(found()) >= count)
        return found()[-1]

    def ends(self, channel: str) -> list[EngineEvent]:
        """The last words about a channel; there is to be one."""
        return [event for event in self.told(channel) if isinstance(event, Failed | Released)]


# In memory


class MemoryFar(Far):
    """A far end of the engine in memory."""

    def __init__(self, end: FarEnd) -> None:
        self.end = end

    async def take(self) -> None:
        self.end.take()

    async def ring(self, status: int = 180) -> None:
        self.end.ring(status)
        if status == 180:
            self.end.early(False)

    async def early(self) -> None:
        self.end.ring(183)
        self.end.early(True)

    async def answer(self) -> None:
        self.end.answer()

    async def reject(self, status: int, phrase: str = "Refused", said: Said = NOTHING) -> None:
        self.end.reject(status, phrase, said=said)

    async def hang_up(self, said: Said = NOTHING) -> None:
        self.end.hang_up(cause_of_ending(said.q850), said)

    async def hold(self, on: bool) -> None:
        self.end.hold(on)

    async def press(self, digit: str) -> None:
        self.end.press(digit)

    async def refer(
        self,
        user: str,
        host: str = "elsewhere.test",
        replaces: Far | CallerEnd | str | None = None,
    ) -> list[int]:
        target = RedirectTarget(user, host, ours=host == HOST)
        if isinstance(replaces, MemoryFar | MemoryCaller):
            return self.end.refer(target, replaces=replaces.end.channel)
        return self.end.refer(target, elsewhere=replaces is not None)

    @property
    def on_hold(self) -> bool:
        return self.end.on_hold

    @property
    def keys(self) -> str:
        return self.end.keys

    @property
    def gone(self) -> bool:
        return self.end.hung_up_for is not None

    @property
    def reason(self) -> str:
        return "" if self.end.hung_up_for is None else self.end.hung_up_for.value

    def hears(self, what: Tone | Far | None) -> bool:
        if isinstance(what, MemoryFar):
            return self.end.hears == what.end.channel
        return self.end.hears == what

    def hears_all(self, *whom: Far) -> bool:
        wanted = {far.end.channel for far in whom if isinstance(far, MemoryFar)}
        return self.end.hears == frozenset(wanted)


class MemoryCaller(CallerEnd):
    """A caller of the engine in memory."""

    def __init__(self, end: CallingEnd) -> None:
        self.end = end
        self.channel = end.channel

    @property
    def rung(self) -> list[int]:
        return self.end.rung

    @property
    def refused(self) -> int | None:
        return self.end.refused

    @property
    def retry_after(self) -> int | None:
        return self.end.retry_after

    @property
    def talks(self) -> bool:
        return self.end.state is FarState.TALKING

    async def give_up(self) -> None:
        self.end.give_up()

    async def hang_up(self) -> None:
        self.end.hang_up()

    def hears(self, what: Tone | Far) -> bool:
        if isinstance(what, MemoryFar):
            return self.end.hears == what.end.channel
        return self.end.hears == what


class MemoryRig(Rig):
    """The engine in memory; time passes only while somebody waits."""

    def __init__(self) -> None:
        self.memory = MemoryEngine()
        super().__init__(self.memory)

    async def kill(self) -> None:
        self.memory = self.memory.killed()
        self.take(self.memory)

    async def register(self, name: str) -> Contact:
        return self.memory.register(f"{name}@{DOMAIN}")

    async def call_in(self, name: str, dialled: str, replaces: Far | None = None) -> CallerEnd:
        account = f"{name}@{DOMAIN}"
        replaced = replaces.end.channel if isinstance(replaces, MemoryFar) else None
        incoming = Incoming(
            str(uuid.uuid4()), account, (), dialled, DOMAIN, name, replaces=replaced
        )
        return MemoryCaller(self.memory.call_in(incoming))

    async def unregister(self, contact: Contact) -> None:
        self.memory.unregister(contact)

    def trunk(self, name: str) -> Trunk:
        return Trunk(name, f"sip:{name}.test")

    async def far(self, channel: str) -> Far:
        return MemoryFar(self.memory.far(channel))

    async def until(self, condition: Callable[[], object]) -> None:
        deadline = self.memory.now + BOUND
        while not condition():
            assert self.memory.now < deadline, f"not in time; told: {self.events}"
            self.memory.advance(0.05)

    def prompt(self, folder: Path, seconds: float | None) -> str:
        path = str(folder / "prompt.wav")
        self.memory.prompt_seconds[path] = seconds
        return path


# Embedded


class SipFar(Far):
    """A SIP phone's call."""

    def __init__(self, call: SipPhoneCall) -> None:
        self.call = call

    async def take(self) -> None:
        """Every SIP stack sends 100 by itself."""

    async def ring(self, status: int = 180) -> None:
        self.call.ring(status)

    async def early(self) -> None:
        self.call.early()

    async def answer(self) -> None:
        self.call.answer()

    async def reject(self, status: int, phrase: str = "Refused", said: Said = NOTHING) -> None:
        retry = () if said.retry_after is None else (("retry-after", str(said.retry_after)),)
        reason = reason_header(said)
        self.call.reject(status, phrase, (*reason, *retry))

    async def hang_up(self, said: Said = NOTHING) -> None:
        self.call.hang_up(next((value for _, value in reason_header(said)), None))

    async def hold(self, on: bool) -> None:
        self.call.hold(on)

    async def press(self, digit: str) -> None:
        self.call.press(digit)

    async def refer(
        self,
        user: str,
        host: str = "elsewhere.test",
        replaces: Far | CallerEnd | str | None = None,
    ) -> list[int]:
        named = replaces
        if isinstance(replaces, SipFar | SipCaller):
            named = replaces.call.replaces
        return self.call.refer(f"<sip:{user}@{host}{f'?Replaces={named}' if named else ''}>")

    @property
    def on_hold(self) -> bool:
        return self.call.on_hold

    @property
    def keys(self) -> str:
        return "".join(key.digit for key in self.call.keys)

    @property
    def gone(self) -> bool:
        return self.call.ended is not None

    @property
    def reason(self) -> str:
        return self.call.reason

    def hears(self, what: Tone | Far | None) -> bool:
        if what is None:
            return self.call.hears_nothing()
        if isinstance(what, SipFar):
            return self.call.hears([what.call.hertz])
        assert isinstance(what, Tone)
        burst = tone_plan(what.country, what.kind.value)[0]
        return self.call.hears(burst.hertz)

    def hears_all(self, *whom: Far) -> bool:
        return self.call.hears_each([far.call.hertz for far in whom if isinstance(far, SipFar)])


class SipCaller(CallerEnd):
    """A SIP phone's call to us."""

    def __init__(self, call: SipCallOut) -> None:
        self.call = call
        self.channel = call.call_id

    @property
    def rung(self) -> list[int]:
        return self.call.rung

    @property
    def refused(self) -> int | None:
        return self.call.refused

    @property
    def retry_after(self) -> int | None:
        return self.call.retry_after

    @property
    def talks(self) -> bool:
        return self.call.talks

    async def give_up(self) -> None:
        self.call.give_up()

    async def hang_up(self) -> None:
        self.call.hang_up()

    def hears(self, what: Tone | Far) -> bool:
        self.call.hear_early()
        if isinstance(what, SipFar):
            return self.call.hears([what.call.hertz])
        assert isinstance(what, Tone)
        return self.call.hears(tone_plan(what.country, what.kind.value)[0].hertz)


class EmbeddedRig(Rig):
    """The embedded engine and phones on the loopback."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        super().__init__(engine)
        self.embedded = engine
        self.phones: dict[str, SipPhone] = {}

    async def kill(self) -> None:
        settings = replace(self.embedded.settings, listen=(self.server,))
        await be_killed(self.embedded)
        self.embedded = EmbeddedEngine(settings, self.embedded._directory)
        self.take(self.embedded)
        await self.embedded.start()

    @property
    def server(self) -> Listen:
        """Where the engine is."""
        return Listen(*self.embedded.listening[0])

    async def phone(self, name: str) -> SipPhone:
        """A phone of that name, which is made when it is first asked for."""
        phone = self.phones.get(name)
        if phone is None:
            phone = self.phones[name] = SipPhone(name, PHONE_HERTZ.get(name, 500.0), QUICK)
            await phone.start()
        return phone

    async def register(self, name: str) -> Contact:
        account = f"{name}@{DOMAIN}"
        if not self.engine.contacts(account):
            phone = await self.phone(name)
            phone.register(self.server, DOMAIN, SECRET)
            await self.until(lambda: self.engine.contacts(account))
        return self.engine.contacts(account)[0]

    async def call_in(self, name: str, dialled: str, replaces: Far | None = None) -> CallerEnd:
        phone = await self.phone(name)
        named = unquote(replaces.call.replaces) if isinstance(replaces, SipFar) else ""
        headers = (("replaces", named),) if named else ()
        called = f"{dialled}@{DOMAIN}"
        return SipCaller(SipCallOut(phone, self.server, called, DOMAIN, SECRET, headers=headers))

    async def unregister(self, contact: Contact) -> None:
        name = contact.account.partition("@")[0]
        self.phones[name].unregister()
        await self.until(lambda: contact not in self.engine.contacts(contact.account))

    def trunk(self, name: str) -> Trunk:
        phone = self.phones[name]
        return Trunk(name, f"sip:{phone.address[0]}:{phone.address[1]}")

    async def far(self, channel: str) -> Far:
        def calls() -> list[SipPhoneCall]:
            every = (call for phone in self.phones.values() for call in phone.calls)
            return [call for call in every if call.call_id == channel and call.ended is None]

        await self.until(calls)
        return SipFar(calls()[-1])

    async def until(self, condition: Callable[[], object]) -> None:
        await eventually(condition, BOUND, lambda: f"told: {self.events}")

    def prompt(self, folder: Path, seconds: float | None) -> str:
        path = folder / "prompt.wav"
        if seconds is not None:
            path.write_bytes(tone_wav(400.0, seconds))
        return str(path)


async def be_killed(engine: EmbeddedEngine) -> None:
    """Close an engine's sockets without a word to anybody."""
    runner = engine._need().runner
    with patch.object(runner.stack, "shut_down"), patch.object(runner.stack, "sessions", lambda: 0):
        await engine.stop()


def reason_header(said: Said) -> tuple[tuple[str, str], ...]:
    """The Reason header of what a far end says, if it says anything (RFC 3326)."""
    text = f";text={quote(said.text)}" if said.text else ""
    values = []
    if said.q850 is not None:
        values.append(f"Q.850;cause={said.q850}{text}")
    if said.sip_cause is not None:
        values.append(f"SIP;cause={said.sip_cause}")
    return (("reason", ", ".join(values)),) if values else ()


def tone_wav(hertz: float, seconds: float) -> bytes:
    """A WAV file of a pure tone."""
    from support.audio import sine, wav

    return wav(sine(hertz, seconds, 8000), 8000)


def directory(names: tuple[str, ...] = tuple(PHONE_HERTZ)) -> Directory:
    """One tenant whose terminals have all the same secret."""
    terminals = tuple(Terminal(name, 1, ha1(name, REALM, SECRET)) for name in names)
    user = User(1, "jessica", "Jessica Jones", terminals=names)
    policy = TenantPolicy(DOMAIN, REALM)
    return Directory((TenantDirectory(policy, users=(user,), terminals=terminals),))


@asynccontextmanager
async def memory_rig(*, takes_calls: bool = False, busy: Busy | None = None) -> AsyncIterator[Rig]:
    """The engine in memory."""
    rig = MemoryRig()
    if takes_calls:
        rig.engine.take_calls(busy)
    yield rig


@cache
def media_ports() -> tuple[int, int]:
    """Those of the engine that is tested just now; so many that ports need no rest (500 ms) after
    hundreds of calls that fail at once."""
    return free_range(500, media_ports)


@asynccontextmanager
async def embedded_rig(
    transport: str = "udp",
    timers: Timers = QUICK,
    dns: DnsSettings | None = None,
    keepalive: float = 0.0,
    tls: TlsSettings | None = None,
    *,
    takes_calls: bool = False,
    busy: Busy | None = None,
) -> AsyncIterator[EmbeddedRig]:
    """A started embedded engine, which is stopped in the end with all phones."""
    snapshot = directory()
    recordings = TemporaryDirectory()
    settings = EngineSettings(
        listen=(Listen(transport, HOST, 0),),
        media_ports=media_ports(),
        timers=timers,
        dns=dns or DnsSettings(),
        tls=tls or TlsSettings(),
        connections=ConnectionSettings(keepalive=keepalive),
        recordings=Path(recordings.name),
    )
    engine = EmbeddedEngine(settings, lambda: snapshot)
    rig = EmbeddedRig(engine)
    if takes_calls:
        engine.take_calls(busy)
    await engine.start()
    try:
        await rig.phone("trunk")
        yield rig
    finally:
        await rig.embedded.stop()
        for phone in rig.phones.values():
            await phone.stop()
        recordings.cleanup()


def outside(rig: Rig, number: str = "0398765432") -> TrunkEndpoint:
    """An outside number through a trunk that is there."""
    return TrunkEndpoint(rig.trunk("trunk"), number)
