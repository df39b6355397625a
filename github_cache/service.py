"""CacheService: a namespace of small JSON values with times to live, counters and batches, for any app.

Over the store of this process, or over a client of one's own. It fails open: while Redis is away a value is a miss or
comes from the process's memory, and what was changed meanwhile is dropped from Redis before it is read again. Values
are JSON with a version `v`, over 32 KB compressed; one that cannot be read is a miss, counted and dropped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import redis
from django.conf import settings

from github_cache import keys, metrics, store
from github_cache.store.failover import Failover
from github_cache.store.operations import (
    MAX_TTL,
    Add,
    Delete,
    Expire,
    Get,
    NotANumber,
    Operation,
    Outcome,
    Put,
    Take,
    TimeToLive,
)
from github_cache.store.redis import RedisStore
from github_cache.values import CORRUPT, decode, encode
from ratelimit import connection, live

DEFAULT_TTL = 3600
_MISSING = object()

Ttl = int | Callable[[], int]
KIND_TTLS: dict[str, Ttl] = {
    "facets": lambda: live.policy().value("CACHE_TTL_FACETS"),
    "search": lambda: live.policy().value("CACHE_TTL_SEARCH"),
    "stats": lambda: live.policy().value("CACHE_TTL_STATS"),
    "ratelimit": lambda: settings.RATELIMIT_WINDOW,
    "session": lambda: settings.SESSION_COOKIE_AGE,
}
"""Seconds by kind, the part of a key before its first colon; `register_kind` adds to it."""


def register_kind(kind: str, ttl: Ttl) -> None:
    """Gives keys `KIND:…` a time to live of their own, in seconds, or a function that tells it."""
    KIND_TTLS[kind] = ttl


def create_redis_client(max_connections: int | None = None) -> redis.Redis:
    """A client with a pool of its own, by the settings REDIS_*. Raises ValueError where REDIS_ENABLED is off."""
    if not settings.REDIS_ENABLED:
        raise ValueError("REDIS_ENABLED is off, or REDIS_URL and REDIS_HOST are empty: there is no Redis to connect to")
    return connection.connect(
        settings.REDIS_URL,
        timeout=settings.REDIS_SOCKET_TIMEOUT,
        max_connections=max_connections or settings.REDIS_MAX_CONNECTIONS,
    )


def ping_redis() -> bool:
    """Whether Redis answers, within REDIS_SOCKET_TIMEOUT; False where there is none."""
    client = connection.client()
    try:
        return client is not None and bool(client.ping())
    except redis.RedisError:
        return False


def get_bytes(key: str) -> bytes | None:
    """What `set_bytes` keeps under a full key out of `keys`."""
    return store.get().get(key)


def set_bytes(key: str, data: bytes, ttl: int) -> None:
    """Keeps bytes as they are for `ttl` seconds. Raises ValueError for a `ttl` that cannot be."""
    store.get().set(key, data, _checked_ttl(ttl))


class CacheService:
    """The values of one namespace; no other namespace can reach them.

    `default_ttl` in seconds is for keys whose kind has none of its own; `ttls` overrides those of KIND_TTLS. A `client`
    must serve nothing else. Raises ValueError, naming the argument, for what cannot be stored; never for Redis.
    """

    def __init__(
        self,
        namespace: str,
        default_ttl: int = DEFAULT_TTL,
        client: redis.Redis | None = None,
        ttls: Mapping[str, Ttl] | None = None,
    ) -> None:
        self._namespace = namespace
        self._index = keys.service_index(namespace)
        self._default_ttl = _checked_ttl(default_ttl, "default_ttl")
        self._ttls = dict(ttls or {})
        if client is not None and client.get_encoder().decode_responses:
            raise ValueError("client: it must be made with decode_responses=False, since values may be compressed")
        self._store = None if client is None else store.over(client)

    @property
    def client(self) -> redis.Redis | None:
        """The raw client, for what isn't offered here; None where there is no Redis."""
        primary = self._shared().primary
        return primary.client if isinstance(primary, RedisStore) else None

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is none."""
        value = self._get([key])[0]
        return default if value is _MISSING else value

    def get_many(self, wanted: Iterable[str]) -> dict[str, Any]:
        """The values that there are, by key, in one trip."""
        asked = list(wanted)
        return {key: value for key, value in zip(asked, self._get(asked), strict=True) if value is not _MISSING}

    mget = get_many

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        """Keeps a JSON value for `ttl` seconds (1 to 30 days)."""
        self.set_many({key: value}, ttl)

    def set_many(self, values: Mapping[str, Any], ttl: int | None = None) -> None:
        """Keeps several values, all or none, in one trip."""
        self._perform([self._put(key, value, ttl) for key, value in values.items()])

    def add(self, key: str, value: Any, ttl: int | None = None) -> bool:
        """Keeps a value where there is none; whether there was none."""
        put = self._put(key, value, ttl)
        there, holder = self._perform([TimeToLive(put.key), Take(put.key, put.data, put.ttl, put.index)])
        return there is None and holder == put.data

    def exists(self, key: str) -> bool:
        """Whether there is a value."""
        return self.get_ttl(key) is not None

    def delete(self, key: str) -> bool:
        """Deletes a value; whether there was one."""
        return self.delete_many([key]) == 1

    def delete_many(self, unwanted: Iterable[str]) -> int:
        """Deletes values; how many there were."""
        return sum(bool(gone) for gone in self._perform([Delete(self._key(key)) for key in unwanted]))

    def touch(self, key: str, ttl: int | None = None) -> bool:
        """Gives a value `ttl` seconds from now; whether there was one."""
        return bool(self._perform([self._expire(key, ttl)])[0])

    expire = touch

    def get_ttl(self, key: str) -> float | None:
        """Remaining seconds, None where there is no value."""
        left = self._perform([TimeToLive(self._key(key))])[0]
        return left if isinstance(left, float) else None

    def increment(self, key: str, amount: int = 1, ttl: int | None = None) -> int:
        """Adds to a whole number, atomically; a missing one counts as 0 and is kept for `ttl` seconds. The new number.

        Raises ValueError where the value is no whole number or the sum leaves 64 bits."""
        return _number(key, self._perform([self._add(key, amount, ttl)])[0])

    def decrement(self, key: str, amount: int = 1, ttl: int | None = None) -> int:
        """Takes from a whole number: see `increment`."""
        return self.increment(key, -_whole(amount), ttl)

    def clear_namespace(self) -> int:
        """Deletes every value of the namespace, by its index; how many there were."""
        gone = self._shared().clear(self._index)
        metrics.SERVICE_OPERATIONS.labels("delete", "done").inc(gone)
        return gone

    def pipeline(self) -> "Batch":
        """Operations that are collected and then carried out in one trip, all or none."""
        return Batch(self)

    def _shared(self) -> Failover:
        return self._store or store.get()

    def _perform(self, operations: Sequence[Operation]) -> list[Outcome]:
        for operation in operations:
            metrics.SERVICE_OPERATIONS.labels(type(operation).__name__.lower(), "done").inc()
        return self._shared().perform(operations)

    def _get(self, wanted: Sequence[str]) -> list[Any]:
        asked = [self._key(key) for key in wanted]
        values = [self._read(data) for data in self._shared().perform([Get(key) for key in asked])]
        if corrupt := [key for key, value in zip(asked, values, strict=True) if value is CORRUPT]:
            self._shared().perform([Delete(key) for key in corrupt])
        return [_MISSING if value is CORRUPT else value for value in values]

    def _read(self, data: Outcome) -> Any:
        value = decode(data) if isinstance(data, bytes) else _MISSING
        if value is CORRUPT:
            metrics.CORRUPT.inc()
        metrics.SERVICE_OPERATIONS.labels("get", "miss" if value in (_MISSING, CORRUPT) else "hit").inc()
        return value

    def _key(self, key: str) -> str:
        if not isinstance(key, str) or not key:
            raise ValueError(f"key: {type(key).__name__} {str(key)[:40]!r} is no text of at least one letter")
        return keys.service_entry(self._namespace, key)

    def _ttl(self, key: str, ttl: int | None) -> int:
        if ttl is not None:
            return _checked_ttl(ttl)
        kind = key.partition(":")[0]
        known = self._ttls.get(kind, KIND_TTLS.get(kind, self._default_ttl))
        return _checked_ttl(known() if callable(known) else known)

    def _put(self, key: str, value: Any, ttl: int | None) -> Put:
        return Put(self._key(key), encode(value), self._ttl(key, ttl), self._index)

    def _expire(self, key: str, ttl: int | None) -> Expire:
        return Expire(self._key(key), self._ttl(key, ttl), self._index)

    def _add(self, key: str, amount: int, ttl: int | None) -> Add:
        return Add(self._key(key), _whole(amount), self._ttl(key, ttl), self._index)


class Batch:
    """See `CacheService.pipeline`. Each method returns the batch; `execute` the outcomes, in their order."""

    def __init__(self, service: CacheService) -> None:
        self._service = service
        self._operations: list[Operation] = []
        self._meanings: list[Callable[[Outcome], Any]] = []

    def get(self, key: str) -> "Batch":
        """-> the value, or None"""

        def meaning(data: Outcome) -> Any:
            value = self._service._read(data)
            return None if value in (_MISSING, CORRUPT) else value

        return self._with(Get(self._service._key(key)), meaning)

    def set(self, key: str, value: Any, ttl: int | None = None) -> "Batch":
        """-> True"""
        return self._with(self._service._put(key, value, ttl), bool)

    def delete(self, key: str) -> "Batch":
        """-> whether there was a value"""
        return self._with(Delete(self._service._key(key)), bool)

    def expire(self, key: str, ttl: int | None = None) -> "Batch":
        """-> whether there was a value"""
        return self._with(self._service._expire(key, ttl), bool)

    def increment(self, key: str, amount: int = 1, ttl: int | None = None) -> "Batch":
        """-> the new number"""
        return self._with(self._service._add(key, amount, ttl), lambda outcome: _number(key, outcome))

    def execute(self) -> list[Any]:
        """Carries it all out, and begins anew. Raises ValueError where a number could not be added to."""
        operations, meanings = self._operations, self._meanings
        self._operations, self._meanings = [], []
        outcomes = self._service._perform(operations)
        return [meaning(outcome) for meaning, outcome in zip(meanings, outcomes, strict=True)]

    def _with(self, operation: Operation, meaning: Callable[[Outcome], Any]) -> "Batch":
        self._operations.append(operation)
        self._meanings.append(meaning)
        return self


def _checked_ttl(ttl: int, name: str = "ttl") -> int:
    if type(ttl) is not int or not 1 <= ttl <= MAX_TTL:
        raise ValueError(f"{name}: {ttl!r} is no whole number of seconds from 1 to {MAX_TTL}")
    return ttl


def _whole(amount: int) -> int:
    if type(amount) is not int or not -(2**63) < amount < 2**63:
        raise ValueError(f"amount: {amount!r} is no whole number of 64 bits")
    return amount


def _number(key: str, outcome: Outcome) -> int:
    if isinstance(outcome, int):
        return outcome
    why = outcome if isinstance(outcome, NotANumber) else "no number came back"
    raise ValueError(f"key: {key[:100]!r} cannot be added to: {why}")
