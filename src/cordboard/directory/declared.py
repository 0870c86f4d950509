"""What one file declares of the directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cordboard.directory.snapshot import Directory
from cordboard.directory.tenant import Surroundings


@dataclass(frozen=True, slots=True)
class Declared:
    """The tenants of a file without an error: their tables as they stand there, and what they say.

    ``source`` is the file's full path, ``surroundings`` is what they were read with.
    """

    source: str
    tables: Mapping[str, dict[str, Any]] = field(repr=False)
    directory: Directory = field(repr=False)
    surroundings: Surroundings = field(default_factory=Surroundings, repr=False)
