"""The memory that answers are repeated from: its bound, its tags, and what it refuses to keep."""

import pytest

from github_cache import keys, metrics
from github_cache.keys import Scope
from github_cache.nearcache import UNHEARD_SECONDS, NearCache

NOW = 1_000.0
ISSUES = keys.epoch("acme", Scope("repo", "1"), "issues")
PULLS = keys.epoch("acme", Scope("repo", "1"), "pulls")
FOREIGN = keys.epoch("other", Scope("repo", "1"), "pulls")


@pytest.fixture
def near() -> NearCache[str]:
    near: NearCache[str] = NearCache(10_000, clock=lambda: NOW)
    near.follow(frozenset({"acme"}))
    return near


def put(near: NearCache[str], key: str, *tags: str, size: int = 1_000, expires_at: float = NOW + 60) -> bool:
    return near.put(key, key, size=size, tags=frozenset(tags or {ISSUES}), expires_at=expires_at, mark=near.mark())


def test_what_is_put_is_got_until_it_expires(near: NearCache[str]) -> None:
    assert put(near, "a", expires_at=NOW + 10)
    assert near.get("a", NOW + 9.9) == "a"
    assert near.get("a", NOW + 10) is None
    assert (len(near), near.bytes) == (0, 0)


def test_a_tag_drops_all_that_bear_it_and_nothing_else(near: NearCache[str]) -> None:
    put(near, "issues", ISSUES)
    put(near, "both", ISSUES, PULLS)
    put(near, "pulls", PULLS)
    assert near.drop([ISSUES]) == 2
    assert [near.get(key, NOW) for key in ("issues", "both", "pulls")] == [None, None, "pulls"]
    assert near.bytes == 1_000


def test_what_began_before_a_tag_was_dropped_is_not_kept(near: NearCache[str]) -> None:
    mark = near.mark()
    near.drop([ISSUES])
    assert not near.put("a", "a", size=10, tags=frozenset({ISSUES}), expires_at=NOW + 9, mark=mark)
    assert near.put("b", "b", size=10, tags=frozenset({PULLS}), expires_at=NOW + 9, mark=mark)
    assert put(near, "a")


def test_what_began_before_more_drops_than_are_remembered_is_not_kept(near: NearCache[str]) -> None:
    mark = near.mark()
    near.drop([ISSUES])
    for number in range(10_001):
        near.drop([f"hubcache:acme:epoch:{{repo:{number}}}:other"])
    assert not near.put("a", "a", size=10, tags=frozenset({ISSUES}), expires_at=NOW + 9, mark=mark)


@pytest.mark.parametrize("change", ["clear", "unfollow and follow", "follow"])
def test_what_began_before_the_connection_changed_is_not_kept(near: NearCache[str], change: str) -> None:
    mark = near.mark()
    if change == "clear":
        near.clear()
    if change.startswith("unfollow"):
        near.unfollow()
    near.follow(frozenset({"acme"}))
    assert not near.put("a", "a", size=10, tags=frozenset({ISSUES}), expires_at=NOW + 9, mark=mark)


def test_nothing_is_kept_for_a_tenant_that_is_not_followed(near: NearCache[str]) -> None:
    assert not put(near, "a", ISSUES, FOREIGN)
    assert near.wanted == {"acme", "other"}
    near.follow(frozenset({"acme", "other"}))
    assert put(near, "a", ISSUES, FOREIGN)


def test_nothing_that_was_kept_is_relied_upon_once_nothing_is_heard(near: NearCache[str]) -> None:
    put(near, "a")
    near.unfollow()
    assert near.get("a", NOW) is None
    assert not put(near, "a")


def test_without_redis_things_live_unheard_for_a_moment() -> None:
    near: NearCache[str] = NearCache(10_000, clock=lambda: NOW)
    near.live_unheard()
    assert put(near, "a")
    assert near.get("a", NOW + UNHEARD_SECONDS - 0.01) == "a"
    assert near.get("a", NOW + UNHEARD_SECONDS) is None


def test_bytes_are_bounded_and_what_is_used_stays(near: NearCache[str]) -> None:
    for key in "abcdefghij":
        assert put(near, key)
    near.get("a", NOW)
    assert put(near, "k")
    assert near.bytes == 10_000
    assert near.get("a", NOW) == "a"
    assert near.get("b", NOW) is None
    assert not put(near, "huge", size=5_000)


def test_what_makes_room_is_counted_by_tenant_and_kind(near: NearCache[str]) -> None:
    evicted = metrics.HOT_EVICTIONS.labels("acme", "issues")
    before = evicted._value.get()
    access = keys.epoch("acme", Scope("repo", "1"), "access")
    for key in "abcdefghijkl":
        put(near, key, access, ISSUES, keys.callers("acme"))
    assert evicted._value.get() - before == 2


def test_what_is_put_again_is_counted_once(near: NearCache[str]) -> None:
    put(near, "a", ISSUES, size=100)
    put(near, "a", PULLS, size=200)
    assert near.bytes == 200
    assert near.drop([ISSUES]) == 0
    assert near.drop([PULLS]) == 1


def test_what_bears_no_tag_is_not_kept(near: NearCache[str]) -> None:
    assert not near.put("a", "a", size=10, tags=frozenset(), expires_at=NOW + 9, mark=near.mark())
