"""Any program with any caller ends, once, and within bounds; and never says what it was told."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.programs import program_course
from cordboard.calls.programs.program import Program
from cordboard.calls.programs.program_course import MAX_JOBS
from cordboard.calls.programs.program_words import (
    AddJob,
    Data,
    Effect,
    Ended,
    Fetch,
    Gathered,
    Hush,
    Input,
    RingOut,
    Sound,
    State,
)
from cordboard.directory.steps import (
    AddJobStep,
    AnswerStep,
    BranchStep,
    CalculateStep,
    EndReason,
    FetchStep,
    GatherStep,
    GetDataStep,
    GotoStep,
    HangUpStep,
    MessageStep,
    OnErrorStep,
    PlayStep,
    RecordStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    WaitStep,
)

LABELS = st.sampled_from(["a", "b", "c", "nowhere"])
NAMES = st.sampled_from(["A", "B"])
KEYS = "0123456789*#"
PATHS = st.lists(st.sampled_from(["x.wav", "builtin:call"]), max_size=2).map(tuple)
TEXTS = st.sampled_from(["", "1", "${A}", "${B}2", "x"])
PINS = "ABCD"  # keys that stand for a secret: they are nowhere else

ACTIONS = st.one_of(
    st.just(AnswerStep()),
    st.builds(PlayStep, PATHS, st.integers(1, 5), st.sampled_from(["", "#", KEYS])),
    st.builds(SayStep, TEXTS),
    st.builds(WaitStep, st.floats(0.1, 10)),
    st.builds(
        GatherStep,
        NAMES,
        PATHS,
        st.integers(1, 5),
        st.floats(0.1, 10),
        st.floats(0.1, 10),
        st.sampled_from(["", "#"]),
        st.sampled_from([KEYS + PINS, "1", "#" + PINS]),
        st.integers(1, 10),
    ),
    st.builds(
        BranchStep,
        NAMES,
        st.lists(st.tuples(st.sampled_from(["", "1", "12"]), LABELS), max_size=3).map(tuple),
        st.none() | LABELS,
    ),
    st.builds(GotoStep, LABELS),
    st.builds(SetStep, st.lists(st.tuples(NAMES, TEXTS), max_size=3).map(tuple)),
    st.builds(RingStep, st.just("sales"), otherwise=st.none() | LABELS),
    st.builds(RecordStep, st.booleans()),
    st.builds(MessageStep, NAMES, st.floats(1, 20), st.sampled_from(["#", KEYS])),
    st.builds(HangUpStep, st.sampled_from(EndReason)),
    st.builds(FetchStep, st.just(("https://a.test/",)), otherwise=st.none() | LABELS),
    st.builds(AddJobStep, st.just("{}"), NAMES),
    st.builds(CalculateStep, NAMES, st.sampled_from(["1", "A + 1", "1 / 0", "B.c"]), st.booleans()),
    st.builds(GetDataStep, NAMES, st.just("https://a.test/"), st.booleans()),
    st.builds(OnErrorStep, LABELS),
)
PROGRAMS = st.lists(st.builds(Step, ACTIONS, st.none() | LABELS), max_size=12).map(tuple)
DATA = st.builds(Data, st.sampled_from([None, 1, "x", {"c": [1]}, [True]]))
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just(Input.KEY), st.sampled_from(KEYS + PINS)),
        st.tuples(st.just(Input.PLAYED), st.tuples(st.integers(1, 40), st.booleans())),
        st.tuples(st.just(Input.DUE), st.none()),
        st.tuples(st.just(Input.NOT_CONNECTED), st.sampled_from(["busy", "no_answer"])),
        st.tuples(st.just(Input.CONNECTED), st.none()),
        st.tuples(st.just(Input.NOT_FETCHED), st.tuples(st.integers(1, 40), st.just("503"))),
        st.tuples(st.just(Input.FETCHED), st.tuples(st.integers(1, 40), PROGRAMS)),
        st.tuples(st.just(Input.FETCHED), st.tuples(st.integers(1, 40), DATA)),
        st.tuples(st.just(Input.BEGUN), st.none()),
        st.tuples(st.just(Input.ADDED), st.tuples(st.integers(1, 40), st.booleans())),
        st.tuples(st.just(Input.TAPED), st.sampled_from(["", "call-1"])),
    ),
    max_size=60,
)


MAX_STEPS = 60
"""In place of the real bound, to come to it soon."""

MAX_WAITS = 30
"""Of one step: a gather's tries, each with its prompts and a wait."""


@patch.object(program_course, "MAX_STEPS", MAX_STEPS)
@given(steps=PROGRAMS, happenings=HAPPENINGS, pauses=st.lists(st.floats(0, 20), max_size=60))
def test_any_program_with_any_caller_ends_once(
    steps: tuple[Step, ...],
    happenings: list[tuple[Input, object]],
    pauses: list[float],
) -> None:
    now, done = 100.0, list[Effect]()
    program = Program(steps, {}, "en")
    program.handle(Input.BEGUN, now)
    done += program.take()
    for place, (happened, value) in enumerate(happenings):
        now += pauses[place] if place < len(pauses) else 0.0
        program.handle(happened, now, value)
        done += program.take()
    left = MAX_STEPS * MAX_WAITS
    while not program.over:  # the caller falls silent, and nobody answers anything
        left -= 1
        assert left, "it goes on for ever"
        if program.state is State.RINGING:
            program.handle(Input.NOT_CONNECTED, now, "no_answer")
        else:
            assert program.deadline is not None
            assert program.deadline >= 100.0
            now = max(now, program.deadline)
            program.handle(Input.DUE, now)
        done += program.take()
    ends = [one for one in done if isinstance(one, Ended)]
    connected = any(happened is Input.CONNECTED for happened, _ in happenings)
    assert len(ends) == 1 or (connected and not ends)
    if ends:
        assert isinstance(done[-1], Ended)
    for happened in Input:
        program.handle(happened, now + 1e6, (1, True))
    assert program.take() == []
    jobs = [one.turn for one in done if isinstance(one, AddJob)]
    assert len(set(jobs)) == len(jobs) <= MAX_JOBS
    told = [one for one in done if not isinstance(one, Fetch | AddJob)]  # they bring the variables
    assert not set(PINS) & set("".join(_says(one) for one in told))


def _says(effect: Effect) -> str:
    """What an effect lets others know of what was pressed."""
    if isinstance(effect, Gathered):
        return effect.digits or ""
    if isinstance(effect, Sound):
        return effect.path.removeprefix("builtin:en/")
    return effect.to if isinstance(effect, RingOut) else ""


@given(happenings=HAPPENINGS)
def test_what_is_hushed_is_never_told_to_go_on(happenings: list[tuple[Input, object]]) -> None:
    """A prompt that was cut short has no successor but that of the next step."""
    steps = (
        Step(PlayStep(("x.wav", "y.wav"), 5, KEYS)),
        Step(GatherStep("A", ("p.wav", "q.wav"), 2)),
        Step(PlayStep(("z.wav",))),
    )
    program, heard = Program(steps, {}, "en"), list[str]()
    program.handle(Input.BEGUN, 100.0)
    for happened, value in happenings:
        program.handle(happened, 100.0, value)
        for effect in program.take():
            if isinstance(effect, Sound):
                heard.append(effect.path)
            elif isinstance(effect, Hush):
                heard.append("")
    order = ["x.wav", "y.wav", "p.wav", "q.wav", "z.wav"]
    for before, after in pairwise(heard):
        if before == "" and after in order:
            assert after in ("p.wav", "z.wav")
