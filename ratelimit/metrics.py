"""Every metric of this floor, in one table. Labels are bounded: reasons, lanes and buckets are enumerations, and only
so many accounts get a label of their own.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from ratelimit.quota import Quota

if TYPE_CHECKING:
    from ratelimit.backoff import Outcome
    from ratelimit.verdict import Why

MOST_ACCOUNTS = 100
"""Accounts that have gauges of their own. Of further ones (callers' own tokens, mostly) no gauge is kept."""

BACKOFF_ATTEMPTS = Counter(
    "backoff_attempts_total",
    "Attempts that the backoff policy judged, by what followed: done, retry, or why there was no retry.",
    ["outcome"],
)
BACKOFF_SLEEP = Counter(
    "backoff_sleep_seconds_total", "Seconds that callers were told to wait before trying again, by reason.", ["why"]
)
BACKOFF_REFUSED = Counter(
    "backoff_refused_seconds_total",
    "Seconds that a further attempt would have had to wait, where the caller gave up instead, by reason.",
    ["why"],
)
RATE_LIMIT_EVENTS = Counter(
    "rate_limit_events_total", "Refusals by GitHub that were rate limits, by kind of the limit.", ["kind"]
)
RESET_WAITS = Counter(
    "rate_limit_reset_waits_total", "Waits until a bucket's reset, whether GitHub or our own ledger asked for them.", []
)
GOVERNOR_DECISIONS = Counter(
    "governor_decisions_total",
    "Calls that asked the governor for leave, by lane and by the decision (ok, or why to wait).",
    ["lane", "why"],
)
GOVERNOR_REFUSED = Counter(
    "governor_refused_seconds_total",
    "Seconds that the governor asked callers to wait, by lane and reason.",
    ["lane", "why"],
)
GOVERNOR_LOCAL = Counter(
    "governor_local_total", "Steps of the governor that this process took alone, Redis being away.", []
)
INBOUND_DECISIONS = Counter(
    "inbound_limit_decisions_total",
    "Requests that met the inbound limit, by who asked (address, failed, caller, login) and the decision.",
    ["rule", "decision"],
)
INBOUND_LOCAL = Counter(
    "inbound_limit_local_total", "Decisions of the inbound limit that this process took alone, Redis being away.", []
)


@cache
def inbound(rule: str, decision: str) -> Counter:
    """The counter of the inbound limit's decisions under a rule, looked up once."""
    return INBOUND_DECISIONS.labels(rule, decision)


def count_backoff(outcome: Outcome) -> None:
    """Count what followed from one attempt; callers of `backoff.decide` call this with what it gave."""
    kind = type(outcome).__name__.lower()
    refused = getattr(outcome, "refused", None)
    BACKOFF_ATTEMPTS.labels(refused.value if refused is not None else kind).inc()
    seconds: float | None = getattr(outcome, "seconds", None)
    if seconds is not None:
        why: Why = outcome.why  # type: ignore[union-attr]  # whatever has seconds has a reason
        (BACKOFF_SLEEP if refused is None else BACKOFF_REFUSED).labels(why.value).inc(seconds)


class QuotaGauges:
    """What GitHub said last of the quotas of the first `most` accounts that this process met."""

    def __init__(self, most: int = MOST_ACCOUNTS, registry: CollectorRegistry = REGISTRY) -> None:
        self._most = most
        self._accounts: set[str] = set()
        self._lock = threading.Lock()
        self._remaining = Gauge(
            "github_api_rate_limit_remaining",
            "What GitHub last said is left of an account's bucket.",
            ["account", "bucket"],
            multiprocess_mode="mostrecent",
            registry=registry,
        )
        self._limit = Gauge(
            "github_api_rate_limit_limit",
            "The limit of an account's bucket.",
            ["account", "bucket"],
            multiprocess_mode="mostrecent",
            registry=registry,
        )

    def show(self, account: str, quota: Quota) -> None:
        """Set the gauges of a bucket, unless the account has come too late to have any."""
        if account not in self._accounts:
            with self._lock:
                if len(self._accounts) >= self._most:
                    return
                self._accounts.add(account)
        self._remaining.labels(account, quota.bucket).set(quota.remaining)
        self._limit.labels(account, quota.bucket).set(quota.limit)


QUOTAS = QuotaGauges()
