"""While the store is away: nothing raises, nobody waits twice, and nothing wrong is read once it is back.

The store that goes away is a real one behind a switch; real faults of Redis are in test_store_faults.py.
"""

import logging
import threading
from collections.abc import Iterable

import pytest

from github_cache import keys
from github_cache.breaker import State
from github_cache.keys import Scope
from github_cache.store.contract import Found, StoreFull, StoreRestarted, StoreUnavailable
from github_cache.store.failover import Failover
from github_cache.store.memory import MemoryStore
from github_cache.store.operations import Get, Put
from github_cache.store.pending import Pending, Waits

REPO = Scope("repo", "1")
ENTRY, EPOCH = keys.entry("acme", REPO, "meta"), keys.epoch("acme", REPO, "meta")


class Switched(MemoryStore):
    """A store that fails every step while `fault` is set; `tried` counts the steps."""

    def __init__(self) -> None:
        super().__init__(1_000_000)
        self.fault: StoreUnavailable | None = None
        self.tried: list[str] = []
        self.recovered = 0

    def __getattribute__(self, name: str):  # type: ignore[no-untyped-def]
        if name in ("read", "write", "ensure_epochs", "renew_all", "purge", "perform", "delete", "clear", "recover"):
            self.tried.append(name)
            full = isinstance(self.fault, StoreFull) and name in ("read", "renew_all", "purge", "delete", "clear")
            if self.fault is not None and not full:
                return self._fail
        return super().__getattribute__(name)

    def _fail(self, *_: object, **__: object) -> None:
        raise self.fault or AssertionError

    def recover(self) -> None:
        self.recovered += 1


class Notes:
    """A notebook that two processes read."""

    def __init__(self) -> None:
        self.notes: dict[int, Waits] = {}
        self._lock = threading.Lock()

    def note(self, waits: Waits) -> None:
        with self._lock:
            self.notes[len(self.notes) + 1] = waits

    def read(self) -> dict[int, Waits]:
        return dict(self.notes)

    def strike(self, notes: Iterable[int]) -> None:
        for note in notes:
            del self.notes[note]


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shared() -> Switched:
    return Switched()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def process(shared: Switched, clock: Clock, notes: Notes | None = None) -> Failover:
    memory = MemoryStore(1_000_000, epoch_seconds=60, clock=clock)
    return Failover(shared, memory, Pending(notes or Notes()), name="test", monotonic=clock)


def keep(store: Failover) -> str:
    (token,) = store.ensure_epochs("acme", REPO, [EPOCH])
    store.write("acme", REPO, ENTRY, b"kept", ttl=600, kinds=["meta"], has_validator=True)
    return token


