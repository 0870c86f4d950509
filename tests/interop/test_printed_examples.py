"""Every request that the vendor's pages print, as printed but for host and credentials, against the
demonstration and its phones: each connects whom it says. And every one that our own page prints."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.demonstration import Demonstration

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    block
    for page in ("api-v1.md", "recordings.md", "eavesdropping.md")
    for block in BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
]
REQUESTS = [text for kind, text in BLOCKS if kind == ""]

PRELUDE = """
curl() {
    case "$*" in
        */v1/events*) command curl -sS --fail-with-body --max-time 2 "$@" || [ $? = 28 ] ;;
        *) command curl -sS --fail-with-body --max-time 20 "$@" ;;
    esac
}
"""
"""Errors end a block; the stream that never ends is read for a moment."""

# Method, body as printed, whom the second leg must be.
EXAMPLES = [
    ("call_user", '{"user_id": 10001001, "destination": "0312341234"}', "0312341234"),
    (
        "call_user",
        '{"user_name": "jessica", "calling_name": "Thomas Jenkins", "destination": "thomas"}',
        "1002",
    ),
    (
        "call_user",
        (
            '{"user_name": "bob", "destination": {"called_number": "0312341234", "calling_number":'
            ' "05068680000", "end_user": {"name": "thomas"}}}'
        ),
        "0312341234",
    ),
    ("call_user", '{"user_extension": "1001", "destination": "0312341234"}', "0312341234"),
    (
        "call_user",
        (
            '{"user_email": "jones@abcd.com", "destination":'
            ' "{name=Charles Xavier,organization=X-Men}0312341234",'
            ' "callback_url": "https://somewhere.com/result_receiver"}'
        ),
        "0312341234",
    ),
    (
        "call_user",
        '{"user_name": "james", "group_name": "sales", "destination": "0312341234"}',
        "0312341234",
    ),
    ("call_external", '{"target": "0312341234", "destination": "sales"}', "2001"),
    (
        "call_external",
        (
            '{"target": {"end_user": {"name": "luke.s"}, "called_number": "0312341234"},'
            ' "destination": "helen"}'
        ),
        "1003",
    ),
    (
        "call_external",
        (
            '{"target": {"calling_number": "05068601111", "called_number": "09011112222"},'
            ' "destination": "campaign"}'
        ),
        None,
    ),
    ("call_external", '{"target": "090111122222", "destination": "campaign"}', None),
    ("call_external", '{"target": "0312341234", "destination": "1001"}', "1001"),
    (
        "call_external",
        '{ "target": "0311112222", "answer_timeout": 30, "destination": "group1" }',
        None,
    ),
    ("initiate_call", '{"user_name": "jessica", "destination": "0312341234"}', "0312341234"),
    (
        "initiate_call",
        '{"user_name": "david", "pstn_number": "09011112222", "destination": "thomas"}',
        "1002",
    ),
    ("initiate_call", '{"pstn_number": "09012341234", "destination": "sales"}', "2001"),
    (
        "initiate_call",
        '{"pstn_number": "09012341234", "ani": "05011223344", "destination": "claire"}',
        None,
    ),
    ("initiate_call", '{"pstn_number": "09012341234", "destination": "1111"}', "1111"),
    (
        "initiate_call",
        '{"user_name": "helen", "group_name": "sales", "destination": "0312341234"}',
        "0312341234",
    ),
]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with Demonstration(tmp_path_factory.mktemp("demo")) as shown:
        yield shown


@pytest.mark.slow
@pytest.mark.parametrize(("method", "body", "second"), EXAMPLES)
def test_a_printed_request_connects_whom_it_says(
    demonstration: Demonstration, method: str, body: str, second: str | None
) -> None:
    answer, call = demonstration.ask("POST", f"/basix/api/{method}", body.encode())
    assert answer["result_code"] == 0, answer
    assert call is not None
    how = demonstration.connected(call)
    assert how == ("call.program" if second == "1111" else "call.bridged")
    shown, _ = demonstration.ask("GET", f"/v1/calls/{call}")
    assert second is None or shown["second"]["party"]["number"] == second
    demonstration.ask("DELETE", f"/v1/calls/{call}")
    assert demonstration.ended(call)


def test_the_request_printed_without_a_quote_is_told_so(demonstration: Demonstration) -> None:
    body = b'{"user_name": "jessica", "calling_name": "Thomas Jenkins", destination": "thomas"}'
    answer, call = demonstration.ask("POST", "/basix/api/call_user", body)
    assert answer["error"]["id"] == "invalid_json"
    assert call is None


def test_all_that_our_page_prints_is_known_to_be_something() -> None:
    assert len(REQUESTS) >= 8
    for kind, text in BLOCKS:
        assert kind in ("", "json", "js", "toml"), text
        if kind == "json":
            json.loads(text)


@pytest.mark.slow
@pytest.mark.interop("curl")
@pytest.mark.parametrize("block", REQUESTS)
def test_a_block_of_our_page_can_be_pasted(
    demonstration: Demonstration, block: str, tmp_path: Path
) -> None:
    assert block.startswith("curl ") or re.match(r"[A-Z]+=\$\(curl ", block), block
    demonstration.hang_up_all()
    printed = block.replace("http://127.0.0.1:8080", demonstration.url)
    ran = subprocess.run(
        ["bash", "-euc", PRELUDE + printed],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50.0,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert ran.stdout or (tmp_path / "cdrs.csv").exists()
