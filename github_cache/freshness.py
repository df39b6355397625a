"""May what is held be given out? An entry's age, the clock and what the client allows become one decision (pure).

FRESH goes out; SERVE_STALE goes out while one flight revalidates it; REVALIDATE asks GitHub with the validators held;
MISS has nothing to ask with. Stale goes out for one further lifetime at most, and never after an invalidation.
Sources: RFC 9111 (caching), RFC 5861 (stale-while-revalidate, stale-if-error).
"""

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

SHORT_DISTRUST = 5.0
"""Seconds: what is fetched so soon after an invalidation lives only so long, since GitHub's read side can lag."""


class Decision(StrEnum):
    """What to do with what is held."""

    FRESH = "fresh"
    SERVE_STALE = "serve_stale"
    REVALIDATE = "revalidate"
    MISS = "miss"


@dataclass(frozen=True, slots=True)
class Controls:
    """What a client's `Cache-Control` allows (RFC 9111, 5.2.1). Seconds; `max_stale` is infinite where it has none."""

    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False
    max_age: float | None = None
    min_fresh: float | None = None
    max_stale: float | None = None


ANY = Controls()
"""What a client allows that says nothing."""

_DIRECTIVE = re.compile(r'(?:^|,)\s*([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^",\s]*)))?\s*(?=,|$)')


def controls(cache_control: str, pragma: str = "") -> Controls:
    """The controls in a request's headers; what makes no sense is ignored, as RFC 9111 has it."""
    if not cache_control:
        return Controls(no_cache=True) if "no-cache" in pragma.lower() else ANY
    # Of one that is there twice the first counts (RFC 9111, 4.2.1).
    found = {name: quoted or bare for name, quoted, bare in reversed(_DIRECTIVE.findall(cache_control.lower()))}
    return Controls(
        no_cache="no-cache" in found,
        no_store="no-store" in found,
        only_if_cached="only-if-cached" in found,
        max_age=_seconds(found.get("max-age")),
        min_fresh=_seconds(found.get("min-fresh")),
        max_stale=math.inf if found.get("max-stale") == "" else _seconds(found.get("max-stale")),
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of an entry. `slack`: seconds past `lifetime` that it may go out while it is revalidated;
    `grace`: the same while GitHub fails. `current`: no invalidation of its kind since it was fetched;
    `permitted`: none of names, visibility and members either."""

    stored_at: float
    lifetime: float
    slack: float
    grace: float
    current: bool
    permitted: bool
    has_validator: bool

    def age(self, now: float) -> float:
        """Seconds since GitHub last confirmed it; never negative, whatever the clocks say."""
        return max(0.0, now - self.stored_at)

    def confirmed_within(self, window: float) -> "Held":
        """The same for a reader to whom it may be given only within `window` seconds of GitHub's confirmation."""
        return replace(self, lifetime=min(self.lifetime, window), slack=0.0, grace=0.0)


def decide(held: Held | None, now: float, client: Controls = ANY) -> Decision:
    """What to do with what is held, for this client, now (epoch seconds)."""
    if held is None:
        return Decision.MISS
    revalidate = Decision.REVALIDATE if held.has_validator else Decision.MISS
    if client.no_cache or not (held.current and held.permitted):
        return revalidate
    age = held.age(now)
    left = held.lifetime - age
    if client.max_age is not None and age > client.max_age:
        return revalidate
    if left > 0 and (client.min_fresh is None or left >= client.min_fresh):
        return Decision.FRESH
    slack = held.slack if client.max_stale is None else min(held.slack, client.max_stale)
    if client.max_age is None and client.min_fresh is None and left + slack > 0:
        return Decision.SERVE_STALE
    if client.max_stale is not None and left <= 0 and -left <= min(client.max_stale, held.grace):
        return Decision.SERVE_STALE
    return revalidate


def usable_while_failing(held: Held | None, now: float, client: Controls = ANY) -> bool:
    """May it go out although GitHub cannot be asked (stale-if-error)?

    An invalidation does not forbid it, since old and marked as stale is better than nothing; a change of names,
    visibility or members does, and so does a client that names its own bound.
    """
    if held is None or not held.permitted or client.no_cache or client.min_fresh is not None:
        return False
    age = held.age(now)
    if client.max_age is not None and age > client.max_age + (client.max_stale or 0):
        return False
    return age <= held.lifetime + (held.grace if client.max_stale is None else min(held.grace, client.max_stale))


def lifetime_after_fetch(lifetime: float, fetched_at: float, invalidated_at: float | None) -> float:
    """The lifetime of what was fetched at `fetched_at`: short where an invalidation was just before it."""
    if invalidated_at is not None and fetched_at - invalidated_at < SHORT_DISTRUST:
        return min(lifetime, SHORT_DISTRUST)
    return lifetime
