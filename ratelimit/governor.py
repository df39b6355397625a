"""The governor of all calls to GitHub: ask it before sending, and tell it afterwards.

It keeps the primary quota and GitHub's secondary limits of every account in one ledger that all processes share
through Redis, so that GitHub never has to refuse. Where Redis is away each process keeps a ledger of its own, from the
last readings it saw; nothing here raises for it, and nothing here sleeps: a `Wait` goes up to the caller.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings

from ratelimit import connection, live, metrics
from ratelimit.ledger import STANDARD, AccountStatus, Ask, Grant, Kind, Ledger, Limits, Reserved, Resting
from ratelimit.ledger_local import LocalLedger
from ratelimit.ledger_redis import RedisLedger
from ratelimit.outage import Outage
from ratelimit.quota import Quota
from ratelimit.verdict import PRIMARY, SECONDARY, Verdict, Wait, Why

__all__ = ["AccountStatus", "Ask", "Governor", "Grant", "Kind", "Limits", "Reserved", "Resting", "governor"]

T = TypeVar("T")
log = logging.getLogger("hubcache.governor")

_TO_THE_RESET = PRIMARY | {Why.EXHAUSTED, Why.RESERVED, Why.TOO_EXPENSIVE}


class Governor:
    """Grants, or says how long to wait.

    `client` is None without Redis. `limits` may be a function, asked at every step, so that settings can change while
    the program runs. `processes` is how many share an account without seeing each other when Redis is away.
    """

    def __init__(
        self,
        client: redis.Redis | None,
        limits: Limits | Callable[[], Limits] = STANDARD,
        *,
        processes: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = RedisLedger(client) if client is not None else None
        self._local = LocalLedger()
        self._limits: Callable[[], Limits] = limits if callable(limits) else lambda: limits
        self._processes = processes
        self._outage = Outage("governor", monotonic)

    def reserve(self, ask: Ask, now: float) -> Reserved:
        """Leave to send `ask` at `now` (epoch seconds), or a `Wait`. One round trip."""
        limits = self._limits()
        answer = self._try(lambda ledger: ledger.reserve(ask, limits, now))
        if answer is None:
            metrics.GOVERNOR_LOCAL.inc()
            answer = self._local.reserve(ask, limits.shared_by(self._processes), now)
        if isinstance(answer, Wait):
            metrics.GOVERNOR_DECISIONS.labels(ask.lane.value, answer.why.value).inc()
            metrics.GOVERNOR_REFUSED.labels(ask.lane.value, answer.why.value).inc(answer.seconds)
            if answer.why in _TO_THE_RESET:
                metrics.RESET_WAITS.inc()
        else:
            metrics.GOVERNOR_DECISIONS.labels(ask.lane.value, Why.OK.value).inc()
        return answer

    def report(self, grant: Grant, quota: Quota | None, cost: int | None, verdict: Verdict, now: float) -> None:
        """The call is over: give its slot back, correct the ledger, and let the account rest after a refusal.

        `quota` is what the answer's headers or `rateLimit` said; without it `cost` is charged (None: what was asked;
        0: nothing was sent). `verdict` is `judge`'s. One round trip.
        """
        account = grant.ask.account
        if quota is not None:
            metrics.QUOTAS.show(account, quota)
        if isinstance(verdict, Wait) and verdict.why in PRIMARY | SECONDARY:
            metrics.RATE_LIMIT_EVENTS.labels(verdict.why.value).inc()
            log.warning(
                "GitHub refused a call",
                extra={"why": verdict.why.value, "seconds": verdict.seconds, "account": account},
            )
        # The local ledger hears of everything, so that it does not start from nothing when Redis goes away.
        self._local.report(grant, quota, cost, verdict, now)
        if not grant.local:
            self._try(lambda ledger: ledger.report(grant, quota, cost, verdict, now))

    def learn(self, account: str, quota: Quota, now: float | None = None) -> None:
        """Take in a reading that belongs to no call of ours, as `/rate_limit` gives it."""
        now = time.time() if now is None else now
        metrics.QUOTAS.show(account, quota)
        self._local.learn(account, quota, now)
        self._try(lambda ledger: ledger.learn(account, quota, now))

    def status(self, accounts: Sequence[str], now: float | None = None) -> Mapping[str, tuple[Quota, ...]]:
        """The last readings of these accounts, by bucket; a window that is over counts as full. One round trip."""
        return {account: status.quotas for account, status in self.describe(accounts, now).items()}

    def describe(self, accounts: Sequence[str], now: float | None = None) -> Mapping[str, AccountStatus]:
        """The same, with what rests and why, and how many calls are under way."""
        now = time.time() if now is None else now
        shared = self._try(lambda ledger: ledger.describe(accounts, now))
        return self._local.describe(accounts, now) if shared is None else shared

    def _try(self, step: Callable[[Ledger], T]) -> T | None:
        shared = self._shared
        return None if shared is None else self._outage.attempt(lambda: step(shared))


@cache
def governor() -> Governor:
    """The governor of this process, by the settings. Without Redis the web processes and the worker share the limits
    evenly."""
    return Governor(connection.client(), lambda: live.policy().limits, processes=settings.HUBCACHE_WORKERS + 1)
