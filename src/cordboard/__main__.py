"""``python -m cordboard`` is the ``cordboard`` command."""

from __future__ import annotations

from cordboard.cli import main

main()
