"""SIGHUP to a real server, with phones registered and a call up."""

from __future__ import annotations

import signal
from pathlib import Path

from typer.testing import CliRunner

from cordboard.cli import app
from support.own_phone import OwnPhone
from support.server import Answer, CordboardServer, result_of
from support.waiting import wait_until

SECONDS = 10.0


def reload(server: CordboardServer, expected: str) -> str:
    """SIGHUP, until the log says what is expected of it; gives all that it said meanwhile."""
    assert server.program is not None
    seen = len(server.program.lines)
    server.program.signal(signal.SIGHUP)
    server.program.lines.wait_for(lambda line: expected in line, SECONDS, expected, after=seen)
    return "\n".join(server.program.lines.all()[seen:])


def refused(server: CordboardServer, **parameters: str) -> str | None:
    """Why a request would not be taken now."""
    body = {"dialect": "basix", "method": "call_user", "parameters": parameters}
    answer = server.request("POST", "/v1/calls/explain", body).body
    return None if answer["accepted"] else answer["refusal"]["id"]


def test_the_directory_is_replaced_and_calls_go_on(tmp_path: Path) -> None:
    at_once = ("--answer-after", "0")
    with (
        CordboardServer(tmp_path / "server") as server,
        OwnPhone("jessica-desk", server.sip, *at_once),
        OwnPhone("thomas", server.sip, *at_once, "--hangup-after", "4") as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        server.wait_event(placed.call, "call.bridged")
        text = server.config.read_text()

        server.config.write_text(text.replace('country = "jp"', 'country = "nowhere"'))
        line = text[: text.index('country = "jp"')].count("\n") + 1
        reload(server, f":{line}: tenant.demo.country: expected an ISO 3166 country code")
        assert refused(server, user_name="jessica", destination="thomas") is None

        renamed = text.replace("user.jessica]", "user.dolores]")
        renamed = renamed.replace("demo-thomas", "another-secret")
        renamed = renamed.replace("demo-token", "second-token").replace("t1 = 0.5", "t1 = 0.4")
        server.config.write_text(renamed)
        assert "sip.t1" in reload(server, "the configuration was read again")
        assert server.basix("call_user", user_name="jessica", destination="1111").status == 401

        server.config.write_text(renamed.replace("second-token", "demo-token"))
        reload(server, "the configuration was read again")
        assert refused(server, user_name="jessica", destination="1111") == "user_not_found"
        assert refused(server, user_name="dolores", destination="1111") is None
        assert refused(server, user_name="thomas", destination="1111") == "user_not_registered"
        result = result_of(server.wait_ended(placed.call))
        assert (result["outcome"], result["cause"]) == ("completed", "normal")
        thomas.wait_for("ended")


MORE = """
[tenant.more]
country = "jp"
[tenant.more.account.main]
token = "more-token"
scopes = ["trunks:read", "directory:read", "agents:write"]
[tenant.more.user.ann]
terminal.ann.secret = "ann-secret"
[tenant.more.group.sales]
members = ["ann"]
"""


def test_a_running_server_takes_up_what_is_applied(tmp_path: Path) -> None:
    server = CordboardServer(tmp_path / "server", store=f"sqlite:///{tmp_path / 'journal.db'}")
    more = tmp_path / "more.toml"
    more.write_text(MORE)

    def apply() -> str:
        words = ["apply", str(more), "--config", str(server.config)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        return done.output

    def asked(token: str, path: str, method: str = "GET") -> Answer:
        bearer = {"Authorization": f"Bearer {token}"}
        return server.request(method, path, headers=bearer)

    def status(token: str) -> int:
        return asked(token, "/v1/trunks").status

    def agent() -> str:
        (member,) = asked("newer-token", "/v1/groups/sales").body["members"]
        return str(member["state"])

    with server:
        assert status("more-token") == 401
        assert "+ tenant.more" in apply()
        wait_until(lambda: status("more-token") == 200, SECONDS, "the tenant is there")
        assert asked("more-token", "/v1/groups/sales/members/ann/logout", "POST").status == 200
        more.write_text(MORE.replace("more-token", "newer-token"))
        assert "~ tenant.more.account.main.token" in apply()
        wait_until(lambda: status("newer-token") == 200, SECONDS, "the token is there")
        assert (status("more-token"), status("demo-token")) == (401, 200)
        assert agent() == "logged_out"
    with server:
        assert (status("newer-token"), status("demo-token")) == (200, 200)
        assert agent() == "logged_out"
        server.config.write_text(server.config.read_text().replace("tenant.demo", "tenant.new"))
        reload(server, "the configuration was read again")
        assert (status("newer-token"), status("demo-token")) == (200, 200)
        assert server.get("/v1/trunks").status == 401  # it asks for the domain demo
