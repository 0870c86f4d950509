"""What a group has with programs outside, as the file says it."""

from __future__ import annotations

from cordboard.calls.events import EventKind
from cordboard.directory.integrations import CALL_EVENTS, NONE, USUAL_EVENTS, Zendesk
from cordboard.directory.toml import load_directory

FILE = """
[tenant.demo.account.main]
token = "a-long-token"
[tenant.demo.group.quiet]
[tenant.demo.group.sales.hook]
url = "https://crm.example.com/told?key=hidden"
secrets = ["whsec_aG9vayBob29rIGhvb2sgaG9vayBob29rIGhvb2sgaG9vaw=="]
[tenant.demo.group.sales.zendesk]
url = "https://acme.zendesk.com/"
email = "pbx@acme.example"
token = "hidden"
recording = "https://pbx.example.com/{id}"
[tenant.demo.group.some.hook]
url = "http://crm.example.com"
events = ["call.ended"]
"""


def test_a_group_has_what_its_tables_say() -> None:
    directory, problems = load_directory(FILE, "f.toml")
    assert directory is not None, problems.in_order()
    tenant = directory.tenants[0]
    quiet, sales, some = (tenant.group_by_name(name) for name in ("quiet", "sales", "some"))
    assert quiet is not None
    assert quiet.integrations is NONE
    assert sales is not None
    hook = sales.integrations.hook
    assert hook is not None
    assert hook.url == "https://crm.example.com/told?key=hidden"
    assert hook.events == frozenset(USUAL_EVENTS)
    assert hook.secrets == (b"hook hook hook hook hook hook hook",)
    assert sales.integrations.zendesk == Zendesk(
        "https://acme.zendesk.com", "pbx@acme.example", "hidden", "https://pbx.example.com/{id}"
    )
    assert "hidden" not in repr(sales.integrations)
    assert some is not None
    assert some.integrations.hook is not None
    assert some.integrations.hook.events == {"call.ended"}


def test_the_events_of_hooks_are_events() -> None:
    assert {kind.value for kind in EventKind} >= CALL_EVENTS >= set(USUAL_EVENTS)
