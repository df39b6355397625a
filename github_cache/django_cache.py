"""Django's cache framework over CacheService: the same store, breaker and bounds for sessions and for Django's `cache`.

While the store is away everything is a miss, and what was changed meanwhile is dropped from it before it is read
again: a session that was ended then stays ended. Values are JSON, keys any text, times at most 30 days.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from github_cache import store
from github_cache.keys import digest
from github_cache.service import CacheService
from github_cache.store.operations import MAX_TTL


class StoreCache(BaseCache):
    """A backend for CACHES; its LOCATION is the namespace."""

    def __init__(self, namespace: str, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)
        self._values = CacheService(namespace)

    def make_key(self, key: str, version: int | None = None) -> str:
        return digest(super().make_key(key, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.get_many([key], version).get(key, default)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        if not store.get().reachable():
            # Its stand-in is a memory of this process, which does not hear what others end.
            return {}
        made = {self.make_key(key, version): key for key in keys}
        return {made[key]: value for key, value in self._values.get_many(made).items()}

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self.get_many([key], version))

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        seconds = self._seconds(timeout)
        return seconds > 0 and self._values.add(self.make_key(key, version), value, seconds)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self.set_many({key: value}, timeout, version)

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        made, seconds = {self.make_key(key, version): value for key, value in data.items()}, self._seconds(timeout)
        if seconds > 0:
            self._values.set_many(made, seconds)
        else:
            self._values.delete_many(made)
        return []

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        seconds = self._seconds(timeout)
        return self._values.touch(self.make_key(key, version), seconds) if seconds > 0 else self.delete(key, version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        if not self.has_key(key, version):
            raise ValueError(f"key: there is nothing under {key!r} to add to")
        return self._values.increment(self.make_key(key, version), delta)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self.delete_many([key], version) == 1

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> int:
        return self._values.delete_many(self.make_key(key, version) for key in keys)

    def clear(self) -> None:
        self._values.clear_namespace()

    def _seconds(self, timeout: Any) -> int:
        """Whole seconds up to MAX_TTL, which also stands for `None`, no end; 0 or less: not to be kept."""
        wanted = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return MAX_TTL if wanted is None else min(math.ceil(wanted), MAX_TTL)