def test_the_first_use_makes_sure_that_the_store_is_whole(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    store.read(ENTRY, [])
    store.read(ENTRY, [])
    assert shared.recovered == 1
    assert store.state is State.CLOSED


def test_a_failure_is_answered_from_the_memory_and_the_store_is_left_alone(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    keep(store)
    shared.fault = StoreUnavailable("refused")
    shared.tried.clear()
    assert store.read(ENTRY, [EPOCH]) == Found(None, (None,))
    token = keep(store)
    assert store.read(ENTRY, [EPOCH]) == Found(b"kept", (token,))
    assert shared.tried == ["read"]


def test_it_is_tried_again_by_one_probe_at_a_time(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    keep(store)
    shared.fault = StoreUnavailable("refused")
    for _ in range(4):
        store.read(ENTRY, [])
        clock.now += 0.6
    assert store.state is State.OPEN
    shared.tried.clear()
    clock.now += 1
    for _ in range(5):
        store.read(ENTRY, [])
    assert shared.tried == ["recover"]


def test_each_change_is_logged_once(shared: Switched, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    store = process(shared, clock)
    keep(store)
    with caplog.at_level(logging.WARNING, logger="hubcache.store"):
        shared.fault = StoreUnavailable("refused")
        for _ in range(20):
            store.read(ENTRY, [])
            clock.now += 0.6
        shared.fault = None
        for _ in range(5):
            store.read(ENTRY, [])
            clock.now += 2
    assert [record.getMessage() for record in caplog.records] == [
        "the store is away: this process goes on from its memory",
        "the store is back",
    ]


def test_what_was_invalidated_meanwhile_is_gone_when_it_is_back(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    keep(store)
    shared.fault = StoreUnavailable("refused")
    store.renew("acme", REPO, ["meta"])
    assert store.state is State.OPEN
    shared.fault = None
    clock.now += 2
    assert store.read(ENTRY, [EPOCH]).data is None


def test_another_process_carries_out_what_was_noted(shared: Switched, clock: Clock) -> None:
    notes = Notes()
    first, second = process(shared, clock, notes), process(shared, clock, notes)
    keep(first)
    shared.fault = StoreUnavailable("refused")
    first.purge_tenant("acme")
    assert list(notes.notes.values()) == [Waits("acme", None)]
    shared.fault = None
    assert second.read(ENTRY, [EPOCH]).data is None
    assert notes.notes == {}


def test_single_values_that_were_changed_meanwhile_are_dropped(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    store.perform([Put("a", b"old", 60), Put("b", b"old", 60), Put("c", b"old", 60, "index")])
    shared.fault = StoreUnavailable("refused")
    store.perform([Put("a", b"new", 60), Get("b")])
    store.clear("index")
    assert store.get("a") == b"new"
    shared.fault = None
    clock.now += 2
    assert store.perform([Get("a"), Get("b"), Get("c")]) == [None, b"old", None]


def test_what_the_memory_kept_is_forgotten_when_it_is_back(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    shared.fault = StoreUnavailable("refused")
    keep(store)
    shared.fault = None
    clock.now += 2
    store.read(ENTRY, [])
    shared.fault = StoreUnavailable("refused")
    assert store.read(ENTRY, [EPOCH]) == Found(None, (None,))


def test_in_the_memory_an_entry_is_fresh_for_a_moment_only(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    shared.fault = StoreUnavailable("refused")
    keep(store)
    clock.now += 60
    assert store.read(ENTRY, [EPOCH]) == Found(b"kept", (None,))


def test_processes_that_miss_the_store_hear_of_each_others_invalidations(shared: Switched, clock: Clock) -> None:
    notes = Notes()
    first, second = process(shared, clock, notes), process(shared, clock, notes)
    shared.fault = StoreUnavailable("refused")
    token = keep(first)
    second.renew("acme", REPO, ["meta"])
    clock.now += 1
    assert first.read(ENTRY, [EPOCH]).epochs != (token,)
    again = keep(first)
    clock.now += 0.9
    assert first.read(ENTRY, [EPOCH]) == Found(b"kept", (again,))


def test_what_the_memory_kept_in_an_earlier_outage_is_not_used_in_the_next(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    keep(store)
    for _ in range(2):
        shared.fault = StoreUnavailable("refused")
        assert store.read(ENTRY, [EPOCH]) == Found(None, (None,))
        keep(store)
        shared.fault = None
        clock.now += 0.6
        assert store.state is State.CLOSED
        store.read(ENTRY, [EPOCH])


def test_a_full_store_is_still_told_to_delete(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    before = keep(store)
    shared.fault = StoreFull("out of memory")
    store.write("acme", REPO, "other", b"x", ttl=60, kinds=["meta"], has_validator=True)
    assert store.renew("acme", REPO, ["meta"]).epochs == 1
    assert shared.read(ENTRY, [EPOCH]).epochs != (before,)


def test_a_restarted_store_is_recovered_before_the_next_read(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    keep(store)
    shared.fault = StoreRestarted("another server")
    store.read(ENTRY, [])
    shared.fault, shared.recovered = None, 0
    assert store.read(ENTRY, []).data == b"kept"
    assert shared.recovered == 1


def test_a_value_changed_during_one_failure_is_not_read_as_it_was_before(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    store.set("plain", b"before", 60)
    shared.fault = StoreUnavailable("timed out")
    store.set("plain", b"after", 60)
    shared.fault = None
    clock.now += 2
    assert store.get("plain") is None


def test_a_process_that_alone_missed_the_store_drops_what_it_hears_of(shared: Switched, clock: Clock) -> None:
    store = process(shared, clock)
    shared.fault = StoreUnavailable("timed out")
    token = keep(store)
    other = keys.epoch("acme", REPO, "issues")
    (kept,) = store.ensure_epochs("acme", REPO, [other])
    assert store.read(ENTRY, [EPOCH]) == Found(b"kept", (token,))
    store.heard([EPOCH])
    assert store.read(ENTRY, [EPOCH, other]) == Found(b"kept", (None, kept))
