"""The outbound rules of a tenant's table."""

from __future__ import annotations

from typing import Any

from cordboard.directory.locate import Path
from cordboard.directory.model import OutboundRule
from cordboard.directory.problems import Problems
from cordboard.directory.references import unknown_name
from cordboard.directory.rows import fit
from cordboard.directory.shape import child_tables


def outbound_of(
    given: dict[str, Any], entries: list[dict[str, Any] | None], base: Path, problems: Problems
) -> tuple[OutboundRule, ...]:
    """The rules in order, without those that miss something; ``given`` is the tenant's table."""
    trunks = child_tables("trunk", given, base, Problems("", {}))
    rules = []
    for position, entry in enumerate(entries):
        path = (*base, "outbound", position)
        if entry is None or "prefix" not in entry:
            continue
        for place, name in enumerate(entry["trunks"]):
            if name is not None and name not in trunks:
                problems.error((*path, "trunks", place), unknown_name("trunk", name, trunks))
        if entry["minimum_digits"] > entry["maximum_digits"]:
            problems.error(
                (*path, "minimum_digits"),
                f"expected at most maximum_digits, which is {entry['maximum_digits']}",
            )
        rules.append(OutboundRule(**entry | {"trunks": fit(entry["trunks"])}))
    return tuple(rules)
