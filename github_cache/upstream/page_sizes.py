"""How much to ask for at once (pure): halved where GitHub ran out of time or refused the size, and grown again.

After GROW_AFTER answers in a row it grows by a quarter, up to its ceiling; so a bad minute is not paid for all day.
"""

import threading
from dataclasses import dataclass

GROW_AFTER = 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the size of a query's pages begins, and how far it may grow."""

    start: int
    most: int


class PageSizes:
    """The sizes that a process has found to work, by query. Safe for threads."""

    def __init__(self, bounds: dict[str, Bounds]) -> None:
        self._bounds = bounds
        self._sizes = {name: bound.start for name, bound in bounds.items()}
        self._well = dict.fromkeys(bounds, 0)
        self._lock = threading.Lock()

    def of(self, name: str) -> int:
        """The size to ask for now."""
        return self._sizes[name]

    def shrink(self, name: str, asked: int) -> int | None:
        """`asked` was too much: the size to try next, or None where one was asked for already."""
        if asked <= 1:
            return None
        with self._lock:
            self._sizes[name] = min(self._sizes[name], asked // 2)
            self._well[name] = 0
            return self._sizes[name]

    def went_well(self, name: str, asked: int) -> int:
        """`asked` was answered; the size to ask for from now on. A page that was not full says nothing."""
        with self._lock:
            if asked >= self._sizes[name]:
                self._well[name] += 1
                if self._well[name] >= GROW_AFTER:
                    self._well[name] = 0
                    most = self._bounds[name].most
                    self._sizes[name] = min(self._sizes[name] + max(self._sizes[name] // 4, 1), most)
            return self._sizes[name]

    def forget(self) -> None:
        """Back to where every size begins."""
        with self._lock:
            self._sizes = {name: bound.start for name, bound in self._bounds.items()}
            self._well = dict.fromkeys(self._bounds, 0)
