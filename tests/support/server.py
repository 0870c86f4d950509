"""The server as a process of its own, and a client of its HTTP interface."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cordboard.addresses import written
from support.block import Block
from support.place import HERE, Place
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.tones import write_tone
from support.waiting import wait_until

DOMAIN, TOKEN = "demo", "demo-token"
READY_SECONDS = 30.0
NEVER_LATE = "lag = 0\ncommit = 0"
"""On a machine that other tests keep busy a server is late for no fault of its own."""
STREAM_SECONDS = 30.0
MEDIA_PORTS = 100
PROMPT_HZ, PROMPT_SECONDS = 500.0, 0.5

CONFIG = """\
[http]
listen = "{host}:{http}"

[sip]
listen = [{listen}]
t1 = {t1}
t2 = {t2}
t4 = {t4}
{sip_lines}

[store]
url = "{store}"

[media]
host = "{host}"
ports = "{media_first}-{media_last}"

[overload]
{overload}

[tenant.demo]
country = "jp"
callbacks_inside = true
channel_limit = 200
numbers = ["05068680000", "0506868002"]
caller_id = "05068680000"
{tenant_lines}

[tenant.demo.account.main]
token = "demo-token"

[tenant.demo.user.jessica]
id = 10001001
label = "Jessica Jones"
extension = "1001"
terminal.jessica-desk.secret = "demo-jessica-desk"
terminal.jessica-soft.secret = "demo-jessica-soft"
{jessica_lines}

[tenant.demo.user.thomas]
id = 10001002
label = "Thomas Jenkins"
extension = "1002"
terminal.thomas.secret = "demo-thomas"
{thomas_lines}

