"""What a customer has: phones/list (telephone lines) and numbers/list."""

from __future__ import annotations

from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.lists import flag, page_of
from cordboard.directory.model import Context, Group, Number, Terminal, User
from cordboard.directory.numbers import identity
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.enswitch.sides import NOBODY, Side, side
from cordboard.feeds.enswitch.told_call import Row

_PHONE: Final = ("id", "name", "description", "display", "owner", "registered", "customer")
_NUMBER: Final = ("id", "number", "description", "dtype", "dnumber", "callerid", "customer")


async def phones_list(asked: Asked) -> Answer:
    """The telephone lines: each is named as calls/make has it for ``stype=phone``."""
    fields = asked.fields
    page, tenants = page_of(fields, _PHONE, "name"), asked.customers()
    fields.check()
    exchange = asked.services.exchange
    return page.of(
        _phone(tenant, one, registered=bool(exchange.contacts(tenant, one)))
        for tenant in tenants
        for one in tenant.terminals
    )


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


def _phone(tenant: TenantDirectory, terminal: Terminal, *, registered: bool) -> Row:
    user = tenant.user_by_id(terminal.user_id)
    label = terminal.name if user is None else user.label
    return {
        "id": terminal.name,
        "name": terminal.name,
        "description": label,
        "display": f"{terminal.name} ({label})",
        "owner": "" if user is None else user.name,
        "registered": flag(registered),
        "customer": str(tenant.policy.customer),
    }


def _number(tenant: TenantDirectory, number: Number) -> Row:
    text = number.number
    owner = tenant.user_by_did(text) or tenant.group_by_did(text) or tenant.context_by_did(text)
    leads_to = _leads_to(owner)
    return {
        "id": identity(text, tenant.policy.country),
        "number": text,
        "description": leads_to.name,
        "dtype": leads_to.type,
        "dnumber": leads_to.number,
        "callerid": flag(number.show),
        "customer": str(tenant.policy.customer),
    }


def _leads_to(owner: User | Group | Context | None) -> Side:
    """Whom a number leads to, if it leads anywhere."""
    if owner is None:
        return NOBODY
    name = owner.name if isinstance(owner, Context) else owner.label
    kind = "user" if isinstance(owner, User) else "group" if isinstance(owner, Group) else "context"
    return side(kind, name, owner.extension or owner.name)


PHONES: Final = Function("phones/list", (Privilege.RESIDENTIAL, Privilege.USER), phones_list)
NUMBERS: Final = Function("numbers/list", (Privilege.USER, Privilege.WHOLESALE), numbers_list)
