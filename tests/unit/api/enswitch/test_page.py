"""docs/enswitch.md: its examples run as printed, and its tables tell what is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cordboard.api.app import create_app
from cordboard.api.enswitch.endpoint import FUNCTIONS
from cordboard.api.services import Services
from cordboard.configuration.settings import load_configuration
from cordboard.engines.memory import MemoryEngine
from cordboard.exchange.exchange import Exchange
from cordboard.journal.memory import MemoryJournal
from support.asgi import ask

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "enswitch.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```\n(/local/\S+)\n```\n+```json\n(.+)\n```", PAGE)
DIRECTORY = load_configuration(ROOT / "examples" / "demo.toml").directory


def test_the_page_has_the_vendor_s_four_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize(("path", "printed"), EXAMPLES)
async def test_an_example_is_answered_as_printed(path: str, printed: str) -> None:
    engine, journal = MemoryEngine(), MemoryJournal()
    for line in ("1234567", "1234568", "helen"):
        engine.register(f"{line}@demo")
    exchange = Exchange(lambda: DIRECTORY, engine, journal, lambda: 1234567890.0)
    app = create_app(Services(exchange, journal, lambda: DIRECTORY))
    reply = await ask(app, "GET", path, authorization=None)
    assert reply.status == 200
    expected, found = json.loads(printed), reply.json
    assert found["responses"] == expected["responses"]
    assert found.keys() == expected.keys()
    assert found.get("data", {}).keys() == expected.get("data", {}).keys()
    assert exchange.live_calls() == 1


def test_each_function_is_described_with_its_privileges() -> None:
    table = PAGE.split("## Who asks", 1)[1].split("###", 1)[0]
    rows = re.findall(r"^\| (`.+?`) \| (`.+`) \|$", table, flags=re.MULTILINE)
    told = {
        function: set(re.findall(r"`(.+?)`", privileges))
        for functions, privileges in rows
        for function in re.findall(r"`(.+?)`", functions)
    }
    assert told == {one.path: {need.value for need in one.needs} for one in FUNCTIONS}
