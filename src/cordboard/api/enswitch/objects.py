"""What a customer has: phones/list (telephone lines) and numbers/list."""

from __future__ import annotations

from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.lists import Row, page_of
from cordboard.directory.model import Number, Terminal
from cordboard.directory.numbers import identity
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory

_PHONE: Final = ("id", "name", "description", "display", "customer")
_NUMBER: Final = ("id", "number", "description", "callerid", "customer")


async def phones_list(asked: Asked) -> Answer:
    """The telephone lines: each is named as calls/make has it for ``stype=phone``."""
    fields = asked.fields
    page, tenants = page_of(fields, _PHONE, "name"), asked.customers()
    fields.check()
    return page.of(_phone(tenant, one) for tenant in tenants for one in tenant.terminals)


async def numbers_list(asked: Asked) -> Answer:
    """The telephone numbers; with ``callerid`` 1 those that may be shown to who is called."""
    fields = asked.fields
    page, tenants = page_of(fields, _NUMBER, "number"), asked.customers()
    only_shown = fields.switch("callerid")
    fields.check()
    return page.of(
        _number(tenant, one)
        for tenant in tenants
        for one in tenant.all_numbers()
        if one.show or not only_shown
    )


def _phone(tenant: TenantDirectory, terminal: Terminal) -> Row:
    user = tenant.user_by_id(terminal.user_id)
    label = terminal.name if user is None else user.label
    return {
        "id": terminal.name,
        "name": terminal.name,
        "description": label,
        "display": f"{terminal.name} ({label})",
        "customer": str(tenant.policy.customer),
    }


def _number(tenant: TenantDirectory, number: Number) -> Row:
    text = number.number
    owner = tenant.user_by_did(text) or tenant.group_by_did(text)
    return {
        "id": identity(text, tenant.policy.country),
        "number": text,
        "description": "" if owner is None else owner.label,
        "callerid": "1" if number.show else "0",
        "customer": str(tenant.policy.customer),
    }


PHONES: Final = Function("phones/list", (Privilege.RESIDENTIAL, Privilege.USER), phones_list)
NUMBERS: Final = Function("numbers/list", (Privilege.USER, Privilege.WHOLESALE), numbers_list)
