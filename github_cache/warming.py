"""What to fetch before it is asked for, and in what order (pure).

What was asked for lately and is no longer fresh, or will not be at the next round, is fetched anew: what is used by
people most lately first, and within a scope the names before what stands under them, since they make the rest sure.
What is fresh for longer costs nothing and is left alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from github_cache.asks import Ask

MOST = 2_000
"""Asks of one round."""


@dataclass(frozen=True, slots=True)
class Use:
    """An ask that somebody made at `used_at`; what is held for it is fresh until `fresh_until` (epoch seconds)."""

    ask: Ask
    used_at: float
    fresh_until: float


def plan(uses: Iterable[Use], now: float, horizon: float) -> tuple[Ask, ...]:
    """The asks to refresh, in their order. `horizon` is the time until the next round, in seconds."""
    due = [use for use in uses if use.fresh_until < now + horizon]
    due.sort(key=lambda use: (not use.ask.names, -use.used_at))
    return tuple(use.ask for use in due[:MOST])
