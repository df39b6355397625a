"""Count alone for a second after Redis failed, by its silence (see connection.py) or by an error that it answered."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis

T = TypeVar("T")
log = logging.getLogger("hubcache.ratelimit")

PAUSE = 1.0
"""Seconds between two attempts while Redis is away."""


class Outage:
    """Guards the steps of one user of Redis; `monotonic` is its clock. Logs each change once."""

    def __init__(self, user: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._user = user
        self._monotonic = monotonic
        self._retry_at = 0.0
        self._away = False
        self._lock = threading.Lock()

    def attempt(self, step: Callable[[], T]) -> T | None:
        """What `step` returns; None where Redis failed, or failed less than a second ago."""
        if self._away and self._monotonic() < self._retry_at:
            return None
        try:
            result = step()
        except redis.RedisError as error:
            self._turn(away=True, because=f"{type(error).__name__}: {error}")
            return None
        if self._away:
            self._turn(away=False, because="")
        return result

    def _turn(self, *, away: bool, because: str) -> None:
        with self._lock:
            changed, self._away = self._away != away, away
            self._retry_at = self._monotonic() + PAUSE
        if changed and away:
            log.warning("Redis is away: each process counts alone", extra={"user": self._user, "error": because})
        elif changed:
            log.info("Redis is back: counting together again", extra={"user": self._user})
