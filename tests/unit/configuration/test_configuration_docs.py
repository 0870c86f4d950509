"""docs/configuration.md describes every key, says its default, and its examples are right."""

from __future__ import annotations

import re
import tomllib
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from cordboard.configuration.sections import SECTIONS, VARIABLES
from cordboard.configuration.settings import parse_configuration
from cordboard.directory import (
    charging_schema,
    integration_schema,
    phone_schema,
    schema,
    step_schema,
    webhook_schema,
)
from cordboard.directory.shape import Shape

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")

HEADINGS: dict[str, Shape] = {
    **{f"`[{name}]`": shape for name, shape in SECTIONS.items()},
    "`[tenant.DOMAIN]`": schema.TENANT,
    "A number in `numbers`": schema.NUMBER_TABLE,
    "`[tenant.DOMAIN.feature_codes]`": phone_schema.FEATURE_CODES,
    "`[tenant.DOMAIN.account.NAME]`": schema.ACCOUNT,
    "`[tenant.DOMAIN.person.NAME]`": schema.PERSON,
    "`[tenant.DOMAIN.project.NAME]`": schema.PROJECT,
    "`[tenant.DOMAIN.user.NAME]`": schema.USER,
    "A table in `forward`": phone_schema.FORWARD,
    "`[tenant.DOMAIN.user.NAME.terminal.SIPNAME]`": schema.TERMINAL,
    "`[tenant.DOMAIN.record_group.NAME]`": schema.RECORD_GROUP,
    "`[tenant.DOMAIN.webhook.NAME]`": webhook_schema.WEBHOOK,
    "`[tenant.DOMAIN.group.NAME]`": schema.GROUP,
    "`hook` of a group": integration_schema.HOOK,
    "`zendesk` of a group": integration_schema.ZENDESK,
    "A member in `members`": schema.MEMBER,
    "`[tenant.DOMAIN.context.NAME]`": schema.CONTEXT,
    "A step in `steps`": step_schema.STEP,
    "A table in `ring`": step_schema.RING,
    "`[tenant.DOMAIN.trunk.NAME]`": schema.TRUNK,
    "`[[tenant.DOMAIN.outbound]]`": schema.OUTBOUND,
    "`[tenant.DOMAIN.charging]`": charging_schema.CHARGING,
    "`[tenant.DOMAIN.tariff.NAME]`": charging_schema.TARIFF,
    "A price in `prices`": charging_schema.TARIFF_PRICE,
    "`[tenant.DOMAIN.card.NAME]`": charging_schema.CARD,
}


def rows(heading: str) -> dict[str, str]:
    """The keys described under a heading, and what stands as their default."""
    section = re.split(r"^##+ ", PAGE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)
    found = {}
    for line in section[0].splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if re.fullmatch(r"`\w+`", cells[0]) and len(cells) == 4:
            found[cells[0].strip("`")] = cells[2]
    return found


def test_every_table_is_described() -> None:
    assert {id(shape) for shape in HEADINGS.values()} == {
        id(shape) for shape in (*SECTIONS.values(), *schema.SHAPES)
    }


@pytest.mark.parametrize(("heading", "shape"), HEADINGS.items())
def test_every_key_of_a_table_is_described_and_no_other(heading: str, shape: Shape) -> None:
    assert list(rows(heading)) == list(shape.fields)


@pytest.mark.parametrize(("heading", "shape"), HEADINGS.items())
def test_plain_defaults_are_as_described(heading: str, shape: Shape) -> None:
    described = rows(heading)
    for key, one in shape.fields.items():
        default: Any = one.default.value if isinstance(one.default, Enum) else one.default
        if isinstance(default, bool | int | float | str) and key != "user_agent":
            written = described[key].split("`")[1]
            assert tomllib.loads(f"x = {written}")["x"] == default, key
        assert one.required == (described[key] == "required") or key == "steps"


def test_every_variable_is_described() -> None:
    for variable, (section, key) in VARIABLES.items():
        assert re.search(rf"^\| `{section}\.{key}` \|.*`{variable}`", PAGE, flags=re.MULTILINE)


def test_its_example_has_no_problem() -> None:
    for example in re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL):
        assert parse_configuration(example, Path("example.toml")).problems == ()
