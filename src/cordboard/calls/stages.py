"""The life of a call as a table.

Theory of operation. A call is in one :class:`Stage`; what happens to it is boiled down to a
:class:`Trigger` (by :mod:`~cordboard.calls.running.call`, which knows about channels and hunts),
and this table alone says which stage follows. A trigger that the table does not know in a stage has
no effect there: late and crossing events are the rule with phones, not an error. Two rules hold it
together:

1. All transitions are here. Whoever enters a stage does what that stage needs, and nothing else
   moves a call.
2. ``ENDED`` has no way out, and every stage has a way to it: each waits for a party, a prompt or a
   tone, and all of them are bounded by a timer whose trigger the table knows.

A first leg that called us itself is not rung. Where a program takes the call it is answered at
once, and ``RINGING_FIRST`` lasts as long as that takes. Else it is answered when the second leg is,
in ``ANSWERING_FIRST``, and until then the call is in ``RINGING_SECOND`` with a first leg that hears
its own phone's ringback, and that is refused where the second fails. Where the second leg is
forwarded to a program meanwhile, it is answered as for any other.

A program talks with the first party, and whom it rings is the second one, in ``RINGING_SECOND``. A
party that is transferred to a program may be either, and whom that program rings takes the place of
who has left, in ``TRANSFERRING``: nobody else in the call is there, and where nobody answers the
program goes on.

Who overhears others talks with nobody: the call stays in ``EAVESDROPPING`` while they talk with
whomever, and ends with theirs, unless it may turn to another one.

A call for later waits in ``SCHEDULED``, without a plan or a channel
(:mod:`~cordboard.calls.running.scheduled`), and is accepted once more when it is due.

``ENDING`` is the time between the decision that a call is over and the last channel's farewell. The
result is decided on entering it and never changes after.
"""

from __future__ import annotations

from cordboard.values import Word


