"""How GitHub's limits and the credentials do, for `/health`: what is used up, what is refused, and until when."""

from collections.abc import Iterator
from datetime import UTC, datetime

from github_cache import health, limits
from github_cache.health import Part, State
from github_cache.models import Tenant
from github_cache.upstream import credentials
from github_cache.upstream.calls import AccountLimits
from ratelimit.quota import Quota

LOW = 0.1
"""Below this share of a bucket, what can wait should."""


def github(now: float) -> Part:
    """Degraded where a bucket that people need is nearly used up: what is held is still given out."""
    accounts = [account for tenant in _tenants() for account in limits.known(tenant)]
    low = [_in_words(account, quota) for account in accounts for quota in account.quotas if _is_low(quota, now)]
    if low:
        remedy = "Wait for the reset, or add a credential of another user or an App; see who asks under /admin/."
        return Part(State.DEGRADED, "; ".join(low), remedy)
    read = sum(bool(account.quotas) for account in accounts)
    return Part(State.OK, f"{read} of {len(accounts)} accounts were heard of, none is low")


def credentials_stand(_now: float) -> Part:
    """Degraded where a credential is refused or cannot be used, or a tenant has none."""
    faults = list(_faults())
    if faults:
        return Part(State.DEGRADED, "; ".join(faults), "Put it right under /admin/github_cache/ or in GITHUB_TOKEN.")
    return Part(State.OK, "every credential is accepted as far as is known")


def _faults() -> Iterator[str]:
    for tenant in _tenants():
        standings = credentials.health(tenant)
        if not standings:
            yield f"tenant {tenant} has no credential"
        for each in standings:
            if each.state != "ok":
                yield f"{each.name} is {each.state}: {each.reason}"


def _is_low(quota: Quota, now: float) -> bool:
    return quota.bucket in limits.ALWAYS_SHOWN and quota.believable(now) and quota.remaining < LOW * quota.limit


def _in_words(account: AccountLimits, quota: Quota) -> str:
    reset = datetime.fromtimestamp(quota.reset, UTC)
    return f"{account.name}: {quota.remaining} of {quota.limit} left in {quota.bucket} until {reset:%H:%M:%S}Z"


def _tenants() -> list[str]:
    return list(Tenant.objects.order_by("slug").values_list("slug", flat=True))


health.register("github", github)
health.register("credentials", credentials_stand)
