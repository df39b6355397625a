"""The memory that hotcache repeats from: bounded in bytes, absolute expiry, dropped by tag.

A tag is an epoch's key. Nothing is kept for a tenant whose epochs are not being followed (see listening.py), nor what
began before one of its tags was dropped: so an answer that was on its way during an invalidation is never kept.
Without Redis there is nobody to follow; then what is kept lives for UNHEARD_SECONDS at most.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from django.conf import settings

from github_cache import keys, metrics
from github_cache.resources import foremost_kind

V = TypeVar("V")

UNHEARD_SECONDS = 1.0
_REMEMBERED_DROPS = 10_000
_LARGEST_SHARE = 8
"""A value over this fraction of the memory is not kept."""


@dataclass(slots=True)
class _Kept(Generic[V]):
    value: V
    size: int
    expires_at: float
    tags: frozenset[str]
    used: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment at which something began; only what was not dropped since then may be kept."""

    connection: int
    drops: int


class NearCache(Generic[V]):
    """`max_bytes` counts what `put` is told that a value takes. `clock` gives epoch seconds. Safe between threads."""

    def __init__(self, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept[V]] = OrderedDict()
        self._by_tag: dict[str, set[Hashable]] = {}
        self._bytes = 0
        self._connection = 0
        self._drops = 0
        self._dropped: OrderedDict[str, int] = OrderedDict()
        self._forgotten_drops = 0
        self._followed: frozenset[str] = frozenset()
        self._unheard = False
        self.wanted: frozenset[str] = frozenset()
        """Tenants whose epochs something was to be kept for."""

    def get(self, key: Hashable, now: float) -> V | None:
        """What is kept under `key` and has not expired at `now` (epoch seconds)."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.expires_at <= now:
            with self._lock:
                self._remove(key)
            return None
        kept.used = True
        return kept.value

    def mark(self) -> Mark:
        """To be taken before that is begun which `put` will keep."""
        with self._lock:
            return Mark(self._connection, self._drops)

    def put(self, key: Hashable, value: V, *, size: int, tags: frozenset[str], expires_at: float, mark: Mark) -> bool:
        """Keeps a value until `expires_at` (epoch seconds) or until one of its tags is dropped; whether it did."""
        if not tags or size * _LARGEST_SHARE > self._max_bytes:
            return False
        tenants = {keys.tenant_of(tag) for tag in tags}
        with self._lock:
            if not self._unheard and not tenants <= self._followed:
                self.wanted |= tenants
                return False
            if mark.connection != self._connection or mark.drops < self._forgotten_drops:
                return False
            if any(self._dropped.get(tag, 0) > mark.drops for tag in tags):
                return False
            if self._unheard:
                expires_at = min(expires_at, self._clock() + UNHEARD_SECONDS)
            self._remove(key)
            self._kept[key] = _Kept(value, size, expires_at, tags)
            for tag in tags:
                self._by_tag.setdefault(tag, set()).add(key)
            self._bytes += size
            self._make_room()
            self._show()
        return True

    def drop(self, tags: Iterable[str]) -> int:
        """Drops what bears one of the tags, and what is on its way and will; how much was there."""
        with self._lock:
            self._drops += 1
            found: set[Hashable] = set()
            for tag in tags:
                self._dropped.pop(tag, None)
                self._dropped[tag] = self._drops
                found |= self._by_tag.get(tag, set())
            while len(self._dropped) > _REMEMBERED_DROPS:
                _, self._forgotten_drops = self._dropped.popitem(last=False)
            for key in found:
                self._remove(key)
            self._show()
        metrics.HOT_DROPPED.inc(len(found))
        return len(found)

    def clear(self) -> None:
        """Drops everything, and what is on its way."""
        with self._lock:
            self._connection += 1
            self._kept.clear()
            self._by_tag.clear()
            self._bytes = 0
            self._show()

    def follow(self, tenants: frozenset[str]) -> None:
        """From now on these tenants' invalidations are heard of; what began before may have missed one."""
        with self._lock:
            self._connection += 1
            self._followed = tenants
        metrics.HOT_LISTENING.set(1)

    def unfollow(self) -> None:
        """Invalidations are no longer heard of: nothing that is kept can be relied upon."""
        with self._lock:
            self._followed = frozenset()
        self.clear()
        metrics.HOT_LISTENING.set(0)

    def live_unheard(self) -> None:
        """There is nobody to hear of invalidations from: keep things, but only for UNHEARD_SECONDS."""
        self._unheard = True

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes(self) -> int:
        return self._bytes

    def _make_room(self) -> None:
        """What was used since it was last looked at stays for another round."""
        while self._bytes > self._max_bytes:
            key = next(iter(self._kept))
            kept = self._kept[key]
            if kept.used:
                kept.used = False
                self._kept.move_to_end(key)
            else:
                self._remove(key)
                metrics.HOT_EVICTIONS.labels(keys.tenant_of(min(kept.tags)), foremost_kind(kept.tags)).inc()

    def _remove(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self._bytes -= kept.size
        for tag in kept.tags:
            bearers = self._by_tag[tag]
            bearers.discard(key)
            if not bearers:
                del self._by_tag[tag]

    def _show(self) -> None:
        metrics.HOT_BYTES.set(self._bytes)
        metrics.HOT_ANSWERS.set(len(self._kept))


@cache
def memory() -> NearCache:
    """The memory of this process. A child begins with an empty one, since no listener came along."""
    return NearCache(settings.HUBCACHE_HOTCACHE_BYTES)


os.register_at_fork(after_in_child=memory.cache_clear)
