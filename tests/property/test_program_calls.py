"""A call in a program that rings, asks and fetches, with whatever its caller and others do: it ends
once, gives back what it took, and leaves nobody ringing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.limits import Usage
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Dial,
    Digit,
    EngineCommand,
    Failed,
    HangUp,
    Play,
    PlayEnded,
    Released,
)
from cordboard.calls.programs.program_course import MAX_JOBS
from cordboard.calls.programs.program_words import WantedSteps
from cordboard.calls.running.call import Call
from cordboard.calls.stages import Stage
from cordboard.directory.model import GroupKind
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.steps import AddJobStep, Step
from support.effects import taken, taken_errand
from support.programs import steps_of
from support.tenants import desk, everywhere, numbered_ids, request, tenant

STEPS = """
    {label = "ask", gather = "KEY", play = "menu.wav", digits = 1, timeout = 3},
    {branch = "KEY", to = {1 = "ring", 2 = "hunt", 3 = "end"}},
    {say = "${KEY}"},
    {fetch = "https://a.test/", otherwise = "ask"},
    {label = "ring", ring = "thomas", timeout = 10},
    {wait = 1},
    {message = "MESSAGE", seconds = 4},
    {label = "hunt", record = true},
    {ring = {group = "sales"}, timeout = 20},
    {ring = "0312341234", timeout = 5, otherwise = "ask"},
    {label = "end", hangup = "busy"},
"""
JOB = '{"type": "msg_call", "data": {"called_number": "${KEY}", "audio_file": "a.wav"}}'
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.sampled_from("1123")),
        st.tuples(st.just("listen"), st.booleans()),
        st.tuples(st.just("wait"), st.none()),
        st.tuples(st.just("fetch"), st.booleans()),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("fail"), st.tuples(st.integers(0, 3), st.sampled_from([480, 486, 603]))),
        st.tuples(st.just("gone"), st.integers(0, 12)),
    ),
    min_size=5,
    max_size=60,
)


class Simulation:
    """The engine, phones and clock around one call, of which the first party has answered."""

    def __init__(self, here: TenantDirectory) -> None:
        self.now, self.usage = 100.0, Usage()
        board = desk(everywhere, numbered_ids(), self.usage, here)
        planned = plan(request(to="1111"), here, board)
        board.take(planned.takes)
        self.call = Call(planned, board)
        self.ringing: list[str] = []
        self.talking: list[str] = []
        self.log: list[CallEvent] = []
        self.turn = 0
        self.bridges: list[tuple[str, str]] = []
        self.jobs: list[int] = []
        self.call.start(self.now)
        self.carry_out()
        self.answer(0)

    def carry_out(self) -> None:
        while commands := taken(self.call.effects.commands):
            for command in commands:
                self.execute(command)
        self.log += taken(self.call.effects.events)
        self.usage.give_back(taken(self.call.effects.released))

    def execute(self, command: EngineCommand) -> None:
        if isinstance(command, Dial):
            assert command.channel not in self.ringing + self.talking
            self.ringing.append(command.channel)
        elif isinstance(command, HangUp):
            self.hang_up(command.channel)
        elif isinstance(command, Bridge):
            assert {command.a, command.b} <= set(self.talking)
            self.bridges.append((command.a, command.b))
        elif isinstance(command, Play):
            assert command.channel in self.talking, "nobody hears that"
            self.turn = command.play_id

    def hang_up(self, channel: str) -> None:
        if channel in self.ringing:
            self.ringing.remove(channel)
            self.call.handle(Failed(channel, 487, local=True), self.now)
        else:
            self.talking.remove(channel)
            self.call.handle(Released(channel, remote=False, cause=Cause.NORMAL), self.now)

    def answer(self, which: int) -> None:
        if which < len(self.ringing):
            channel = self.ringing.pop(which)
            self.talking.append(channel)
            self.call.handle(Answered(channel), self.now)
            self.carry_out()

    def move(self, kind: str, value: object) -> None:
        first = self.talking[0] if self.talking else ""
        if kind == "press" and first:
            self.call.handle(Digit(first, str(value)), self.now)
        elif kind == "listen" and first:
            self.call.handle(PlayEnded(first, self.turn, complete=bool(value)), self.now)
        elif kind == "wait":
            self.now = max(self.now, self.call.deadline or self.now)
            self.call.handle_timer(self.now)
        elif kind == "answer":
            assert isinstance(value, int)
            self.answer(value)
        elif kind == "fail":
            assert isinstance(value, tuple)
            which, status = value
            if which < len(self.ringing):
                self.call.handle(Failed(self.ringing.pop(which), status), self.now)
        elif kind == "gone" and value == 0 and self.talking:
            self.call.handle(Released(self.talking.pop(), remote=True), self.now)
        elif kind == "fetch":
            wanted = taken_errand(self.call)
            if isinstance(wanted, WantedSteps):
                steps = (Step(AddJobStep(JOB)), *steps_of(f"steps = [{STEPS}]"))
                self.call.fetched(wanted.turn, steps if value else "status 503", self.now)
            elif wanted is not None:
                self.jobs.append(wanted.turn)
                fault = "there is no room" if value else None
                self.call.job_added(wanted.turn, None if value else "job-1", fault, self.now)
        self.carry_out()


@settings(max_examples=200, deadline=None)
@given(moves=MOVES, kind=st.sampled_from(GroupKind), alone=st.booleans())
def test_whatever_happens_it_ends_once(
    moves: list[tuple[str, object]], kind: GroupKind, alone: bool
) -> None:
    here = tenant(longest_call=300.0, channel_limit=1 if alone else None)
    menu = replace(here.contexts[0], steps=steps_of(f"steps = [{STEPS}]"))
    sales = replace(here.groups[0], kind=kind, member_answer_timeout=5.0)
    here = replace(here, contexts=(menu,), groups=(sales, *here.groups[1:]))
    life = Simulation(here)
    for move, value in moves:
        life.move(move, value)
    for _ in range(10_000):
        if life.call.stage is Stage.ENDED:
            break
        life.move("wait", None)
    assert life.call.stage is Stage.ENDED
    assert life.now <= 100.0 + 300.0 + 10.0
    assert not life.ringing, "somebody is left ringing"
    assert not life.talking
    assert life.usage.in_use() == {}
    assert [event.kind for event in life.log].count(EventKind.CALL_ENDED) == 1
    assert len(life.bridges) <= 1
    assert len(set(life.jobs)) == len(life.jobs) <= MAX_JOBS
    pressed = [str(value) for move, value in moves if move == "press"]
    if not life.bridges:
        assert EventKind.DIGIT not in [event.kind for event in life.log], pressed