class Stage(Word):
    """Where a call is."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    RINGING_FIRST = "ringing_first"
    SCREENING_FIRST = "screening_first"
    RINGING_SECOND = "ringing_second"
    SCREENING_SECOND = "screening_second"
    ANSWERING_FIRST = "answering_first"
    PROGRAM = "program"
    ANNOUNCING = "announcing"
    BRIDGED = "bridged"
    TRANSFERRING = "transferring"
    EAVESDROPPING = "eavesdropping"
    ENDING = "ending"
    ENDED = "ended"


class Trigger(Word):
    """What moves a call."""

    DELAYED = "wanted later"
    DUE = "due"
    REFUSED = "refused when due"
    MISSED = "its time passed"
    STARTED = "started"
    OFFERED = "offered, to be answered with the second"
    FIRST_PICKED_UP = "first picked up, to be screened"
    FIRST_ANSWERED = "first answered"
    FIRST_ANSWERED_FOR_PROGRAM = "first answered for a program"
    FIRST_ANSWERED_TO_EAVESDROP = "first answered to overhear others"
    FIRST_FAILED = "first failed"
    FIRST_GONE = "first hung up"
    SECOND_PICKED_UP = "second picked up, to be screened"
    SECOND_ANSWERED = "second answered"
    SECOND_ANSWERED_BEFORE_FIRST = "second answered, first not yet"
    SECOND_FAILED = "second failed"
    SECOND_FAILED_BEFORE_FIRST = "second failed, first not answered"
    SECOND_MISSED_BEFORE_FIRST = "second failed, a program begins, first not answered"
    SECOND_GONE = "second hung up"
    TRANSFERRED = "transferred by request or by a party"
    TRANSFERRED_TO_PROGRAM = "transferred to a program"
    PARTY_BACK = "target failed, party goes back"
    MERGED = "merged into another call"
    TARGET_ANSWERED = "target answered"
    TARGET_FAILED = "target failed"
    TARGET_MISSED = "target failed, the program goes on"
    PROGRAM_RINGS = "program rings somebody"
    PROGRAM_TRANSFERS = "program rings somebody after a transfer"
    SECOND_MISSED = "second failed, the program goes on"
    PROGRAM_ENDED = "program ended"
    WATCHED_GONE = "overheard call ended"
    ANNOUNCED = "failure tone heard"
    MEDIA_LOST = "media lost"
    DURATION_REACHED = "longest duration reached"
    CREDIT_USED_UP = "credit used up"
    CANCELLED = "cancelled by request"
    INTERRUPTED = "server stops"
    CHANNELS_GONE = "all channels gone"
    GRACE_OVER = "grace over"


_ANYTIME = {Trigger.CANCELLED: Stage.ENDING, Trigger.INTERRUPTED: Stage.ENDING}
_WHILE_FIRST_IS_UP = {
    **_ANYTIME,
    Trigger.FIRST_GONE: Stage.ENDING,
    Trigger.MEDIA_LOST: Stage.ENDING,
    Trigger.DURATION_REACHED: Stage.ENDING,
    Trigger.CREDIT_USED_UP: Stage.ENDING,
}
_WHILE_EITHER_IS_UP = {**_WHILE_FIRST_IS_UP, Trigger.SECOND_GONE: Stage.ENDING}
_FIRST_DECIDED = {
    Trigger.FIRST_ANSWERED: Stage.RINGING_SECOND,
    Trigger.FIRST_ANSWERED_FOR_PROGRAM: Stage.PROGRAM,
    Trigger.FIRST_ANSWERED_TO_EAVESDROP: Stage.EAVESDROPPING,
    Trigger.WATCHED_GONE: Stage.ENDING,
    Trigger.FIRST_FAILED: Stage.ENDING,
}
_SECOND_DECIDED = {
    Trigger.SECOND_ANSWERED: Stage.BRIDGED,
    Trigger.SECOND_ANSWERED_BEFORE_FIRST: Stage.ANSWERING_FIRST,
    Trigger.SECOND_FAILED: Stage.ANNOUNCING,
    Trigger.SECOND_FAILED_BEFORE_FIRST: Stage.ENDING,
    Trigger.SECOND_MISSED: Stage.PROGRAM,
    Trigger.SECOND_MISSED_BEFORE_FIRST: Stage.RINGING_FIRST,
}

TRANSITIONS: dict[Stage, dict[Trigger, Stage]] = {
    Stage.ACCEPTED: {
        **_ANYTIME,
        Trigger.DELAYED: Stage.SCHEDULED,
        Trigger.STARTED: Stage.RINGING_FIRST,
        Trigger.OFFERED: Stage.RINGING_SECOND,
    },
    Stage.SCHEDULED: {
        Trigger.DUE: Stage.ACCEPTED,
        Trigger.CANCELLED: Stage.ENDED,
        Trigger.REFUSED: Stage.ENDED,
        Trigger.MISSED: Stage.ENDED,
    },
    Stage.RINGING_FIRST: {
        **_ANYTIME,
        Trigger.FIRST_PICKED_UP: Stage.SCREENING_FIRST,
        Trigger.FIRST_GONE: Stage.ENDING,
        **_FIRST_DECIDED,
    },
    Stage.SCREENING_FIRST: {**_ANYTIME, **_FIRST_DECIDED},
    Stage.RINGING_SECOND: {
        **_WHILE_FIRST_IS_UP,
        Trigger.SECOND_PICKED_UP: Stage.SCREENING_SECOND,
        Trigger.MERGED: Stage.ENDING,
        **_SECOND_DECIDED,
    },
    Stage.SCREENING_SECOND: {**_WHILE_FIRST_IS_UP, **_SECOND_DECIDED},
    Stage.ANSWERING_FIRST: {**_WHILE_EITHER_IS_UP, Trigger.FIRST_ANSWERED: Stage.BRIDGED},
    Stage.PROGRAM: {
        **_WHILE_EITHER_IS_UP,
        Trigger.PROGRAM_RINGS: Stage.RINGING_SECOND,
        Trigger.PROGRAM_TRANSFERS: Stage.TRANSFERRING,
        Trigger.PROGRAM_ENDED: Stage.ENDING,
        Trigger.MERGED: Stage.ENDING,
    },
    Stage.ANNOUNCING: {**_WHILE_EITHER_IS_UP, Trigger.ANNOUNCED: Stage.ENDING},
    Stage.BRIDGED: {
        **_WHILE_EITHER_IS_UP,
        Trigger.TRANSFERRED: Stage.TRANSFERRING,
        Trigger.TRANSFERRED_TO_PROGRAM: Stage.PROGRAM,
        Trigger.MERGED: Stage.ENDING,
    },
    Stage.TRANSFERRING: {
        **_WHILE_EITHER_IS_UP,
        Trigger.TARGET_ANSWERED: Stage.BRIDGED,
        Trigger.TARGET_FAILED: Stage.ANNOUNCING,
        Trigger.TARGET_MISSED: Stage.PROGRAM,
        Trigger.PARTY_BACK: Stage.BRIDGED,
        Trigger.MERGED: Stage.ENDING,
    },
    Stage.EAVESDROPPING: {**_WHILE_FIRST_IS_UP, Trigger.WATCHED_GONE: Stage.ENDING},
    Stage.ENDING: {Trigger.CHANNELS_GONE: Stage.ENDED, Trigger.GRACE_OVER: Stage.ENDED},
    Stage.ENDED: {},
}


def next_stage(stage: Stage, trigger: Trigger) -> Stage | None:
    """The stage that follows, or None where the trigger has no effect."""
    return TRANSITIONS[stage].get(trigger)


SCREENING = {
    Stage.SCREENING_FIRST: Stage.RINGING_FIRST,
    Stage.SCREENING_SECOND: Stage.RINGING_SECOND,
}
"""The stages in which the hunt of the one before them goes on."""


def hunt_begun_in(stage: Stage) -> Stage:
    """The stage in which the hunt began that goes on in ``stage``: the other phones ring on while
    somebody is screened."""
    return SCREENING.get(stage, stage)


def diagram() -> str:
    """The table as a Mermaid state diagram; docs/call-states.md shows it, and a test compares."""
    lines = ["stateDiagram-v2", f"    [*] --> {Stage.ACCEPTED.value}"]
    for stage, row in TRANSITIONS.items():
        ways: dict[Stage, list[str]] = {}
        for trigger, following in row.items():
            ways.setdefault(following, []).append(trigger.value)
        lines += [
            f"    {stage.value} --> {following.value}: {', '.join(triggers)}"
            for following, triggers in ways.items()
        ]
    return "\n".join([*lines, f"    {Stage.ENDED.value} --> [*]"])
