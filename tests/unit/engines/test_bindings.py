"""The registrar's bindings as the calls see them."""

from __future__ import annotations

from cordboard.calls.ports import Contact
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.bindings import Bindings
from cordboard.sip.events import Binding
from cordboard.sip.flow import Flow

NOW = 1000.0
URI = "sip:desk@10.0.0.7:5060"


def binding(port: int, reg_id: str, *, kept: bool) -> Binding:
    flow = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.50", port))
    instance = '"<urn:uuid:1>"'
    return Binding("desk@demo", URI, flow, 2000.0, "c", 1, 1.0, None, (), instance, reg_id, kept)


def bindings_of(*registered: Binding) -> Bindings:
    bindings = Bindings(Directory, b"secret", lambda: NOW)
    table = bindings.registrar._table
    table.put("desk@demo", {one.key: one for one in registered})
    return bindings


def test_each_kept_flow_is_a_contact_and_leads_to_its_own_connection() -> None:
    first, second = binding(40001, "1", kept=True), binding(40002, "2", kept=True)
    bindings = bindings_of(first, second)
    contacts = bindings.contacts("desk@demo")
    assert [(c.uri, c.reg_id) for c in contacts] == [(URI, "1"), (URI, "2")]
    assert {contact.instance for contact in contacts} == {'"<urn:uuid:1>"'}
    assert [bindings.find(contact) for contact in contacts] == [first, second]


def test_what_is_not_kept_is_known_by_its_uri() -> None:
    bindings = bindings_of(binding(40001, "1", kept=False))
    (contact,) = bindings.contacts("desk@demo")
    assert (contact.instance, contact.reg_id) == (None, None)


def test_a_contact_is_found_again_after_a_refresh() -> None:
    bindings = bindings_of(binding(40001, "1", kept=True))
    (contact,) = bindings.contacts("desk@demo")
    changed = Contact(contact.account, contact.uri, 0.5, "new", contact.instance, contact.reg_id)
    assert bindings.find(changed) is not None
    assert bindings.find(Contact("desk@demo", URI)) is None
