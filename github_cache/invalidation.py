"""Invalidation: new epochs for what an event or an operator names, so that it is asked for again before it is served.

Everything that was fetched before is stale from then on, in every process; entries with a validator are kept, to be
revalidated for free. A purge deletes those too: for what became private or was deleted, and for manual clears.
Nothing raises; what cannot be written while the store is away is carried out before it is read again.
"""

from collections.abc import Iterable, Mapping, Sequence

from github_cache import keys, metrics, store
from github_cache.keys import Scope
from github_cache.nearcache import memory
from github_cache.store.contract import Removed, every_kind

__all__ = [
    "Removed",
    "by_key",
    "by_kind",
    "by_kinds",
    "by_scope",
    "by_tenant",
    "callers_changed",
    "everything",
    "purge_scope",
]


def by_kind(tenant: str, scope: Scope, kinds: Iterable[str]) -> Removed:
    """These kinds of a scope. Raises ValueError for a tenant or kind that cannot stand in a key."""
    return by_kinds(tenant, {scope: kinds})


def by_kinds(tenant: str, kinds: Mapping[Scope, Iterable[str]]) -> Removed:
    """The same for several scopes, in one trip to the store."""
    wanted = {scope: tuple(dict.fromkeys(names)) for scope, names in kinds.items()}
    return _counted(tenant, wanted, store.get().renew_all(tenant, wanted))


def by_scope(tenant: str, scope: Scope) -> Removed:
    """Every kind of a scope."""
    return by_kind(tenant, scope, every_kind(scope))


def purge_scope(tenant: str, scope: Scope) -> Removed:
    """Every kind of a scope, and every entry of it is deleted."""
    return _counted(tenant, {scope: every_kind(scope)}, store.get().purge(tenant, scope))


def by_key(tenant: str, scope: Scope, entry_key: str) -> Removed:
    """One entry is deleted, and the kinds that it belongs to are invalidated, since copies of it bear their epochs."""
    found = store.readable(entry_key, store.get().read(entry_key, ()).data)
    mine = f"{keys.epoch_prefix(tenant)}{scope}:"
    borne = [epoch for epoch, _ in found.epochs] if found is not None else []
    kinds = [epoch.removeprefix(mine) for epoch in borne if epoch.startswith(mine)]
    deleted = store.get().delete(tenant, scope, entry_key)
    return _deleted(tenant, kinds, Removed(0, deleted)) + (by_kind(tenant, scope, kinds) if kinds else Removed())


def by_tenant(tenant: str) -> Removed:
    """Everything that is kept for a tenant is deleted."""
    removed = _deleted(tenant, (), store.get().purge_tenant(tenant))
    memory().clear()
    return removed + callers_changed(tenant)


def everything() -> Removed:
    """Everything that is kept for any tenant is deleted."""
    removed = _deleted("every", (), store.get().purge_tenant(None))
    memory().clear()
    return removed


def callers_changed(tenant: str) -> Removed:
    """A key, a token or a credential of the tenant was revoked: no answer that was given before is repeated."""
    return by_kind(tenant, Scope("tenant", tenant), (keys.CALLERS,))


def _counted(tenant: str, kinds: Mapping[Scope, Sequence[str]], removed: Removed) -> Removed:
    """This process forgets at once; the others hear of the epochs."""
    memory().drop(keys.epoch(tenant, scope, kind) for scope, names in kinds.items() for kind in names)
    renewed = [kind for names in kinds.values() for kind in names]
    for kind in renewed:
        metrics.INVALIDATIONS.labels(kind).inc()
    return _deleted(tenant, renewed, removed)


def _deleted(tenant: str, kinds: Sequence[str], removed: Removed) -> Removed:
    metrics.DELETED.labels(tenant, kinds[0] if len(kinds) == 1 else "several").inc(removed.entries)
    return removed
