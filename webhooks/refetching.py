"""Fetches again what people asked for lately of kinds that deliveries touched, so that it is there before they ask.

What is not hot is left to the next reader: it is stale by its epoch, so nobody is given the old state.
"""

import logging
import time

from django.core.cache import cache

from github_cache import gateway, hot
from github_cache.asks import Ask
from github_cache.keys import Scope
from github_cache.upstream.errors import Refused
from ratelimit.budget import Lane
from ratelimit.verdict import Wait
from webhooks import debounce, metrics

log = logging.getLogger("hubcache.webhooks")


def hot_asks(tenant: str, scope: Scope, kinds: frozenset[str]) -> tuple[Ask, ...]:
    """What was asked for lately of these kinds of a scope."""
    return tuple(ask for ask in hot.lately(tenant, scope) if ask.route.kind in kinds)


def refetch(asked: tuple[Ask, ...], until: float) -> dict[str, int] | Wait:
    """Asks GitHub anew for each, and returns how many of each kind; none is begun after `until` (monotonic seconds).

    A Wait where the budget of webhooks is used up. Raises UpstreamError where GitHub fails; refusals are left alone.
    """
    done: dict[str, int] = {}
    for ask in asked:
        if time.monotonic() > until:
            log.info("no time left to refetch", extra={"tenant": ask.tenant, "left": len(asked) - sum(done.values())})
            break
        try:
            answer = gateway.refresh(ask, Lane.WEBHOOK)
        except Refused as refused:
            log.info("refetch refused", extra={"tenant": ask.tenant, "kind": ask.route.kind, "status": refused.status})
            continue
        if isinstance(answer, Wait):
            return answer
        done[ask.route.kind] = done.get(ask.route.kind, 0) + 1
        metrics.webhook_refetches_total.labels(ask.route.kind).inc()
    return done


def turn(tenant: str, shared: str, newest: float) -> float | None:
    """Whether to fetch now what deliveries about many repositories touch together, as they do an organisation's list.

    None: now. 0: someone began to, late enough to see what happened at `newest` (epoch seconds). Otherwise in how many
    seconds to ask for a turn again.
    """
    key, now = f"webhooks:turn:{tenant}:{shared}", time.time()
    if cache.add(key, now, timeout=debounce.RHYTHM.longest):
        return None
    begun = cache.get(key)
    if begun is None:
        return None
    return 0.0 if begun >= newest + debounce.RHYTHM.quiet else max(0.1, begun + debounce.RHYTHM.longest - now)
