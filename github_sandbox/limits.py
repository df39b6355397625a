"""GitHub's rate limits: primary per account and bucket, secondary per account and minute.

All tokens of an account share its allowance; without a token the address has one. What costs nothing (a 304 to an
authorised request, `/rate_limit`) the caller does not `charge`. Source: docs.github.com, "Rate limits for the REST
API" and "Rate limits and query limits for the GraphQL API". The limits on CPU time are not kept.
"""

from collections import deque
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from github_sandbox.entities import Account


@dataclass(frozen=True, slots=True)
class Limits:
    """The configurable figures: requests per window for the buckets, the rest per minute or hour."""

    core: int = 5000
    search: int = 30
    code_search: int = 10
    graphql: int = 5000
    core_anonymous: int = 60
    search_anonymous: int = 10
    core_installation: int = 5000
    window: int = 3600
    search_window: int = 60
    concurrent: int = 100
    rest_points: int = 900
    graphql_points: int = 2000
    graphql_result_nodes: int = 500_000
    """Objects that one query may bring back; then it goes on without them (RESOURCE_LIMITS_EXCEEDED)."""
    graphql_blob_bytes: int = 20_000_000
    """Bytes of file contents that one query may bring back."""
    content_per_minute: int = 80
    content_per_hour: int = 500
    refusal_status: int = 403
    retry_after: int = 60


@dataclass(frozen=True, slots=True)
class Quota:
    """A bucket as the `X-RateLimit-*` headers show it; `reset` is UNIX seconds."""

    bucket: str
    limit: int
    remaining: int
    used: int
    reset: int


class Secondary(StrEnum):
    """Which secondary limit was hit."""

    CONCURRENT = "concurrent"
    POINTS = "points"
    CONTENT = "content"


@dataclass(slots=True)
class _Usage:
    used: int = 0
    reset: int = 0


@dataclass(slots=True)
class _Minute:
    """The points of the last minute: (time, points) of each request, and their sum."""

    spent: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def forget_before(self, moment: float) -> None:
        while self.spent and self.spent[0][0] <= moment:
            self.total -= self.spent.popleft()[1]

    def add(self, now: float, points: int) -> None:
        self.spent.append((now, points))
        self.total += points


@dataclass(slots=True)
class _Recent:
    """What an identity did lately; `points` by kind, "rest" or "graphql", `created` when it created content."""

    in_flight: int = 0
    points: dict[str, _Minute] = field(default_factory=dict)
    created: deque[float] = field(default_factory=deque)


def identity(account: "Account | None", address: str) -> str:
    """Whose allowance a call spends: the account's, or without one the address's."""
    return f"{account.kind}:{account.id}" if account else f"address:{address}"


class Limiter:
    """The books of every identity. Not thread-safe: the world's lock is held by whoever calls."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._usage: dict[tuple[str, str], _Usage] = {}
        self._recent: dict[str, _Recent] = {}

    def change(self, **figures: int) -> Limits:
        """Set some of the figures of `Limits`; raises ValueError for an unknown name or an unfit value."""
        known = {f.name for f in fields(Limits)}
        for name, value in figures.items():
            if name not in known:
                raise ValueError(f"unknown limit {name!r}; there are: {', '.join(sorted(known))}")
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f"limit {name!r} must be a whole number of at least 0, not {value!r}")
        self.limits = replace(self.limits, **figures)
        return self.limits

    def forget(self) -> None:
        """Empty the books: everyone's allowance is whole again. What is in flight stays counted."""
        self._usage.clear()
        for recent in self._recent.values():
            recent.points.clear()
            recent.created.clear()

    # -- primary

    def quota(self, who: str, bucket: str, now: float) -> Quota:
        """The state of *who*'s *bucket*. A window begins with the first request after the last one ended."""
        limit, window = self._limit(who, bucket)
        usage = self._usage.get((who, bucket))
        if usage is None or usage.reset <= now:
            return Quota(bucket, limit, limit, 0, int(now) + window)
        return Quota(bucket, limit, max(0, limit - usage.used), usage.used, usage.reset)

    def charge(self, who: str, bucket: str, cost: int, now: float) -> Quota:
        """Spend *cost*; `used` may so pass the limit, as GitHub's does."""
        before = self.quota(who, bucket, now)
        self._usage[who, bucket] = _Usage(before.used + cost, before.reset)
        return self.quota(who, bucket, now)

    def exhaust(self, who: str, bucket: str, now: float) -> Quota:
        """Spend all that is left."""
        return self.charge(who, bucket, self.quota(who, bucket, now).remaining, now)

    def graphql_state(self, account: "Account | None", now: float, address: str = "") -> Quota:
        """The `graphql` bucket of *account*, for the `rateLimit` field."""
        return self.quota(identity(account, address), "graphql", now)

    # -- secondary

    def admit(self, who: str, bucket: str, points: int, content: int, now: float) -> Secondary | None:
        """Count a request about to be served, or name the limit it breaks and leave it uncounted."""
        recent = self._recent.setdefault(who, _Recent())
        kind = "graphql" if bucket == "graphql" else "rest"
        minute = recent.points.setdefault(kind, _Minute())
        minute.forget_before(now - 60)
        while recent.created and recent.created[0] <= now - 3600:
            recent.created.popleft()
        allowed = self.limits.graphql_points if kind == "graphql" else self.limits.rest_points
        if recent.in_flight > self.limits.concurrent:
            return Secondary.CONCURRENT
        if minute.total + points > allowed:
            return Secondary.POINTS
        if content and self._creates_too_much(recent, now):
            return Secondary.CONTENT
        minute.add(now, points)
        recent.created.extend([now] * content)
        return None

    def enter(self, who: str) -> None:
        """A request of *who* has begun; `leave` must follow."""
        self._recent.setdefault(who, _Recent()).in_flight += 1

    def leave(self, who: str) -> None:
        self._recent[who].in_flight -= 1

    def _creates_too_much(self, recent: _Recent, now: float) -> bool:
        last_minute = sum(1 for moment in recent.created if moment > now - 60)
        return last_minute >= self.limits.content_per_minute or len(recent.created) >= self.limits.content_per_hour

    def _limit(self, who: str, bucket: str) -> tuple[int, int]:
        kind = who.partition(":")[0]
        window = self.limits.search_window if "search" in bucket else self.limits.window
        if kind == "address":
            anonymous = {"core": self.limits.core_anonymous, "search": self.limits.search_anonymous}
            return anonymous.get(bucket, 0), window
        if kind == "Bot" and bucket == "core":
            return self.limits.core_installation, window
        return getattr(self.limits, bucket), window
