"""What people used, kept in the database over days: the store's own lists are gone with the store.

Before each round the lists of the store are added. A use counts 1 and half as much a day later, so what is asked for
every hour comes before what was asked for once just now.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from github_cache import asks, hot, store
from github_cache.asks import Ask
from github_cache.models import Use

HALF_LIFE = timedelta(days=1)
KEPT = timedelta(days=7)
MOST = 5_000
"""Uses per tenant that are looked at."""


@dataclass(frozen=True, slots=True)
class Used:
    """An ask, when it was made last (epoch seconds), and how often, older uses counting less."""

    ask: Ask
    used_at: float
    weight: float


def faded(weight: float, seconds: float) -> float:
    """What a weight is worth after so many seconds (pure)."""
    return weight * 2.0 ** (-max(0.0, seconds) / HALF_LIFE.total_seconds())


def remember(tenant: str, now: float) -> None:
    """Adds what the store's lists say, and drops what nobody uses any more."""
    seen: dict[str, tuple[str, float]] = {}
    for scope in store.get().scopes(tenant):
        for ask, used_at in hot.used(tenant, scope):
            if written := asks.written(ask):
                seen[hashlib.sha256(written).hexdigest()] = (written.decode(), used_at)
    known = {row.digest: row for row in _rows(tenant, list(seen))}
    changed = []
    for digest, (written_ask, used_at) in seen.items():
        row = known.get(digest)
        before = row.used_at.timestamp() if row else 0.0
        # The database keeps microseconds, so a use is the same one if it is as old to the second.
        if used_at > before + 1.0:
            weight = 1.0 + (faded(row.weight, used_at - before) if row else 0.0)
            at = datetime.fromtimestamp(used_at, UTC)
            changed.append(Use(tenant_id=tenant, digest=digest, ask=written_ask, used_at=at, weight=weight))
    Use.objects.bulk_create(
        changed,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["tenant", "digest"],
        update_fields=["used_at", "weight"],
    )
    Use.objects.filter(tenant=tenant, used_at__lt=datetime.fromtimestamp(now, UTC) - KEPT).delete()


def known(tenant: str) -> list[Used]:
    """What people used within KEPT, the most used first."""
    rows = Use.objects.filter(tenant=tenant).order_by("-weight")[:MOST]
    found = ((asks.read(tenant, row.ask.encode()), row) for row in rows)
    return [Used(ask, row.used_at.timestamp(), row.weight) for ask, row in found if ask is not None]


def _rows(tenant: str, digests: list[str]) -> Iterable[Use]:
    for start in range(0, len(digests), 500):
        yield from Use.objects.filter(tenant=tenant, digest__in=digests[start : start + 500])
