"""PHP itself, asked what it makes of a request's parameters."""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.block import Block

ORACLE = Path(__file__).with_name("php_oracle.php")


@dataclass(frozen=True, slots=True)
class Seen:
    """The structure that PHP sees, in our words, and how ``http_build_query`` writes it."""

    structure: Any
    query: str | None


STOP_SECONDS = 10.0


class Php(Block):
    """A PHP process that answers questions until the end of the block."""

    _process: subprocess.Popen[bytes]

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            ["php", "-n", str(ORACLE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def _end(self) -> None:
        self._process.communicate(timeout=STOP_SECONDS)

    def form(self, encoded: bytes) -> Seen:
        """What ``parse_str`` makes of a form."""
        return self._ask("form", encoded)

    def json(self, body: bytes) -> Seen:
        """What ``json_decode`` makes of a body."""
        return self._ask("json", body)

    def _ask(self, kind: str, octets: bytes) -> Seen:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{kind} {octets.hex()}\n".encode())
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Seen(_structure(answer["seen"]), answer["query"])


def _structure(told: dict[str, Any]) -> Any:
    if "array" in told:
        return {_text(key): _structure(member) for key, member in told["array"]}
    if "string" in told:
        return _text(told["string"])
    if "float" in told:
        return struct.unpack(">d", bytes.fromhex(told["float"]))[0]
    return told["plain"]


def _text(in_hex: str) -> str:
    return bytes.fromhex(in_hex).decode("utf-8", "surrogateescape")
