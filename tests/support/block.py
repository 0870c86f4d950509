"""What lasts as long as a ``with`` block: begun at its start, ended for sure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Block(ABC):
    """Something to begin and to end; a beginning that fails half way is ended as well."""

    @abstractmethod
    def _begin(self) -> object:
        """Be there when the block starts."""

    @abstractmethod
    def _end(self) -> None:
        """Leave nothing behind."""

    def _break_off(self) -> None:
        """The same where the block, or the beginning, has raised."""
        self._end()

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._break_off()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._end()
        else:
            self._break_off()
