"""What the memory of a process does beyond the contract: its bound, its clock, and epochs that end early."""

from github_cache import keys
from github_cache.keys import Scope
from github_cache.store.memory import MemoryStore
from github_cache.store.operations import Get, Put

REPO = Scope("repo", "1")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_the_least_recently_used_goes_first_when_the_bytes_are_used_up() -> None:
    store = MemoryStore(3 * 1_400)
    first, second, third, fourth = ("a", "b", "c", "d")
    store.perform([Put(key, b"x" * 1_000, 60) for key in (first, second, third)])
    store.perform([Get(first), Put(fourth, b"x" * 1_000, 60)])
    kept = store.perform([Get(key) for key in (first, second, third, fourth)])
    assert [value is not None for value in kept] == [True, False, True, True]


def test_what_is_larger_than_all_of_it_is_not_kept() -> None:
    store = MemoryStore(1_000)
    store.perform([Put("big", b"x" * 2_000, 60)])
    assert store.get("big") is None


def test_values_and_epochs_end_by_the_clock() -> None:
    clock = Clock()
    store = MemoryStore(10_000, epoch_seconds=1, clock=clock)
    epoch, entry = keys.epoch("t", REPO, "meta"), keys.entry("t", REPO, "meta")
    store.ensure_epochs("t", REPO, [epoch])
    store.write("t", REPO, entry, b"x", ttl=10, kinds=["meta"], has_validator=True)
    clock.now += 1
    assert store.read(entry, [epoch]).epochs == (None,)
    assert store.read(entry, [epoch]).data == b"x"
    clock.now += 9
    assert store.read(entry, [epoch]).data is None


def test_forgetting_all_leaves_nothing() -> None:
    store = MemoryStore(10_000)
    store.write("t", REPO, "k", b"x", ttl=10, kinds=["meta"], has_validator=False)
    store.forget_all()
    assert store.get("k") is None
    assert store.scopes("t") == []
    assert store.purge("t", REPO).entries == 0
