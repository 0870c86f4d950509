from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from cordboard.directory.model import (
    AutoAnswerStyle,
    GroupKind,
    Member,
    Number,
    NumberFormat,
)
from cordboard.directory.problems import Severity
from cordboard.directory.scopes import USUAL_SCOPES, ApiScope
from cordboard.directory.snapshot import Directory
from cordboard.directory.steps import HangUpStep, PlayStep, Step
from cordboard.directory.tenant import Surroundings
from cordboard.directory.toml import load_directory

# Written without lines between, so that a table's line is easy to count. Lines 1 to 10.
BASE = """\
[tenant.demo]
country = "jp"
numbers = ["05068680000"]
[tenant.demo.account.main]
token = "demo-token"
[tenant.demo.user.jessica]
id = 1
extension = "1001"
dids = ["05031001001"]
terminal.desk.secret = "demo-desk"
"""


def load(text: str) -> tuple[Directory, list[str]]:
    directory, problems = load_directory(text, "f.toml")
    return directory, [str(problem) for problem in problems.in_order()]


def ha1(name: str, realm: str, secret: str) -> str:
    return hashlib.md5(f"{name}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()


def test_the_smallest_directory_has_defaults() -> None:
    directory, problems = load(BASE)
    assert problems == []
    (tenant,) = directory.tenants
    assert tenant.policy.sip_realm == "demo"
    assert tenant.policy.channel_limit is None
    user = tenant.user_by_name("jessica")
    assert user is not None
    assert (user.label, user.language, user.terminals) == ("jessica", "en", ("desk",))
    (terminal,) = tenant.terminals
    assert terminal.ha1 == ha1("desk", "demo", "demo-desk")
    assert terminal.auto_answer is AutoAnswerStyle.ALL
    assert tenant.authenticate("demo-token") is not None


def test_everything_can_be_said() -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    directory, problems = load(
        BASE.replace(
            'country = "jp"\n',
            'country = "uk"\nsip_realm = "phones.test"\nchannel_limit = 50\n'
            "calls_per_second = 2.5\ncalls_burst = 4\nlongest_call = 60\n"
            "media_timeout = 30\ncaller_id = '05068680000'\n",
        )
        + f"""
[tenant.demo.account.other]
token_sha256 = "{digest.upper()}"
[tenant.demo.user.thomas]
label = "山田　太郎"
email = "thomas@demo.test"
language = "ja"
caller_id = "05068680000"
channel_limit = 2
[tenant.demo.user.thomas.terminal.soft]
ha1 = "{"A" * 32}"
auto_answer = "call-info"
max_contacts = 2
codecs = ["OPUS", "g722", "L16/16000"]
[tenant.demo.group.sales]
kind = "call_center"
members = ["jessica", {{ user = "thomas", priority = 3 }}]
answer_timeout = 30
[tenant.demo.context.welcome]
extension = "1111"
steps = [{{ play = "hello.wav" }}, {{ play = "/srv/bye.wav" }}, {{ hangup = true }}]
[tenant.demo.trunk.pstn]
uri = "sip:[2001:db8::1]:5080;transport=tcp"
username = "me@provider.test"
password = "trunk-password"
number_format = "e164-plus"
nat = true
failover_codes = [503]
codecs = ["G729"]
[[tenant.demo.outbound]]
prefix = "+44"
trunks = ["pstn"]
strip = 1
prepend = "+"
"""
    )
    assert problems == []
    (tenant,) = directory.tenants
    policy = tenant.policy
    assert (policy.country, policy.sip_realm, policy.channel_limit) == ("gb", "phones.test", 50)
    assert (policy.calls_per_second, policy.calls_burst) == (2.5, 4)
    assert (policy.longest_call, policy.media_timeout) == (60.0, 30.0)
    assert tenant.authenticate("secret") is tenant.accounts[1]
    desk, soft = tenant.terminals
    assert desk.ha1 == ha1("desk", "phones.test", "demo-desk")
    assert (soft.ha1, soft.auto_answer) == ("a" * 32, AutoAnswerStyle.CALL_INFO)
    assert (desk.codecs, soft.codecs) == ((), ("opus", "G722", "L16/16000"))
    thomas = tenant.user_by_label("山田　太郎")
    assert thomas is not None
    sales = tenant.group_by_name("sales")
    assert sales is not None
    assert sales.kind is GroupKind.CALL_CENTER
    assert sales.members == (Member(1), Member(thomas.id, 3))
    assert tenant.contexts[0].steps == (
        Step(PlayStep(("hello.wav",))),
        Step(PlayStep(("/srv/bye.wav",))),
        Step(HangUpStep()),
    )
    (trunk,) = tenant.trunks
    assert (trunk.number_format, trunk.nat) == (NumberFormat.E164_PLUS, True)
    assert trunk.failover_codes == {503}
    assert trunk.codecs == ("G729",)
    assert tenant.numbers == (Number("05068680000"),)
    assert tenant.outbound[0].prefix == "+44"


def test_surroundings_give_the_folder_and_the_defaults() -> None:
    text = BASE + '[tenant.demo.context.c]\nsteps = [{play = "../a/x.wav"}]\n'
    around = Surroundings("/etc/cordboard", lambda path: f"no {path}", 100.0, 20.0)
    directory, problems = load_directory(text, "f.toml", around)
    assert directory.tenants[0].policy.longest_call == 100.0
    assert directory.tenants[0].policy.media_timeout == 20.0
    assert directory.tenants[0].contexts[0].steps == (Step(PlayStep(("/etc/a/x.wav",))),)
    (problem,) = problems.in_order()
    assert problem.line == 12
    assert problem.message == '"/etc/a/x.wav" cannot be played: no /etc/a/x.wav'


def test_an_id_that_is_not_given_stays_the_same_when_others_change() -> None:
    one, _ = load("[tenant.demo.user.a]\n[tenant.demo.user.b]\n[tenant.demo.group.b]\n")
    two, _ = load('[tenant.demo.user.b]\nextension = "7"\n')
    b = one.tenants[0].user_by_name("b")
    assert b is not None
    assert b.id == two.tenants[0].users[0].id
    assert b.id not in {one.tenants[0].users[0].id, one.tenants[0].groups[0].id}


def cases(name: str) -> list[tuple[str, list[str]]]:
    """The blocks of a file beside this one: TOML lines, then what is expected, marked by =>."""
    blocks = Path(__file__).with_name(name).read_text(encoding="utf-8").split("\n\n")[1:]
    found = []
    for block in blocks:
        lines = block.strip("\n").split("\n")
        more = [line for line in lines if not line.startswith("=> ")]
        found.append(("\n".join(more), [line[3:] for line in lines if line.startswith("=> ")]))
    return found


@pytest.mark.parametrize(("more", "expected"), cases("broken.txt"))
def test_a_fault_is_told_with_its_line_and_key(more: str, expected: list[str]) -> None:
    _, problems = load_directory(BASE + more, "f.toml")
    errors = [p for p in problems.in_order() if p.severity is Severity.ERROR]
    assert [str(problem) for problem in errors] == [f"f.toml:{line}" for line in expected]


@pytest.mark.parametrize(("more", "expected"), cases("doubtful.txt"))
def test_a_doubt_is_told_as_a_warning(more: str, expected: list[str]) -> None:
    _, told = load(BASE + more)
    assert told == [f"f.toml:{line}" for line in expected]


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = BASE.replace('"jp"', "7").replace("id = 1", "id = 0") + "[tenant.demo.user.a]\nx = 1\n"
    _, told = load(text)
    assert [re.split(r":\s", line)[0] for line in told] == [
        "f.toml:2",
        "f.toml:7",
        "f.toml:11",
        "f.toml:12",
    ]


def test_no_secret_is_in_a_message_or_a_repr() -> None:
    text = (
        BASE
        + """
[tenant.demo.account.b]
token = ["hunter2"]
token_sha256 = "hunter2"
[tenant.demo.trunk.t]
uri = "sip:h"
password = "hunter2\\u0000"
[tenant.demo.user.jessica.terminal.b]
ha1 = "hunter2"
"""
    )
    directory, told = load(text)
    assert len(told) >= 4
    assert "hunter2" not in "\n".join(told)
    assert "hunter2" not in repr(directory)


def test_too_deep_a_text_is_a_problem() -> None:
    _, told = load("a = " + "[" * 100_000)
    assert told == ["f.toml:1: this is not TOML: Too many brackets inside each other"]


def test_tables_of_the_service_are_left_alone() -> None:
    assert load(BASE + "[http]\nwhatever = 1\n")[1] == []
    assert load("tenant = 3\n")[1] == [
        "f.toml:1: tenant: expected tables [... .tenant.NAME], found the number 3"
    ]


def test_an_account_may_have_several_tokens() -> None:
    hashed = hashlib.sha256(b"second-token").hexdigest().upper()
    directory, problems = load(
        BASE
        + f"""
[tenant.demo.account.rotating]
tokens = ["first-token", "sha256:{hashed}"]
scopes = ["calls:read", "agents:write"]
origins = ["https://Shop.example"]
[tenant.demo.account.more]
token = "third-token"
tokens = ["fourth-token", "fifth"]
"""
    )
    (tenant,) = directory.tenants
    rotating, more = tenant.account("rotating"), tenant.account("more")
    assert rotating is not None
    assert more is not None
    for token, account in (("first", rotating), ("second", rotating), ("third", more)):
        assert tenant.authenticate(f"{token}-token") is account
    assert tenant.authenticate("fifth") is more
    assert tenant.authenticate(f"sha256:{hashed}") is None
    assert rotating.scopes == {ApiScope.CALLS_READ, ApiScope.AGENTS_WRITE}
    assert more.scopes == USUAL_SCOPES
    assert (rotating.origins, more.origins) == (("https://shop.example",), ())
    (problem,) = problems
    assert "account.more.tokens[1]: the secret is short" in problem
    assert "fifth" not in problem
