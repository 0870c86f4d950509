"""Several calls of one tenant whose parties transfer each other, blind and attended, also to a
context that rings somebody, in any order and with any delay.

Whatever happens: each call has one result, nobody is left in a call that is over, everybody is in
one call and hears one other at most, each REFER gets one final answer, and all limits come back.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.limits import Usage
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Answered,
    AnswerReferral,
    Bridge,
    Dial,
    Digit,
    EngineEvent,
    Failed,
    HangUp,
    HoldChanged,
    MediaLost,
    Play,
    PlayEnded,
    Record,
    RecordingEnded,
    RedirectTarget,
    Referred,
    Released,
    Ringing,
)
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg, RingUser, UserKeys
from cordboard.calls.ringing.switchboard import Consultation, Handed, HandedProgram
from cordboard.calls.running.call import Call
from cordboard.calls.running.wishes import WrongState
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import Context
from support.effects import taken
from support.programs import steps_of
from support.tenants import desk, everywhere, numbered_ids, request, tenant

USERS = ["jessica", "thomas", "helen"]
TARGETS = [*USERS, "sales", "0312341234", "119", "nobody", "1111", "1112", "1112", "1112"]
MENU = """
    {ring = "helen", timeout = 10},
    {label = "ask", gather = "KEY", play = "menu.wav", digits = 1, timeout = 8},
    {branch = "KEY", to = {1 = "ring", 2 = "hunt", 3 = "end"}},
    {message = "MESSAGE", seconds = 4},
    {label = "ring", ring = "0312341234", timeout = 5, otherwise = "ask"},
    {label = "hunt", record = true},
    {ring = {group = "sales"}, timeout = 20},
    {label = "end", hangup = "busy"},
