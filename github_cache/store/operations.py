"""What is done with small values and leases in any store: operations as values, each with what comes of it (pure).

`Store.perform` carries them out in their order and in one trip.
"""

import re
from dataclasses import dataclass

MAX_TTL = 30 * 24 * 3600
_NUMBER = re.compile(rb"-?[0-9]{1,19}")


class NotANumber(ValueError):
    """Add was asked of a value that is no whole number, or the sum leaves 64 bits."""


@dataclass(frozen=True, slots=True)
class Get:
    """-> bytes | None"""

    key: str


@dataclass(frozen=True, slots=True)
class Put:
    """-> True. `ttl` in seconds, 1 to MAX_TTL; `index` is a set that the key is put into."""

    key: str
    data: bytes
    ttl: int
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """-> whether there was something"""

    key: str


@dataclass(frozen=True, slots=True)
class Add:
    """-> the new number. A missing one counts as 0 and is kept for `ttl` seconds. NotANumber for other values."""

    key: str
    amount: int
    ttl: int
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """-> whether there was something whose remaining time is now `ttl` seconds. `index` is the set that it is in."""

    key: str
    ttl: int
    index: str | None = None


@dataclass(frozen=True, slots=True)
class TimeToLive:
    """-> remaining seconds as float, or None where there is nothing"""

    key: str


@dataclass(frozen=True, slots=True)
class Take:
    """-> who holds the lease now, as bytes: `holder`, if nobody did. A lease that is `failed` is held by nobody."""

    key: str
    holder: bytes
    ttl: int
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """-> whether it was still `holder`'s lease, which lasts `ttl` seconds from now"""

    key: str
    holder: bytes
    ttl: int


@dataclass(frozen=True, slots=True)
class Release:
    """-> whether it was still `holder`'s lease, which is over"""

    key: str
    holder: bytes


@dataclass(frozen=True, slots=True)
class Fail:
    """-> whether it was still `holder`'s lease, in which `failed(holder)` stands for `ttl` seconds"""

    key: str
    holder: bytes
    ttl: int


Operation = Get | Put | Delete | Add | Expire | TimeToLive | Take | Keep | Release | Fail
Outcome = bytes | int | float | NotANumber | None


def failed(holder: bytes) -> bytes:
    """What stands in a lease whose holder failed, for those who waited for it."""
    return b"failed:" + holder


def left(operation: Keep | Release | Fail) -> tuple[bytes, int]:
    """What the holder of a lease leaves in it, and for how many seconds (0: it is over)."""
    match operation:
        case Keep(_, holder, ttl):
            return holder, ttl
        case Fail(_, holder, ttl):
            return failed(holder), ttl
        case Release():
            return b"", 0


def whole_number(stored: bytes | None, amount: int) -> int | NotANumber:
    """The sum that Add makes of what is stored: within 64 bits, as Redis counts."""
    if stored is not None and not _NUMBER.fullmatch(stored):
        return NotANumber("value is not an integer or out of range")
    total = int(stored or 0) + amount
    return total if -(2**63) <= total < 2**63 else NotANumber("increment or decrement would overflow")
