"""Making the stored directory match a file: what changes, what stays, and what serves then."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cordboard.configuration.settings import parse_configuration
from cordboard.directory.declared import Declared
from cordboard.directory.passwords import kept_password
from cordboard.directory.snapshot import Directory
from cordboard.directory.steps import PlayStep
from cordboard.journal.directory_port import KeptTenant, Overtaken
from cordboard.journal.memory_directory import MemoryDirectory
from cordboard.journal.sealing import Seal, SealError, new_key
from cordboard.serving.applying import Changes, apply, changes, seal_anew, table_of
from cordboard.serving.stored_tenants import DirectoryFaulty, StoredTenants

pytestmark = pytest.mark.anyio

NOW = 1000.0
KEY = Seal(new_key())

DEMO = """
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
OTHER = """
[tenant.other]
longest_call = 60
[tenant.other.account.main]
token = "other-token"
"""


def file(*parts: str, name: str = "demo") -> Declared:
    read = parse_configuration("".join(parts), Path(f"/srv/{name}.toml"))
    assert read.settings is not None, read.problems
    return read.declared


async def applied(kept: MemoryDirectory, declared: Declared, seal: Seal | None = KEY) -> Changes:
    done, generation = await apply(declared, kept, seal, lambda: NOW)
    assert generation == await kept.generation()
    return done


async def domains(kept: MemoryDirectory) -> list[str]:
    return [tenant.domain for tenant in (await kept.tenants())[1]]


async def test_a_file_is_applied_once() -> None:
    kept = MemoryDirectory()
    assert (await applied(kept, file(DEMO, TRUNK))).lines == ("+ tenant.demo",)
    assert (await applied(kept, file(DEMO, TRUNK))).lines == ()
    changed = await applied(kept, file(DEMO.replace("1001", "1002"), TRUNK))
    assert changed.lines == ('~ tenant.demo.user.jessica.extension: "1001" -> "1002"',)
    generation, (tenant,) = await kept.tenants()
    assert (generation, tenant.version, tenant.source) == (2, 2, "/srv/demo.toml")


async def test_a_secret_that_has_changed_is_told_without_it() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, TRUNK))
    done = await applied(kept, file(DEMO, TRUNK.replace("of-the-trunk", "another-one")))
    assert done.lines == ("~ tenant.demo.trunk.pstn.password",)
    _, (tenant,) = await kept.tenants()
    assert "another-one" not in str(tenant.table)
    assert table_of(tenant, KEY)["trunk"]["pstn"]["password"] == "another-one"


async def test_tenants_go_with_their_file_and_others_stay() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, OTHER))
    await applied(kept, file(DEMO.replace("demo", "third"), name="third"))
    done = await applied(kept, file(DEMO))
    assert done.lines == ("- tenant.other",)
    assert await domains(kept) == ["demo", "third"]


async def test_a_file_that_was_cut_off_removes_nobody() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, OTHER))
    assert (await applied(kept, file("[http]\n"))).lines == ()
    assert await domains(kept) == ["demo", "other"]
    done, _ = await apply(file("[http]\n"), kept, KEY, lambda: NOW, prune=True)
    assert len(done.remove) == 2


async def test_another_file_may_take_a_tenant_over() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO))
    done = await applied(kept, file(DEMO, name="new"))
    assert done.lines == ("~ tenant.demo is of /srv/new.toml now, and was of /srv/demo.toml",)
    assert (await applied(kept, file(OTHER))).lines == ("+ tenant.other",)
    assert await domains(kept) == ["demo", "other"]


async def test_pruning_removes_all_others() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO))
    _, before = await kept.tenants()
    pruned = changes(file(OTHER, name="other"), before, KEY, NOW, prune=True)
    assert pruned.lines == ("+ tenant.other", "- tenant.demo")


async def test_without_a_key_no_secret_is_kept_nor_an_older_one() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, TRUNK, OTHER))
    done = await applied(kept, file(DEMO, TRUNK, OTHER), None)
    assert (done.left_out, done.lines) == (("demo",), ("- tenant.demo",))
    assert await domains(kept) == ["other"]


async def test_who_is_overtaken_tries_again() -> None:
    kept = MemoryDirectory()
    tries = []

    def overtake(_wanted: Changes, _after: object) -> bool:
        tries.append(1)
        if len(tries) < 3:
            kept._generation += 1
        return True

    await apply(file(DEMO), kept, KEY, lambda: NOW, approve=overtake)
    assert len(tries) == 3
    assert await domains(kept) == ["demo"]


async def test_who_is_always_overtaken_gives_up() -> None:
    kept = MemoryDirectory()

    def overtake(_wanted: Changes, _after: object) -> bool:
        kept._generation += 1
        return True

    with pytest.raises(Overtaken):
        await apply(file(DEMO), kept, KEY, lambda: NOW, approve=overtake)


async def test_secrets_are_sealed_anew_by_a_newer_key() -> None:
    old, new = new_key(), new_key()
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, TRUNK, OTHER), Seal(old))
    with pytest.raises(SealError):
        await seal_anew(kept, Seal(new), lambda: NOW)
    assert await seal_anew(kept, Seal(new, old), lambda: NOW) == 1
    _, (demo, _other) = await kept.tenants()
    assert table_of(demo, Seal(new))["trunk"]["pstn"]["password"] == "of-the-trunk"
    assert (await applied(kept, file(DEMO, TRUNK, OTHER), Seal(new))).lines == ()


