"""The engine's twin in memory, for tests: no packets, and time only passes when told to.

It keeps the same promises as the real ones (the contract tests are the same) and lets a test decide
what far ends do: by a behaviour for whoever dials them, or step by step through
:meth:`MemoryEngine.far`.

    engine = MemoryEngine()
    engine.register("desk@demo", "sip:desk@192.0.2.1")
    engine.when_dialled("desk@demo", ((0.1, FarEnd.ring), (2.0, FarEnd.answer)))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Final

from cordboard.calls.ports import (
    Accept,
    AnswerReferral,
    Bridge,
    Busy,
    Contact,
    Dial,
    Eavesdrop,
    EngineCommand,
    EngineEvent,
    HangUp,
    Hold,
    Incoming,
    Listen,
    PauseRecording,
    Play,
    PlayEnded,
    Record,
    Records,
    Reject,
    Ring,
    SendDigits,
    StopEavesdropping,
    StopPlay,
    StopRecording,
    TerminalEndpoint,
    Tone,
    TraceLine,
)
from cordboard.calls.trunk_state import UNWATCHED, TrunkState
from cordboard.engines.far_end import AnyEnd, Behaviour, CallingEnd, FarEnd, FarState
from cordboard.engines.memory_bridges import MemoryBridges
from cordboard.engines.memory_contacts import MemoryContacts
from cordboard.engines.memory_recordings import MemoryRecordings
from cordboard.engines.memory_routes import MemoryRoutes

PROMPT_SECONDS: Final = 1.0
"""How long a prompt lasts whose length no test has said."""


@dataclass(order=True, slots=True)
class _Due:
    at: float
    order: int
    action: Callable[[], None] = field(compare=False)


class MemoryEngine:
    """An engine whose far ends are the test's.

    ``commands`` is everything it was told, in order; ``now`` is its time, which starts at 0.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.commands: list[EngineCommand] = []
        self.prompt_seconds: dict[str, float | None] = {}
        """How long prompts last by path; None: it can't be played."""
        self.records: Records | None = None
        self._on_event: Callable[[EngineEvent], None] | None = None
        self.trunks: dict[str, TrunkState] = {}
        """What is known of trunks, by ``name@domain``."""
        self._contacts = MemoryContacts()
        self._behaviours: dict[str, Behaviour] = {}
        self._far: dict[str, AnyEnd] = {}
        self.takes_calls = False
        self._busy: Busy | None = None
        self._traces: dict[str, list[TraceLine]] = {}
        self._due: list[_Due] = []
        self._order = count()
        self._plays: dict[str, int] = {}
        self._bridges = MemoryBridges(self._far)
        self.routes = MemoryRoutes(self._far, self.tell)
        self._recordings = MemoryRecordings()

    # The engine port

    def connect(self, on_event: Callable[[EngineEvent], None]) -> None:
        """Say who is told."""
        self._on_event = on_event

    def keep_records(self, records: Records) -> None:
        """Say who keeps records; those of this engine say no more than that there is a channel."""
        self.records = records

    def keep_bindings(self, keep: Callable[[str, str | None], None]) -> None:
        """Say who is to keep where terminals are registered."""
        self._contacts.keep = keep

    def restore_bindings(self, kept: Mapping[str, str]) -> None:
        """Have the contacts of an earlier engine."""
        self._contacts.restore(kept)

    def end_left_over(self, left: Mapping[str, str]) -> None:
        """End what an earlier engine left, of which :meth:`killed` knows."""
        told, self._on_event = self._on_event, None  # nobody knows of them here
        for channel in left:
            far = self._far.get(channel)
            if far is not None:
                far.left_over()
            self.forget(channel)
        self._on_event = told

    def execute(self, command: EngineCommand) -> None:
        """Carry out a command. Commands for channels that have ended are ignored."""
        self.commands.append(command)
        self.routes.follow(command)
        if isinstance(command, Dial):
            self._dial(command)
            return
        if isinstance(command, Bridge):
            self._bridge(command)
            return
        if isinstance(command, Record):
            self._recordings.begin(command, self.now, there=self._can_record(command))
            return
        if isinstance(command, Eavesdrop):
            self._bridges.eavesdrop(command)
            return
        far = self._far.get(command.channel)
        if far is None or far.state is FarState.OVER:
            return
        if isinstance(command, HangUp):
            far.dropped(command.cause)
        elif isinstance(command, Ring | Accept | Reject):
            if isinstance(far, CallingEnd):
                far.told(command)
        elif isinstance(command, AnswerReferral):
            far.told_of_referral(command.referral, command.status)
        elif far.state is FarState.TALKING:
            self._change(far, command)
        elif isinstance(far, CallingEnd) and isinstance(command, Listen | Play):
            far.is_to_hear(command)

    def take_calls(self, busy: Busy | None = None) -> None:
        """Have calls offered that :meth:`call_in` makes."""
        self.takes_calls, self._busy = True, busy

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal, best first."""
        return self._contacts.of(account)

    def trunk(self, name: str) -> TrunkState:
        """What is known of a trunk, as the test has it."""
        return self.trunks.get(name, UNWATCHED)

    def trace(self, channel: str) -> tuple[TraceLine, ...]:
        """The summaries of what a real engine would have sent and received."""
        return tuple(self._traces.get(channel, ()))

    # What a test does

    def register(
        self,
        account: str,
        uri: str | None = None,
        *,
        q: float = 1.0,
        flow: tuple[str, str] | None = None,
    ) -> Contact:
        """Let a terminal have a contact, or a ``flow`` of a phone (instance and reg-id)."""
        contact = Contact(account, uri or f"sip:{account}", q, None, *(flow or (None, None)))
        self._contacts.add(contact)
        return contact

    def unregister(self, contact: Contact) -> None:
        """Let a terminal lose a contact."""
        self._contacts.remove(contact)

    def when_dialled(self, whom: str, behaviour: Behaviour) -> None:
        """Say what happens when somebody is dialled: a contact's URI, an account, an outside
        number or a trunk's name; the first of these that is known decides."""
        self._behaviours[whom] = behaviour

    def far(self, channel: str) -> FarEnd:
        """The far end of a channel; raises :class:`KeyError` if it was never dialled."""
        far = self._far[channel]
        if not isinstance(far, FarEnd):
            raise KeyError(channel)
        return far

    def call_in(self, incoming: Incoming) -> CallingEnd:
        """Let somebody call, who is refused where no calls are taken."""
        caller = self._far[incoming.channel] = CallingEnd(self, incoming.channel)
        seconds = None if self._busy is None else self._busy()
        if not self.takes_calls:
            caller.turned_away(404)
        elif seconds is not None and incoming.replaces is None:
            caller.turned_away(503, seconds)
        else:
            self.keep(incoming.channel, "offered")
            self.note(incoming.channel, "INVITE", sent=False)
            self.tell(incoming)
        return caller

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is due happen at its time."""
        end = self.now + seconds
        while self._due and self._due[0].at <= end:
            due = heappop(self._due)
            self.now = max(self.now, due.at)
            due.action()
        self.now = end

    def killed(self) -> MemoryEngine:
        """Let the process of this engine be killed: the engine of the next one, with the same far
        ends, who know of nothing."""
        following = MemoryEngine()
        following.now = self.now
        following.trunks, following.prompt_seconds = self.trunks, self.prompt_seconds
        following._behaviours = self._behaviours
        following._far.update(
            (key, far) for key, far in self._far.items() if far.goes_on_with(following)
        )
        self._on_event = self.records = self._contacts.keep = None
        self._due = []
        return following

    # For far ends

    def tell(self, event: EngineEvent) -> None:
        """Tell whoever is connected."""
        if self._on_event is not None:
            self._on_event(event)

    def keep(self, channel: str, record: str) -> None:
        """Keep what is known of a channel."""
        if self.records is not None:
            self.records.keep(channel, record)

    def forget(self, channel: str) -> None:
        """A channel has ended."""
        if self.records is not None:
            self.records.forget(channel)

    def stop_recording(self, channel: str) -> None:
        """Whatever is recorded of a channel is complete."""
        for ended in self._recordings.end(channel, self.now):
            self.tell(ended)

    def over(self, far: AnyEnd) -> None:
        """Somebody is in no call any more."""
        self.stop_recording(far.channel)
        self._bridges.over(far)
        self.routes.over(far.channel)

    def note(self, channel: str, summary: str, *, sent: bool) -> None:
        """Add a line to a channel's trace."""
        line = TraceLine(self.now, channel, sent, "memory:far:0", summary, summary)
        self._traces.setdefault(channel, []).append(line)

    # Within

    def _dial(self, dial: Dial) -> None:
        known = self._far.get(dial.channel)
        if known is not None and known.state is not FarState.OVER:
            return
        far = self._far[dial.channel] = FarEnd(self, dial)
        self.keep(dial.channel, "called")
        endpoint = dial.endpoint
        if isinstance(endpoint, TerminalEndpoint):
            if endpoint.contact not in self.contacts(endpoint.contact.account):
                far.reject(480, "Not Registered", local=True)
                return
            names = (endpoint.contact.uri, endpoint.contact.account)
        else:
            names = (endpoint.number, endpoint.trunk.name)
        self.note(dial.channel, "INVITE", sent=True)
        for name in names:
            if name in self._behaviours:
                self._follow(far, self._behaviours[name])
                return

    def _follow(self, far: FarEnd, behaviour: Behaviour) -> None:
        for after, act in behaviour:
            if after > 0:
                self._later(after, partial(act, far))
            else:
                act(far)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        heappush(self._due, _Due(self.now + seconds, next(self._order), action))

    def _change(
        self,
        far: AnyEnd,
        command: Play
        | StopPlay
        | Listen
        | Hold
        | SendDigits
        | PauseRecording
        | StopRecording
        | StopEavesdropping,
    ) -> None:
        if isinstance(command, Play):
            self._play(far, command)
        elif isinstance(command, StopPlay):
            far.hears = self._bridges.heard_by(far)
        elif isinstance(command, Listen):
            far.hears = command.source
        elif isinstance(command, SendDigits):
            far.keys += command.digits
        elif isinstance(command, PauseRecording):
            self._recordings.pause(far.channel, command.on, self.now)
        elif isinstance(command, StopRecording):
            self.stop_recording(far.channel)
        elif isinstance(command, StopEavesdropping):
            self._bridges.stop(far)
        elif command.on != far.on_hold:
            far.on_hold = command.on
            self.note(far.channel, "INVITE", sent=True)

    def _play(self, far: AnyEnd, command: Play) -> None:
        far.hears = command.sound
        turn = self._plays[far.channel] = next(self._order)
        if isinstance(command.sound, Tone):
            return
        seconds = self.prompt_seconds.get(command.sound.path, PROMPT_SECONDS)

        def over() -> None:
            if far.hears is command.sound and self._plays[far.channel] == turn:
                far.hears = self._bridges.heard_by(far)
                self.tell(PlayEnded(far.channel, command.play_id, seconds is not None))

        self._later(seconds or 0.0, over)

    def _bridge(self, bridge: Bridge) -> None:
        a, b = self._far.get(bridge.a), self._far.get(bridge.b)
        if a is None or b is None or a.state != b.state or a.state is not FarState.TALKING:
            return
        for far in (a, b):
            self.stop_recording(far.channel)
        self._bridges.bridge(a, b)
        self.routes.bridged(bridge)

    def _can_record(self, record: Record) -> bool:
        far = self._far.get(record.a)
        talks = far is not None and far.state is FarState.TALKING
        return far is not None and talks and self._bridges.partner_of(far) == record.b
