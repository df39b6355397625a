"""The registry of health checks: each floor puts in what it knows, `stats.health` runs them.

A check says how one part does. `degraded` means that something is slower or older than it should be while everything
is still answered; only `down` makes the whole unready.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a part does, from best to worst."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Part:
    """One part's state, what is to be seen of it, and what to do about it (empty while it is well)."""

    state: State
    detail: str
    remedy: str = ""


Check = Callable[[float], Part]
_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Adds a check under a name; it is called with the time in epoch seconds. Raises ValueError for a name twice."""
    if _checks.get(name, check) is not check:
        raise ValueError(f"there is a health check {name!r} already")
    _checks[name] = check


def registered() -> dict[str, Check]:
    """All checks by name."""
    return dict(_checks)
