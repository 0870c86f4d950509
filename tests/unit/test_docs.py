"""The pages: their links lead somewhere, and they name every command, option and error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cordboard.calls.causes import Q850, Cause
from cordboard.calls.events import EventKind
from cordboard.calls.refusals import RefusalId
from cordboard.calls.stages import Stage
from cordboard.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchor(heading: str) -> str:
    """The name that a heading has in a link, as the usual renderers make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, place = link.partition("#")
        target = (page.parent / file) if file else page
        assert target.exists(), f"{page.name} links to {link}"
        if place:
            headings = HEADING.findall(target.read_text(encoding="utf-8"))
            assert place in [anchor(heading) for heading in headings], f"{page.name}: {link}"


def test_the_readme_names_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in ROOT.glob("docs/*.md") if f"docs/{page.name}" not in readme]
    assert missing == []


def commands() -> dict[str, Any]:
    """The commands as typer makes them; their classes are its own."""
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = group.commands
    return found


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_is_described(name: str) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"## `cordboard {name}`\n" in page
    section = page.split(f"## `cordboard {name}`\n", 1)[1].split("\n## ", 1)[0]
    for parameter in commands()[name].params:
        if parameter.param_type_name == "option":
            assert f"`{parameter.opts[0]}`" in section, parameter.opts


@pytest.mark.parametrize("refusal", RefusalId)
def test_every_refusal_is_described(refusal: RefusalId) -> None:
    assert f"`{refusal.value}`" in (ROOT / "docs" / "api-basix.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_described(cause: Cause) -> None:
    page = (ROOT / "docs" / "api-v1.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{cause.value}` \|.* {Q850[cause]} \|$", page, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_described(kind: EventKind) -> None:
    page = (ROOT / "docs" / "api-v1.md").read_text(encoding="utf-8")
    assert re.search(rf"^\|.*`{re.escape(kind.value)}`.*\|$", page, flags=re.MULTILINE)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_is_in_the_picture(stage: Stage) -> None:
    page = (ROOT / "docs" / "call-states.md").read_text(encoding="utf-8")
    assert stage.value in page
