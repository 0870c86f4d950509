"""What the file says about recording."""

from __future__ import annotations

import pytest

from cordboard.directory.problems import Severity
from cordboard.directory.recording import RecordGroup, RecordPolicy
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.toml import load_directory


def load(text: str) -> TenantDirectory:
    directory, problems = load_directory(f'[tenant.demo.account.a]\ntoken = "a-token"\n{text}')
    assert not [one for one in problems.in_order() if one.severity is Severity.ERROR]
    return directory.tenants[0]


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ("record = true", RecordPolicy.ALWAYS),
        ("record = false", RecordPolicy.ON_REQUEST),
        ('record = "always"', RecordPolicy.ALWAYS),
        ('record = "never"', RecordPolicy.NEVER),
        ("", RecordPolicy.ON_REQUEST),
        ('record_group = "g"', RecordPolicy.ALWAYS),
        ('record = "on_request"\nrecord_group = "g"', RecordPolicy.ON_REQUEST),
    ],
)
def test_a_policy_in_all_its_words(written: str, policy: RecordPolicy) -> None:
    here = load(
        f"[tenant.demo.record_group.g]\n[tenant.demo.user.u]\n{written}\n"
        f"[tenant.demo.group.s]\n{written}\n"
    )
    named = "g" if "record_group" in written else None
    for one in (here.users[0], here.groups[0]):
        assert (one.record, one.record_group) == (policy, named)


def test_a_record_group() -> None:
    here = load(
        "[tenant.demo]\nkeep_recordings = 90\n"
        '[tenant.demo.record_group.legal]\nid = 7\nlabel = "Legal"\nfolder = "legal/2026"\n'
        "fraction = 0.5\nbeep = true\nkeep_days = 365\n[tenant.demo.record_group.plain]\n"
    )
    legal = RecordGroup(7, "legal", "Legal", "legal/2026", 0.5, True, 365.0)
    assert here.record_group("legal") == here.record_group("7") == legal
    plain = here.record_group("plain")
    assert plain is not None
    assert plain == RecordGroup(plain.id, "plain", "plain")
    assert plain.id > 1 << 32
    assert here.record_group("other") is None
    assert here.policy.keep_recordings == 90.0
