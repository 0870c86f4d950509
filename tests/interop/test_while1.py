"""Programs written for While1, in PHP as its pages print it, against the demonstration's phones."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.demonstration import Demonstration
from support.waiting import BOUND, wait_until

pytestmark = [pytest.mark.interop("php"), pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "while1.md"
(PROGRAM,) = re.findall(r"^```php\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

CURL_POST = """
function curlPost($url, $params, $headers = array()) {
    $handle = curl_init($url);
    curl_setopt_array($handle, array(
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => is_array($params) ? http_build_query($params) : $params,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 60,
    ));
    return curl_exec($handle);
}
"""

REQUEST = """
$params = json_decode(%(parameters)s, true);
if (%(key)s !== null) {
    $params['api_hash'] = md5(http_build_query($params) . %(key)s);
}
"""

WAYS = {
    "form": "echo curlPost($url, $params);",
    "text/xml": (
        "echo curlPost($url, http_build_query($params),"
        " array('Authorization: Bearer your_api_token', 'Content-Type: text/xml'));"
    ),
    "json": (
        "echo curlPost($url, json_encode($params),"
        " array('Authorization: Bearer your_api_token', 'Content-Type: application/json'));"
    ),
    "get": "echo file_get_contents($url . '?' . http_build_query($params));",
    "multipart": """
        $flat = array();
        foreach (explode('&', http_build_query($params)) as $pair) {
            list($name, $value) = array_map('urldecode', explode('=', $pair, 2));
            $flat[$name] = $value;
        }
        $handle = curl_init($url);
        curl_setopt($handle, CURLOPT_POSTFIELDS, $flat);
        curl_exec($handle);""",
}

LOGIN = {"api_username": "your_api_usr", "api_password": "your_api_pass"}
DATA: dict[str, Any] = {
    "project_id": 1,
    "caller_id": "0123456789",
    "caller_id_name": "John Doe",
    "type": "queue",
    "destination": "test-queue",
    "external_id": "",
    "async": 1,
}


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with Demonstration(tmp_path_factory.mktemp("demo")) as shown:
        yield shown


@pytest.fixture
def house(demonstration: Demonstration) -> Iterator[Demonstration]:
    yield demonstration
    demonstration.hang_up_all()


def run(program: str) -> Any:
    done = subprocess.run(
        ["php", "-r", program], capture_output=True, text=True, timeout=90, check=True
    )
    return json.loads(done.stdout)


def send(house: Demonstration, way: str, parameters: dict[str, Any], key: str | None) -> Any:
    prepared = REQUEST % {
        "parameters": _quoted(json.dumps(parameters)),
        "key": "null" if key is None else _quoted(key),
    }
    url = f"$url = {_quoted(house.url + '/api/originate-call')};\n"
    return run(CURL_POST + url + prepared + WAYS[way])


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def calls_of(house: Demonstration, external_id: str) -> list[dict[str, Any]]:
    found, _ = house.ask("GET", f"/v1/calls?external_id={external_id}")
    calls: list[dict[str, Any]] = found["calls"]
    return calls


def call_of(house: Demonstration, external_id: str) -> dict[str, Any]:
    (call,) = calls_of(house, external_id)
    return call


def test_the_page_s_program_runs_as_printed_but_for_the_host(house: Demonstration) -> None:
    program = PROGRAM.replace("https://[YOUR-PBX-URL]", house.url)
    assert run(CURL_POST + program) == {
        "has_error": False,
        "messages": [],
        "results": ["Call successfully originated for queue: test-queue"],
    }
    call = call_of(house, "asdf1234")
    assert house.connected(call["id"]) == "call.bridged"
    shown, _ = house.ask("GET", f"/v1/calls/{call['id']}")
    assert shown["first"]["party"]["number"] == "2005"
    assert shown["second"]["party"]["number"] == "0123456789"
    rings = "outside: rings: +40212345678 calls 0123456789"
    house.program.lines.wait_for(
        lambda line: rings in line, BOUND, "the customer is shown our number"
    )


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_sent_it_is_the_same_request(house: Demonstration, way: str) -> None:
    login = {} if way in ("text/xml", "json") else LOGIN
    named = f"way-{way.replace('/', '-')}"
    data = DATA | {
        "external_id": named,
        "vars": {"A": 1, "B": True, "C": "ș ț~*"},
        "outbound_number": None,
    }
    answer = send(house, way, {**login, "data": data}, "your_api_key")
    assert answer["has_error"] is False, answer
    assert house.connected(call_of(house, named)["id"]) == "call.bridged"


@pytest.mark.parametrize(
    ("kind", "destination", "first", "second", "how"),
    [
        ("user", "thomas", "1002", "0123456789", "call.bridged"),
        ("user_email", "jessica@demo.test", "1001", "0123456789", "call.bridged"),
        ("extension", "1003", "1003", "0123456789", "call.bridged"),
        ("context", "welcome", "0123456789", "1111", "call.program"),
    ],
)
def test_each_type_rings_its_side_first_and_then_the_customer(
    house: Demonstration, kind: str, destination: str, first: str, second: str, how: str
) -> None:
    data = DATA | {"type": kind, "destination": destination, "external_id": f"type-{kind}"}
    answer = send(house, "form", {**LOGIN, "data": data | {"async": 0}}, "your_api_key")
    assert answer["results"] == [f"Call successfully originated for {kind}: {destination}"]
    call = call_of(house, f"type-{kind}")
    assert house.connected(call["id"]) == how
    shown, _ = house.ask("GET", f"/v1/calls/{call['id']}")
    assert shown["first"]["party"]["number"] == first
    assert shown["second"]["party"]["number"] == second


def test_what_is_wrong_rings_nobody(house: Demonstration) -> None:
    data = DATA | {"external_id": "wrong"}
    for key, changed, message in (
        ("another_key", {}, "Invalid api_hash"),
        ("your_api_key", {"destination": "x"}, "Invalid Queue. Check if pbx queue exists"),
        ("your_api_key", {"project_id": 7}, "Invalid Project. Check if pbx project exists"),
    ):
        answer = send(house, "form", {**LOGIN, "data": data | changed}, key)
        assert answer == {"has_error": True, "messages": [message], "results": []}
    assert calls_of(house, "wrong") == []


def test_a_client_that_goes_away_does_not_cancel_its_call(house: Demonstration) -> None:
    data = DATA | {"external_id": "gone", "async": 0}
    body = json.dumps({"data": data}).encode()
    head = (
        "POST /api/originate-call HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer your_api_token\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    address = urlsplit(house.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall(head.encode() + body)
        wait_until(lambda: calls_of(house, "gone"), 10.0, "the call is there")
    assert house.connected(call_of(house, "gone")["id"]) == "call.bridged"
