"""What so many seconds of a leg cost, and how many an amount buys. All of it is whole numbers."""

from __future__ import annotations

from cordboard.directory.charging import PrefixPrice

MINUTE = 60


def whole_seconds(duration: float) -> int:
    """A duration as it is charged: a second counts that has begun by a whole millisecond."""
    return -(-int(duration * 1000) // 1000) if duration > 0 else 0


def cost(price: PrefixPrice, seconds: int) -> int:
    """Millionths for a leg that was answered and lasted so many seconds.

    What is less than a millionth is rounded up, once for the whole leg, so that a leg in slices
    costs what it does in one piece.
    """
    charged = _charged_seconds(price, seconds - price.free_seconds)
    return price.set_up - (-price.per_minute * charged // MINUTE)


def seconds_for(price: PrefixPrice, amount: int) -> int | None:
    """The most seconds that an amount pays, its set-up included; None: any number of them.

    0 where it pays none, be it that the leg could just be answered.
    """
    rest = amount - price.set_up
    if rest < 0:
        return 0
    if price.per_minute == 0:
        return None
    paid = rest * MINUTE // price.per_minute
    if paid < price.first_increment:
        return price.free_seconds
    steps = (paid - price.first_increment) // price.increment
    return price.free_seconds + price.first_increment + steps * price.increment


def _charged_seconds(price: PrefixPrice, beyond: int) -> int:
    """What is charged of the seconds beyond the free ones."""
    if beyond <= 0:
        return 0
    more = max(0, beyond - price.first_increment)
    return price.first_increment - (-more // price.increment) * price.increment
