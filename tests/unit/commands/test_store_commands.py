"""``apply``, ``db`` and ``secrets`` on a database file."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cordboard.cli import app
from cordboard.commands.store_commands import EXIT_PROBLEM
from cordboard.directory.passwords import is_right
from cordboard.journal.sealing import VARIABLE
from cordboard.journal.sql.store import Store

FILE = """
[tenant.demo.account.main]
token = "demo-token"
[tenant.demo.user.jessica]
extension = "1001"
terminal.desk.secret = "demo-desk"
"""
TRUNK = """
[tenant.demo.trunk.pstn]
uri = "sip:192.0.2.1"
username = "me"
password = "of-the-trunk"
[[tenant.demo.outbound]]
prefix = ""
trunks = ["pstn"]
"""


class Shell:
    """The command line in a folder with one file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "demo.toml"
        self.database = folder / "demo.db"
        self.environment: dict[str, str | None] = {VARIABLE: None, "CORDBOARD_STORE_URL": None}
        self.file.write_text(FILE)

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        done = CliRunner().invoke(app, [str(word) for word in words], env=self.environment)
        assert done.exit_code == code, done.output
        return done.output

    def edit(self, old: str, new: str) -> None:
        self.file.write_text(self.file.read_text().replace(old, new))

    def check(self, code: int = 0) -> dict[str, str]:
        """What ``db check`` says, by its first words."""
        lines = self("db", "check", "--config", self.file, code=code).splitlines()
        return {line[:12].strip(): line[12:] for line in lines}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_apply_says_what_it_changes(shell: Shell) -> None:
    assert shell("apply", shell.file, "--dry-run") == (
        "+ tenant.demo\n1 change; nothing was written\n"
    )
    assert not shell.database.exists()
    assert shell("apply", shell.file) == "+ tenant.demo\n1 change\n"
    assert shell("apply", shell.file) == "nothing to change\n"
    shell.edit("1001", "1002")
    line = '~ tenant.demo.user.jessica.extension: "1001" -> "1002"\n'
    assert shell("apply", shell.file, "--dry-run") == f"{line}1 change; nothing was written\n"
    assert shell("apply", shell.file) == f"{line}1 change\n"
    assert shell.check()["tenant"].startswith("demo: version 2 of ")


def test_a_file_of_tenants_is_applied_to_the_servers_database(shell: Shell, tmp_path: Path) -> None:
    shell("apply", shell.file)
    more = tmp_path / "more.toml"
    more.write_text(FILE.replace("demo", "more"))
    assert shell("apply", more, "--config", shell.file) == "+ tenant.more\n1 change\n"
    url = f"sqlite:///{shell.database}"
    assert shell("apply", more, "--store", url, "--prune") == "- tenant.demo\n1 change\n"
    assert not (tmp_path / "more.db").exists()


def test_what_is_wrong_is_told_and_nothing_written(shell: Shell, tmp_path: Path) -> None:
    shell("apply", shell.file)
    shell.edit("1001", "one")
    assert "demo.toml:5: tenant.demo.user.jessica.extension" in shell("apply", shell.file, code=1)
    shell.edit("one", "1001")
    clash = tmp_path / "clash.toml"
    clash.write_text('[tenant.other]\nsip_realm = "demo"\n')
    told = shell("apply", clash, "--config", shell.file, code=1)
    assert 'the domain "demo" is already used by tenant other\n' in told
    shell.file.write_text('[store]\nurl = "memory:"\n' + FILE)
    assert "keeps nothing" in shell("apply", shell.file, code=1)


def test_secrets_need_a_key_and_it_can_be_changed(shell: Shell) -> None:
    shell.file.write_text(FILE + TRUNK)
    assert f"the secrets of demo can't be stored without {VARIABLE}" in shell(
        "apply", shell.file, code=1
    )
    old, new = (shell("secrets", "key").strip() for _ in range(2))
    shell.environment[VARIABLE] = old
    shell("apply", shell.file)
    shell.environment[VARIABLE] = new
    assert "does not have" in shell.check(code=1)["secrets"]
    assert "does not have" in shell("secrets", "rotate", "--config", shell.file, code=1)
    shell.environment[VARIABLE] = f"{new},{old}"
    assert (
        shell("secrets", "rotate", "--config", shell.file) == "1 tenant sealed by the first key\n"
    )
    shell.environment[VARIABLE] = new
    assert "secrets" not in shell.check()
    content = shell.database.read_bytes()
    for secret in ("of-the-trunk", "demo-token", "demo-desk"):
        assert secret.encode() not in content
    shell.environment[VARIABLE] = "nonsense"
    assert "nonsense" not in shell("secrets", "rotate", "--config", shell.file, code=1)


def test_only_its_owner_reads_the_database(shell: Shell) -> None:
    shell("apply", shell.file)
    assert shell.database.stat().st_mode & 0o777 == 0o600


def test_check_tells_what_is_there(shell: Shell) -> None:
    assert "there is no such file" in shell("db", "check", "-c", shell.file, code=1)
    shell("db", "upgrade", "-c", shell.file)
    assert "nothing to do" in shell("db", "upgrade", "-c", shell.file)
    told = shell.check()
    assert told["integrity"] == "good"
    assert told["server"] == "none uses it now"
    assert told["calls"] == "0, 0 of them alive"
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    assert shell.check(code=1)["tables"].startswith("version 0001, this server needs ")


@pytest.mark.anyio
async def test_vacuum_is_refused_beside_a_server(shell: Shell) -> None:
    store = Store(f"sqlite:///{shell.database}")
    await store.open()
    try:
        assert "another server uses it" in shell_in_thread(shell)
    finally:
        await store.close()


def shell_in_thread(shell: Shell) -> str:
    """A command has a loop of its own."""
    with ThreadPoolExecutor(1) as pool:
        refused = pool.submit(lambda: shell("db", "vacuum", "-c", shell.file, code=1)).result()
        assert pool.submit(shell.check).result()["server"] == "one uses it now"
        return refused


def test_vacuum_gives_room_back(shell: Shell) -> None:
    shell("apply", shell.file)
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        rows = [(f"name-{number}", "x" * 1000) for number in range(2000)]
        connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
    with closing(sqlite3.connect(shell.database)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE name LIKE 'name-%'")
    before = shell.database.stat().st_size
    assert "MB before" in shell("db", "vacuum", "--store", f"sqlite:///{shell.database}")
    assert shell.database.stat().st_size < before / 2


def test_a_command_needs_to_know_the_database(shell: Shell) -> None:
    assert "--config or --store" in shell("db", "check", code=2)
    shell.environment["CORDBOARD_STORE_URL"] = "mysql://h/db"
    assert "no driver" in shell("db", "check", code=1)


def test_a_password_from_a_pipe_becomes_its_hash() -> None:
    ran = CliRunner().invoke(app, ["secrets", "password"], input="s\u00e9cret word\n")
    assert ran.exit_code == 0
    assert is_right(ran.output.strip(), "s\u00e9cret word")
    assert CliRunner().invoke(app, ["secrets", "password"], input="\n").exit_code == EXIT_PROBLEM
