"""Checks of a tenant's programs: where they can go, and whom they ring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cordboard.directory.locate import Path
from cordboard.directory.numbers import NotANumber, dialled
from cordboard.directory.outbound import Denied, choose_route
from cordboard.directory.problems import Problems
from cordboard.directory.shape import found
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.step_flow import Fault, circling, spinning, unknown_labels, unreachable
from cordboard.directory.steps import RingKind, RingStep, Step, variables_in
from cordboard.directory.target import ContextTarget


def check_programs(tenant: TenantDirectory, problems: Problems) -> None:
    """Reports what is wrong with the programs of a tenant that has been read."""
    for context in tenant.contexts:
        path: Path = ("tenant", tenant.domain, "context", context.name, "steps")
        check_steps(context.steps, path, problems)
        for place, step in enumerate(context.steps):
            if isinstance(step.action, RingStep):
                _check_ring(step.action, (*path, place, "ring"), tenant, problems)


def check_steps(steps: Sequence[Step], path: Path, problems: Problems) -> None:
    """Reports where a program goes wrong by itself."""
    _report(unknown_labels(steps), path, problems.error)
    _report(spinning(steps), path, problems.error)
    _report(circling(steps), path, problems.warning)
    _report(unreachable(steps), path, problems.warning)


def _report(faults: Iterable[Fault], path: Path, report: Callable[[Path, str], None]) -> None:
    for place, message in faults:
        report((*path, place), message)


def _check_ring(step: RingStep, path: Path, tenant: TenantDirectory, problems: Problems) -> None:
    if variables_in(step.to):
        return  # only the call will tell
    if step.kind is RingKind.USER:
        known: object = tenant.user_by_name(step.to) or tenant.user_by_extension(step.to)
        missing = f"there is no user {found(step.to)}"
    elif step.kind is RingKind.GROUP:
        known = tenant.group_by_name(step.to) or tenant.group_by_extension(step.to)
        missing = f"there is no group {found(step.to)}"
    else:
        known = tenant.resolve(step.to)
        missing = f"{found(step.to)} is neither known here nor a number"
        if isinstance(known, ContextTarget):
            problems.error(path, f"{found(step.to)} is a context, which can't be rung")
        elif known is None or step.kind is RingKind.NUMBER:
            known = _is_number(step.to)
            route = choose_route(tenant, step.to)
            if known and isinstance(route, Denied):
                problems.warning(path, f"this can't be rung: {route.message}")
    if not known:
        problems.error(path, missing)


def _is_number(text: str) -> bool:
    try:
        dialled(text)
    except NotANumber:
        return False
    return True
