"""A program told to a person, a line for each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cordboard.directory.steps import (
    Action,
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


def told_step(step: Step) -> str:
    """A step in words, its label before it."""
    words = _WORDS[type(step.action)](step.action)
    return f"{step.label}: {words}" if step.label is not None else words


def _play(step: PlayStep) -> str:
    times = f", {step.times} times" if step.times > 1 else ""
    until = f", until one of {step.until} is pressed" if step.until else ""
    return f"play {', '.join(step.paths)}{times}{until}"


def _gather(step: GatherStep) -> str:
    prompts = f", asking with {', '.join(step.paths)}" if step.paths else ""
    finish = f" until {step.finish}" if step.finish else ""
    tries = f", {step.tries} tries" if step.tries > 1 else ""
    return (
        f"gather up to {step.digits} of {step.valid}{finish} into {step.variable}{prompts}, "
        f"{step.timeout:g} s for the first and {step.between:g} s for each other{tries}"
    )


def _branch(step: BranchStep) -> str:
    ways = ", ".join(f"{value or 'nothing'} to {label}" for value, label in step.ways)
    return f"branch on {step.variable}: {ways}{_otherwise(step.otherwise, ', ')}"


def _ring(step: RingStep) -> str:
    timeout = f" for {step.timeout:g} s" if step.timeout is not None else ""
    kind = "" if step.kind.value == "any" else f"{step.kind.value} "
    show = f", shown {step.show}" if step.show is not None else ""
    in_vain = f", why not in {step.result}{_otherwise(step.otherwise)}"
    return f"ring {kind}{step.to}{timeout}{show}{in_vain}"


def _otherwise(label: str | None, between: str = "; ") -> str:
    return f"{between}otherwise to {label}" if label is not None else ""


_WORDS: dict[type[Action], Callable[[Any], str]] = {
    AnswerStep: lambda _: "answer",
    PlayStep: _play,
    SayStep: lambda step: f"say {step.text} digit by digit",
    WaitStep: lambda step: f"wait {step.seconds:g} s",
    GatherStep: _gather,
    BranchStep: _branch,
    GotoStep: lambda step: f"go to {step.label}",
    SetStep: lambda step: "set " + ", ".join(f"{name} to {text}" for name, text in step.values),
    RingStep: _ring,
    RecordStep: lambda step: "record" if step.on else "stop recording",
    MessageStep: lambda step: (
        f"record a message of up to {step.seconds:g} s, its id in {step.variable}"
    ),
    HangUpStep: lambda step: (
        "hang up" if step.reason is EndReason.NORMAL else f"hang up: {step.reason.value}"
    ),
    FetchStep: lambda step: f"fetch the next steps{_otherwise(step.otherwise)}",
    CalculateStep: lambda step: f"set {step.variable} to what {step.expression} comes to",
    GetDataStep: lambda step: f"fetch data into {step.variable}",
    OnErrorStep: lambda step: f"on an error go on at {step.label}",
    AddJobStep: lambda step: f"have somebody called later, whether he will be in {step.result}",
}