[tenant.demo.context.welcome]
extension = "1111"
steps = [{{ play = "{prompt}" }}, {{ hangup = true }}]
"""

TRUNK = """
[tenant.demo.trunk.{name}]
uri = "{uri}"
{credentials}
{lines}
[[tenant.demo.outbound]]
prefix = "{prefix}"
trunks = ["{name}"]
"""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk of the test's configuration: numbers with ``prefix`` go to ``port``, or to ``uri``
    where one is given. ``lines`` are further lines of its table."""

    name: str
    prefix: str
    port: int
    username: str | None = None
    password: str = ""
    uri: str | None = None
    lines: str = ""

    def toml(self) -> str:
        """Its tables."""
        credentials = ""
        if self.username is not None:
            credentials = f'username = "{self.username}"\npassword = "{self.password}"\n'
        return TRUNK.format(
            name=self.name,
            uri=self.uri or f"sip:{LOOPBACK}:{self.port}",
            lines=self.lines,
            credentials=credentials,
            prefix=self.prefix,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def call(self) -> str:
        """The id of the call that was placed."""
        assert self.body.get("result_code") == 0, f"refused: {self.body}"
        return self.headers["cordboard-call"]

    @property
    def uuids(self) -> list[str]:
        """The channels of the first leg."""
        assert self.body.get("result_code") == 0, f"refused: {self.body}"
        uuids: list[str] = self.body["uuids"]
        return uuids


class CordboardServer(Block):
    """``cordboard serve`` with a configuration of users and trunks, on ports of its own.

    The T1, T2 and T4 of SIP are in seconds; ``sip_lines`` are further lines of ``[sip]``,
    ``tenant_lines`` of the tenant, ``jessica_lines`` and ``thomas_lines`` of the tables of these
    users, ``more`` is whatever else the file is to hold. With a ``certificate`` it takes TLS as
    well, with ``websocket`` WebSocket, secured where there is a certificate. ``place`` is where it
    runs, ``also_at`` a further address that it listens at for SIP, ``program`` what is run.
    ``store`` is the URL of its journal; with one in memory it starts in half the time.
    ``overload`` are the lines of that table.
    """

    def __init__(
        self,
        folder: Path,
        *trunks: Trunk,
        t1: float = 0.5,
        t2: float = 4.0,
        t4: float = 5.0,
        prompt: Path | None = None,
        sip_lines: str = "",
        tenant_lines: str = "",
        jessica_lines: str = "",
        thomas_lines: str = "",
        more: str = "",
        certificate: Path | None = None,
        websocket: bool = False,
        place: Place = HERE,
        also_at: str | None = None,
        media_ports: int = MEDIA_PORTS,
        program: tuple[str, ...] = ("cordboard", "serve"),
        store: str = "memory:",
        overload: str = NEVER_LATE,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.place = place
        self._words = program
        self.http_port = free_ports(owner=self)
        self.sip_port = free_ports(owner=self)
        self.tls_port = free_ports(owner=self)
        self.ws_port = free_ports(owner=self)
        ports = {"udp": self.sip_port, "tcp": self.sip_port}
        if certificate is not None:
            ports["tls"] = self.tls_port
            sip_lines += f'\ncertificate = "{certificate}"'
        if websocket:
            ports["ws" if certificate is None else "wss"] = self.ws_port
        hosts = (place.host,) if also_at is None else (place.host, also_at)
        listen = [f"{name}:{written(host, ports[name])}" for host in hosts for name in ports]
        media_first = free_ports(media_ports, self)
        self.media_ports = range(media_first, media_first + media_ports)
        if prompt is None:
            prompt = folder / "prompt.wav"
            write_tone(prompt, PROMPT_HZ, PROMPT_SECONDS)
        self.config = folder / "cordboard.toml"
        self.config.write_text(
            CONFIG.format(
                host=place.host,
                http=self.http_port,
                listen=", ".join(f'"{one}"' for one in listen),
                t1=t1,
                t2=t2,
                t4=t4,
                sip_lines=sip_lines,
                tenant_lines=tenant_lines,
                jessica_lines=jessica_lines,
                thomas_lines=thomas_lines,
                media_first=media_first,
                media_last=media_first + media_ports - 1,
                prompt=prompt,
                store=store,
                overload=overload,
            )
            + "".join(trunk.toml() for trunk in trunks)
            + more
        )
        self.program: Program | None = None

    @property
    def sip(self) -> tuple[str, int]:
        """Where phones register."""
        return self.place.host, self.sip_port

    @property
    def tls(self) -> tuple[str, int]:
        """Where phones register by TLS."""
        return self.place.host, self.tls_port

    @property
    def ws(self) -> tuple[str, int]:
        """Where browsers register."""
        return self.place.host, self.ws_port

    def spawn(self) -> Program:
        """Start it, and do not wait for anything."""
        words = (*self.place.prefix, sys.executable, "-m", *self._words)
        self.program = Program([*words, "--config", self.config])
        return self.program

    def start(self) -> Self:
        """Start it and wait until it answers."""
        program = self.spawn()

        def ready() -> bool:
            assert program.exit_code is None, f"the server ended:\n{program.output}"
            try:
                return self.get("/healthz").status == 200
            except OSError:
                return False

        wait_until(ready, READY_SECONDS, lambda: f"the server is ready:\n{program.output}")
        return self

    def stop(self) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        assert self.program is not None, "the server was not started"
        self.program.signal(signal.SIGTERM)
        return self.program.wait(10.0)

    def _begin(self) -> None:
        self.start()

    def _end(self) -> None:
        code = self.stop()
        assert code == 0, f"the server ended with {code} on SIGTERM"

    def _break_off(self) -> None:
        if self.program is not None:
            self.program.stop()

    # -- its HTTP interface --------------------------------------------------------------------

    def basix(self, method: str, **parameters: Any) -> Answer:
        """POST one of the vendor's methods."""
        return self.request("POST", f"/basix/api/{method}", parameters)

    def get(self, path: str) -> Answer:
        """GET a path."""
        return self.request("GET", path)

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request, with ``headers`` beside the usual ones; a JSON answer is read."""
        connection = self._connection(10.0)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {**_headers(), **(headers or {})})
            response = connection.getresponse()
            content = response.read()
            names = {name.lower(): value for name, value in response.getheaders()}
            is_json = "json" in names.get("content-type", "")
            return Answer(
                response.status, names, json.loads(content) if is_json else content.decode()
            )
        finally:
            connection.close()

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.place.host, self.http_port, timeout=seconds)
        connection.sock = self.place.connect(self.http_port, seconds)
        return connection

    def feed(self, parameters: str, silence: float) -> Iterator[dict[str, Any]]:
        """What ``/v1/events`` tells, until the connection is lost or silent for so long."""
        connection = self._connection(silence)
        try:
            connection.request("GET", f"/v1/events{parameters}", headers=_headers())
            response = connection.getresponse()
            if response.status != 200:
                raise OSError(f"no feed: {response.status}")
            for line in response:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
        finally:
            connection.close()

    def events(self, call: str) -> Iterator[dict[str, Any]]:
        """The events of a call as they happen, until it has ended, at most STREAM_SECONDS long."""
        deadline = time.monotonic() + STREAM_SECONDS
        connection = self._connection(STREAM_SECONDS)
        try:
            connection.request("GET", f"/v1/calls/{call}/events", headers=_headers())
            response = connection.getresponse()
            assert response.status == 200, f"no events of {call}: {response.status}"
            for line in response:
                assert time.monotonic() < deadline, f"{call} goes on after {STREAM_SECONDS} s"
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
        finally:
            connection.close()

    def messages(self, call: str, leg: str | None = None) -> list[dict[str, Any]]:
        """The SIP messages of a call (or of one of its legs) as its ladder has them, but none that
        was sent again."""
        ladder = self.get(f"/v1/calls/{call}/ladder").body
        return [
            line
            for channel in ladder["channels"]
            if leg in (None, channel["leg"])
            for line in channel["lines"]
            if not line["retransmission"]
        ]

    def wait_ended(self, call: str) -> list[dict[str, Any]]:
        """All events of a call, as soon as it has ended."""
        events = list(self.events(call))
        assert events, f"{call} has no events"
        assert events[-1]["kind"] == "call.ended", f"the stream of {call} broke off: {events}"
        return events

    def wait_event(self, call: str, kind: str, leg: str | None = None) -> dict[str, Any]:
        """The first event of a kind (and leg) of a call."""
        seen = []
        for event in self.events(call):
            if event["kind"] == kind and leg in (None, event["leg"]):
                return event
            seen.append(event)
        raise AssertionError(f"{call} had no {kind}: {seen}")


def result_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The one terminal result of a call."""
    results = [event["data"] for event in events if event["kind"] == "call.ended"]
    assert len(results) == 1, f"{len(results)} results: {results}"
    return results[0]


def _headers() -> dict[str, str]:
    credentials = base64.b64encode(f"{DOMAIN}:{TOKEN}".encode()).decode()
    return {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
