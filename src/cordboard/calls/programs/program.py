"""A context's program as it runs in one call: what happens to it goes in, what is to be done comes
out.

Theory of operation. A program is a list of steps and a place in it. A step either is done at once
(branch, goto, set, answer, record), and the next one follows, or it waits: then the program is in
one of the :class:`State` s, and the table ``TRANSITIONS`` alone says what an :class:`Input` does
there. An input that the table does not know in a state has no effect: a key while somebody is rung,
the end of a prompt that was cut short. Three rules have every program end:

1. Whatever it waits for has a deadline, and ``DUE`` is in the table for each state that waits; but
   for a ring, whose hunt has its own.
2. The steps between two waits are bounded, and so are all steps, rings and documents together
   (:mod:`~cordboard.calls.programs.program_course`).
3. ``OVER`` has no way out, and is entered with exactly one :class:`Ended`, or with the connection
   that a ring has brought about.

Keys that come too early are kept for the next gather, as people press who know the menu. Nobody is
told which keys were pressed but by a step that says so: many are a secret of the caller's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from cordboard.calls.programs.gathering import FULL, TIMEOUT, Gathering, TypedAhead
from cordboard.calls.programs.program_course import (
    MAX_FETCHES,
    MAX_MESSAGES,
    MAX_RINGS,
    MAX_UNPLAYABLE,
    Course,
    ProgramFault,
)
from cordboard.calls.programs.program_words import (
    Effect,
    Ended,
    Fetch,
    Fetched,
    Gathered,
    Hush,
    Input,
    Keep,
    RingOut,
    Sound,
    State,
    Stepped,
    TakeCall,
    Tape,
)
from cordboard.directory.steps import (
    OWN,
    Action,
    AnswerStep,
    BranchStep,
    EndReason,
    FetchStep,
    GatherStep,
    GotoStep,
    HangUpStep,
    MessageStep,
    PlayStep,
    RecordStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    WaitStep,
    own_prompt,
)

MAX_SPOKEN = 64
"""Characters of one text that are spoken: half a minute."""

LONGEST_SOUND = 130.0
"""Seconds until a prompt counts as played whose end nobody tells: the longest one lasts 120, and
its file has to be read."""

LONGEST_FETCH = 35.0
"""Seconds that documents are waited for: three servers, asked for 10 seconds each."""

_SPOKEN = {**{digit: digit for digit in "0123456789"}, "*": "star", "#": "hash", "+": "plus"}
_SILENT = (BranchStep, GotoStep, SetStep)


class Program:
    """One program. After each input :meth:`take` has what is to be done, in order; ``deadline`` is
    when :meth:`handle` is to be told ``DUE``, on the clock of ``now``."""

    __slots__ = (
        "_action",
        "_course",
        "_done",
        "_gathering",
        "_language",
        "_queue",
        "_turn",
        "_typed",
        "deadline",
        "state",
    )

    def __init__(
        self, steps: tuple[Step, ...], variables: Mapping[str, str], language: str
    ) -> None:
        self.state = State.NEW
        self.deadline: float | None = None
        self._course = Course(steps, variables)
        self._language = language
        self._action: Action = AnswerStep()  # whose turn it is
        self._done: list[Effect] = []
        self._queue: deque[str] = deque()  # prompts that are still to be played
        self._typed = TypedAhead()
        self._gathering = Gathering(GatherStep(""))
        self._turn = 0  # of the sound or document that is waited for

    @property
    def over(self) -> bool:
        """Whether it does nothing any more."""
        return self.state is State.OVER

    @property
    def variables(self) -> Mapping[str, str]:
        """What it knows."""
        return self._course.variables

    def handle(self, happened: Input, now: float, value: Any = None) -> None:
        """Take notice of something. ``value`` is (turn, whether it could be played) of ``PLAYED``,
        the digit of ``KEY``, why for ``NOT_CONNECTED``, the recording of ``TAPED``, and (turn,
        steps or why not) of ``FETCHED`` and ``NOT_FETCHED``."""
        if happened is Input.DUE and (self.deadline is None or now < self.deadline):
            return
        do = TRANSITIONS.get((self.state, happened))
        if do is not None:
            self._course.pause()
            try:
                do(self, value, now)
            except ProgramFault as fault:
                self._end(EndReason.NORMAL, str(fault))

    def take(self) -> list[Effect]:
        """What is to be done since this was last asked, in order."""
        taken, self._done = self._done, []
        return taken

    # Steps

    def _go_on(self, _value: Any, now: float) -> None:
        """Do one step after the other until one waits."""
        self.state, self.deadline = State.NEW, None
        while self.state is State.NEW:
            turn = self._course.next()
            if turn is None:
                self._end(EndReason.NORMAL)
                return
            place, step = turn
            self._action = step.action
            if not isinstance(step.action, _SILENT):
                self._done.append(Stepped(place, step))
            _STEPS[type(step.action)](self, step.action, now)

    def _wait(self, state: State, until: float | None) -> bool:
        self.state, self.deadline = state, until
        return True

    def _end(self, reason: EndReason, fault: str | None = None) -> None:
        self.state, self.deadline = State.OVER, None
        self._done.append(Ended(reason, fault))

    # Steps that are done at once

    def _answer(self, _action: AnswerStep, _now: float) -> None:
        self._done.append(TakeCall())

    def _branch(self, action: BranchStep, _now: float) -> None:
        value = self._course.variables.get(action.variable, "")
        self._course.jump(dict(action.ways).get(value, action.otherwise))

    def _goto(self, action: GotoStep, _now: float) -> None:
        self._course.jump(action.label)

    def _set(self, action: SetStep, _now: float) -> None:
        for name, text in action.values:
            self._course.put(name, self._course.filled(text))

    def _record(self, action: RecordStep, _now: float) -> None:
        self._done.append(Keep(action.on))

    def _hang_up(self, action: HangUpStep, _now: float) -> None:
        self._end(action.reason)

    # Sounds and pauses

    def _play(self, action: PlayStep, now: float) -> None:
        self._queue.extend(action.paths * action.times)
        self._play_next(State.PLAYING, now)

    def _say(self, action: SayStep, now: float) -> None:
        text = self._course.filled(action.text)[:MAX_SPOKEN]
        self._queue.extend(f"{OWN}{_SPOKEN[one]}" for one in text if one in _SPOKEN)
        self._play_next(State.PLAYING, now)

    def _pause(self, action: WaitStep, now: float) -> None:
        self._wait(State.PAUSING, now + action.seconds)

    def _play_next(self, state: State, now: float) -> bool:
        """Play the next prompt that waits; False where there is none."""
        if not self._queue:
            return False
        self._turn += 1
        self._done += (TakeCall(), Sound(self._in_language(self._queue.popleft()), self._turn))
        return self._wait(state, now + LONGEST_SOUND)

    def _in_language(self, path: str) -> str:
        name = path.removeprefix(OWN)
        if name != path and "/" not in name:
            return own_prompt(name, self._language)
        return path.replace("{language}", self._language)

    def _played(self, told: tuple[int, bool], now: float) -> None:
        turn, heard = told
        if turn == self._turn:
            if not heard:
                self._course.use("prompts that can't be played", MAX_UNPLAYABLE)
            self._sound_over(None, now)

    def _sound_over(self, _value: Any, now: float) -> None:
        if self.state is State.PROMPTING:
            self._prompt(now)
        elif self._play_next(State.PLAYING, now):
            return
        elif isinstance(self._action, MessageStep):
            self._tape(self._action, now)
        else:
            self._go_on(None, now)

    def _key_while_playing(self, key: str, now: float) -> None:
        if isinstance(self._action, PlayStep) and key in self._action.until:
            self._hush()
            self._go_on(None, now)
        else:
            self._keep_key(key, now)

    def _hush(self) -> None:
        self._queue.clear()
        self._turn += 1
        self._done.append(Hush())

    def _keep_key(self, key: str, now: float) -> None:
        self._typed.add(key, now)

    # Digits

    def _gather(self, action: GatherStep, now: float) -> None:
        self._gathering = Gathering(action)
        self._ask(now)

    def _ask(self, now: float) -> bool:
        """Ask for digits; False where enough was typed before."""
        gathering = self._gathering
        while self._typed:
            key = self._typed.take()
            ended = gathering.take(key) if gathering.wants(key) else None
            if ended is not None and self._is_gathered(ended, now):
                return False
        if gathering.entered:
            return self._listen(gathering.action.between, now)
        self._queue.extend(gathering.action.paths)
        return self._prompt(now)

    def _prompt(self, now: float) -> bool:
        timeout = self._gathering.action.timeout
        return self._play_next(State.PROMPTING, now) or self._listen(timeout, now)

    def _listen(self, seconds: float, now: float) -> bool:
        self._done.append(TakeCall())
        return self._wait(State.GATHERING, now + seconds)

    def _key(self, key: str, now: float) -> None:
        """A key while digits are asked for."""
        gathering = self._gathering
        if self._typed.is_spare(key, now) or not gathering.wants(key):
            return
        if self.state is State.PROMPTING:
            self._hush()
        ended = gathering.take(key)
        if ended is None:
            self._wait(State.GATHERING, now + gathering.action.between)
        else:
            self._gathering_over(ended, now)

    def _silence(self, _value: Any, now: float) -> None:
        """No further key came in time."""
        self._gathering_over(TIMEOUT, now)

    def _gathering_over(self, by: str, now: float) -> None:
        if self._is_gathered(by, now) or not self._ask(now):
            self._go_on(None, now)

    def _is_gathered(self, by: str, now: float) -> bool:
        """Whether that was all; else it was nothing, and is asked for once more."""
        gathering = self._gathering
        if gathering.again():
            return False
        action, entered = gathering.action, gathering.entered
        if by == FULL:
            self._typed.spare(action.finish, now)
        digits = entered if action.shown else None
        self._done.append(Gathered(action.variable, len(entered), by, gathering.tries, digits))
        self._course.put(action.variable, entered)
        return True

    # Messages

    def _message(self, action: MessageStep, now: float) -> None:
        self._course.use("messages", MAX_MESSAGES)
        self._course.put(action.variable, "")
        self._queue.append(f"{OWN}beep")
        self._play_next(State.PLAYING, now)

    def _tape(self, action: MessageStep, now: float) -> None:
        self._done.append(Tape(True))
        self._wait(State.TAPING, now + action.seconds)

    def _taped(self, recording: str, now: float) -> None:
        """He is recorded now; with an id of "" he is not."""
        if isinstance(self._action, MessageStep):
            self._course.put(self._action.variable, recording)
        if not recording:
            self._go_on(None, now)

    def _key_while_taping(self, key: str, now: float) -> None:
        if isinstance(self._action, MessageStep) and key in self._action.until:
            self._tape_ends(None, now)

    def _tape_ends(self, _value: Any, now: float) -> None:
        self._done.append(Tape(False))
        self._go_on(None, now)

    # Rings and documents

    def _ring(self, action: RingStep, _now: float) -> None:
        self._course.use("parties rung", MAX_RINGS)
        show = None if action.show is None else self._course.filled(action.show)
        self._done.append(RingOut(action, self._course.filled(action.to), show))
        self._wait(State.RINGING, None)

    def _connected(self, _value: Any, _now: float) -> None:
        self.state = State.OVER

    def _not_connected(self, why: str, now: float) -> None:
        if isinstance(self._action, RingStep):
            self._failed(self._action, why, now)

    def _fetch(self, action: FetchStep, now: float) -> None:
        self._course.use("documents", MAX_FETCHES)
        self._turn += 1
        urls = tuple(self._course.filled(url) for url in action.urls)
        self._done.append(Fetch(urls, dict(self._course.variables), self._turn))
        self._wait(State.FETCHING, now + LONGEST_FETCH)

    def _fetched(self, answer: tuple[int, tuple[Step, ...]], now: float) -> None:
        turn, steps = answer
        if turn == self._turn:
            self._done.append(Fetched(len(steps)))
            self._course.begin(steps)
            self._go_on(None, now)

    def _not_fetched(self, answer: tuple[int, str], now: float) -> None:
        turn, why = answer
        if turn == self._turn:
            self._no_document(why, now)

    def _fetch_overdue(self, _value: Any, now: float) -> None:
        self._turn += 1
        self._no_document("no answer in time", now)

    def _no_document(self, why: str, now: float) -> None:
        self._done.append(Fetched(0, why))
        if isinstance(self._action, FetchStep):
            self._failed(self._action, "failed", now)

    def _failed(self, action: RingStep | FetchStep, why: str, now: float) -> None:
        self._course.put(action.result, why)
        self._course.jump(action.otherwise)
        self._go_on(None, now)


_STEPS: dict[type[Action], Callable[[Program, Any, float], None]] = {
    AnswerStep: Program._answer,
    PlayStep: Program._play,
    SayStep: Program._say,
    WaitStep: Program._pause,
    GatherStep: Program._gather,
    BranchStep: Program._branch,
    GotoStep: Program._goto,
    SetStep: Program._set,
    RingStep: Program._ring,
    RecordStep: Program._record,
    MessageStep: Program._message,
    HangUpStep: Program._hang_up,
    FetchStep: Program._fetch,
}

TRANSITIONS: dict[tuple[State, Input], Callable[[Program, Any, float], None]] = {
    (State.NEW, Input.BEGUN): Program._go_on,
    (State.PLAYING, Input.PLAYED): Program._played,
    (State.PLAYING, Input.DUE): Program._sound_over,
    (State.PLAYING, Input.KEY): Program._key_while_playing,
    (State.PAUSING, Input.DUE): Program._go_on,
    (State.PAUSING, Input.KEY): Program._keep_key,
    (State.PROMPTING, Input.PLAYED): Program._played,
    (State.PROMPTING, Input.DUE): Program._sound_over,
    (State.PROMPTING, Input.KEY): Program._key,
    (State.GATHERING, Input.DUE): Program._silence,
    (State.GATHERING, Input.KEY): Program._key,
    (State.TAPING, Input.TAPED): Program._taped,
    (State.TAPING, Input.DUE): Program._tape_ends,
    (State.TAPING, Input.KEY): Program._key_while_taping,
    (State.RINGING, Input.CONNECTED): Program._connected,
    (State.RINGING, Input.NOT_CONNECTED): Program._not_connected,
    (State.FETCHING, Input.FETCHED): Program._fetched,
    (State.FETCHING, Input.NOT_FETCHED): Program._not_fetched,
    (State.FETCHING, Input.DUE): Program._fetch_overdue,
    (State.FETCHING, Input.KEY): Program._keep_key,
}
