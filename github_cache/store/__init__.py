"""The one store of this process: Redis where it is configured, else the database; a memory while that is away."""

from functools import cache

from django.conf import settings
from redis import Redis

from github_cache import entries, metrics
from github_cache.entries import Entry
from github_cache.store.contract import Found, Removed, Store
from github_cache.store.database import DatabaseStore
from github_cache.store.failover import Failover, Primary
from github_cache.store.memory import MemoryStore
from github_cache.store.pending import Pending, Rows
from github_cache.store.redis import RedisStore
from ratelimit import connection

__all__ = ["Failover", "Found", "Removed", "Store", "get", "over", "readable"]

MEMORY_BYTES = 64 * 1024 * 1024
"""Bound of the memory that stands in for a store that is away."""
MEMORY_EPOCH_SECONDS = 60.0
"""How long an entry may be fresh there without asking GitHub. Invalidations by processes that miss the store too are
heard of within a second; this bounds what a process overlooks that alone cannot reach it."""


@cache
def get() -> Failover:
    """The store; the same one each time. It never raises: see failover.py."""
    if not settings.REDIS_ENABLED:
        return _failover(DatabaseStore(), "database")
    return over(
        connection.connect(
            settings.REDIS_URL, timeout=settings.REDIS_SOCKET_TIMEOUT, max_connections=settings.REDIS_MAX_CONNECTIONS
        )
    )


def over(client: Redis) -> Failover:
    """A store in the Redis of `client`, whose pool must serve nothing else; with a memory for when it is away."""
    return _failover(RedisStore(client), "redis")


def readable(key: str, data: bytes | None) -> Entry | None:
    """The entry that was found under a key. One that cannot be read is none, counted, and dropped."""
    found = None if data is None else entries.decode(data)
    if found is None or isinstance(found, Entry):
        return found
    metrics.CORRUPT.inc()
    get().delete_plain(key)
    return None


def _failover(primary: Primary, name: str) -> Failover:
    memory = MemoryStore(MEMORY_BYTES, epoch_seconds=MEMORY_EPOCH_SECONDS)
    return Failover(primary, memory, Pending(Rows()), name=name)
