"""The inbound limit: how many requests a caller may still make in its window, or how long it has to stay away.

Atomic in Redis, one key per caller; per process where Redis is away. The hot path spends from leases, which are parts
of the allowance that a process took ahead, so that most requests cost no round trip and never more pass in all than
the limit; a limit under 1,000 is leased one by one, so it is exact at every moment.

    hubcache:ratelimit:KEY:WINDOW   hash: when the window began, what is used, the penalty; WINDOW in seconds
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import redis
from django.conf import settings

from ratelimit import connection, metrics, window
from ratelimit.outage import Outage
from ratelimit.scripts import register

LEASED_FROM = 1_000
LEASED_PARTS = 100
"""A limit from 1,000 on is leased in hundredths."""

MOST_CALLERS = 100_000
_READABLE = re.compile(r"[A-Za-z0-9_.:/@-]{1,200}")


@dataclass(frozen=True, slots=True)
class Decision:
    """`reset` in epoch seconds: when the window ends, or the penalty. `retry_after` in seconds, 0 where allowed."""

    allowed: bool
    limit: int
    remaining: int
    reset: float
    retry_after: float

    def headers(self) -> dict[str, str]:
        """`X-RateLimit-*`, and `Retry-After` where it was refused; whole seconds, rounded up."""
        fields = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset)),
        }
        return fields if self.allowed else {**fields, "Retry-After": str(max(math.ceil(self.retry_after), 1))}


@dataclass(slots=True)
class _Lease:
    """Part of an allowance. Its requests are numbered by an iterator, which is atomic without a lock."""

    size: int
    beyond: int  # what is left in the window beside the lease
    limit: int
    until: float
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    spent: bool = False

    def take(self, limit: int, now: float) -> int:
        """The number of one more request that it covers, 0 where it does not."""
        if limit != self.limit or now >= self.until:
            return 0
        number = next(self.numbers)
        if number > self.size:
            self.spent = True
            return 0
        return number


def caller_key(rule: str, name: str) -> str:
    """The key of a caller under a rule; a name that cannot stand in a Redis key is hashed."""
    if not _READABLE.fullmatch(name):
        name = hashlib.sha256(name.encode()).hexdigest()
    return f"{rule}:{name}"


class Limiter:
    """The inbound limit over `length` seconds. `client` is None without Redis. Never raises for Redis."""

    def __init__(
        self,
        client: redis.Redis | None,
        length: int,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._length = length
        self._clock = clock
        self._outage = Outage("inbound limit", monotonic)
        self._take_shared = register(client, "spend") if client is not None else None
        self._adjust_shared = register(client, "adjust") if client is not None else None
        self._windows: OrderedDict[str, window.Window] = OrderedDict()
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()
        self._leasing = tuple(threading.Lock() for _ in range(64))

    @property
    def shared(self) -> bool:
        """Whether processes count together."""
        return self._take_shared is not None

    def spend(self, key: str, limit: int, cost: int = 1) -> Decision:
        """Take `cost` of the caller's `limit`, or refuse. One round trip."""
        now = self._clock()
        return _decision(self._take(key, limit, cost, cost, now), limit, now)

    def spend_leased(self, key: str, limit: int) -> Decision:
        """Take one, out of a lease where this process holds one: usually without any round trip."""
        now = self._clock()
        size = lease_size(limit)
        if size == 1:
            return _decision(self._take(key, limit, 1, 1, now), limit, now)
        decision = self._from_lease(key, limit, now)
        if decision is not None:
            return decision
        # One thread fetches the next lease, and the others that need it wait, so that no more is leased than is used.
        with self._leasing[hash(key) % len(self._leasing)]:
            decision = self._from_lease(key, limit, now)
            if decision is not None:
                return decision
            taken = self._take(key, limit, 1, size, now)
            if taken.count > 1:
                with self._lock:
                    if len(self._leases) >= MOST_CALLERS:
                        self._leases.clear()  # what they held counts as used
                    self._leases[key] = _Lease(taken.count - 1, taken.left, limit, taken.resets)
            in_all = taken.left + max(taken.count - 1, 0)
            return _decision(window.Taken(min(taken.count, 1), in_all, taken.resets), limit, now)

    def spend_command(self, key: str, limit: int) -> tuple[str | int, ...]:
        """EVALSHA's arguments by which somebody else's trip to Redis takes one; see deferred.py."""
        if self._take_shared is None:
            raise ValueError("a limiter without Redis has no command for it")
        return self._take_shared.sha, 1, self._key(key), *self._arguments(limit, 1, 1, self._clock())

    def spend_answered(self, answer: Any, limit: int) -> Decision:
        """What Redis answered to that."""
        return _decision(_taken(answer), limit, self._clock())

    def covered(self, key: str, limit: int, now: float) -> bool:
        """Take one out of a lease that this process holds; False where it holds none. `now` in epoch seconds."""
        lease = self._leases.get(key)
        return lease is not None and lease.take(limit, now) > 0

    def refund(self, key: str, cost: int = 1) -> None:
        """Give back what a request cost that should not count, in the window in which it still is.

        It goes into the lease that this process holds, where it holds one: that costs no round trip.
        """
        with self._lock:
            lease = self._leases.get(key)
            if lease is not None and not lease.spent and self._clock() < lease.until:
                lease.size += cost
                return
        self._adjust(key, -cost)

    def penalise(self, key: str, cost: int = 1) -> None:
        """Take `cost` more from whoever did something wrong, without asking."""
        self._adjust(key, cost)

    def _from_lease(self, key: str, limit: int, now: float) -> Decision | None:
        lease = self._leases.get(key)
        if lease is None:
            return None
        if number := lease.take(limit, now):
            return Decision(True, limit, lease.size - number + lease.beyond, lease.until, 0.0)
        with self._lock:
            if self._leases.get(key) is lease:
                del self._leases[key]
        return None

    def _take(self, key: str, limit: int, cost: int, most: int, now: float) -> window.Taken:
        script = self._take_shared
        if script is not None:
            args = self._arguments(limit, cost, most, now)
            answer = self._outage.attempt(lambda: script(keys=[self._key(key)], args=args))
            if answer is not None:
                return _taken(answer)
            metrics.INBOUND_LOCAL.inc()
        with self._lock:
            state, taken = window.take(
                self._windows.get(key), length=self._length, limit=limit, cost=cost, most=most, now=now
            )
            self._keep(key, state)
        return taken

    def _adjust(self, key: str, by: int) -> None:
        now, script = self._clock(), self._adjust_shared
        if script is not None:
            args: list[str | int] = [f"{now:.3f}", self._length, by]
            if self._outage.attempt(lambda: script(keys=[self._key(key)], args=args)) is not None:
                return
        with self._lock:
            self._keep(key, window.adjust(self._windows.get(key), length=self._length, by=by, now=now))

    def _arguments(self, limit: int, cost: int, most: int, now: float) -> list[str | int]:
        return [f"{now:.3f}", self._length, limit, cost, most]

    def _keep(self, key: str, state: window.Window) -> None:
        self._windows[key] = state
        self._windows.move_to_end(key)
        if len(self._windows) > MOST_CALLERS:
            self._windows.popitem(last=False)

    def _key(self, key: str) -> str:
        return f"hubcache:ratelimit:{key}:{self._length}"