"""
MAX_CALLS = 4
LONGEST_VIRTUAL_LIFE = 700.0


@dataclass
class Channel:
    """What an engine knows of one that was dialled and is not over."""

    answered: bool = False
    hung_up: bool = False
    partner: str | None = None
    referral: int | None = None
    play: int = 0
    told: list[int] = field(default_factory=list)


class Transfers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.usage = Usage()
        here = tenant(longest_call=600.0)
        menu = Context("menu", "1112", steps=steps_of(f"steps = [{MENU}]"))
        jessica, thomas, helen = here.users
        helen = replace(helen, forwarding=Forwarding(busy="1112", no_answer="1112", after=5.0))
        self.here = replace(here, users=(jessica, thomas, helen), contexts=(*here.contexts, menu))
        ids = numbered_ids()
        live = desk(everywhere, ids, self.usage, self.here)
        self.desk = replace(live, hand_over=self.hand_over)
        self.calls: dict[str, Call] = {}
        self.owner: dict[str, str] = {}
        self.up: dict[str, Channel] = {}
        self.events: dict[str, list[CallEvent]] = {}
        self.placed = 0
        self.referrals = 0
        self.recorded: list[RecordingEnded] = []

    # The exchange

    def hand_over(self, domain: str, into: str, wanted: Consultation) -> Handed | HandedProgram:
        assert domain == "demo"
        name = wanted.call if wanted.channel is None else self.owner.get(wanted.channel)
        call = self.calls.get(name or "")
        if call is None or name == into:
            raise Refused(RefusalId.INVALID_DESTINATION, "no such call")
        handed = call.give(wanted, into, self.now)
        self.carry_out(call)
        return handed

    def carry_out(self, call: Call) -> None:
        for _, planned in taken(call.effects.channels):
            self.owner[planned.id] = call.id
        self.events[call.id] += taken(call.effects.events)
        for command in taken(call.effects.commands):
            if isinstance(command, Dial):
                assert command.channel not in self.up
                self.up[command.channel] = Channel()
            elif isinstance(command, Bridge):
                self.bridge(command)
            elif isinstance(command, HangUp):
                self.up[command.channel].hung_up = True
            elif isinstance(command, Play):
                channel = self.up[command.channel]
                assert not channel.hung_up, "nobody hears that"
                channel.play = command.play_id
            elif isinstance(command, Record):
                self.recorded.append(RecordingEnded(command.a, command.name, 1.0))
            elif isinstance(command, AnswerReferral) and command.channel in self.up:
                self.answer(command)
        self.usage.give_back(taken(call.effects.released))
        if call.stage is Stage.ENDED:
            self.calls.pop(call.id, None)

    def bridge(self, command: Bridge) -> None:
        a, b = self.up[command.a], self.up[command.b]
        assert a.answered
        assert b.answered
        assert not a.hung_up
        assert not b.hung_up
        for one in (a, b):
            if one.partner in self.up:
                self.up[one.partner].partner = None
        a.partner, b.partner = command.b, command.a

    def answer(self, command: AnswerReferral) -> None:
        channel = self.up[command.channel]
        assert command.referral == channel.referral, "the one that is open"
        channel.told.append(command.status)
        if command.status >= 200:
            channel.referral = None

    def tell(self, event: EngineEvent) -> None:
        call = self.calls.get(self.owner.get(event.channel, ""))
        if call is not None:
            call.handle(event, self.now)
            self.carry_out(call)

    # What happens

    @precondition(lambda self: self.placed < MAX_CALLS)
    @rule(
        first=st.sampled_from(USERS),
        to=st.sampled_from([*USERS, "sales", "0312341234", "1112"]),
        record=st.booleans(),
        answered=st.booleans(),
    )
    def place(self, first: str, to: str, record: bool, answered: bool) -> None:
        self.placed += 1
        asked = replace(
            request(
                RingUser(UserKeys(name=first)),
                to,
                answer_timeout=30.0,
                second_answer_timeout=30.0,
                record=record,
            ),
            id=f"call-{self.placed}",
        )
        planned = plan(asked, self.here, self.desk)
        self.desk.take(planned.takes)
        call = self.calls[asked.id] = Call(planned, self.desk)
        self.events[asked.id] = []
        call.start(self.now)
        self.carry_out(call)
        if answered:
            for _ in range(2):
                ours = [one for one in self.ringing() if self.owner[one] == asked.id]
                if ours:
                    self.pick_up(ours[-1])

    def bridged_calls(self) -> list[Call]:
        return [one for one in self.calls.values() if one.stage is Stage.BRIDGED]

    def ringing(self) -> list[str]:
        return [name for name, one in self.up.items() if not (one.answered or one.hung_up)]

    def talking(self) -> list[str]:
        return [name for name, one in self.up.items() if one.answered and not one.hung_up]

    def pick_up(self, name: str) -> None:
        self.up[name].answered = True
        self.tell(Answered(name))

    @precondition(lambda self: self.ringing())
    @rule(data=st.data(), alerts=st.booleans())
    def answers(self, data: st.DataObject, alerts: bool) -> None:
        name = data.draw(st.sampled_from(self.ringing()))
        if alerts:
            self.tell(Ringing(name))
        self.pick_up(name)

    @precondition(lambda self: self.ringing())
    @rule(data=st.data(), status=st.sampled_from([404, 480, 486, 603]))
    def fails(self, data: st.DataObject, status: int) -> None:
        name = data.draw(st.sampled_from(self.ringing()))
        del self.up[name]
        self.tell(Failed(name, status))

    @precondition(lambda self: self.talking())
    @rule(data=st.data())
    def hangs_up(self, data: st.DataObject) -> None:
        self.release(data.draw(st.sampled_from(self.talking())), remote=True)

    def release(self, name: str, *, remote: bool) -> None:
        gone = self.up.pop(name)
        if gone.partner in self.up:
            self.up[gone.partner].partner = None
        self.tell(Released(name, remote) if gone.answered else Failed(name, 487))

    @precondition(lambda self: any(one.hung_up for one in self.up.values()))
    @rule(data=st.data(), crosses=st.booleans())
    def is_gone(self, data: st.DataObject, crosses: bool) -> None:
        name = data.draw(st.sampled_from([n for n, one in self.up.items() if one.hung_up]))
        if crosses and not self.up[name].answered:
            self.pick_up(name)  # a 200 that crossed our CANCEL
        self.release(name, remote=False)

    @precondition(lambda self: self.recorded)
    @rule()
    def is_written(self) -> None:
        event = self.recorded.pop(0)
        for call in list(self.calls.values()):  # whoever has made it
            call.handle(event, self.now)
            self.carry_out(call)

    @precondition(lambda self: self.talking())
    @rule(data=st.data(), complete=st.booleans())
    def listens(self, data: st.DataObject, complete: bool) -> None:
        name = data.draw(st.sampled_from(self.talking()))
        self.tell(PlayEnded(name, self.up[name].play, complete=complete))

    @precondition(lambda self: self.talking())
    @rule(data=st.data(), key=st.sampled_from("123*"))
    def presses(self, data: st.DataObject, key: str) -> None:
        self.tell(Digit(data.draw(st.sampled_from(self.talking())), key))

    @precondition(lambda self: self.talking())
    @rule(data=st.data(), held=st.booleans())
    def holds(self, data: st.DataObject, held: bool) -> None:
        self.tell(HoldChanged(data.draw(st.sampled_from(self.talking())), held))

    @precondition(lambda self: self.talking())
    @rule(data=st.data())
    def falls_silent(self, data: st.DataObject) -> None:
        self.tell(MediaLost(data.draw(st.sampled_from(self.talking()))))

    @precondition(lambda self: self.talking())
    @rule(data=st.data(), to=st.sampled_from(TARGETS), elsewhere=st.booleans())
    def refers(self, data: st.DataObject, to: str, elsewhere: bool) -> None:
        name = data.draw(st.sampled_from(self.talking()))
        self.refer(name, RedirectTarget(to, "demo"), None, elsewhere=elsewhere)

    @precondition(lambda self: len(self.talking()) > 1)
    @rule(data=st.data())
    def refers_attended(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.talking()))
        other = data.draw(st.sampled_from(sorted(self.up)))
        self.refer(name, RedirectTarget("", ""), other)

    def refer(
        self, name: str, target: RedirectTarget, replaces: str | None, *, elsewhere: bool = False
    ) -> None:
        channel = self.up[name]
        if channel.referral is not None:
            return  # the engine lets one at a time through
        self.referrals += 1
        channel.referral, channel.told = self.referrals, []
        self.tell(Referred(name, self.referrals, target, replaces, elsewhere))
        if self.owner[name] in self.calls and name in self.up:
            assert channel.told, "each is answered at once"

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), kept=st.sampled_from(Leg), to=st.sampled_from(TARGETS))
    def client_transfers(self, data: st.DataObject, kept: Leg, to: str) -> None:
        call = self.calls[data.draw(st.sampled_from(sorted(self.calls)))]
        with suppress(Refused, WrongState):
            call.wishes.transfer(kept, to, self.now)
        self.carry_out(call)

    @precondition(lambda self: self.bridged_calls())
    @rule(data=st.data(), kept=st.sampled_from(Leg), to=st.sampled_from(["1112", "helen"]))
    def client_sends_to_the_menu(self, data: st.DataObject, kept: Leg, to: str) -> None:
        call = data.draw(st.sampled_from(self.bridged_calls()))
        with suppress(Refused, WrongState):
            call.wishes.transfer(kept, to, self.now)
        self.carry_out(call)

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), kept=st.sampled_from(Leg), comes=st.sampled_from([None, *Leg]))
    def client_joins(self, data: st.DataObject, kept: Leg, comes: Leg | None) -> None:
        call = self.calls[data.draw(st.sampled_from(sorted(self.calls)))]
        other = data.draw(st.sampled_from(sorted(self.calls)))
        with suppress(Refused, WrongState):
            call.wishes.join(kept, other, comes, self.now)
        self.carry_out(call)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def client_hangs_up(self, data: st.DataObject) -> None:
        call = self.calls[data.draw(st.sampled_from(sorted(self.calls)))]
        call.cancel(self.now)
        self.carry_out(call)

    @rule(seconds=st.sampled_from([0.1, 2.0, 6.0, 31.0]))
    def waits(self, seconds: float) -> None:
        self.now += seconds
        for call in list(self.calls.values()):
            if call.deadline is not None and call.deadline <= self.now:
                call.handle_timer(self.now)
                self.carry_out(call)

    # What always holds

    @invariant()
    def everybody_is_in_one_call(self) -> None:
        for name in self.up:
            inside = [call.id for call in self.calls.values() if call.leg_of(name) is not None]
            assert len(inside) <= 1
            assert inside in ([], [self.owner[name]])

    @invariant()
    def two_hear_each_other_or_nobody(self) -> None:
        for name, channel in self.up.items():
            if channel.partner is not None:
                assert self.up[channel.partner].partner == name

    @invariant()
    def who_talks_in_a_call_has_the_other(self) -> None:
        for call in self.calls.values():
            if call.stage is Stage.BRIDGED:
                ours = [n for n, own in self.owner.items() if own == call.id and n in self.up]
                assert len([n for n in ours if self.up[n].partner is not None]) >= 2

    @invariant()
    def a_call_has_one_result_when_it_is_over(self) -> None:
        for name, events in self.events.items():
            ends = [one for one in events if one.kind is EventKind.CALL_ENDED]
            assert len(ends) == (0 if name in self.calls else 1)

    def teardown(self) -> None:
        end = self.now + LONGEST_VIRTUAL_LIFE
        while (self.calls or self.up) and self.now < end:
            for name in [n for n, one in self.up.items() if one.hung_up]:
                self.release(name, remote=False)
            self.waits(5.0)
        assert not self.calls, "each comes to its end"
        left = [name for name, one in self.up.items() if not one.hung_up]
        assert left == [], "nobody is left over"
        assert not self.usage
        self.a_call_has_one_result_when_it_is_over()


TestTransfers = Transfers.TestCase
TestTransfers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
