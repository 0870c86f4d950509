"""Which methods each path of v1 has: for OPTIONS, for wrong methods, and for what is not there.

The first template that fits a path is its own, as a router would have it; but methods that are
declared apart from each other are known together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from starlette.routing import compile_path

_PLACE: Final = re.compile(r"{[^}]*}")


class Paths:
    """The templates of an application, those with fewer places for anything first."""

    def __init__(self, declared: Iterable[tuple[str, Iterable[str]]]) -> None:
        methods: dict[str, list[str]] = {}
        for template, some in declared:
            methods.setdefault(template, []).extend(sorted(some))
        ordered = sorted(methods, key=lambda template: len(_PLACE.findall(template)))
        self._known = [
            (compile_path(template)[0].match, [*methods[template], "OPTIONS"])
            for template in ordered
        ]

    def methods(self, path: str) -> list[str] | None:
        """The methods of a path, None where there is no such path."""
        for fits, methods in self._known:
            if fits(path):
                return methods
        return None
