"""GitHub's limits of a tenant's credentials: as the ledger knows them, or asked anew by the free `/rate_limit`."""

from datetime import datetime

from github_cache import keys
from github_cache.upstream import calls, credentials
from github_cache.upstream.calls import AccountLimits
from github_cache.upstream.errors import UpstreamError
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
    """The same; where a bucket that everybody asks for was never read, GitHub is asked once, which is free. While it
    cannot be asked, what is known stands.

    Raises errors.UpstreamError where nothing is known.
    """
    accounts = known(tenant)
    if accounts and all({quota.bucket for quota in account.quotas} >= ALWAYS_SHOWN for account in accounts):
        return accounts
    some_known = any(account.quotas for account in accounts)
    try:
        asked = calls.rate_limit(tenant)
    except UpstreamError:
        if some_known:
            return accounts
        raise
    return accounts if some_known and isinstance(asked, Wait) else asked


def row_key(account: str, identity: str) -> str:
    """What a row of the history is found by: the token's hash; of an App installation, whose tokens live an hour, its
    account's."""
    return keys.identity(account) if account.startswith("installation-") else identity


def record(tenant: str, checked_at: datetime) -> int | Wait:
    """Writes what GitHub says now into the history; how many rows. Raises errors.UpstreamError."""
    accounts = calls.rate_limit(tenant)
    if isinstance(accounts, Wait):
        return accounts
    readings = [
        Reading(account.name, row_key(account.account, account.identity), quota)
        for account in accounts
        for quota in account.quotas
    ]
    return history.record(readings, checked_at)
