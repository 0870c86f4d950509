"""What is written down of a call's program: events of the leg that it talks with."""

from __future__ import annotations

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.programs.program_words import Fetched, Gathered, Stepped
from cordboard.calls.refusals import Refused
from cordboard.calls.running.parts import Parts


def begun(parts: Parts, context: str) -> None:
    """The leg is connected with a context."""
    _write(parts, EventKind.CALL_PROGRAM, {"context": context})


def stepped(parts: Parts, turn: Stepped) -> None:
    """A step of the program has its turn."""
    data: dict[str, Json] = {"step": turn.place, "does": turn.step.verb}
    if turn.step.label is not None:
        data["label"] = turn.step.label
    _write(parts, EventKind.PROGRAM_STEP, data)


def gathered(parts: Parts, what: Gathered) -> None:
    """Digits were gathered."""
    data: dict[str, Json] = {
        "variable": what.variable,
        "count": what.count,
        "by": what.by,
        "tries": what.tries,
        "digits": what.digits,
    }
    _write(parts, EventKind.PROGRAM_GATHERED, data)


def refused(parts: Parts, refusal: Refused) -> None:
    """Whom the program wants can't be rung."""
    data: dict[str, Json] = {"id": refusal.id.value, "message": refusal.message}
    _write(parts, EventKind.PROGRAM_REFUSED, data)


def fetched(parts: Parts, what: Fetched) -> None:
    """The next steps, or data, were asked for."""
    _write(parts, EventKind.PROGRAM_FETCHED, {"steps": what.steps, "error": what.fault})


def job(parts: Parts, call: str | None, fault: str | None) -> None:
    """A call will be made later, or why not."""
    _write(parts, EventKind.PROGRAM_JOB, {"job": call, "error": fault})


def error(parts: Parts, fault: str) -> None:
    """Something went wrong, and the program goes on where it says."""
    _write(parts, EventKind.PROGRAM_ERROR, {"error": fault})


def stopped(parts: Parts, fault: str) -> None:
    """The program can't go on."""
    _write(parts, EventKind.PROGRAM_STOPPED, {"error": fault})


def _write(parts: Parts, kind: EventKind, data: dict[str, Json]) -> None:
    leg = parts.waiting.leg
    parts.log.write(CallEvent(kind, parts.log.call, leg, parts.legs.winner(leg), data))
