"""Who may write to a PostgreSQL database: one server at a time, also after its connections broke.

The lock that keeps a second server from starting lives with a connection of its own, and is gone
when that breaks. So the writer's connection holds another one, and a server leaves its mark when it
starts to write: one that finds the lock taken, or the mark of another when it comes back, has been
followed by another server, whose numbers it does not know. It never writes again.
"""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import Connection, delete, insert, select, text

from cordboard.journal.sql.tables import meta

WRITERS_LOCK: Final = 0x636F7265
"""The key of the advisory lock ("core"), beside that of the store."""

MARK: Final = "writer"
"""The fact of the store that names who writes."""

_CLAIM = text(
    "SELECT pg_try_advisory_lock(:key), pg_backend_pid(),"
    " (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())"
)
_END_OURS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = :pid AND backend_start = :since"
)


class TakenOver(OSError):
    """Another server writes to the database, or did so since."""


class SoleWriter:
    """Claims each new connection of the writer."""

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex
        self._last: dict[str, object] | None = None
        self._over = False

    def claim(self, connection: Connection) -> None:
        """Take the lock for as long as the connection lives; raises :class:`TakenOver`.

        Where the network broke, the database may not know yet that our last connection is gone: it
        is ended then, and the next attempt has the lock.
        """
        if not self._over:
            taken, pid, since = connection.execute(_CLAIM, {"key": WRITERS_LOCK}).one()
            if taken and self._is_ours(connection):
                connection.commit()
                self._last = {"pid": pid, "since": since}
                return
            self._over = bool(taken) or not self._end_ours(connection)
        raise TakenOver("another server uses it")

    def _is_ours(self, connection: Connection) -> bool:
        """Leave our mark with the first connection, and find it again with later ones."""
        if self._last is None:
            connection.execute(delete(meta).where(meta.c.name == MARK))
            connection.execute(insert(meta).values(name=MARK, value=self._name))
            return True
        mark = connection.execute(select(meta.c.value).where(meta.c.name == MARK))
        return mark.scalar_one_or_none() == self._name

    def _end_ours(self, connection: Connection) -> bool:
        """Whether it is our own last connection that has the lock still."""
        return self._last is not None and bool(connection.execute(_END_OURS, self._last).all())
