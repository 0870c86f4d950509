"""Nothing that is secret gets into the log: a whole server is asked, rightly and wrongly, with
random marks wherever a secret may stand, and all of its output is searched for them."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from cordboard.api.while1.php_forms import parse_form
from cordboard.api.while1.php_query import api_hash
from support.ports import LOOPBACK, free_ports
from support.server import DOMAIN, TOKEN, CordboardServer, Trunk, result_of

MORE = """
[log]
level = "debug"
format = "{format}"

[metrics]
token = "{metrics}"

[tenant.demo.account.second]
token = "{account}"
webhook_secrets = ["whsec_{webhook}"]
api_username = "php"
api_password = "{password}"
api_key = "{hash_key}"
[tenant.demo.person.boss]
password = "{person}"
[tenant.demo.project.1]
[tenant.demo.webhook.crm]
url = "http://127.0.0.1:9/{hook}"
events = ["Calling", "Hangup"]
headers = {{ Authorization = "Bearer {header}", X-Call = "#callid#" }}
body = '{{"key": "{header}", "callid": "#callid#"}}'
[tenant.demo.group.told]
members = ["jessica"]
hook = {{ url = "http://127.0.0.1:9/{hook}", secrets = ["whsec_{webhook}"] }}
[tenant.demo.group.told.zendesk]
url = "http://127.0.0.1:9"
email = "pbx@demo.test"
token = "{zendesk}"
"""

PHP_SECRETS = ("php password", "php wrong password", "php key")
PERSONS_SECRETS = ("person password", "person wrong password")
"""What clients of While1's and Enswitch's APIs send or share with us; it is in no stored request
either."""

REGISTER = """\
REGISTER sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{number}
From: <sip:jessica-desk@demo>;tag=1
To: <sip:jessica-desk@demo>
Call-ID: {number}@demo
CSeq: {number} REGISTER
Contact: <sip:jessica-desk@127.0.0.1:9>
Authorization: Digest username="jessica-desk", realm="demo", nonce="{nonce}", uri="sip:127.0.0.1", \
response="{response}", cnonce="{cnonce}", nc=00000001, qop=auth
Max-Forwards: 70
Content-Length: 0

"""


class Marks:
    """Random strings, each of which may be found nowhere."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}

    def __call__(self, where: str) -> str:
        return self.made.setdefault(where, secrets.token_hex(12))

    def found_in(self, text: str) -> list[str]:
        """Where those stood that are found, plainly or in base64."""
        return [
            where
            for where, mark in self.made.items()
            if mark in text or base64.b64encode(mark.encode()).decode().rstrip("=")[:-2] in text
        ]


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"{DOMAIN}:{password}".encode()).decode()


def ask(
    server: CordboardServer, method: str, path: str, body: bytes | None = None, **headers: str
) -> int:
    connection = http.client.HTTPConnection(LOOPBACK, server.http_port, timeout=10)
    try:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, names)
        return connection.getresponse().status
    finally:
        connection.close()


def say(server: CordboardServer, octets: bytes) -> None:
    """Something that need not be HTTP."""
    with socket.create_connection((LOOPBACK, server.http_port), timeout=10) as connection:
        connection.sendall(octets)
        with suppress(OSError):
            connection.settimeout(0.3)
            connection.recv(4096)


def use_http(server: CordboardServer, mark: Marks) -> None:
    query = f"token={mark('query')}&api_key={mark('query 2')}"
    right = basic(TOKEN)
    assert (
        ask(server, "GET", f"/v1/calls?external_id={mark('query 3')}", authorization=right) == 200
    )
    assert ask(server, "GET", f"/v1/calls?{query}", authorization=basic(mark("token"))) == 401
    assert ask(server, "GET", "/v1/calls", authorization=f"Bearer {mark('bearer')}") == 401
    assert ask(server, "GET", f"/v1/calls?limit={mark('bad')}", authorization=right) == 422
    assert ask(server, "GET", f"/{mark('path')}?{query}") == 404
    assert ask(server, "GET", f"/v1/{mark('path 2')}?{query}", authorization=right) == 404
    assert ask(server, "GET", f"/v1/calls/{mark('path 3')}", authorization=right) == 404
    assert (
        ask(server, "GET", "/healthz", x_request_id=f"{mark('request id')} {mark('more')}") == 200
    )
    assert ask(server, "GET", "/metrics", authorization=f"Bearer {mark('scrape')}") == 403
    for body in (
        b'{"user_name": "' + mark("body").encode(),
        json.dumps({"user_name": mark("name"), "destination": mark("name 2")}).encode(),
        f"password={mark('form')}".encode(),
    ):
        assert (
            ask(server, "POST", f"/basix/api/call_user?{query}", body, authorization=right) == 200
        )
        ask(server, "POST", f"/v1/calls?{query}", body, authorization=right)
    say(server, f"GET /v1/calls?{query} HTTP/1.1\r\nbad {mark('line')}\r\n\r\n".encode())
    say(server, f"{mark('garbage')}\r\n\r\n".encode())


