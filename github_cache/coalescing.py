"""One flight per missing entry, over all processes: one caller fetches, the others wait for what it stores.

The flight is a lease that its process renews; a holder that is killed is followed by another within LEASE_SECONDS.
A fetch that fails does so for its own caller only: those who waited are told that nothing landed, at once, and can
serve what they have. Without a shared store the lease is the process's own.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Generic, TypeVar

from github_cache import keys, metrics, store
from github_cache.store.contract import Store
from github_cache.store.operations import Fail, Get, Keep, Release, Take, failed

T = TypeVar("T")

LEASE_SECONDS = 4
RENEW_SECONDS = 1.0
FAILURE_SECONDS = 5
"""How long those who waited can learn that the flight failed."""
_FIRST_LOOK, _LONGEST_LOOK = 0.01, 0.05


class Role(StrEnum):
    LEADER = "leader"
    FOLLOWER = "follower"
    TIMED_OUT = "timed_out"
    """Nothing landed within the patience, or the flight that was waited for failed."""


@dataclass(frozen=True, slots=True)
class Flight(Generic[T]):
    """What came of it. `value` is None exactly where the role is TIMED_OUT."""

    value: T | None
    role: Role


class _Local:
    """A flight of this process, for its other threads."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failed = False


class Coalescer:
    """The flights of one process over a store."""

    def __init__(self, shared: Callable[[], Store]) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._flights: dict[str, _Local] = {}
        self._leases: dict[str, bytes] = {}
        self._renewing = False

    def fly(
        self, entry_key: str, fetch: Callable[[], T], *, landed: Callable[[], T | None], patience: float
    ) -> Flight[T]:
        """`fetch()` by one caller at a time for this key; for the others `landed()` once that is over.

        `landed` tells what a flight stored since the caller began, or None. `patience` in seconds bounds the waiting,
        not the fetching. What `fetch` raises is raised to the caller that led.
        """
        ends = time.monotonic() + patience
        while True:
            with self._lock:
                local = self._flights.get(entry_key)
                if leads := local is None:
                    local = self._flights[entry_key] = _Local()
            if leads:
                return self._counted(self._lead(entry_key, local, fetch, landed, ends))
            local.over.wait(max(0.0, ends - time.monotonic()))
            value = landed()
            if value is not None:
                return self._counted(Flight(value, Role.FOLLOWER))
            if local.failed or time.monotonic() >= ends:
                return self._counted(Flight(None, Role.TIMED_OUT))

    def _lead(
        self, entry_key: str, local: _Local, fetch: Callable[[], T], landed: Callable[[], T | None], ends: float
    ) -> Flight[T]:
        """This process's one caller takes the lease, or waits for the process that holds it."""
        local.failed = True
        try:
            flight = self._across(keys.flight(entry_key), fetch, landed, ends)
            local.failed = flight.role is Role.TIMED_OUT
            return flight
        finally:
            with self._lock:
                del self._flights[entry_key]
            local.over.set()

    def _across(self, lease: str, fetch: Callable[[], T], landed: Callable[[], T | None], ends: float) -> Flight[T]:
        mine = secrets.token_hex(8).encode()
        pause, look = threading.Event(), _FIRST_LOOK
        while True:
            holder = self._shared().perform([Take(lease, mine, LEASE_SECONDS)])[0]
            if holder == mine:
                return self._holding(lease, mine, fetch, landed)
            while (held := self._shared().perform([Get(lease)])[0]) == holder and time.monotonic() < ends:
                pause.wait(look)
                look = min(2 * look, _LONGEST_LOOK)
            value = landed()
            if value is not None:
                return Flight(value, Role.FOLLOWER)
            if time.monotonic() >= ends or (isinstance(holder, bytes) and held == failed(holder)):
                return Flight(None, Role.TIMED_OUT)

    def _holding(self, lease: str, mine: bytes, fetch: Callable[[], T], landed: Callable[[], T | None]) -> Flight[T]:
        """Fetches, unless a flight landed between this caller's look and its lease."""
        left: Fail | Release = Fail(lease, mine, FAILURE_SECONDS)
        self._renew_while_held(lease, mine)
        try:
            value = landed()
            flight = Flight(fetch(), Role.LEADER) if value is None else Flight(value, Role.FOLLOWER)
            left = Release(lease, mine)
            return flight
        finally:
            with self._lock:
                del self._leases[lease]
            self._shared().perform([left])

    def _renew_while_held(self, lease: str, mine: bytes) -> None:
        with self._lock:
            self._leases[lease] = mine
            starts = not self._renewing
            self._renewing = True
        if starts:
            threading.Thread(target=self._renew, name="flights", daemon=True).start()

    def _renew(self) -> None:
        """Renews the leases of all flights of this process, for as long as the process lives."""
        pause = threading.Event()
        while True:
            pause.wait(RENEW_SECONDS)
            with self._lock:
                held = [Keep(lease, holder, LEASE_SECONDS) for lease, holder in self._leases.items()]
            if held:
                self._shared().perform(held)

    @staticmethod
    def _counted(flight: Flight[T]) -> Flight[T]:
        metrics.FLIGHTS.labels(flight.role.value).inc()
        return flight


@cache
def _coalescer() -> Coalescer:
    return Coalescer(store.get)


os.register_at_fork(after_in_child=_coalescer.cache_clear)


def fly(entry_key: str, fetch: Callable[[], T], *, landed: Callable[[], T | None], patience: float) -> Flight[T]:
    """`Coalescer.fly` over the store of this process."""
    return _coalescer().fly(entry_key, fetch, landed=landed, patience=patience)
