"""Names that the machine knows by itself: ``localhost`` and the hosts file (hosts(5))."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cordboard.addresses import canonical, is_address
from cordboard.sip.dns_records import Answer, Question, RecordType

HOSTS_FILE: Final = Path("/etc/hosts")

MAX_HOSTS_OCTETS: Final = 4 * 1024 * 1024
"""Some files against advertisements have 3 MB; what is beyond is not read."""

HOSTS_SECONDS: Final = 5.0
"""How long what the file says is believed; it may be edited while we run."""

_LOCALHOST: Final = {"localhost": ("127.0.0.1", "::1")}
"""It is never asked for (RFC 6761 6.3)."""


class HostsFile:
    """The addresses in a hosts file, which is read again when it has changed."""

    def __init__(self, path: Path = HOSTS_FILE) -> None:
        self._path = path
        self._seen: tuple[float, int] | None = None
        self._addresses: dict[str, tuple[str, ...]] = {}

    def answer(self, question: Question) -> Answer | None:
        """The answer to a question for addresses; None for a name that the file does not have."""
        if question.type not in (RecordType.A, RecordType.AAAA):
            return None
        self._read()
        addresses = self._addresses.get(question.name) or _LOCALHOST.get(question.name)
        if addresses is None:
            return None
        wide = question.type is RecordType.AAAA
        return Answer(tuple(one for one in addresses if (":" in one) == wide), HOSTS_SECONDS)

    def _read(self) -> None:
        try:
            found = self._path.stat()
            seen = found.st_mtime, found.st_size
            if seen == self._seen:
                return
            with self._path.open("rb") as file:
                text = file.read(MAX_HOSTS_OCTETS).decode("utf-8", "replace")
        except OSError:
            seen, text = None, ""
        self._seen = seen
        self._addresses = _parse(text)


def _parse(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        address = canonical(address)  # also without a zone
        if is_address(address):
            for name in names:
                found[name.lower()] = (*found.get(name.lower(), ()), address)
    return found
