"""What a kill loop runs on: a server with its journal on disk, phones of ours and two baresips."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from support.baresip import BaresipPhone
from support.kill_loop import KillLoop
from support.own_phone import OwnPhone
from support.phone_dialogs import PhoneDialogs
from support.server import CordboardServer

OWN: Final = {
    "alice": ("--answer-after", "0.15"),
    "bob": ("--answer-after", "0.1", "--hangup-after", "0.8"),
    "silent": ("--ring-only",),
    "busy": ("--reject", "486"),
}
"""Phones of ours and what they do with a call."""

LONG_ENOUGH: Final = 3600
"""Seconds: a registration holds over all kills. A phone whose refresh falls into several of them in
a row is away for a while, and rightly so."""

BARESIPS: Final = ("dora", "carl")
"""Phones that answer at once and hang up never."""

USERS: Final = "".join(
    f'[tenant.demo.user.{name}]\nterminal.{name}.secret = "demo-{name}"\n'
    for name in (*OWN, *BARESIPS)
)

MEDIA_PORTS: Final = 600


def kill_loop(folder: Path, seed: int) -> KillLoop:
    """The loop, ready to run."""
    server = CordboardServer(
        folder / "server",
        more=USERS,
        media_ports=MEDIA_PORTS,
        store=f"sqlite:///{folder / 'calls.db'}",
    )
    own = {
        name: OwnPhone(name, server.sip, *options, "--lines", "100")
        for name, options in OWN.items()
    }
    baresips = {
        name: BaresipPhone(
            folder / name,
            name,
            server=server.sip,
            domain="demo",
            secret=f"demo-{name}",
            answer=True,
            expires=LONG_ENOUGH,
        )
        for name in BARESIPS
    }
    return KillLoop(server, PhoneDialogs(own, baresips), seed)
