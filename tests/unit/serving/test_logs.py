"""Nothing secret is written, also when something breaks; lines are for people or for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

PROGRAM = """
import logging
import structlog
from cordboard.serving.logs import configure_logs

configure_logs(as_json={as_json})
log = structlog.get_logger("test")


def fail(token):
    raise RuntimeError("it broke")


try:
    fail("TOP" + "SECRET")
except RuntimeError:
    log.exception("broke", call="call-1")
    logging.getLogger("library").exception("broke too")
log.debug("too little")
logging.getLogger("library").info("too little")
log.info("forged", text="a\\n2026 [info] b", odd="\\udcfc", error=ValueError("no"))
"""


def written(*, as_json: bool) -> str:
    program = PROGRAM.format(as_json=as_json)
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ""
    assert "TOPSECRET" not in ran.stderr
    assert "too little" not in ran.stderr
    return ran.stderr


def test_a_traceback_shows_no_variables_and_standard_output_stays_free() -> None:
    text = written(as_json=False)
    assert "text='a\\n2026 [info] b' odd='\\udcfc' error=no\n" in text
    assert text.count("RuntimeError: it broke") == 2
    assert "broke  call=call-1" in text
    assert "broke too  by=library" in text


def test_no_value_begins_a_line_of_its_own() -> None:
    assert not any(line.startswith("2026 ") for line in written(as_json=False).splitlines())


def test_json_has_one_object_a_line() -> None:
    lines = [json.loads(line) for line in written(as_json=True).splitlines()]
    assert [line["event"] for line in lines] == ["broke", "broke too", "forged"]
    assert [line["level"] for line in lines] == ["error", "error", "info"]
    assert lines[0]["call"] == "call-1"
    assert lines[1]["by"] == "library"
    assert all("RuntimeError: it broke" in line["exception"] for line in lines[:2])
    assert lines[2]["text"] == "a\n2026 [info] b"
    assert lines[2]["error"] == "no"
    assert all(line["timestamp"].endswith("Z") for line in lines)


@pytest.mark.parametrize("as_json", [True, False])
def test_every_line_has_its_time(as_json: bool) -> None:
    assert "Z" in written(as_json=as_json).splitlines()[0]


BROKEN = """
import asyncio, sys
sys.path.insert(0, "tests")
from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.serving.logs import configure_logs
from support.asgi import ask
from support.quick_house import QuickHouse

configure_logs(as_json=True)


async def main():
    house = QuickHouse()

    async def breaks(*_arguments):
        raise RuntimeError("it broke")

    house.exchange.place = house.journal.calls = house.journal.call = breaks
    app = create_app(Services(house.exchange, house.journal, lambda: house.directory))
    placed = {"user_name": "MARK", "destination": "thomas", "callback_url": "http://x/MARK"}
    for method, path, body in (
        ("POST", "/basix/api/call_user?token=MARK", placed),
        ("GET", "/v1/calls?external_id=MARK", b""),
        ("GET", "/v1/calls/MARK", b""),
    ):
        reply = await ask(app, method, path, body, headers={"x-request-id": "id-1"})
        print(reply.status, reply.headers["x-request-id"])


asyncio.run(main())
"""


def test_what_breaks_in_a_request_tells_its_id_and_nothing_of_its_content() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BROKEN], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.splitlines() == ["200 id-1", "500 id-1", "500 id-1"]
    assert "MARK" not in ran.stderr
    assert "demo-token" not in ran.stderr
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    broken = [line for line in lines if "RuntimeError: it broke" in line.get("exception", "")]
    assert len(broken) == 3
    assert all(line["request"] == "id-1" for line in lines)
