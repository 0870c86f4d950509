"""The live view: what planning asks of the moment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from cordboard.calls.credit import Credit
from cordboard.calls.limits import LimitKey, Take
from cordboard.calls.people.agents import AgentState
from cordboard.calls.people.strategies import GroupView
from cordboard.calls.ports import Contact
from cordboard.calls.trunk_state import TrunkState
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import Group, User
from cordboard.directory.snapshot import TenantDirectory

if TYPE_CHECKING:
    from cordboard.calls.planning.talkers import Conversation


class LiveView(Protocol):
    """Who is where, what is up and what is free. Everything is answered at once."""

    def contacts(self, account: str, /) -> tuple[Contact, ...]:
        """The contacts of a terminal (``name@domain``) that can be dialled now."""

    def new_id(self) -> str:
        """Make a channel's UUID."""

    def trunk(self, name: str, /) -> TrunkState:
        """What is known of a trunk (``name@domain``) now."""

    def group(self, tenant: TenantDirectory, group: Group) -> GroupView:
        """How the members of a group stand now."""

    def forwarding(self, tenant: TenantDirectory, user: User) -> Forwarding:
        """Where a user's calls go now; :data:`~cordboard.directory.forwarding.NOT_FORWARDED` itself
        where that is to his phones."""

    def agent(self, tenant: TenantDirectory, group: Group, user: User) -> AgentState:
        """How a member of a group stands in it as an agent."""

    def wrapping_up(self, tenant: TenantDirectory, user: User) -> Group | None:
        """After a call of which group somebody wraps up."""

    @property
    def credit(self) -> Credit:
        """What payers have, and how much of it is reserved."""

    def conversation(self, domain: str, call: str) -> Conversation | None:
        """The two who talk with each other in a call of a tenant; None where none do."""

    def eavesdroppers_of(self, call: str) -> int:
        """How many overhear a call."""

    def used(self, key: LimitKey) -> int:
        """Channels of ``key`` in use."""

    def exceeded_by(self, takes: Iterable[Take]) -> LimitKey | None:
        """The first limit that ``takes`` together would break now, or None."""
