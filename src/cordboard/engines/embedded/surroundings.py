"""What channels work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.calls.ports import EngineEvent
    from cordboard.engines.embedded.channels import Channel
    from cordboard.engines.embedded.prompt_shelf import PromptShelf
    from cordboard.engines.embedded.recordings import Recordings
    from cordboard.sip.stack import SipStack


@dataclass(slots=True)
class Surroundings:
    """What channels work with; ``forget`` is called when one is over, before that is told,
    ``own_hosts`` are the addresses of this server, ``later`` calls back after so many seconds."""

    stack: SipStack
    clock: Callable[[], float]
    prompts: PromptShelf
    tell: Callable[[EngineEvent], None]
    forget: Callable[[Channel], None]
    own_hosts: Callable[[], frozenset[str]]
    later: Callable[[float, Callable[[], None]], object]
    recordings: Recordings
