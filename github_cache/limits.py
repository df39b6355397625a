"""GitHub's limits of a tenant's credentials: as the ledger knows them, or asked anew by the free `/rate_limit`."""

from datetime import datetime

from github_cache.upstream import calls, credentials
from github_cache.upstream.calls import AccountLimits
from ratelimit import history
from ratelimit.governor import governor
from ratelimit.history import Reading
from ratelimit.verdict import Wait

ALWAYS_SHOWN = frozenset({"core", "search", "graphql"})


def known(tenant: str) -> tuple[AccountLimits, ...]:
    """Every account of the tenant's pool with the last readings of its buckets. One round trip, no call."""
    bearers = {bearer.account: bearer for bearer in reversed(credentials.pool(tenant))}
    status = governor().status(sorted(bearers)) if bearers else {}
    return tuple(
        AccountLimits(bearer.name, account, bearer.identity, tuple(status.get(account, ())))
        for account, bearer in sorted(bearers.items(), key=lambda item: item[1].name)
    )


def told(tenant: str) -> tuple[AccountLimits, ...] | Wait:
    """The same; where a bucket that everybody asks for was never read, GitHub is asked once, which is free.

    Raises errors.UpstreamError where nothing is known and GitHub cannot be asked.
    """
    accounts = known(tenant)
    if accounts and all({quota.bucket for quota in account.quotas} >= ALWAYS_SHOWN for account in accounts):
        return accounts
    return calls.rate_limit(tenant)


def record(tenant: str, checked_at: datetime) -> int | Wait:
    """Writes what GitHub says now into the history; how many rows. Raises errors.UpstreamError."""
    accounts = calls.rate_limit(tenant)
    if isinstance(accounts, Wait):
        return accounts
    readings = [Reading(account.name, account.identity, quota) for account in accounts for quota in account.quotas]
    return history.record(readings, checked_at)
