"""From the tables of a file, or of a document that was fetched, to the steps of a program."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cordboard.directory.locate import Path
from cordboard.directory.problems import Problems
from cordboard.directory.shape import read_table
from cordboard.directory.step_schema import LONGEST_RING, STEP
from cordboard.directory.steps import (
    DIGIT_KEYS,
    OWN,
    Action,
    AnswerStep,
    BranchStep,
    FetchStep,
    GatherStep,
    GotoStep,
    HangUpStep,
    MessageStep,
    PlayStep,
    RecordStep,
    RingKind,
    RingStep,
    SayStep,
    SetStep,
    Step,
    WaitStep,
)

MOST_STEPS = 500
"""Steps of one program: what is longer is better fetched piece by piece."""

LANGUAGE_MARK = "{language}"

_OPTIONS: dict[str, frozenset[str]] = {
    "answer": frozenset(),
    "play": frozenset({"times", "until"}),
    "say": frozenset(),
    "wait": frozenset(),
    "gather": frozenset(
        {"play", "digits", "timeout", "between", "finish", "valid", "tries", "shown"}
    ),
    "branch": frozenset({"to", "otherwise"}),
    "goto": frozenset(),
    "set": frozenset(),
    "ring": frozenset({"timeout", "show", "result", "otherwise"}),
    "record": frozenset(),
    "message": frozenset({"seconds", "until"}),
    "hangup": frozenset(),
    "fetch": frozenset({"result", "otherwise"}),
}

VERBS = ", ".join(_OPTIONS)


@dataclass(frozen=True, slots=True)
class PromptPlaces:
    """Where the prompts of a program are: paths begin in ``folder``, ``fault`` tells why a file
    can't be played, or None; ``language`` is the one that the program speaks if nobody has another.
    A ``confined`` program has only files below the folder.
    """

    folder: str = ""
    fault: Callable[[str], str | None] = lambda _path: None
    language: str = "en"
    confined: bool = False

    def find(self, written: str) -> tuple[str, str | None]:
        """The whole path of a prompt, and what is wrong with it."""
        if written.startswith(OWN):
            path = written
        else:
            path = posixpath.normpath(posixpath.join(self.folder, written))
            if self.confined and not _is_below(written):
                return path, "it may only be below the folder of the program"
        return path, self.fault(path.replace(LANGUAGE_MARK, self.language))


def _is_below(written: str) -> bool:
    return not written.startswith("/") and ".." not in written.split("/")


def read_steps(
    entries: Iterable[dict[str, Any] | None], path: Path, prompts: PromptPlaces, problems: Problems
) -> tuple[Step, ...]:
    """The steps of the tables at ``path``, whose values were read already; None is one that was
    none. What is wrong becomes a problem; a step that can't be read keeps its place and label."""
    steps: list[Step] = []
    for place, values in enumerate(entries):
        where = (*path, place)
        if place == MOST_STEPS:
            problems.error(where, f"a program has at most {MOST_STEPS} steps")
            break
        action = _action(values, where, prompts, problems) if values is not None else None
        label = values.get("label") if values is not None else None
        steps.append(Step(action or AnswerStep(), label))
    return tuple(steps)


def read_step_tables(
    tables: Iterable[Any], path: Path, prompts: PromptPlaces, problems: Problems
) -> tuple[Step, ...]:
    """The same from tables whose values were not read yet."""
    entries: list[dict[str, Any] | None] = []
    for place, given in enumerate(tables):
        if isinstance(given, dict):
            entries.append(read_table(STEP, given, (*path, place), problems))
        else:
            problems.error((*path, place), "a step is a table")
            entries.append(None)
    return read_steps(entries, path, prompts, problems)


def _action(
    values: dict[str, Any], path: Path, prompts: PromptPlaces, problems: Problems
) -> Action | None:
    given = {key: value for key, value in values.items() if value is not None}
    verbs = [verb for verb in _OPTIONS if verb in given]
    if "gather" in verbs and "play" in verbs:
        verbs.remove("play")  # its prompts
    if len(verbs) != 1:
        problems.error(path, f"expected just one of {VERBS} in a step")
        return None
    verb = verbs[0]
    for key in given:
        if key not in _OPTIONS[verb] and key not in (verb, "label"):
            problems.error((*path, key), f'"{key}" does not belong to a "{verb}" step')
    for key in ("answer",):
        if given.get(key) is False:
            problems.error((*path, key), f"expected {key} = true")
    paths: tuple[str, ...] = ()
    if "play" in given:
        paths = _prompts(given["play"], (*path, "play"), prompts, problems)
    if verb == "ring":
        return _ring(given, path, problems)
    if verb == "branch" and "to" not in given:
        problems.error(path, '"to" is missing: expected a table from values to labels')
        return None
    if verb == "gather":
        _check_keys(given, path, problems)
    return _MAKERS[verb](given, paths)


def _prompts(
    written: tuple[str, ...], path: Path, prompts: PromptPlaces, problems: Problems
) -> tuple[str, ...]:
    paths = []
    for one in written:
        file, fault = prompts.find(one)
        if fault is not None:
            problems.error(path, f'"{file}" cannot be played: {fault}')
        paths.append(file)
    return tuple(paths)


def _check_keys(given: dict[str, Any], path: Path, problems: Problems) -> None:
    finish, valid = given.get("finish", "#"), given.get("valid", DIGIT_KEYS)
    if not set(valid) - set(finish):
        problems.error((*path, "valid"), "no key is left that could be gathered")


def _ring(given: dict[str, Any], path: Path, problems: Problems) -> RingStep | None:
    named = {key: value for key, value in given["ring"].items() if value is not None}
    if len(named) != 1:
        kinds = ", ".join(kind.value for kind in RingKind)
        problems.error((*path, "ring"), f"expected just one of {kinds}")
        return None
    if given.get("timeout", 0.0) > LONGEST_RING:
        problems.error((*path, "timeout"), f"expected at most {LONGEST_RING:g} seconds of ringing")
    (kind, to), *_ = named.items()
    return RingStep(
        to, RingKind(kind), given.get("timeout"), **_some(given, "result", "otherwise", "show")
    )


def _some(given: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: given[key] for key in keys if key in given}


_Maker = Callable[[dict[str, Any], tuple[str, ...]], Action]

_MAKERS: dict[str, _Maker] = {
    "answer": lambda _given, _paths: AnswerStep(),
    "play": lambda given, paths: PlayStep(paths, **_some(given, "times", "until")),
    "say": lambda given, _paths: SayStep(given["say"]),
    "wait": lambda given, _paths: WaitStep(given["wait"]),
    "gather": lambda given, paths: GatherStep(
        given["gather"], paths, **_some(given, *_OPTIONS["gather"] - {"play"})
    ),
    "branch": lambda given, _paths: BranchStep(
        given["branch"], given["to"], **_some(given, "otherwise")
    ),
    "goto": lambda given, _paths: GotoStep(given["goto"]),
    "set": lambda given, _paths: SetStep(given["set"]),
    "record": lambda given, _paths: RecordStep(given["record"]),
    "message": lambda given, _paths: MessageStep(
        given["message"], **_some(given, "seconds", "until")
    ),
    "hangup": lambda given, _paths: HangUpStep(given["hangup"]),
    "fetch": lambda given, _paths: FetchStep(given["fetch"], **_some(given, "result", "otherwise")),
}
