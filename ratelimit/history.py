"""Write down what is left of GitHub's limits, and forget what is old."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ratelimit.models import GitHubRateLimit
from ratelimit.quota import Quota

MOST_PER_DELETE = 5_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One account's quota, with the name and the hash that its row is to bear."""

    account_name: str
    token_hash: str
    quota: Quota


def record(readings: Iterable[Reading], checked_at: datetime) -> int:
    """Write one row per reading, in one statement; returns how many. `checked_at` is aware."""
    rows = [
        GitHubRateLimit(
            resource_type=reading.quota.bucket,
            limit=reading.quota.limit,
            remaining=reading.quota.remaining,
            used=reading.quota.used,
            reset_at=datetime.fromtimestamp(reading.quota.reset, UTC) if reading.quota.reset else None,
            account_name=reading.account_name[:200],
            token_hash=reading.token_hash,
            checked_at=checked_at,
        )
        for reading in readings
    ]
    return len(GitHubRateLimit.objects.bulk_create(rows))


def prune(older_than: timedelta, now: datetime) -> int:
    """Delete the rows that are older, some thousands at a time so that no lock is held for long; returns how many."""
    old = GitHubRateLimit.objects.filter(checked_at__lt=now - older_than).order_by("checked_at")
    deleted = 0
    while ids := list(old.values_list("id", flat=True)[:MOST_PER_DELETE]):
        deleted += GitHubRateLimit.objects.filter(id__in=ids).delete()[0]
    return deleted
