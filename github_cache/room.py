"""Room for those who wait for GitHub: at most half of a process's threads, so that hits, health and webhooks never
queue behind a slow GitHub; and a few threads that revalidate what was served stale.

Who finds no seat stands for a moment where there is room for that: the readers of one flight get up together, and those
who stood find what it brought. One thread in RESERVED never does either.
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections

from github_cache.upstream import tally
from ratelimit.verdict import Wait, Why

logger = logging.getLogger("hubcache.room")

T = TypeVar("T")

PATIENCE = 5.0
MOMENT = 1.0
"""Seconds that somebody stands."""
RESERVED = 8
"""One of so many threads neither waits for GitHub nor for a seat, and one at least."""
NO_ROOM = Wait(1.0, Why.CONCURRENCY)
"""What is answered where no seat is free."""

BACKGROUND_THREADS = 4
MOST_WAITING = 100
"""Revalidations that wait for a thread; past that an entry stays stale until it is asked for again."""


@cache
def _seats() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.HUBCACHE_THREADS // 2))


@cache
def _standing() -> threading.BoundedSemaphore:
    threads = settings.HUBCACHE_THREADS
    return threading.BoundedSemaphore(max(0, threads - max(1, threads // 2) - max(1, threads // RESERVED)))


_this_thread = threading.local()


@contextmanager
def seat() -> Iterator[bool]:
    """Whether this thread may wait for GitHub within the block; who has a seat keeps it. Never waits itself."""
    if getattr(_this_thread, "seated", False):
        yield True
        return
    with _seated(_seats().acquire(blocking=False)) as got:
        yield got


@contextmanager
def _seat_soon() -> Iterator[bool]:
    """The same, standing for a MOMENT until a seat is free, where there is room for that."""
    standing = _standing()
    got = standing.acquire(blocking=False)
    if got:
        try:
            got = _seats().acquire(timeout=MOMENT)
        finally:
            standing.release()
    with _seated(got):
        yield got


@contextmanager
def _seated(got: bool) -> Iterator[bool]:
    _this_thread.seated = got
    try:
        yield got
    finally:
        _this_thread.seated = False
        if got:
            _seats().release()


def patiently(ask: Callable[[], T | Wait]) -> T | Wait:
    """What `ask` gives; where it says to wait for a moment, after that moment, on a seat. For views only.

    A client of GitHub's knows no refusal for two writes within a second, or for the first calls of a new token; so
    such a wait is borne for it, up to PATIENCE seconds in all. Where there is no seat it stands for a MOMENT, and asks
    again.
    """
    answer = ask()
    if answer is NO_ROOM:
        with _seat_soon() as got:
            if got:
                answer = ask()
    left = PATIENCE
    while isinstance(answer, Wait) and answer is not NO_ROOM and 0 < answer.seconds <= left:
        with seat() as got:
            if not got:
                return answer
            time.sleep(answer.seconds)
            left -= answer.seconds
            answer = ask()
    return answer


class Background:
    """Runs jobs in a few threads of this process, each key once at a time; drops what does not fit."""

    def __init__(self, threads: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hubcache-background")
        self._most = most
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    def submit(self, key: str, job: Callable[[], object]) -> bool:
        """Runs `job` soon, unless one of that key is under way or too many wait; whether it will.

        It runs in the caller's context, so that log lines and calls to GitHub bear the ID of the request behind it.
        """
        with self._lock:
            if key in self._keys or len(self._keys) >= self._most:
                return False
            self._keys.add(key)
        self._pool.submit(contextvars.copy_context().run, self._run, key, job)
        return True

    @property
    def busy(self) -> bool:
        """True while a job waits or runs."""
        return bool(self._keys)

    def _run(self, key: str, job: Callable[[], object]) -> None:
        try:
            with tally.continued():
                job()
        except Exception:
            # Nobody waits for it; what is held stays as it is.
            logger.warning("a revalidation in the background failed", exc_info=True)
        finally:
            with self._lock:
                self._keys.discard(key)
            close_old_connections()


@cache
def background() -> Background:
    """The one of this process; made at its first use, hence after a fork."""
    return Background(BACKGROUND_THREADS, MOST_WAITING)
