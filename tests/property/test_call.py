"""The call against an engine that keeps the port's contract and nothing else: any order, any delay.

Whatever happens, a call owes exactly one result, gives back what it took, leaves no channel up and
does nothing to channels that it never dialled or that are over.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.limits import Usage
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Accept,
    Answered,
    Bridge,
    Dial,
    Digit,
    EarlyMedia,
    EngineEvent,
    Failed,
    HangUp,
    Hold,
    HoldChanged,
    Listen,
    MediaLost,
    PauseRecording,
    Play,
    PlayEnded,
    Record,
    RecordingEnded,
    RedirectTarget,
    Reject,
    Released,
    Ring,
    Ringing,
    SendDigits,
    StopPlay,
    StopRecording,
    Trying,
)
from cordboard.calls.refusals import Refused
from cordboard.calls.request import (
    Address,
    CalledParty,
    GroupKeys,
    Leg,
    LegWishes,
    Offered,
    RingGroup,
    RingNumber,
    RingUser,
    UserKeys,
)
from cordboard.calls.running.call import Call
from cordboard.calls.running.wishes import RecordAction, WrongState
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.model import GroupKind
from support.effects import taken
from support.tenants import desk, everywhere, nowhere, numbered_ids, request, tenant

FINAL_CODES = [302, 401, 403, 404, 408, 480, 486, 487, 488, 500, 503, 600, 603]
REDIRECTS = ["thomas", "helen", "jessica", "sales", "0312341234", "0399990000", "1111", "112"]
LONGEST_VIRTUAL_LIFE = 400.0

CALLER = "caller"
"""The channel of who calls us himself."""

BEGUN = (EventKind.CHANNEL_DIALLED, EventKind.CHANNEL_OFFERED)

FIRSTS: dict[str, CalledParty] = {
    "group": RingGroup(GroupKeys(name="sales")),
    "user": RingUser(UserKeys(name="jessica")),
    "number": RingNumber(Address("0312341234")),
    "phone": Offered(CALLER, "1002", from_terminal="jessica-desk"),
    "trunk": Offered(CALLER, "05031001002", from_trunk="first", number="0399998888"),
}

TERMS = (
    NOT_FORWARDED,
    Forwarding(busy="helen", no_answer="sales", after=10.0),
    Forwarding(busy="0312341234", no_answer="1111", after=10.0),
    Forwarding(always="helen"),
    Forwarding(do_not_disturb=True),
    Forwarding(do_not_disturb=True, busy="0312341234"),
)
"""Where thomas has his calls go; helen's come back to him."""

DECIDED = (
    EventKind.LEG_ANSWERED,
    EventKind.LEG_FAILED,
    EventKind.CALL_TRANSFERRED,
    EventKind.CALL_TRANSFER_FAILED,
)


class SimulatedChannel:
    """What an engine knows of a channel that was dialled or offered and is not over; what was
    offered is answered once it was ``accepted``."""

    def __init__(self, *, offered: bool = False) -> None:
        self.offered = offered
        self.accepted = False
        self.hears_early = False
        self.answered = False
        self.hung_up = False


