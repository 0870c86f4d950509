"""Which terminals are registered, looked at by turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.api.basix.cti import phones as module
from cordboard.api.basix.cti.phones import Phone, Phones
from cordboard.calls.ports import Contact
from cordboard.directory.model import Terminal
from cordboard.directory.snapshot import TenantDirectory
from support.tenants import tenant

REGISTERED = {"thomas": "baresip", "helen": None}


def contacts_of(where: TenantDirectory, terminal: Terminal) -> tuple[Contact, ...]:
    if terminal.name not in REGISTERED:
        return ()
    account = f"{terminal.name}@{where.domain}"
    best = Contact(account, "sip:a@192.0.2.1", 1.0, REGISTERED[terminal.name])
    return best, replace(best, uri="sip:b@192.0.2.2", user_agent="another")


def test_all_that_are_registered_are_known_at_first() -> None:
    known = Phones(contacts_of).all(tenant())
    assert known == {"thomas": Phone(True, "baresip"), "helen": Phone(True)}


def test_a_large_tenant_is_looked_at_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 3)
    where, phones = tenant(), Phones(contacts_of)
    names = [one.name for one in where.terminals]
    assert len(names) == 4
    looks = [phones.look(where) for _ in range(3)]
    assert [list(look) for look in looks] == [names[:3], names[3:], names[:3]]
    assert (looks[0] | looks[1])["thomas"] == Phone(True, "baresip")
    assert (looks[0] | looks[1])["jessica-desk"] == Phone()


def test_a_tenant_that_has_shrunk_is_looked_at_from_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 3)
    where, phones = tenant(), Phones(contacts_of)
    phones.look(where)
    fewer = replace(where, users=where.users[:1], terminals=where.terminals[:2])
    assert list(phones.look(fewer)) == [one.name for one in where.terminals[:2]]
