"""The registrar's bindings as the calls see them."""

from __future__ import annotations

import pytest

from cordboard.calls.ports import Contact
from cordboard.directory.model import TenantPolicy, Terminal, User
from cordboard.directory.snapshot import Directory, TenantDirectory
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


def directory_of(*terminals: Terminal) -> Directory:
    users = (User(1, "jessica", "Jessica"),)
    return Directory((TenantDirectory(TenantPolicy("demo", "demo"), (), users, terminals),))


@pytest.mark.parametrize(
    ("terminals", "stay"),
    [
        ((Terminal("desk", 1, "a" * 32, max_contacts=2),), True),
        ((Terminal("desk", 1, "b" * 32),), False),
        ((Terminal("desk", 1, "a" * 32, ha1_sha256="c" * 64),), False),
        ((Terminal("soft", 1, "a" * 32),), False),
    ],
    ids=["nothing of its password", "another password", "another hash", "it has gone"],
)
def test_registrations_end_with_their_password(terminals: tuple[Terminal, ...], stay: bool) -> None:
    before = directory_of(Terminal("desk", 1, "a" * 32))
    now = [before]
    bindings = Bindings(lambda: now[0], b"secret", lambda: NOW)
    one = binding(40001, "1", kept=True)
    bindings.registrar._table.put("desk@demo", {one.key: one})
    assert bindings.follow(before) == []
    now[0] = directory_of(*terminals)
    ended = bindings.follow(before)
    assert [change.account for change in ended] == ([] if stay else ["desk@demo"])
    assert bool(bindings.contacts("desk@demo")) is stay


def test_a_mark_tells_passwords_apart() -> None:
    def mark(*terminals: Terminal) -> str | None:
        return Bindings(lambda: directory_of(*terminals), b"secret", lambda: NOW).mark("desk@demo")

    old = mark(Terminal("desk", 1, "a" * 32))
    assert old is not None
    assert len(old) == 4
    assert mark(Terminal("desk", 1, "a" * 32, max_contacts=2)) == old
    assert mark(Terminal("desk", 1, "b" * 32)) != old
    assert mark(Terminal("soft", 1, "a" * 32)) is None
