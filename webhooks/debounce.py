"""When to refetch after events: at the trailing edge of a burst, and after a longest wait at the latest (pure).

The quiet time also covers the lag of GitHub's own read side, which is a second or so after an event. What is due is
told from the arrivals that still wait, so an event in the middle of a refetch makes for exactly one more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`quiet` seconds without a further event make a burst end; no event waits longer than `longest` seconds."""

    quiet: float = 1.0
    longest: float = 5.0


RHYTHM = Rhythm()


@dataclass(frozen=True, slots=True)
class Burst:
    """The first and the last arrival that wait, epoch seconds."""

    first: float
    last: float

    def due(self, rhythm: Rhythm) -> float:
        """When to act on it, epoch seconds."""
        return min(self.last + rhythm.quiet, self.first + rhythm.longest)


def bursts(arrivals: Iterable[tuple[Key, float]]) -> dict[Key, Burst]:
    """The burst of each key out of (key, arrival) pairs in any order."""
    found: dict[Key, Burst] = {}
    for key, arrival in arrivals:
        burst = found.get(key)
        found[key] = Burst(min(burst.first, arrival), max(burst.last, arrival)) if burst else Burst(arrival, arrival)
    return found


def due(waiting: Mapping[Key, Burst], now: float, rhythm: Rhythm) -> frozenset[Key]:
    """The keys whose time has come."""
    return frozenset(key for key, burst in waiting.items() if burst.due(rhythm) <= now)
