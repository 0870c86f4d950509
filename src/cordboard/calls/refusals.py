"""Why a request is not accepted: stable ids, one class of fact for every dialect."""

from __future__ import annotations

from enum import Enum


class RefusalId(Enum):
    """The ids a client programs against; ``channel_limit_reached`` is documented by Basix."""

    CHANNEL_LIMIT_REACHED = "channel_limit_reached"
    AUTHENTICATION_REQUIRED = "authentication_required"
    INVALID_JSON = "invalid_json"
    MISSING_PARAMETER = "missing_parameter"
    INVALID_PARAMETER = "invalid_parameter"
    USER_NOT_FOUND = "user_not_found"
    USER_NOT_REGISTERED = "user_not_registered"
    GROUP_NOT_FOUND = "group_not_found"
    NO_MEMBER_AVAILABLE = "no_member_available"
    INVALID_DESTINATION = "invalid_destination"
    CALLING_NUMBER_NOT_ALLOWED = "calling_number_not_allowed"
    NO_ROUTE = "no_route"
    TARIFF_DENIED = "tariff_denied"
    NO_CREDIT = "no_credit"
    TRUNK_DOWN = "trunk_down"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    RECORDING_NOT_ALLOWED = "recording_not_allowed"
    EAVESDROPPING_NOT_ALLOWED = "eavesdropping_not_allowed"
    OVERLOADED = "overloaded"


class Refused(Exception):
    """A request is refused and nothing rings.

    ``parameter`` names the request's parameter at fault as v1 calls it (``second.address``), which
    other dialects translate, or the limit that was reached; ``message`` is for a person.
    ``retry_after`` is in how many seconds it is worth asking again, where that is known.
    """

    def __init__(
        self,
        id: RefusalId,  # noqa: A002 - the vendors' word
        message: str,
        parameter: str | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.id = id
        self.message = message
        self.parameter = parameter
