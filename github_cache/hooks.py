"""Which kinds a healthy webhook covers, as the floor above reports it; they live the long column of the TTL table.

A report is good until the time that it names, so silence ends it. One of an organisation's hook counts for the
organisation and for all of its repositories.
"""

import logging
import time
from collections.abc import Iterable

from github_cache import keys, store
from github_cache.keys import Scope
from github_cache.memory import Memory

logger = logging.getLogger("hubcache.hooks")

_OWNER_SECONDS = 5.0
_owners: Memory[tuple[str, Scope], bytes | None] = Memory(10_000)
forget_all = _owners.forget_all


def key(tenant: str, scope: Scope) -> str:
    """Where the report about a scope's hook stands; in the scope's own slot, so that it comes with its entries."""
    return keys.entry(tenant, scope, "hook")


def report(tenant: str, scope: Scope, kinds: Iterable[str], until: float) -> None:
    """A hook of this scope delivers what touches `kinds`, and is healthy until `until` (epoch seconds)."""
    seconds = int(until - time.time())
    if seconds > 0:
        store.get().set(key(tenant, scope), f"{until:.0f} {','.join(sorted(kinds))}".encode(), seconds)
    else:
        store.get().delete_plain(key(tenant, scope))
    _owners.forget((tenant, scope))


def covers(tenant: str, scope: Scope, kind: str) -> bool:
    """Is this kind of this very scope covered now? Asks the store."""
    return told_of(store.get().get(key(tenant, scope)), kind, time.time())


def covered_by_owner(tenant: str, owner: Scope | None, kind: str, now: float) -> bool:
    """Is it covered by the hook of the organisation that the scope belongs to? At most 5 s old."""
    if owner is None:
        return False
    known = _owners.get((tenant, owner), now)
    if known is None:
        report_of_owner = store.get().get(key(tenant, owner))
        _owners.put((tenant, owner), report_of_owner, now + _OWNER_SECONDS)
        return told_of(report_of_owner, kind, now)
    return told_of(known.value, kind, now)


def told_of(report_bytes: bytes | None, kind: str, now: float) -> bool:
    """Does a stored report cover this kind at `now`? What cannot be read covers nothing."""
    if not report_bytes:
        return False
    until, _, kinds = report_bytes.decode("ascii", "replace").partition(" ")
    return until.isdecimal() and now < int(until) and kind in kinds.split(",")
