"""Members of bodies that have a default: ``null`` stands for it, as many clients write everything
that they know of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True)
class NullIs:
    """To annotate a type with: ``null`` is taken for ``value``."""

    value: Any

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """How it is read."""
        return core_schema.no_info_before_validator_function(
            lambda given: self.value if given is None else given, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """How it is described."""
        return {"anyOf": [handler(schema), {"type": "null"}]}
