"""A warm-up of one tenant: refreshes what people use, in the order of warming.plan, and stops where the budget does."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from github_cache import gateway, holding, hot, store, warming
from github_cache.asks import Ask
from github_cache.upstream.errors import UpstreamError
from github_cache.warming import Use
from ratelimit import live
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

HORIZON = 300.0
"""Seconds between two rounds."""

logger = logging.getLogger("hubcache.warming")


@dataclass(frozen=True, slots=True)
class Round:
    """What a round came to: `refreshed`, `failed`, and `left` undone, with the `wait` that ended it in seconds."""

    refreshed: int
    failed: int
    left: int
    wait: float | None = None


def planned(tenant: str, now: float) -> tuple[Ask, ...]:
    """What should be refreshed now, in its order."""
    return warming.plan(_uses(tenant, now), now, HORIZON)


def run(tenant: str) -> Round:
    """One round in the lane that leaves room for people. Where a limit ends it, it says what is left."""
    asks = planned(tenant, time.time())
    refreshed = failed = 0
    for number, ask in enumerate(asks):
        try:
            answer = gateway.refresh(ask, Lane.WARM)
        except UpstreamError as error:
            failed += 1
            logger.info("not warmed", extra={"tenant": tenant, "kind": ask.route.kind, "why": error.message})
            continue
        if isinstance(answer, Wait):
            logger.info(
                "warm-up stopped", extra={"tenant": tenant, "left": len(asks) - number, "why": answer.why.value}
            )
            return Round(refreshed, failed, len(asks) - number, answer.seconds)
        refreshed += 1
    return Round(refreshed, failed, 0)


def _uses(tenant: str, now: float) -> Iterator[Use]:
    policy = live.policy()
    for scope in store.get().scopes(tenant):
        for ask, used_at in hot.used(tenant, scope):
            kept = holding.look(ask, now, policy).kept
            fresh = kept is not None and kept.held.current and kept.held.permitted
            yield Use(ask, used_at, kept.held.stored_at + kept.held.lifetime if kept and fresh else 0.0)
