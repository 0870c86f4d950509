"""A tenant's table is kept without secrets, and read from there as from its file."""

from __future__ import annotations

import tomllib

from cordboard.directory.differences import differences
from cordboard.directory.kept_form import kept_form, needs_seal, opened
from cordboard.directory.passwords import is_right
from cordboard.directory.problems import Problems
from cordboard.directory.snapshot import Directory
from cordboard.directory.tenant import Surroundings
from cordboard.directory.toml import read_directory

FILE = """
sip_realm = "phones.test"
numbers = ["05068680000", { number = "0506868001", show = false }]
[account.main]
token = "demo-token"
webhook_secrets = ["whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA=="]
[account.more]
token_sha256 = "AB00000000000000000000000000000000000000000000000000000000000000"
tokens = ["sha256:CD00000000000000000000000000000000000000000000000000000000000000",
    "another-token"]
api_key = "php-key"
[project.1]
label = "Customers"
[user.jessica]
extension = "1001"
terminal.desk.secret = "demo-desk"
terminal.soft.ha1 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[group.sales]
members = ["jessica"]
[group.sales.hook]
url = "https://crm.example.com/told"
secrets = ["whsec_aG9vayBob29rIGhvb2sgaG9vayBob29rIGhvb2sgaG9vaw=="]
[group.sales.zendesk]
url = "https://acme.zendesk.com/"
email = "pbx@acme.example"
token = "zendesk-token"
[webhook.crm]
url = "https://crm.example.com/told"
events = ["Answer"]
headers = { "Content-Type" = "application/json", Authorization = "Bearer crm-key" }
[context.bye]
steps = [{ hangup = true }]
[trunk.pstn]
uri = "sip:192.0.2.1"
username = "me"
password = "trunk-password"
[[outbound]]
prefix = ""
trunks = ["pstn"]
"""

SECRETS = (
    "demo-token",
    "another-token",
    "c2VjcmV0",
    "aG9vay",
    "zendesk-token",
    "demo-desk",
    "trunk-password",
    "php-key",
    "crm-key",
)


def reversed_text(text: str) -> str:
    return text[::-1]


def read(table: dict[str, object]) -> tuple[object, tuple[object, ...]]:
    problems = Problems("x", {})
    return read_directory({"tenant": {"demo": table}}, problems, Surroundings()), (
        problems.in_order()
    )


def test_no_secret_is_kept_and_nothing_else_is_lost() -> None:
    table = tomllib.loads(FILE)
    kept = kept_form("demo", table, reversed_text)
    for secret in SECRETS:
        assert secret not in str(kept)
    assert table == tomllib.loads(FILE)
    assert read(opened(kept, reversed_text)) == read(table)


def test_a_password_is_kept_as_a_hash_that_is_made_alike_each_time() -> None:
    login = 'api_username = "me"\napi_password = "php-password"\napi_key'
    table = tomllib.loads(FILE.replace("api_key", login))
    kept = kept_form("demo", table, reversed_text)
    assert "php-password" not in str(kept)
    assert kept == kept_form("demo", table, reversed_text)
    assert is_right(kept["account"]["more"]["api_password_hash"], "php-password")


def test_the_password_of_a_person_is_kept_as_a_hash() -> None:
    table = tomllib.loads(FILE + '[person.user]\npassword = "person-password"\n')
    kept = kept_form("demo", table, reversed_text)
    assert "person-password" not in str(kept)
    assert kept == kept_form("demo", opened(kept, reversed_text), reversed_text)
    hashed = kept["person"]["user"]["password_hash"]
    assert is_right(hashed, "person-password")
    (directory, problems) = read(opened(kept, reversed_text))
    assert problems == read(tomllib.loads(FILE))[1]
    assert isinstance(directory, Directory)
    found = directory.person("user")
    assert found is not None
    assert found[1].password == hashed


def test_what_is_kept_is_kept_again_as_it_is() -> None:
    kept = kept_form("demo", tomllib.loads(FILE), reversed_text)
    again = kept_form("demo", opened(kept, reversed_text), reversed_text)
    assert again == kept


def test_only_some_secrets_need_a_seal() -> None:
    table = tomllib.loads(FILE)
    assert needs_seal(table)
    del table["trunk"]["pstn"]["password"]
    assert needs_seal(table)
    del table["account"]["main"]["webhook_secrets"]
    assert needs_seal(table)
    del table["account"]["more"]["api_key"]
    assert needs_seal(table)
    del table["group"]["sales"]["hook"]["secrets"]
    assert needs_seal(table)
    del table["group"]["sales"]["zendesk"]
    assert needs_seal(table)
    del table["webhook"]["crm"]["headers"]["Authorization"]
    assert not needs_seal(table)


def changed(old: str, new: str) -> list[str]:
    before, after = tomllib.loads(FILE), tomllib.loads(FILE.replace(old, new))
    return differences("demo", before, after)


def test_differences_are_told_object_by_object() -> None:
    assert differences("demo", tomllib.loads(FILE), tomllib.loads(FILE)) == []
    assert differences("demo", None, {}) == ["+ tenant.demo"]
    assert differences("a.example", {}, None) == ['- tenant."a.example"']
    assert changed('"1001"', '"1002"') == ['~ tenant.demo.user.jessica.extension: "1001" -> "1002"']
    assert changed("user.jessica", "user.thomas") == [
        "- tenant.demo.user.jessica",
        "+ tenant.demo.user.thomas",
    ]
    assert changed('extension = "1001"', "channel_limit = 4") == [
        '- tenant.demo.user.jessica.extension: "1001"',
        "+ tenant.demo.user.jessica.channel_limit: 4",
    ]
    assert changed('["jessica"]', '["jessica", "thomas"]') == [
        '~ tenant.demo.group.sales.members: ["jessica"] -> ["jessica", "thomas"]'
    ]
    assert changed("[group.sales", "[group.sales2") == [
        "- tenant.demo.group.sales",
        "+ tenant.demo.group.sales2",
    ]


def test_differences_show_no_secret() -> None:
    for secret in SECRETS:
        (line,) = changed(secret, f"{secret}-new")
        assert line.startswith("~ tenant.demo.")
        assert secret not in line
