"""How often answers were repeated, counted in memory and told to the metrics once a second.

A repeat takes a few microseconds; a counter that processes share, with its lock, its check for a fork and its file,
would be a third of that. What counts here is an iterator, since to take its next number is atomic without a lock.
"""

import itertools
import os
import threading
from functools import cache

from github_cache import metrics

EVERY_SECONDS = 1.0


class Repeats:
    """Pending counts by tenant and kind. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], itertools.count] = {}
        self._told: dict[tuple[str, str], int] = {}
        self._teller: threading.Thread | None = None

    def add(self, about: tuple[str, str]) -> None:
        """One more, of this tenant and kind."""
        count = self._counts.get(about)
        if count is None:
            count = self._counts.setdefault(about, itertools.count(1))
        next(count)
        if self._teller is None:
            self._start()

    def tell(self) -> None:
        """Adds what is pending to the metrics."""
        with self._lock:
            for about, count in tuple(self._counts.items()):
                # Looking takes a number too.
                seen = next(count)
                number, self._told[about] = seen - 1 - self._told.get(about, 0), seen
                metrics.HOT_REPEATS.labels(*about).inc(number)

    def _start(self) -> None:
        with self._lock:
            if self._teller is None:
                self._teller = threading.Thread(target=self._run, name="repeats", daemon=True)
                self._teller.start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(EVERY_SECONDS):
            self.tell()


@cache
def repeats() -> Repeats:
    """The counts of this process; a child begins with none, since the thread that tells them did not come along."""
    return Repeats()


os.register_at_fork(after_in_child=repeats.cache_clear)
