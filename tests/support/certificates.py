"""Certificates for tests: an authority of our own, and what it vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

from support.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class Certificates:
    """``authority`` is whom to trust; ``server`` holds the server's certificate and key."""

    authority: Path
    server: Path


def make_certificates(folder: Path, *names: str) -> Certificates:
    """Make a new authority and a certificate for these names (the loopback address if none)."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    made = Certificates(folder / "authority.pem", folder / "server.pem")
    authority.cert_pem.write_to_path(made.authority)
    issued = authority.issue_cert(*(names or (LOOPBACK, "localhost")))
    issued.private_key_and_cert_chain_pem.write_to_path(made.server)
    return made
