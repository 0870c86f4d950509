"""The calls that are alive: what happens to one is handed to its state machine, and what that wants
done is carried out.

An engine event that arrives while a command is being carried out waits its turn, so that a call
never sees itself half-way through a step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic

import msgspec

from cordboard.calls.limits import Usage
from cordboard.calls.people.lines import Lines
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import Engine, EngineEvent, Incoming, RecordingEnded
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.ringing.effects import Effects
from cordboard.calls.ringing.switchboard import Consultation, Handed, HandedProgram
from cordboard.calls.running.call import Call
from cordboard.calls.stages import Stage
from cordboard.exchange.alarm import Alarm
from cordboard.exchange.channels import ChannelBook
from cordboard.exchange.eavesdroppers import Eavesdroppers
from cordboard.exchange.errands import Errands
from cordboard.exchange.offers import Offers
from cordboard.exchange.pickups import offered_by, picked_up, refusal
from cordboard.exchange.serving import Serving
from cordboard.exchange.stopping import Stopping
from cordboard.exchange.wrap_ups import WrapUps
from cordboard.journal.port import Journal


class _Live(msgspec.Struct):
    call: Call
    tenant: str
    gave: tuple[str, ...] = ()  # channels that are of another call by now


class LiveCalls:
    """All of them; ``channels`` and ``attendance`` learn of their channels, ``usage`` gets back
    what they took, and ``stopping`` is told when there are none left."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        channels: ChannelBook,
        usage: Usage,
        stopping: Stopping,
        attendance: Attendance,
        lines: Lines,
        wrap_ups: WrapUps,
        eavesdroppers: Eavesdroppers,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._channels = channels
        self._usage = usage
        self._stopping = stopping
        self._attendance = attendance
        self._live: dict[str, _Live] = {}
        self._given: dict[str, str] = {}  # channels that were given away, and by whom
        self._wrap_ups = wrap_ups
        self._alarm = Alarm(self._due)
        self.offers: Offers | None = None
        """Who takes the calls that are of nobody yet."""
        self._lines = lines
        self._serving = Serving(lines, self._wake, self._serve)
        self._eavesdroppers = eavesdroppers
        self.errands = Errands(self._tell)
        self._inbox: deque[EngineEvent] = deque()
        self._busy = False
        engine.connect(self._on_engine_event)

    def __len__(self) -> int:
        return len(self._live)

    def begin(self, call: Call, tenant: str) -> None:
        """Let a call of a tenant live, and ring its first leg."""
        live = self._live[call.id] = _Live(call, tenant)
        self._stopping.busy()
        self._step(live, lambda: call.start(monotonic()))

    def wish(self, tenant: str, call: str, wish: Callable[[Call, float], None]) -> bool:
        """Have something happen to a call, which is given the time; False where the tenant has no
        such call alive."""
        live = self._live.get(call)
        if live is None or live.tenant != tenant:
            return False
        self._step(live, lambda: wish(live.call, monotonic()))
        return True

    def hand_over(
        self, tenant: str, into: str, consultation: Consultation
    ) -> Handed | HandedProgram:
        """Have a call of a tenant give a party away, which the call ``into`` of the same tenant has
        asked for and takes; raises :class:`Refused`.

        It asks in the midst of its own step. What follows for the other call is carried out at
        once, so that whatever the engine tells of who was given away finds the one that has him.
        """
        channel = consultation.channel
        call = consultation.call if channel is None else self._channels.calls.get(channel)
        live = self._live.get(call or "")
        if live is None or live.tenant != tenant or call == into:
            raise Refused(RefusalId.INVALID_DESTINATION, "there is no such call", "call")
        handed = live.call.give(consultation, into, monotonic())
        if isinstance(handed, Handed):
            live.gave = tuple(handed.hunt.channels)
            self._given.update(dict.fromkeys(live.gave, live.call.id))
        self._carry_out(live)
        return handed

    def conversation(self, tenant: str, call: str) -> Conversation | None:
        """The two who talk with each other in a call of a tenant; None where none do."""
        live = self._live.get(call)
        return None if live is None or live.tenant != tenant else live.call.conversation

    def interrupt(self) -> None:
        """End all calls, because the server stops."""
        for live in tuple(self._live.values()):
            self._interrupt(live)

    def close(self) -> None:
        """Wake no call any more."""
        self._alarm.close()
        self._serving.close()

    def somebody_may_be_free(self, tenant: str) -> None:
        """Let those who wait for a group of a tenant look whether somebody is free."""
        self._serving.stir(tenant)
        self._serve()

    def _serve(self) -> None:
        if not self._busy:
            self._drain()

    def _wake(self, call: str) -> None:
        live = self._live.get(call)
        if live is not None:
            self._step(live, lambda: live.call.wake(monotonic()))

    def _interrupt(self, live: _Live) -> None:
        self._step(live, lambda: live.call.cancel(monotonic(), interrupted=True))

    def tell(self, event: EngineEvent) -> None:
        """Let an event happen that came before its channel was of any call."""
        self._on_engine_event(event)

    def _of_no_call(self, event: EngineEvent, *, known: bool) -> None:
        if self.offers is None:
            return
        if isinstance(event, Incoming):
            wanted = picked_up(event)
            if wanted is None or known:
                self.offers.take(event, known=known)
            else:
                self._pick_up(event, *wanted)
        else:
            self.offers.note(event)

    def _pick_up(self, incoming: Incoming, channel: str, other: bool) -> None:
        """A phone wants to take the place of another one in a call that is alive."""
        live = self._live.get(self._channels.calls.get(channel, ""))
        try:
            if live is None:
                raise Refused(RefusalId.INVALID_DESTINATION, "there is no such call", "replaces")
            offered, call = offered_by(incoming, live.tenant), live.call
            self._step(live, lambda: call.pick_up(offered, channel, monotonic(), other=other))
        except Refused as refused:
            self._engine.execute(refusal(incoming, refused))

    def _on_engine_event(self, event: EngineEvent) -> None:
        self._inbox.append(event)
        if not self._busy:
            self._drain()

    def _due(self, call: str) -> None:
        live = self._live.get(call)
        if live is not None:
            self._step(live, lambda: live.call.handle_timer(monotonic()))

    def _step(self, live: _Live, happen: Callable[[], None]) -> None:
        """Let something happen to a call and carry out what follows from it."""
        was_busy, self._busy = self._busy, True
        try:
            happen()
            self._carry_out(live)
        finally:
            self._busy = was_busy
        if not was_busy:
            self._drain()

    def _drain(self) -> None:
        """Hand on the engine's events, among them those that carrying out commands brings forth,
        and serve those who wait, until nothing comes of that any more."""
        self._busy = True
        try:
            while self._inbox or self._serving.stirred:
                if not self._inbox:
                    self._serving.serve()
                    continue
                event = self._inbox.popleft()
                live = self._live.get(self._channels.calls.get(event.channel, ""))
                if live is None or type(event) is Incoming:
                    self._of_no_call(event, known=live is not None)
                else:
                    live.call.handle(event, monotonic())
                    self._carry_out(live)
                if self._given and type(event) is RecordingEnded:
                    self._tell_former(event)
        finally:
            self._busy = False

    def _tell_former(self, event: RecordingEnded) -> None:
        """What was recorded of somebody while he was in another call is also that one's."""
        live = self._live.get(self._given.get(event.channel, ""))
        if live is not None:
            live.call.handle(event, monotonic())
            self._carry_out(live)

    def _carry_out(self, live: _Live) -> None:
        call, effects = live.call, live.call.effects
        if effects.channels:
            self._attendance.begin(live.tenant, [planned for _, planned in effects.channels])
            self._channels.add(live.tenant, call.id, effects.channels, len(self._live))
            effects.channels.clear()
        if effects.events:
            self._write_down(live, effects)
        if effects.commands:
            commands = effects.commands.copy()
            effects.commands.clear()
            for command in commands:
                self._engine.execute(command)
        if effects.errand is not None:
            errand, effects.errand = effects.errand, None
            self.errands.run(call.id, live.tenant, errand)
        if effects.released:
            self._usage.give_back(effects.released)
            effects.released.clear()
        if self._eavesdroppers.watched:
            self._tell_eavesdroppers(call)
        if effects.over:
            self._forget(live)
        else:
            self._alarm.set(call.id, call.deadline)

    def _write_down(self, live: _Live, effects: Effects) -> None:
        """What happened goes to the journal, and to those who follow calls."""
        tenant, events = live.tenant, effects.events.copy()
        effects.events.clear()
        self._attendance.follow(events, monotonic())
        self._journal.append(tenant, events)
        if self._lines.callers:
            self._serving.stir(tenant)
        if self.errands.fetching.sources.asking:
            self.errands.fetching.sources.follow(live.call.id, events)
        if effects.acts:
            self._wrap_ups.follow(tenant, effects.acts)
            effects.acts.clear()
        if self._attendance.hung_up:
            self._wrap_ups.begin()

    def _tell_eavesdroppers(self, call: Call) -> None:
        """Let the calls know that overhear one who talks in it by now."""
        over = call.stage in (Stage.ENDING, Stage.ENDED)
        talkers = None if over else call.conversation
        for by in self._eavesdroppers.news(call.id, talkers, over=over):
            watching = self._live[by]
            self._step(watching, partial(watching.call.watched, talkers, monotonic(), over=over))

    def _tell(self, call: str, happen: Callable[[Call, float], None]) -> None:
        live = self._live.get(call)
        if live is not None:
            self._step(live, lambda: happen(live.call, monotonic()))

    def _forget(self, live: _Live) -> None:
        self._alarm.set(live.call.id, None)
        self._live.pop(live.call.id, None)
        self.errands.fetching.sources.over(live.call.id)
        self._eavesdroppers.forget(live.call.id)
        for channel in live.gave:
            self._given.pop(channel, None)
        if not self._live:
            self._stopping.idle()
