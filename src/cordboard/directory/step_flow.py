"""Where a program can go: labels that lead nowhere, steps that nothing leads to, and loops that
nobody gets out of.

The steps are the nodes of a graph. A loop is endless where nothing on it can bring news: no key, no
answer of somebody who is rung, no document. What it branches on is then as it was the last time
round, unless something on it that sets variables changes that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cordboard.directory.steps import (
    AddJobStep,
    BranchStep,
    CalculateStep,
    FetchStep,
    GatherStep,
    GetDataStep,
    MessageStep,
    PlayStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    WaitStep,
    goes_on_below,
    places_of,
    ways_on,
)

Fault = tuple[int, str]
"""The place of a step, and what is wrong with it."""

_NEWS = (GatherStep, RingStep, FetchStep, GetDataStep)
_CHANGES = (SetStep, CalculateStep, AddJobStep)
_TIME = (PlayStep, SayStep, WaitStep, MessageStep)


def unknown_labels(steps: Sequence[Step]) -> Iterator[Fault]:
    """Jumps to labels that no step has, and labels that two steps have."""
    places = places_of(steps)
    for place, step in enumerate(steps):
        if step.label is not None and places[step.label] != place:
            first = places[step.label]
            yield place, f'the label "{step.label}" is already that of steps[{first}]'
        for label in ways_on(step.action):
            if label not in places:
                yield place, f'there is no step with the label "{label}"'


def unreachable(steps: Sequence[Step]) -> Iterator[Fault]:
    """Steps that nothing leads to."""
    ways, reached, waiting = _ways(steps), {0}, [0]
    while waiting:
        for following in ways[waiting.pop()]:
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    for place, step in enumerate(steps):
        if place not in reached:
            label = f': nothing leads to its label "{step.label}"' if step.label else ""
            yield place, f"this step is never reached{label}"


def spinning(steps: Sequence[Step]) -> Iterator[Fault]:
    """Loops that go round without end in no time at all; each is told at its first step."""
    for loop in _endless(steps):
        if not any(isinstance(steps[place].action, _TIME) for place in loop):
            yield min(loop), "an endless loop begins here, on which nothing ever happens"


def circling(steps: Sequence[Step]) -> Iterator[Fault]:
    """Loops that take their time, but that no key leads out of."""
    for loop in _endless(steps):
        if any(isinstance(steps[place].action, _TIME) for place in loop):
            message = "an endless loop begins here: no key, no answer and no document leads out"
            yield min(loop), message


def _endless(steps: Sequence[Step]) -> Iterator[set[int]]:
    ways = _ways(steps)
    for place, step in enumerate(steps):
        if isinstance(step.action, _NEWS):
            ways[place] = ()
    for loop in _loops(ways):
        changing = any(isinstance(steps[place].action, _CHANGES) for place in loop)
        branches = [p for p in loop if isinstance(steps[p].action, BranchStep)]
        if not (changing and any(set(ways[place]) - loop for place in branches)):
            yield loop


def _ways(steps: Sequence[Step]) -> list[tuple[int, ...]]:
    """Which steps may follow each; that behind the last one is the end."""
    places, ways = places_of(steps), []
    for place, step in enumerate(steps):
        following = [places[label] for label in ways_on(step.action) if label in places]
        if goes_on_below(step.action):
            following.append(place + 1)
        ways.append(tuple(following))
    return [*ways, ()]


def _loops(ways: Sequence[tuple[int, ...]]) -> Iterator[set[int]]:
    """The strongly connected parts that one can go round in (Tarjan 1972, without recursion)."""
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    for root in range(len(ways)):
        walk = [(root, 0)] if root not in number else []
        while walk:
            node, taken = walk.pop()
            if taken == 0:
                number[node] = lowest[node] = len(number)
                path.append(node)
                on_path.add(node)
            else:
                lowest[node] = min(lowest[node], lowest[ways[node][taken - 1]])
            while taken < len(ways[node]):
                following = ways[node][taken]
                taken += 1
                if following not in number:
                    walk += [(node, taken), (following, 0)]
                    break
                if following in on_path:
                    lowest[node] = min(lowest[node], number[following])
            else:
                if lowest[node] == number[node]:
                    part = set(path[path.index(node) :])
                    del path[path.index(node) :]
                    on_path -= part
                    if len(part) > 1 or node in ways[node]:
                        yield part