def lease_size(limit: int) -> int:
    """How much of a limit is leased at once."""
    return 1 if limit < LEASED_FROM else limit // LEASED_PARTS


def _taken(answer: Any) -> window.Taken:
    return window.Taken(answer[0], answer[1], float(answer[2]))


def _decision(taken: window.Taken, limit: int, now: float) -> Decision:
    allowed = taken.count > 0
    return Decision(allowed, limit, taken.left, taken.resets, 0.0 if allowed else max(taken.resets - now, 0.0))


@cache
def limiter() -> Limiter:
    """The limiter of this process, by the settings REDIS_* and RATELIMIT_WINDOW."""
    return Limiter(connection.client(), settings.RATELIMIT_WINDOW)


def spend(key: str, limit: int, cost: int = 1) -> Decision:
    """`Limiter.spend` of this process's limiter."""
    return limiter().spend(key, limit, cost)


def refund(key: str | None, cost: int = 1) -> None:
    """`Limiter.refund`; does nothing for None, the key of a request that is not limited."""
    if key is not None:
        limiter().refund(key, cost)


def penalise(key: str | None, cost: int = 1) -> None:
    """`Limiter.penalise`; does nothing for None, the key of a request that is not limited."""
    if key is not None:
        limiter().penalise(key, cost)
