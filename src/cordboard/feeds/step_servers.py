"""Web servers that send programs their next steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from cordboard.feeds.outbound import Outbound, OutboundFailed, UnusableUrl, usable_url

ACCEPT = {"Accept": "application/json, application/xml, text/xml"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", **ACCEPT}
_OK = 200


class StepServers:
    """Asks them through ``outbound``; ``inside`` says whose may be on addresses that are not on the
    open Internet. What goes wrong is raised as ``failed`` makes it of its reason."""

    def __init__(
        self,
        outbound: Outbound,
        inside: Callable[[str], bool],
        failed: Callable[[str], Exception],
    ) -> None:
        self._outbound = outbound
        self._inside = inside
        self._failed = failed

    async def ask(self, tenant: str, url: str, form: Mapping[str, str] | None) -> bytes:
        """What a server sends who is posted a form, or (None) only asked."""
        inside = self._inside(tenant)
        try:
            target = usable_url(url)
            if form is not None:
                body = urlencode(form).encode()
                return await self._outbound.ask(target, body, FORM, inside=inside)
            status, body = await self._outbound.exchange("GET", target, ACCEPT, inside=inside)
            if status != _OK:
                raise self._failed(f"status {status}")
            return body
        except UnusableUrl as fault:
            raise self._failed(f"the URL {fault}") from None
        except OutboundFailed as fault:
            raise self._failed(str(fault)) from None
