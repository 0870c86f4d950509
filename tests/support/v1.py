"""The HTTP application over a whole server in memory: exchange, journal, and phones that ring."""

from __future__ import annotations

from typing import Any

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.embedded.wav_file import wav_header
from cordboard.engines.far_end import RINGS
from cordboard.engines.memory import MemoryEngine
from cordboard.engines.memory_recorded_files import MemoryRecordedFiles
from cordboard.exchange.exchange import Exchange
from cordboard.journal.memory import MemoryJournal
from support.asgi import Reply, ask
from support.tenants import tenant

PHONES = ("jessica-desk", "jessica-soft", "thomas", "helen")


class Served:
    """One server; all phones are registered, ring, and are answered by nobody."""

    def __init__(self, *tenants: TenantDirectory, journal: MemoryJournal | None = None) -> None:
        self.directory = Directory(tenants or (tenant(),))
        self.engine = MemoryEngine()
        self.journal = journal or MemoryJournal()
        self.wall = 1000.0
        self.exchange = Exchange(self._directory, self.engine, self.journal, lambda: self.wall)
        for phone in PHONES:
            self.engine.register(f"{phone}@demo")
            self.engine.when_dialled(f"{phone}@demo", RINGS)
        self.files = MemoryRecordedFiles()
        self.app = create_app(Services(self.exchange, self.journal, self._directory, self.files))

    def _directory(self) -> Directory:
        return self.directory

    async def get(self, path: str, **headers: str) -> Reply:
        """What a path of v1 shows."""
        return await ask(self.app, "GET", f"/v1{path}", headers=headers)

    async def hear(self, recording: str, **headers: str) -> Reply:
        """The audio of a recording, or what is said instead."""
        path = f"/v1/recordings/{recording}/audio"
        return await ask(self.app, "GET", path, headers=headers, stays=True)

    async def post(self, path: str, body: bytes | dict[str, Any], **more: Any) -> Reply:
        """What comes of a request to v1."""
        return await ask(self.app, "POST", f"/v1{path}", body, **more)

    async def recorded(self, call: str = "call-1", seconds: float = 1.0, **more: Json) -> str:
        """A recording of a call of ours that is over; its id."""
        file = f"demo/{call}-1.wav"
        audio = bytes(range(250)) * round(seconds * 128)
        self.files.files[file] = wav_header(len(audio)) + audio
        began: dict[str, Json] = {"file": file, **more}
        ended: dict[str, Json] = {"file": file, "seconds": seconds, "octets": len(audio) + 44}
        await self.journal.commit(
            "demo",
            [
                CallEvent(EventKind.RECORDING_STARTED, call, data=began),
                CallEvent(EventKind.RECORDING_STOPPED, call, data=ended),
            ],
        )
        return f"{call}-1"

    async def delete(self, path: str, **more: Any) -> Reply:
        """What comes of ending something."""
        return await ask(self.app, "DELETE", f"/v1{path}", **more)
