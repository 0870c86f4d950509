"""Who is answered at all: a server on the open Internet is scanned all day.

With ``ignore`` a request outside any call is answered to peers that we know: trunks, and addresses
where a phone is registered. Anybody may still register at a domain of ours, unless his program is
one that only scanners use. Nothing else gets an answer, so a scanner can't tell that anybody is
here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cordboard.addresses import canonical
from cordboard.sip.address import parse_name_addr
from cordboard.sip.errors import SipParseError

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request

SCANNERS: Final = (
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sip-scan",
    "sipcli",
    "sipsak",
    "sundayddr",
    "iwar",
    "siparmyknife",
    "vaxsipuseragent",
    "pplsip",
    "eyebeam-scanner",
    "smap",
)
"""How scanners call themselves, in lower case; the lists of fail2ban and Kamailio's users agree."""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Says whom to answer; ``knows`` is asked about an address, ``serves`` about a domain,
    which may be an address (without brackets)."""

    ignore: bool
    knows: Callable[[Flow], bool]
    serves: Callable[[str], bool]

    def turns_away(self, request: Request | None, flow: Flow) -> bool:
        """Whether a request outside any dialog (None: one that can't be read) gets no answer."""
        if not self.ignore or self.knows(flow):
            return False
        if request is None or request.method != "REGISTER":
            return True
        agent = (request.first("user-agent") or "").lower()
        if any(scanner in agent for scanner in SCANNERS):
            return True
        try:
            host = parse_name_addr(request.need("to")).uri.host
        except SipParseError:
            return True
        return not self.serves(canonical(host))


EVERYBODY_WELCOME: Final = Strangers(False, lambda _: True, lambda _: True)
