"""A real nginx in tests, before the server's WebSocket, set up as the documentation says.

``scripts/get-nginx`` brings it.
"""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.waiting import wait_until

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "get-nginx"
PAGE = ROOT / "docs" / "transports.md"
PRINTED = "http://127.0.0.1:8088"
FETCH_SECONDS = 300.0
START_SECONDS = 10.0

CONFIG = """\
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen {host}:{port};
        {location}
    }}
}}
"""


class Nginx:
    """One nginx, running while it is entered, that passes ``/sip`` on to ``server``."""

    def __init__(self, folder: Path, server: tuple[str, int]) -> None:
        self._folder = folder
        self.address = LOOPBACK, free_ports(owner=self)
        printed = re.search(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
        assert printed is not None, f"{PAGE.name} shows no configuration of nginx"
        location = printed.group(1)
        assert PRINTED in location
        folder.mkdir(parents=True)
        (folder / "nginx.conf").write_text(
            CONFIG.format(
                folder=folder,
                host=self.address[0],
                port=self.address[1],
                location=location.replace(PRINTED, f"http://{server[0]}:{server[1]}"),
            )
        )
        self._program: Program | None = None

    def __enter__(self) -> Self:
        start = subprocess.run(
            [SCRIPT], capture_output=True, text=True, check=True, timeout=FETCH_SECONDS
        ).stdout.strip()
        program = self._program = Program(
            [start, "-p", self._folder, "-c", self._folder / "nginx.conf", "-e", "stderr"]
        )
        try:
            wait_until(self._listens, START_SECONDS, lambda: f"nginx:\n{program.output}")
        except BaseException:
            program.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._program is not None
        self._program.stop()

    def _listens(self) -> bool:
        try:
            socket.create_connection(self.address, timeout=1.0).close()
        except OSError:
            return False
        return True
