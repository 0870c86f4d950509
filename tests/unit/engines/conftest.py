"""What several tests of engines begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support.engine_rigs import EmbeddedRig, embedded_rig


@pytest.fixture
async def rig() -> AsyncIterator[EmbeddedRig]:
    """An embedded engine on the loopback, with phones and a trunk that the test plays."""
    async with embedded_rig() as made:
        yield made
