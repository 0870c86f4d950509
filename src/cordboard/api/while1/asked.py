"""A request to While1's API as its method sees it: read, and of a known client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.types import Scope

from cordboard.api.answer import Answer
from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.fields import Data
from cordboard.api.while1.php_values import PhpArray
from cordboard.directory.scopes import ApiScope


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters, who sent them, and what may be asked in turn."""

    parameters: PhpArray = field(repr=False)
    principal: Principal
    services: Services
    scope: Scope = field(repr=False)

    def text(self, name: str) -> str | None:
        """A parameter beside ``data``, or in it; some pages print it here, some there."""
        given = Data(self.parameters)
        found = given.text(name) or self.data().text(name)
        if given.faults:
            raise Faulty(given.faults)
        return found

    def data(self) -> Data:
        """The members of ``data``; none where there is none."""
        members = self.parameters.get("data")
        return Data(members if isinstance(members, dict) else {})


@dataclass(frozen=True, slots=True)
class Method:
    """What is done at a path, and which scope of the account it takes; it raises
    :class:`~cordboard.api.while1.faults.Faulty`. ``places``: it is there to begin calls, and not
    asked where there is too much to do."""

    name: str
    needs: ApiScope
    answer: Callable[[Asked], Awaitable[Answer]]
    places: bool = False