async def test_a_file_brings_back_secrets_that_no_key_opens_any_more() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, TRUNK), Seal(new_key()))
    done = await applied(kept, file(DEMO, TRUNK))
    assert done.lines == ("~ tenant.demo: its secrets are sealed anew",)
    _, (tenant,) = await kept.tenants()
    assert table_of(tenant, KEY)["trunk"]["pstn"]["password"] == "of-the-trunk"


async def test_no_sealed_secret_is_opened_without_a_key() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO, TRUNK))
    with pytest.raises(DirectoryFaulty, match="CORDBOARD_SECRET_KEY is not set"):
        await serving(kept, None).declare(file(OTHER, name="other"))
    assert await domains(kept) == ["demo"]


# What is served


def serving(kept: MemoryDirectory, seal: Seal | None = KEY) -> StoredTenants:
    return StoredTenants(kept, seal, lambda: NOW)


def told(directory: Directory | None) -> list[str]:
    assert directory is not None
    return [tenant.domain for tenant in directory.tenants]


async def test_the_servers_file_comes_first_and_what_others_applied_behind() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO.replace("demo", "a-third"), name="third"))
    directory = await serving(kept).declare(file(OTHER, DEMO))
    assert told(directory) == ["other", "demo", "a-third"]


async def test_what_is_applied_meanwhile_is_news_once() -> None:
    kept = MemoryDirectory()
    tenants = serving(kept)
    before = await tenants.declare(file(DEMO, TRUNK))
    assert await tenants.news() is None
    await applied(kept, file(OTHER, name="other"))
    after = await tenants.news()
    assert told(after) == ["demo", "other"]
    assert after is not None
    assert after.tenants[0] is before.tenants[0]
    assert await tenants.news() is None


async def test_a_tenant_reads_the_same_from_the_database() -> None:
    kept = MemoryDirectory()
    declared = file(DEMO, TRUNK, OTHER)
    await applied(kept, declared)
    beside = await serving(kept).declare(file(name="empty"))
    assert beside == declared.directory


async def test_the_demonstration_reads_the_same_from_the_database() -> None:
    path = Path(__file__).parents[3] / "examples" / "demo.toml"
    kept_hash = kept_password("your_api_pass", "demo/account/while1")
    persons_hash = kept_password("password", "demo/person/user")
    text = path.read_text(encoding="utf-8")
    for clear, hashed in (
        ('api_password = "your_api_pass"', f'api_password_hash = "{kept_hash}"'),
        ('\npassword = "password"', f'\npassword_hash = "{persons_hash}"'),
    ):
        assert text.count(clear) == 1
        text = text.replace(clear, hashed)
    read = parse_configuration(text, path, environ={})
    kept = MemoryDirectory()
    await applied(kept, read.declared)
    assert await serving(kept).declare(file(name="empty")) == read.directory


async def test_tenants_without_a_key_are_served_from_the_file() -> None:
    kept = MemoryDirectory()
    tenants = serving(kept, None)
    with capture_logs() as logs:
        assert told(await tenants.declare(file(DEMO, TRUNK, OTHER))) == ["demo", "other"]
        await tenants.declare(file(DEMO, TRUNK, OTHER))
    assert [line["tenants"] for line in logs if line["log_level"] == "warning"] == [["demo"]]
    await applied(kept, file(DEMO.replace("demo", "third"), name="third"))
    news = await tenants.news()
    assert told(news) == ["demo", "other", "third"]
    assert news is not None
    assert news.tenants[0].trunks[0].password == "of-the-trunk"


async def test_prompts_of_another_file_are_beside_that_file() -> None:
    kept = MemoryDirectory()
    table = {"context": {"bye": {"extension": "9", "steps": [{"play": "bye.wav"}]}}}
    await kept.change([KeptTenant("ivr", "/srv/ivr/file.toml", 1, NOW, table)], [], 0)
    directory = await serving(kept).declare(file(DEMO))
    (step,) = directory.tenants[1].contexts[0].steps
    assert step.action == PlayStep(("/srv/ivr/bye.wav",))


async def test_nothing_is_written_that_could_not_be_served() -> None:
    kept = MemoryDirectory()
    await applied(kept, file(DEMO))
    clash = file(OTHER.replace("[tenant.other]", '[tenant.other]\nsip_realm = "demo"'), name="x")
    with pytest.raises(DirectoryFaulty, match="demo"):
        await serving(kept).declare(clash)
    assert await domains(kept) == ["demo"]


async def test_what_can_not_be_read_is_told_once() -> None:
    kept = MemoryDirectory()
    tenants = serving(kept)
    await tenants.declare(file(DEMO))
    other = file(OTHER, TRUNK.replace("demo", "other"), name="other")
    await applied(kept, other, Seal(new_key()))
    with pytest.raises(DirectoryFaulty, match=r"tenant other of /srv/other\.toml: it was sealed"):
        await tenants.news()
    assert await tenants.news() is None
