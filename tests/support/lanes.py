"""Several tests at once, in lanes (``pytest -n 3``): which lane runs which.

What drives other programs mostly waits for them, and the rest mostly computes. So the first lane
computes and the others wait, as long as there is enough of each; then each does what is left. A
module stays whole: its tests share servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

WAITING = "tests/interop/"
LONGEST_FIRST = (
    "tests/interop/test_kill_loop.py",
    "tests/interop/test_asterisk.py",
    "tests/interop/test_own_phone.py",
    "tests/interop/test_kamailio_edge.py",
    "tests/interop/test_bad_network.py",
    "tests/property/test_v1_conformance.py",
    "tests/property/test_group_hunts.py",
)
"""What would be waited for by all if it came last."""


def module_of(test: str) -> str:
    """The module of a test's id."""
    return test.split("::", 1)[0]


def is_waiting(module: str) -> bool:
    """Whether a module mostly waits for other programs."""
    return module.startswith(WAITING)


def in_order(modules: list[str]) -> list[str]:
    """Modules as they are best begun."""
    rank = {module: place for place, module in enumerate(LONGEST_FIRST)}
    return sorted(modules, key=lambda module: rank.get(module, len(rank)))


class Lanes(LoadScopeScheduling):
    """Hands modules to lanes as these run out of work."""

    def _split_scope(self, nodeid: str) -> str:
        return module_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        computes = node is min(self.nodes, key=lambda one: str(one.gateway.id))
        modules = in_order(list(self.workqueue))
        chosen = next((one for one in modules if is_waiting(one) is not computes), modules[0])
        self.workqueue.move_to_end(chosen, last=False)
        super()._assign_work_unit(node)
