"""What a webhook's table says, and what it may not."""

from __future__ import annotations

from cordboard.directory.toml import load_directory
from cordboard.directory.webhooks import WebhookEvent, WebMethod

FILE = '''
[tenant.demo]
events_url = "https://crm.example.com/events?key=hidden"
[tenant.demo.account.main]
token = "a-long-token"
[tenant.demo.webhook.crm]
url = "https://crm.example.com/#callid#?key=hidden"
events = ["Hangup Answered Only", "UnPause"]
headers = { X-Key = "hidden" }
body = """{
  "callid": "#callid#"
}"""
[tenant.demo.webhook.form]
url = "https://crm.example.com/"
events = ["Answer"]
method = "PUT"
body = "callid=#callid#"
'''


def test_a_webhook_has_what_its_table_says() -> None:
    directory, problems = load_directory(FILE, "f.toml")
    assert directory is not None, problems.in_order()
    tenant = directory.tenants[0]
    crm, form = tenant.webhooks
    assert tenant.webhook("crm") is crm
    assert crm.url == "https://crm.example.com/#callid#?key=hidden"
    assert crm.events == {WebhookEvent.HANGUP_ANSWERED_ONLY, WebhookEvent.UNPAUSE}
    assert (crm.method, crm.headers) == (WebMethod.POST, (("x-key", "hidden"),))
    assert crm.body == '{\n  "callid": "#callid#"\n}'
    assert crm.content_type == "application/json"
    assert (form.method, form.content_type) == (
        WebMethod.PUT,
        "application/x-www-form-urlencoded",
    )
    assert tenant.policy.events_url == "https://crm.example.com/events?key=hidden"
    assert "hidden" not in repr((crm, tenant.policy))
    assert crm.id != form.id
