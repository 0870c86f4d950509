"""Facts of a store as a whole, made once and then always the same."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.journal.port import SECRET_OCTETS
from cordboard.journal.sql.tables import meta


async def epoch_of(connection: AsyncConnection) -> str:
    """The incarnation of the journal in this store."""
    return await _fact(connection, "epoch", lambda: uuid.uuid4().hex[:12])


async def secret_of(connection: AsyncConnection) -> bytes:
    """What the server of this store signs with."""
    made = await _fact(connection, "secret", lambda: secrets.token_hex(SECRET_OCTETS))
    return bytes.fromhex(made)


async def _fact(connection: AsyncConnection, name: str, make: Callable[[], str]) -> str:
    found = (
        await connection.execute(select(meta.c.value).where(meta.c.name == name))
    ).scalar_one_or_none()
    if found is not None:
        return str(found)
    made = make()
    await connection.execute(insert(meta), [{"name": name, "value": made}])
    return made
