"""What an earlier process left behind, ended a bounded number of calls at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import structlog

from cordboard.calls.causes import Cause
from cordboard.calls.ports import Records
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.reasons import reason_of
from cordboard.engines.embedded.records import read
from cordboard.engines.embedded.trunk_addresses import credentials_of
from cordboard.engines.stack_runner import StackRunner
from cordboard.sip.digest import Credentials
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.remains import OfferRemains, Remains

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 1_000
"""Calls that are being ended: as many datagrams fit into the buffers of our socket and of a trunk's
many times over, and with 5,000 live calls all phones are told within moments."""


class LeftOver:
    """The records of channels that an earlier process had; each is forgotten once it is ended."""

    def __init__(
        self,
        runner: StackRunner,
        directory: Callable[[], Directory],
        records: Records,
        left: Mapping[str, str],
    ) -> None:
        self._runner = runner
        self._directory = directory
        self._records = records
        self._left = list(left.items())
        self._under_way: set[str] = set()
        self._going_on = False
        _log.info("ending the calls of the process before", channels=len(left))

    def go_on(self) -> None:
        """End what there is room for."""
        if self._going_on:
            return  # the last one was over at once
        self._going_on = True
        while self._left and len(self._under_way) < AT_ONCE:
            channel, record = self._left.pop()
            self._under_way.add(channel)
            try:
                if not self._end(channel, record):
                    self._under_way.discard(channel)  # its phone has to come back first
            except (ValueError, SipParseError, SipBuildError) as error:
                _log.warning("a channel can't be ended", channel=channel, reason=str(error))
                self._ended(channel)
        self._going_on = False
        self._runner.pump()

    def _end(self, channel: str, record: str) -> bool:
        remains = read(record)
        runner = self._runner
        return runner.stack.end_left_over(
            channel,
            remains,
            self._credentials(remains),
            reason_of(Cause.INTERRUPTED) or "",
            partial(self._ended, channel),
            runner.clock(),
        )

    def _ended(self, channel: str) -> None:
        self._under_way.discard(channel)
        self._records.forget(channel)
        if self._left:
            self.go_on()

    def _credentials(self, remains: Remains) -> Credentials | None:
        """Those of a trunk by its name and domain, as they are now."""
        if isinstance(remains, OfferRemains) or remains.keys is None:
            return None
        name, _, domain = remains.keys.rpartition("@")
        tenant = self._directory().tenant(domain)
        trunk = None if tenant is None else tenant.trunk(name)
        return None if trunk is None else credentials_of(trunk)