def use_php(server: CordboardServer, mark: Marks) -> None:
    """Log in by user and password in the query string, rightly and wrongly."""
    data = {
        "project_id": "1",
        "caller_id": "0312341234",
        "caller_id_name": "x",
        "type": "user",
        "destination": "thomas",
        "external_id": "secret",
    }
    fields = {f"data[{name}]": value for name, value in data.items()}
    for password, status in (("php password", 200), ("php wrong password", 401)):
        login = {"api_username": "php", "api_password": mark(password)}
        parameters = parse_form(urlencode(login | fields).encode())
        query = urlencode(login | fields | {"api_hash": api_hash(parameters, mark("php key"))})
        assert ask(server, "GET", f"/api/originate-call?{query}") == status
        assert ask(server, "POST", "/api/originate-call", query.encode()) == status


def use_enswitch(server: CordboardServer, mark: Marks) -> None:
    """Log in as a person in the query string and in bodies, rightly and wrongly."""
    call = "snumber=0312341234;cnumber=0312345678;delay=3000"  # accepted, and kept
    for password in PERSONS_SECRETS:
        query = f"auth_username=boss;auth_password={mark(password)};{call}"
        assert ask(server, "GET", f"/local/api/json/calls/make/?{query}") == 200
        assert ask(server, "POST", "/api/json/calls/make", query.encode()) == 200


def use_websocket(server: CordboardServer, mark: Marks) -> None:
    for protocols, query, password in (
        (f"bearer.{mark('subprotocol')}", f"after={mark('cursor')}", mark("socket token")),
        ("cordboard.v1", f"token={mark('socket query')}", TOKEN),
    ):
        say(
            server,
            (
                f"GET /v1/events?{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                f"Sec-WebSocket-Protocol: {protocols}\r\nCookie: sid={mark('cookie')}\r\n"
                f"Authorization: {basic(password)}\r\n\r\n"
            ).encode()
            + b"\xff\xff"
            + mark("frame").encode(),
        )


def use_sip(server: CordboardServer, mark: Marks) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
        for number in range(1, 12):  # more than a phone may guess
            message = REGISTER.format(
                number=number,
                nonce=mark("nonce"),
                response=mark("response"),
                cnonce=mark("cnonce"),
            )
            sip.sendto(message.replace("\n", "\r\n").encode(), server.sip)
        sip.sendto(f"OPTIONS sip:{mark('sip')}@x SIP/2.0\r\n\r\n".encode(), server.sip)


def place(server: CordboardServer, mark: Marks) -> None:
    """A call whose callback goes nowhere."""
    url = (
        f"http://user:{mark('callback')}@{LOOPBACK}:{free_ports()}/{mark('hook')}?key={mark('key')}"
    )
    placed = server.basix(
        "call_external", target="0312341234", destination="thomas", callback_url=url
    )
    if placed.body["result_code"] != 0:  # the URL may not hold credentials
        url = f"http://{LOOPBACK}:{free_ports()}/{mark('hook')}?key={mark('key')}"
        placed = server.basix(
            "call_external", target="0312341234", destination="thomas", callback_url=url
        )
    assert result_of(server.wait_ended(placed.call))["outcome"] == "first_leg_failed"


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_secret_is_written(tmp_path: Path, form: str) -> None:
    mark = Marks()
    more = MORE.format(
        format=form,
        metrics=mark("metrics"),
        account=mark("account"),
        webhook=base64.b64encode(mark("webhook secret").encode()).decode(),
        password=mark("php password"),
        person=mark("person password"),
        hash_key=mark("php key"),
        hook=mark("hook"),
        header=mark("webhook header"),
        zendesk=mark("zendesk token"),
    )
    trunk = Trunk(
        "pstn", "0", free_ports(), "trunk-user", mark("trunk password"), lines="register = true"
    )
    jessica = f'terminal.third.secret = "{mark("sip password")}"'
    store = f"sqlite:///{tmp_path}/kept.db"
    server = CordboardServer(
        tmp_path, trunk, t1=0.05, more=more, jessica_lines=jessica, store=store
    )
    with server:
        use_http(server, mark)
        use_php(server, mark)
        use_enswitch(server, mark)
        use_websocket(server, mark)
        use_sip(server, mark)
        place(server, mark)
        assert ask(server, "GET", "/readyz") == 200
    assert server.program is not None
    output = server.program.output
    assert output.count("request") >= 15, f"the log has little in it:\n{output}"
    assert "delivery.no_answer" in output
    assert TOKEN not in output
    assert mark.found_in(output) == []
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("kept*"))
    assert b"originate-call" in kept or b"call_external" in kept
    assert b"calls/make" in kept
    assert [
        where for where in (*PHP_SECRETS, *PERSONS_SECRETS) if mark(where).encode() in kept
    ] == []
    if form == "json":
        begin = output.index("{")
        assert all(json.loads(line)["timestamp"] for line in output[begin:].splitlines())
