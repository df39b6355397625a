"""Carries out what a delivery touches in the cache and revokes in the index; every step may be repeated."""

from datetime import datetime

from github_cache import invalidation
from github_cache.invalidation import Removed
from github_cache.keys import Scope
from stats import indexing
from webhooks import metrics
from webhooks.affects import IndexChange, Touched


def invalidate(tenant: str, touched: Touched) -> Removed:
    """Makes stale, at once, what `touched` names; nothing is kept of what it purges. Returns how much that was."""
    removed = Removed(0, 0)
    if Scope("tenant", tenant) in touched.purged:
        removed += invalidation.by_tenant(tenant)
    for scope in touched.purged - {Scope("tenant", tenant)}:
        removed += invalidation.purge_scope(tenant, scope)
    if touched.kinds:
        removed += invalidation.by_kinds(tenant, touched.kinds)
    metrics.webhook_invalidated_epochs_total.inc(removed.epochs)
    metrics.webhook_invalidated_entries_total.inc(removed.entries)
    return removed


def revoke(tenant: str, touched: Touched, at: datetime) -> dict[int, str]:
    """Takes out of the index what nobody may find any more; `at` is when the event was received. What came of it."""
    done: dict[int, str] = {}
    for repository, change in touched.index.items():
        if change is IndexChange.PRIVATISE:
            done[repository] = indexing.privatise(tenant, repository, at).value
        elif change is IndexChange.REMOVE:
            done[repository] = indexing.remove_repository(tenant, repository, at).value
    return done
