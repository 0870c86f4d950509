"""Whose calls a user may overhear: nobody's, unless his part of the directory names them."""

from __future__ import annotations

from typing import Final

from cordboard.directory.model import User
from cordboard.directory.problems import Problems
from cordboard.directory.shape import found
from cordboard.directory.snapshot import TenantDirectory

EVERYBODY: Final = "*"
"""In place of a name: all calls of the tenant, whoever is in them."""


def may_overhear(tenant: TenantDirectory, by: User, whose: int | None) -> bool:
    """Whether a user may overhear a call in which another one (by his id) talks; None: somebody
    outside."""
    if EVERYBODY in by.eavesdrops:
        return True
    watched = None if whose is None else tenant.user_by_id(whose)
    if watched is None or not by.eavesdrops:
        return False
    names = {watched.name, *(group.name for group in tenant.groups_of(watched.id))}
    return not names.isdisjoint(by.eavesdrops)


def check_eavesdroppers(tenant: TenantDirectory, problems: Problems) -> None:
    """Reports names that are of nobody."""
    for user in tenant.users:
        for position, name in enumerate(user.eavesdrops):
            known = tenant.user_by_name(name) or tenant.group_by_name(name)
            if name != EVERYBODY and known is None:
                path = ("tenant", tenant.domain, "user", user.name, "eavesdrop", position)
                problems.error(path, f"there is no user or group {found(name)}")
