"""GitHub's limits for people: per account what is left of each bucket, when it resets, and what rests. Out of the
ledger in one round trip; GitHub is not asked.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from github_cache import limits
from ratelimit.governor import governor

HIGH = 0.8
"""From this share on a bar is shown as nearly used up."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of one account. `resting` says until when it is not asked, and why."""

    name: str
    limit: int
    remaining: int
    used: int
    resets: datetime | None
    resting: str

    @property
    def high(self) -> int:
        return int(self.limit * HIGH)


@dataclass(frozen=True, slots=True)
class Account:
    """One account with its buckets, the calls that are under way, and why all of it rests, if it does."""

    name: str
    buckets: tuple[Bucket, ...]
    in_flight: int
    resting: str


def accounts(tenant: str, now: float) -> list[Account]:
    """Every account of the tenant's pool at `now` (epoch seconds)."""
    known = limits.known(tenant)
    described = governor().describe([account.account for account in known], now)
    shown = []
    for account in known:
        status = described[account.account]
        rests = {rest.bucket: f"{rest.why.value} until {_time(rest.until):%H:%M:%S} UTC" for rest in status.resting}
        buckets = tuple(
            Bucket(
                quota.bucket,
                quota.limit,
                max(0, quota.remaining),
                quota.used,
                _time(quota.reset) if quota.reset else None,
                rests.get(quota.bucket, ""),
            )
            for quota in sorted(account.quotas, key=lambda quota: quota.bucket)
        )
        shown.append(Account(account.name, buckets, status.in_flight, rests.get(None, "")))
    return shown


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
