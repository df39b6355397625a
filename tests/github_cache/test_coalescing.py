"""One flight per key: between threads here, between processes in test_coalescing_processes.py."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from github_cache import keys
from github_cache.coalescing import Coalescer, Flight, Role
from github_cache.store.memory import MemoryStore
from github_cache.store.operations import Delete, Get, Put, Take

KEY = "hubcache:acme:{repo:1}:meta"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(1_000_000)


def coalescer(store: MemoryStore) -> Coalescer:
    """A process's own, over a store that it shares with others."""
    return Coalescer(lambda: store)


def test_a_lone_caller_leads(store: MemoryStore) -> None:
    flight = coalescer(store).fly(KEY, lambda: "fetched", landed=lambda: None, patience=1)
    assert flight == Flight("fetched", Role.LEADER)
    assert store.get(keys.flight(KEY)) is None


@pytest.mark.parametrize("processes", [1, 4])
def test_many_cold_readers_make_one_fetch(store: MemoryStore, processes: int) -> None:
    fetches = []
    ready = threading.Barrier(32)
    flying = [coalescer(store) for _ in range(processes)]

    def fetch() -> bytes:
        fetches.append(1)
        store.set("landed", b"value", 60)
        return b"value"

    def read(number: int) -> Flight[bytes]:
        ready.wait()
        return flying[number % processes].fly(KEY, fetch, landed=lambda: store.get("landed"), patience=10)

    with ThreadPoolExecutor(32) as pool:
        flights = list(pool.map(read, range(32)))
    assert len(fetches) == 1
    assert {flight.value for flight in flights} == {b"value"}
    assert [flight.role for flight in flights].count(Role.LEADER) == 1


def test_who_takes_the_lease_after_it_landed_does_not_fetch_again(store: MemoryStore) -> None:
    def fetch() -> bytes:
        raise AssertionError("it had landed")

    flight = coalescer(store).fly(KEY, fetch, landed=lambda: b"there", patience=1)
    assert flight == Flight(b"there", Role.FOLLOWER)


def test_a_failure_reaches_its_own_caller_and_no_other(store: MemoryStore) -> None:
    flying = coalescer(store)
    follower_began, follower_looked = threading.Event(), threading.Event()

    def fetch() -> bytes:
        """Fails once the follower waits for it."""
        with ThreadPoolExecutor(1) as patient:
            follower = patient.submit(flying.fly, KEY, second_fetch, landed=looked, patience=0)
            assert follower.result().role is Role.TIMED_OUT
        follower_began.set()
        raise ConnectionError("GitHub is away")

    def second_fetch() -> bytes:
        raise AssertionError("a flight was under way")

    def looked() -> None:
        follower_looked.set()

    with pytest.raises(ConnectionError, match="GitHub is away"):
        flying.fly(KEY, fetch, landed=lambda: None, patience=10)
    assert follower_began.is_set()
    assert follower_looked.is_set()


def test_followers_of_a_failure_are_told_at_once_and_never_its_error(store: MemoryStore) -> None:
    flying, together = coalescer(store), threading.Barrier(9)
    fetches = []

    def fetch() -> bytes:
        fetches.append(1)
        raise ConnectionError("GitHub is away")

    def ask(_: int) -> str:
        together.wait()
        try:
            return flying.fly(KEY, fetch, landed=lambda: None, patience=60).role
        except ConnectionError:
            return "error"

    with ThreadPoolExecutor(9) as pool:
        outcomes = list(pool.map(ask, range(9)))
    assert outcomes.count("error") == len(fetches)
    assert set(outcomes) <= {"error", Role.TIMED_OUT}


def test_after_a_failure_the_next_caller_may_try(store: MemoryStore) -> None:
    def fail() -> str:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        coalescer(store).fly(KEY, fail, landed=lambda: None, patience=1)
    assert coalescer(store).fly(KEY, lambda: "x", landed=lambda: None, patience=1) == Flight("x", Role.LEADER)


def test_who_waited_for_a_flight_that_failed_is_told_at_once(store: MemoryStore) -> None:
    """The other process's lease turns into its failure between two looks."""
    lease = keys.flight(KEY)
    store.perform([Take(lease, b"another", 60)])
    looks = iter([None])

    class Failing(MemoryStore):
        def perform(self, operations):  # type: ignore[no-untyped-def]
            if operations == [Get(lease)]:
                store.perform([Put(lease, b"failed:another", 60)])
            return store.perform(operations)

    flight = Coalescer(lambda: Failing(1)).fly(KEY, lambda: b"x", landed=lambda: next(looks), patience=60)
    assert flight == Flight(None, Role.TIMED_OUT)


def test_patience_ends_the_waiting(store: MemoryStore) -> None:
    store.perform([Take(keys.flight(KEY), b"another", 60)])
    flight = coalescer(store).fly(KEY, lambda: b"x", landed=lambda: None, patience=0)
    assert flight == Flight(None, Role.TIMED_OUT)


def test_a_lease_that_was_lost_is_taken_by_who_waits(store: MemoryStore) -> None:
    lease = keys.flight(KEY)
    store.perform([Take(lease, b"another", 60)])

    class Losing(MemoryStore):
        def perform(self, operations):  # type: ignore[no-untyped-def]
            if operations == [Get(lease)]:
                store.perform([Delete(lease)])
            return store.perform(operations)

    flight = Coalescer(lambda: Losing(1)).fly(KEY, lambda: b"x", landed=lambda: None, patience=60)
    assert flight == Flight(b"x", Role.LEADER)