class CallMachine(RuleBasedStateMachine):
    """One call from its acceptance to its end."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.usage = Usage()
        self.up: dict[str, SimulatedChannel] = {}
        self.over: set[str] = set()
        self.events: list[CallEvent] = []
        self.call: Call | None = None
        self.recorded: dict[str, tuple[str, str]] = {}
        self.recording_ends: list[str] = []
        self.unwritten: list[RecordingEnded] = []
        self.disk_is_slow = False

    @initialize(
        first=st.sampled_from(sorted(FIRSTS)),
        screened=st.sampled_from([(), (Leg.FIRST,), (Leg.SECOND,), tuple(Leg)]),
        to=st.sampled_from(["thomas", "sales", "1111", "0311112222", "helen"]),
        second_registered=st.booleans(),
        kind=st.sampled_from(GroupKind),
        terms=st.sampled_from(TERMS),
    )
    def accept(
        self,
        first: str,
        screened: tuple[Leg, ...],
        to: str,
        second_registered: bool,
        kind: GroupKind,
        terms: Forwarding,
    ) -> None:
        here = tenant(longest_call=300.0)
        sales = replace(here.groups[0], kind=kind, member_answer_timeout=10.0)
        here = replace(here, groups=(sales, *here.groups[1:]))
        back = Forwarding(busy="thomas", no_answer="thomas", after=5.0)
        forwarded = {"thomas": terms, "helen": back}
        users = tuple(
            replace(one, forwarding=forwarded.get(one.name, NOT_FORWARDED)) for one in here.users
        )
        here = replace(here, users=users)
        asked = request(
            FIRSTS[first],
            to,
            answer_timeout=30.0,
            second_answer_timeout=30.0,
            record=Leg.SECOND in screened,
            on_first=LegWishes(screen=Leg.FIRST in screened, warn=True),
            on_second=LegWishes(screen=Leg.SECOND in screened),
        )
        live = desk(everywhere, numbered_ids(), self.usage, here)
        planned = plan(asked, here, live)
        live.take(planned.takes)
        if planned.offered:
            self.up[CALLER] = SimulatedChannel(offered=True)
        ids = (f"s{n}" for n in range(100))
        lookup = everywhere if second_registered else nowhere
        self.call = Call(planned, desk(lookup, lambda: next(ids), self.usage, here))
        self.live.start(self.now)
        self.carry_out()

    @property
    def live(self) -> Call:
        assert self.call is not None
        return self.call

    def carry_out(self) -> None:
        """Do as the call commands, and check that it only commands what makes sense."""
        before_end = self.live.stage not in (Stage.ENDING, Stage.ENDED)
        for command in taken(self.live.effects.commands):
            match command:
                case Dial(channel):
                    assert before_end, "dialled after the call had ended"
                    assert channel not in self.up, "dialled a channel that is up"
                    self.up[channel] = SimulatedChannel()
                    self.over.discard(channel)
                case HangUp(channel):
                    assert channel in self.up, "hung up a channel that is not up"
                    assert not self.up[channel].hung_up, "hung up a channel twice"
                    self.up[channel].hung_up = True
                    self.recording_ends.append(channel)
                case Ring() | Accept() | Reject():
                    self.tell_caller(command, before_end=before_end)
                case Play() | Listen():
                    self.must_hear(command)
                case StopPlay(channel) | Hold(channel) | SendDigits(channel):
                    self.must_be_talking(channel)
                case Bridge(a, b):
                    self.must_be_talking(a)
                    self.must_be_talking(b)
                case Record(a, b, name):
                    assert b is not None, "a program that this call is not in"
                    self.must_be_talking(a)
                    self.must_be_talking(b)
                    assert a not in self.recorded, "recorded twice at once"
                    self.recorded[a] = (name, b)
                case PauseRecording(channel):
                    assert channel in self.recorded
                case StopRecording(channel):
                    self.recording_ends.append(channel)
        self.events += taken(self.live.effects.events)
        while self.recording_ends:
            self.end_recording(self.recording_ends.pop())
        self.usage.give_back(taken(self.live.effects.released))

    def tell_caller(self, command: Ring | Accept | Reject, *, before_end: bool) -> None:
        """Do as the call commands about who called us."""
        channel = command.channel
        self.must_wait(channel)
        if isinstance(command, Accept):
            assert before_end, "answered after the call had ended"
            self.up[channel].accepted = True
        elif isinstance(command, Reject):
            assert 400 <= command.status < 700
            self.up[channel].hung_up = True

    def waits(self, channel: str) -> bool:
        """Whether a channel was offered and waits for an answer."""
        one = self.up.get(channel)
        return one is not None and one.offered and not (one.accepted or one.hung_up)

    def must_hear(self, command: Play | Listen) -> None:
        """A channel must be talking, or be one of a caller who hears, or is to hear, us already."""
        channel = command.channel
        if isinstance(command, Listen):
            assert command.source in self.up
        if not self.waits(channel):
            self.must_be_talking(channel)
            return
        self.up[channel].hears_early |= isinstance(command, Listen)
        assert self.up[channel].hears_early

    def must_wait(self, channel: str) -> None:
        """A channel must be one that was offered and waits for an answer."""
        assert channel in self.up
        assert self.up[channel].offered
        assert not self.up[channel].accepted
        assert not self.up[channel].hung_up

    def must_be_talking(self, channel: str) -> None:
        assert channel in self.up
        assert self.up[channel].answered
        assert not self.up[channel].hung_up

    def tell(self, event: EngineEvent) -> None:
        self.live.handle(event, self.now)
        self.carry_out()

    def end_recording(self, channel: str) -> None:
        """Record it no longer, and tell that now or when the disk is ready."""
        for left, (name, right) in tuple(self.recorded.items()):
            if channel in (left, right):
                del self.recorded[left]
                ended = RecordingEnded(left, name, 1.0)
                if self.disk_is_slow:
                    self.unwritten.append(ended)
                else:
                    self.tell(ended)

    def end(self, channel: str, event: EngineEvent) -> None:
        self.end_recording(channel)
        del self.up[channel]
        self.over.add(channel)
        self.tell(event)

    def pick(self, data: st.DataObject, *, answered: bool) -> str | None:
        names = sorted(name for name, c in self.up.items() if c.answered == answered)
        return data.draw(st.sampled_from(names)) if names else None

    @rule(data=st.data(), status=st.sampled_from([180, 183]))
    def ring(self, data: st.DataObject, status: int) -> None:
        channel = self.pick(data, answered=False)
        if channel is not None and not self.up[channel].offered:
            self.tell(Trying(channel))
            self.tell(Ringing(channel, status))

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        channel = self.pick(data, answered=False)
        if channel is not None:  # also one that was hung up: the 200 crossed the CANCEL
            if self.up[channel].offered and not self.up[channel].accepted:
                return
            self.up[channel].answered = True
            self.tell(Answered(channel))

    @rule(data=st.data(), status=st.sampled_from(FINAL_CODES), local=st.booleans())
    def fail(self, data: st.DataObject, status: int, local: bool) -> None:
        channel = self.pick(data, answered=False)
        if channel is not None:
            self.end(channel, Failed(channel, status, local=local))

    @rule(data=st.data(), users=st.lists(st.sampled_from(REDIRECTS), min_size=1, max_size=3))
    def redirect(self, data: st.DataObject, users: list[str]) -> None:
        channel = self.pick(data, answered=False)
        if channel is not None and not self.up[channel].offered:
            targets = tuple(RedirectTarget(user, "demo") for user in users)
            self.end(channel, Failed(channel, 302, redirects=targets))

    @rule(data=st.data(), remote=st.booleans())
    def release(self, data: st.DataObject, remote: bool) -> None:
        channel = self.pick(data, answered=True)
        if channel is not None and (remote or self.up[channel].hung_up):
            self.end(channel, Released(channel, remote))

    @rule(data=st.data(), flag=st.booleans())
    def early_media_or_hold(self, data: st.DataObject, flag: bool) -> None:
        ringing, talking = self.pick(data, answered=False), self.pick(data, answered=True)
        if ringing is not None and not self.up[ringing].offered:
            self.tell(EarlyMedia(ringing, flag))
        if talking is not None:
            self.tell(HoldChanged(talking, flag))

    @rule(data=st.data(), digit=st.sampled_from("1115"))
    def press(self, data: st.DataObject, digit: str) -> None:
        talking = self.pick(data, answered=True)
        if talking is not None:
            self.tell(Digit(talking, digit))

    @rule(data=st.data(), play_id=st.integers(0, 3))
    def play_ends(self, data: st.DataObject, play_id: int) -> None:
        channel = self.pick(data, answered=True)
        if channel is not None:
            self.tell(PlayEnded(channel, play_id))

    @rule(data=st.data())
    def media_is_lost(self, data: st.DataObject) -> None:
        channel = self.pick(data, answered=True)
        if channel is not None:
            self.tell(MediaLost(channel))

    @rule(data=st.data())
    def something_late(self, data: st.DataObject) -> None:
        """An engine may still have said something about a channel that is over."""
        if self.over:
            channel = data.draw(st.sampled_from(sorted(self.over)))
            late: list[EngineEvent] = [Ringing(channel), Answered(channel)]
            self.tell(data.draw(st.sampled_from(late)))

    @rule(seconds=st.floats(0.0, 40.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.live.handle_timer(self.now)
        self.carry_out()

    @rule(leg=st.sampled_from(Leg), on=st.booleans())
    def wish_for_hold(self, leg: Leg, on: bool) -> None:
        with suppress(WrongState):
            self.live.wishes.hold(leg, on)
        self.carry_out()

    @rule(leg=st.sampled_from(Leg), count=st.integers(1, 40))
    def wish_for_keys(self, leg: Leg, count: int) -> None:
        with suppress(WrongState):
            digits = "1" * count
            self.live.wishes.send_digits(leg, digits, self.now, duration_ms=40, gap_ms=40)
        self.carry_out()

    @rule()
    def the_disk_is_slow_or_no_longer(self) -> None:
        self.disk_is_slow = not self.disk_is_slow
        while self.unwritten and not self.disk_is_slow:
            self.tell(self.unwritten.pop(0))

    @rule(action=st.sampled_from(RecordAction))
    def wish_for_recording(self, action: RecordAction) -> None:
        with suppress(WrongState):
            self.live.wishes.record(action)
        self.carry_out()

    @rule(data=st.data())
    def a_recording_breaks_off(self, data: st.DataObject) -> None:
        if self.recorded:
            self.end_recording(data.draw(st.sampled_from(sorted(self.recorded))))

    @rule(leg=st.sampled_from(Leg), to=st.sampled_from(REDIRECTS))
    def wish_for_transfer(self, leg: Leg, to: str) -> None:
        with suppress(WrongState, Refused):
            self.live.wishes.transfer(leg, to, self.now)
        self.carry_out()

    @rule(interrupted=st.booleans())
    def cancel(self, interrupted: bool) -> None:
        self.live.cancel(self.now, interrupted=interrupted)
        self.carry_out()

    @precondition(lambda self: self.call is not None)
    @invariant()
    def the_log_is_sound(self) -> None:
        ended = [e for e in self.events if e.kind is EventKind.CALL_ENDED]
        assert len(ended) == (1 if self.live.stage is Stage.ENDED else 0)
        for leg in Leg:
            verdicts = [
                e.kind
                for e in self.events
                if e.leg is leg and e.kind in (EventKind.LEG_ANSWERED, EventKind.LEG_FAILED)
            ]
            assert len(verdicts) <= 1
        if ended:
            assert self.events[-1].kind is EventKind.CALL_ENDED
            assert self.live.deadline is None

    @precondition(lambda self: self.call is not None)
    @invariant()
    def nobody_rings_on_for_a_leg_that_is_decided(self) -> None:
        rings_for: dict[Leg | None, set[str | None]] = {}
        for event in self.events:
            if event.kind is EventKind.CALL_FORWARDED:
                if event.data["refused"] is None:
                    rings_for[event.leg] = set()
            elif event.kind is EventKind.CALL_TRANSFERRING:
                rings_for[event.leg] = set(cast("list[str]", event.data["channels"]))
            elif event.kind in DECIDED:
                rings_for[event.leg] = {event.channel}
            elif event.kind in BEGUN:
                rings_for.setdefault(event.leg, set()).add(event.channel)
        for name, channel in self.up.items():
            if name not in rings_for[self.live.leg_of(name)]:
                assert channel.hung_up, "a phone rings on"

    @precondition(lambda self: self.call is not None)
    @invariant()
    def a_call_that_lives_is_bounded(self) -> None:
        if self.live.stage is not Stage.ENDED:
            assert self.live.deadline is not None

    def files(self, kind: EventKind) -> list[str]:
        return sorted(str(event.data["file"]) for event in self.events if event.kind is kind)

    def teardown(self) -> None:
        if self.call is None:
            return
        began = self.now
        while (due := self.live.deadline) is not None:
            self.now = max(self.now, due)
            self.live.handle_timer(self.now)
            self.carry_out()
        assert self.live.stage is Stage.ENDED
        assert self.now - began <= LONGEST_VIRTUAL_LIFE
        self.the_log_is_sound()
        files = self.files(EventKind.RECORDING_STARTED)
        assert self.files(EventKind.RECORDING_STOPPED) == files, "every recording ends once"
        assert not self.usage, "limits were not given back"
        assert all(channel.hung_up for channel in self.up.values()), "a channel is left up"
        firsts = [e for e in self.events if e.leg is Leg.FIRST and e.kind.value.startswith("leg.")]
        offered = any(e.kind is EventKind.CHANNEL_OFFERED for e in self.events)
        assert len(firsts) <= 1
        assert firsts or offered, "a client that waits for its first leg is told of it"
        dialled = {str(e.channel) for e in self.events if e.kind in BEGUN}
        gone = [str(e.channel) for e in self.events if e.kind is EventKind.CHANNEL_ENDED]
        assert sorted(gone) == sorted(dialled), "every channel ends once in the log"


TestCall = CallMachine.TestCase
TestCall.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
