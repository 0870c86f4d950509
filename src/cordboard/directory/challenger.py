"""Whose realm a phone is challenged in (RFC 3261 22.1), be there such a phone or not."""

from __future__ import annotations

import hmac

from cordboard.directory.model import TenantPolicy
from cordboard.directory.snapshot import Directory


def challenger_of(directory: Directory, name: str, host: str, secret: bytes) -> TenantPolicy | None:
    """The tenant whose realm and hashes ``name@host`` is challenged with; None where there is none.

    At a tenant's domain that is the tenant. At an address of ours it is the one that has such a
    name; for a name that none has, one of those with phones is drawn by ``secret``, always the
    same: so the realm of an answer does not tell whether there is such a name.
    """
    found = directory.terminal_by_sip(name, host)
    tenant = found[0] if found is not None else directory.tenant(host)
    if tenant is not None:
        return tenant.policy
    candidates = [one for one in directory.tenants if one.terminals] or directory.tenants
    if not candidates:
        return None
    drawn = hmac.digest(secret, name.encode("utf-8", "surrogateescape"), "sha256")
    return candidates[int.from_bytes(drawn[:8], "big") % len(candidates)].policy
