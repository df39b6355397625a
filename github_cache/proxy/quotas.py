"""GitHub's rate limits as a caller sees them through us: live from the ledger, never out of a stored answer.

A passed-through token sees its own; whoever is served from the pool sees the pool's together, since the pool goes on
while any of its tokens has something left.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from github_cache.caller import Caller
from github_cache.memory import Memory
from github_cache.upstream import credentials
from ratelimit.governor import governor
from ratelimit.quota import Quota

LATELY_SECONDS = 1.0

_read: Memory[tuple[str | None, str | None], Mapping[str, Quota]] = Memory(10_000)
forget_all = _read.forget_all

_DEFAULTS = {"core": 5000, "graphql": 5000, "search": 30, "code_search": 10}
_WINDOWS = {"search": 60, "code_search": 60}


def accounts_of(caller: Caller) -> tuple[str, ...]:
    """The ledger accounts whose limits count for a caller."""
    if caller.token is not None:
        return (credentials.passthrough(caller.token, caller.tenant or "").account,)
    return tuple(dict.fromkeys(bearer.account for bearer in credentials.pool(caller.tenant))) if caller.tenant else ()


def together(quotas: Iterable[Quota]) -> Mapping[str, Quota]:
    """One quota per bucket over several accounts: sums, and the earliest reset."""
    found: dict[str, Quota] = {}
    for quota in quotas:
        known = found.get(quota.bucket)
        found[quota.bucket] = (
            quota
            if known is None
            else Quota(
                quota.bucket,
                known.limit + quota.limit,
                known.remaining + quota.remaining,
                known.used + quota.used,
                min(filter(None, (known.reset, quota.reset)), default=0.0),
            )
        )
    return found


def of(caller: Caller) -> Mapping[str, Quota]:
    """What is left for a caller, by bucket, as the ledger knows it. One round trip."""
    accounts = accounts_of(caller)
    status = governor().status(accounts) if accounts else {}
    quotas = together(quota for account in accounts for quota in status.get(account, ()))
    _read.put(_whose(caller), quotas, time.monotonic() + LATELY_SECONDS)
    return quotas


def lately(caller: Caller) -> Mapping[str, Quota]:
    """The same, up to LATELY_SECONDS old: for answers that cost GitHub nothing, so that a hit is one round trip."""
    known = _read.get(_whose(caller), time.monotonic())
    return of(caller) if known is None else known.value


def _whose(caller: Caller) -> tuple[str | None, str | None]:
    """A token has limits of its own; everyone else has those of the tenant's pool."""
    return caller.tenant, caller.identity if caller.token is not None else None


def headers(quota: Quota | None, bucket: str) -> dict[str, str]:
    """`X-RateLimit-*` as GitHub sends them; none where nothing is known yet."""
    if quota is None:
        return {}
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(max(0, quota.remaining)),
        "X-RateLimit-Used": str(quota.used),
        "X-RateLimit-Reset": str(int(quota.reset or time.time() + _WINDOWS.get(bucket, 3600))),
        "X-RateLimit-Resource": bucket,
    }


def document(quotas: Mapping[str, Quota], now: float) -> dict[str, Any]:
    """The body of `GET /rate_limit` out of the ledger; a bucket that was never used is shown as full."""
    resources = {}
    for bucket, limit in {**_DEFAULTS, **dict.fromkeys(quotas, 0)}.items():
        quota = quotas.get(bucket) or Quota(bucket, limit, limit, 0, 0.0)
        reset = int(quota.reset or now + _WINDOWS.get(bucket, 3600))
        resources[bucket] = {
            "limit": quota.limit,
            "used": quota.used,
            "remaining": max(0, quota.remaining),
            "reset": reset,
        }
    return {"resources": resources, "rate": resources["core"]}
