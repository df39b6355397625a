"""The snapshot that this process answers from, fresh by generation.

Each call looks at the tenant's generation (one row, tens of microseconds); a new one makes the process read only
the repositories that changed. Readers keep what they hold. The columns of the tenants asked for last stay in
memory, up to HUBCACHE_INDEX_MEMORY bytes; the others are read again when they are asked for.
"""

import threading
from dataclasses import dataclass, field

from django.conf import settings

from stats import loading, metrics
from stats.columns import Snapshot
from stats.growing import Columns


@dataclass(slots=True)
class _Held:
    """One tenant's columns; `snapshot` is swapped whole, under the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    columns: Columns = field(default_factory=Columns)
    snapshot: Snapshot | None = None


_held: dict[str, _Held] = {}
_held_lock = threading.Lock()
_NOTHING = Columns().snapshot("", 0, "")


def current(tenant: str) -> Snapshot:
    """The tenant's index as committed now."""
    state = loading.state(tenant)
    if state is None:
        return _NOTHING
    held = _held.get(tenant)
    snapshot = held.snapshot if held else None
    if snapshot is not None and _is(snapshot, state):
        return snapshot
    with _held_lock:
        held = _held.pop(tenant, None) or _Held()
        _held[tenant] = held  # last in the order of use
    with held.lock:
        if held.snapshot is None or not _is(held.snapshot, state):
            _refresh(tenant, held)
        snapshot = held.snapshot
    assert snapshot is not None
    _keep_bounds(tenant)
    return snapshot


def forget() -> None:
    """Drop everything held; the next reader reads the database."""
    with _held_lock:
        _held.clear()


def nbytes() -> dict[str, int]:
    """Bytes held in memory, by tenant."""
    with _held_lock:
        return {tenant: held.snapshot.nbytes for tenant, held in _held.items() if held.snapshot is not None}


def _is(snapshot: Snapshot, state: loading.State) -> bool:
    return (snapshot.lineage, snapshot.generation, snapshot.changed_at) == state


def _refresh(tenant: str, held: _Held) -> None:
    state = loading.state(tenant)
    if state is None:
        held.columns, held.snapshot = Columns(), _NOTHING
        return
    known = held.snapshot
    follows = known is not None and known.lineage == state[0] and known.generation < state[1]
    columns, held.snapshot = (held.columns if follows else Columns()), None  # not half-changed, should this fail
    with metrics.index_refresh_seconds.labels("changes" if follows else "all").time():
        loading.apply_changes(tenant, columns, known.generation if follows and known else -1)
    held.columns, held.snapshot = columns, columns.snapshot(*state)
    metrics.index_generation.labels(tenant).set(state[1])
    metrics.index_bytes.labels(tenant).set(held.snapshot.nbytes)


def _keep_bounds(tenant: str) -> None:
    sizes = nbytes()
    with _held_lock:
        for other in list(_held):
            if sum(sizes.values()) <= settings.HUBCACHE_INDEX_MEMORY:
                break
            if other != tenant and other in sizes:
                del _held[other]
                del sizes[other]
                metrics.index_bytes.labels(other).set(0)
