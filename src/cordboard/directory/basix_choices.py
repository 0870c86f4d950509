"""The elements of Basix documents that choose which others are gone through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.etree import ElementTree as Xml

from cordboard.directory.basix_attributes import NotUnderstood, needed
from cordboard.directory.basix_steps import StepsMade
from cordboard.directory.steps import BranchStep, GotoStep

Body = Callable[[Xml.Element], None]
"""Makes the steps of what is in an element."""


def go_if(made: StepsMade, element: Xml.Element, body: Body) -> None:
    """Then or Else, as an expression says (docs.brastel.com/xml/elements/if.html)."""
    parts = {one.tag: one for one in element}
    if len(parts) < len(element) or "Then" not in parts or not set(parts) <= {"Then", "Else"}:
        raise NotUnderstood("<If> has one <Then>, and may have one <Else>")
    _choose(made, [(needed(element, "expr"), parts["Then"])], parts.get("Else"), body)


def go_cond(made: StepsMade, element: Xml.Element, body: Body) -> None:
    """The first Clause whose expression is true, or Else
    (docs.brastel.com/xml/elements/getjson.html)."""
    others = [one for one in element if one.tag != "Clause"]
    if any(one.tag != "Else" for one in others) or len(others) > 1:
        raise NotUnderstood("<Cond> has <Clause> elements, and may have one <Else>")
    ways = [(needed(one, "expr"), one) for one in element if one.tag == "Clause"]
    _choose(made, ways, others[0] if others else None, body)


def go_switch(made: StepsMade, element: Xml.Element, body: Body) -> None:
    """The Case that has the value of an expression, or Default."""
    name = made.variable((element.get("expr") or needed(element, "var")).strip())
    end = made.new_label()
    cases = [(one, made.new_label()) for one in element]
    ways = tuple((needed(one, "val"), label) for one, label in cases if one.tag == "Case")
    defaults = [label for one, label in cases if one.tag == "Default"]
    made.add(BranchStep(name, ways, (*defaults, end)[0]))
    for one, label in cases:
        if one.tag not in ("Case", "Default"):
            raise NotUnderstood(f"<{one.tag}> in <Switch> is not understood")
        made.put(label)
        body(one)
        made.add(GotoStep(end))
    made.put(end)


def _choose(
    made: StepsMade,
    ways: Sequence[tuple[str, Xml.Element]],
    otherwise: Xml.Element | None,
    body: Body,
) -> None:
    end = made.new_label()
    for expression, element in ways:
        following = made.new_label()
        truth = made.calculated(expression, truth=True)
        made.add(BranchStep(truth, (("false", following),)))
        body(element)
        made.add(GotoStep(end))
        made.put(following)
    if otherwise is not None:
        body(otherwise)
    made.put(end)
