"""What a process remembers for some seconds: a bounded table whose values end by themselves (pure)."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Remembered(Generic[V]):
    """A value (which may be None) and when it ends."""

    value: V
    until: float


class Memory(Generic[K, V]):
    """At most `size` values; the oldest goes first. Safe between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[K, Remembered[V]] = {}
        self._lock = threading.Lock()

    def get(self, key: K, now: float) -> Remembered[V] | None:
        """What is remembered and has not ended at `now`."""
        found = self._kept.get(key)
        return found if found is not None and now < found.until else None

    def put(self, key: K, value: V, until: float) -> None:
        """Remembers a value until then."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = Remembered(value, until)
            if len(self._kept) > self._size:
                del self._kept[next(iter(self._kept))]

    def forget(self, key: K) -> None:
        """Drops one value."""
        with self._lock:
            self._kept.pop(key, None)

    def forget_all(self) -> None:
        """Drops everything."""
        with self._lock:
            self._kept.clear()
