"""What people asked for lately, per scope: a bounded list, so that it can be fetched before they ask again.

Only asks that the tenant's own credentials can repeat are remembered. A process notes an ask at most once in
NOTE_SECONDS, and in the background: a hit pays for a look into a table.
"""

import threading
import time

import orjson

from github_cache import asks, keys, room, scoping, store
from github_cache.asks import Ask
from github_cache.keys import Scope
from github_cache.memory import Memory

NOTE_SECONDS = 600.0
KEPT_SECONDS = 24 * 3600
MOST = 50
"""Asks remembered per scope; the oldest go first."""

_noted: Memory[tuple[str, object], None] = Memory(20_000)
_writing = threading.Lock()
forget_all = _noted.forget_all


def note(ask: Ask, now: float) -> None:
    """Somebody uses this ask at `now` (epoch seconds)."""
    if ask.route.scope == "tenant" or ask.route.revalidate or not ask.caller.uses_pool:
        return
    key = (ask.tenant, ask.target)
    if _noted.get(key, now) is None and (place := scoping.locate(ask.tenant, ask.match)) is not None:
        scope = place.scope
        if room.background().submit(f"hot:{ask.tenant}:{ask.target}", lambda: _write(ask, scope, now)):
            _noted.put(key, None, now + NOTE_SECONDS)


def _write(ask: Ask, scope: Scope, now: float) -> None:
    written = asks.written(ask)
    if written is None:
        return
    # One after the other, or two would each write a list without the other's ask.
    with _writing:
        uses = {**_used(ask.tenant, scope), written.decode(): now}
        latest = sorted(uses.items(), key=lambda item: item[1])[-MOST:]
        store.get().set(_key(ask.tenant, scope), orjson.dumps(latest), KEPT_SECONDS)


def lately(tenant: str, scope: Scope) -> tuple[Ask, ...]:
    """What was asked within KEPT_SECONDS, the latest first."""
    return tuple(ask for ask, _ in used(tenant, scope))


def used(tenant: str, scope: Scope) -> list[tuple[Ask, float]]:
    """The same, with when it was asked last (epoch seconds)."""
    limit = time.time() - KEPT_SECONDS
    latest = sorted(_used(tenant, scope).items(), key=lambda item: -item[1])
    found = ((asks.read(tenant, written.encode()), at) for written, at in latest if at > limit)
    return [(ask, at) for ask, at in found if ask is not None]


def _key(tenant: str, scope: Scope) -> str:
    return keys.entry(tenant, scope, "hot")


def _used(tenant: str, scope: Scope) -> dict[str, float]:
    data = store.get().get(_key(tenant, scope))
    try:
        return {str(ask): float(at) for ask, at in orjson.loads(data)} if data else {}
    except (ValueError, TypeError):
        return {}
