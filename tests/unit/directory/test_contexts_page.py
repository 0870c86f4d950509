"""The programs of docs/contexts.md are without fault, and go as their conversations say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cordboard.directory.problems import Problems
from cordboard.directory.step_reading import PromptPlaces, read_step_tables
from cordboard.directory.steps import Step
from cordboard.directory.toml import load_directory
from support.programs import Caller

PAGE = (Path(__file__).parents[3] / "docs" / "contexts.md").read_text(encoding="utf-8")
DEMO = (Path(__file__).parents[3] / "examples" / "demo.toml").read_text(encoding="utf-8")


def programs() -> dict[str, tuple[Step, ...]]:
    """The programs of the page, each in a house that has whom it rings."""
    examples = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    house = "\n".join(line for line in DEMO.splitlines() if not line.startswith("url ="))
    directory, problems = load_directory("\n".join([house, *examples]))
    assert [str(problem) for problem in problems.in_order()] == []
    return {context.name: context.steps for context in directory.tenants[0].contexts}


def conversations() -> Iterator[tuple[str, list[str]]]:
    for head, lines in re.findall(r"```conversation (.*)\n([\s\S]*?)```", PAGE):
        yield head, lines.splitlines()


@pytest.mark.parametrize(("head", "lines"), [*conversations()])
def test_a_program_goes_as_its_conversation_says(head: str, lines: list[str]) -> None:
    name, *known = head.split()
    caller = Caller(programs()[name], **dict(pair.split("=", 1) for pair in known))
    happened: list[str] = []
    for line in lines:
        verb, _, rest = line.partition(" ")
        if verb == "presses":
            caller.press(rest)
        elif verb == "speaks":
            caller.listen_to_all()
            caller.speak(rest)
        elif verb == "waits":
            caller.listen_to_all()
            caller.wait(float(rest.split()[0]))
        else:
            if not happened:
                caller.listen_to_one()
            happened += caller.conversation()
            said, _, outcome = line.partition(": ")
            if verb in ("rings", "fetches"):
                assert happened.pop(0) == said
                answer(caller, verb, outcome)
            else:
                assert happened.pop(0) == line
    assert not [*happened, *caller.conversation()]
    assert caller.program.over


def answer(caller: Caller, verb: str, outcome: str) -> None:
    if outcome == "answered":
        caller.connect()
    elif verb == "rings":
        caller.ring_fails(outcome)
    else:
        caller.fetched(outcome)


def test_its_document_can_be_read() -> None:
    for example in re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL):
        problems = Problems("page", {})
        tables = json.loads(example)["steps"]
        assert read_step_tables(tables, (), PromptPlaces(confined=True), problems)
        assert problems.in_order() == ()
