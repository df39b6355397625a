"""Invalidation: by key, kind, scope and tenant, and never overtaken by a slow fetch."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from github_cache import invalidation, keys, metrics, store
from github_cache.entries import Entry, encode
from github_cache.invalidation import Removed
from github_cache.keys import Scope
from github_cache.nearcache import memory
from github_cache.resources import kinds_of
from github_cache.store import over
from github_cache.store.contract import Store

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)
REPO, ORG = Scope("repo", "1"), Scope("org", "2")


@pytest.fixture
def tenant() -> str:
    return f"invalidated-{next(_numbers)}"


@pytest.fixture
def near() -> Iterator[None]:
    memory().live_unheard()
    yield
    memory().clear()


def keep(tenant: str, scope: Scope, name: str, kind: str, *, validated: bool = False, into: Store | None = None) -> str:
    """An entry as the gateway stores it: under the epoch that was current before its fetch."""
    shared = into or store.get()
    epoch, key = keys.epoch(tenant, scope, kind), keys.entry(tenant, scope, name)
    (token,) = shared.ensure_epochs(tenant, scope, [epoch])
    entry = Entry(b"{}", 200, (), 1.0, 60, 60, ((epoch, token),))
    shared.write(tenant, scope, key, encode(entry), ttl=60, kinds=[kind], has_validator=validated)
    return key


def there(*kept: str) -> list[bool]:
    return [store.get().read(key, ()).data is not None for key in kept]


def test_by_kind(tenant: str) -> None:
    issues, pulls = keep(tenant, REPO, "issues:open", "issues"), keep(tenant, REPO, "pulls:open", "pulls")
    assert invalidation.by_kind(tenant, REPO, ["issues", "issues"]) == Removed(1, 1)
    assert there(issues, pulls) == [False, True]


def test_what_is_deleted_is_counted_by_tenant_and_kind(tenant: str) -> None:
    def deleted(kind: str) -> float:
        return float(metrics.DELETED.labels(tenant, kind)._value.get())

    for name in ("issues:open", "issues:closed"):
        keep(tenant, REPO, name, "issues")
    invalidation.by_kind(tenant, REPO, ["issues"])
    keep(tenant, REPO, "meta", "meta")
    invalidation.by_tenant(tenant)
    assert (deleted("issues"), deleted("several")) == (2, 1)


def test_by_scope_keeps_what_can_be_revalidated(tenant: str) -> None:
    plain, validated = keep(tenant, REPO, "meta", "meta"), keep(tenant, REPO, "languages", "languages", validated=True)
    epoch = keys.epoch(tenant, REPO, "languages")
    (before,) = store.get().ensure_epochs(tenant, REPO, [epoch])
    assert invalidation.by_scope(tenant, REPO) == Removed(len(kinds_of("repo")), 1)
    assert there(plain, validated) == [False, True]
    assert store.get().read(validated, [epoch]).epochs != (before,)


def test_a_purge_deletes_all_of_a_scope_and_nothing_of_another(tenant: str) -> None:
    mine = [keep(tenant, REPO, "meta", "meta"), keep(tenant, REPO, "languages", "languages", validated=True)]
    other = keep(tenant, ORG, "repos", "repos")
    assert invalidation.purge_scope(tenant, REPO).entries == 2
    assert there(*mine, other) == [False, False, True]


def test_by_key_deletes_the_entry_and_renews_what_it_bears(tenant: str) -> None:
    key, other = keep(tenant, REPO, "issues:open", "issues"), keep(tenant, REPO, "issues:all", "issues", validated=True)
    assert invalidation.by_key(tenant, REPO, key) == Removed(1, 1)
    assert there(key, other) == [False, True]
    assert invalidation.by_key(tenant, REPO, key) == Removed(0, 0)


def test_by_tenant(tenant: str) -> None:
    mine = [keep(tenant, REPO, "meta", "meta"), keep(tenant, ORG, "repos", "repos", validated=True)]
    theirs = keep(f"{tenant}-b", REPO, "meta", "meta")
    assert invalidation.by_tenant(tenant).entries == 2
    assert there(*mine, theirs) == [False, False, True]


def test_everything(tenant: str) -> None:
    kept = [keep(tenant, REPO, "meta", "meta"), keep(f"{tenant}-b", REPO, "meta", "meta")]
    assert invalidation.everything().entries >= 2
    assert there(*kept) == [False, False]


@pytest.mark.usefixtures("near")
def test_this_process_forgets_what_it_repeats_at_once(tenant: str) -> None:
    near = memory()
    for kind in ("issues", keys.CALLERS):
        scope = REPO if kind == "issues" else Scope("tenant", tenant)
        tags = frozenset({keys.epoch(tenant, scope, kind)})
        assert near.put(kind, kind, size=1, tags=tags, expires_at=2e12, mark=near.mark())
    invalidation.by_kind(tenant, REPO, ["issues"])
    assert (near.get("issues", 0), near.get(keys.CALLERS, 0)) == (None, keys.CALLERS)
    invalidation.callers_changed(tenant)
    assert near.get(keys.CALLERS, 0) is None


def test_what_cannot_stand_in_a_key_is_refused(tenant: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a key"):
        invalidation.by_kind(tenant, REPO, ["Issues*"])
    with pytest.raises(ValueError, match="tenant"):
        invalidation.by_scope("No Tenant", REPO)


def test_a_slow_fetch_never_outlives_an_invalidation(redis_server: str, tenant: str) -> None:
    """Each round: the world changes and is invalidated while a fetch that may have seen the old state is stored."""
    shared = over(redis.Redis.from_url(redis_server))
    epoch, key = keys.epoch(tenant, REPO, "meta"), keys.entry(tenant, REPO, "meta")
    world, lock = [0], threading.Lock()
    stale = 0

    def fetch_and_store() -> None:
        (token,) = shared.ensure_epochs(tenant, REPO, [epoch])
        with lock:
            seen = world[0]
        shared.write(tenant, REPO, key, f"{token} {seen}".encode(), ttl=60, kinds=["meta"], has_validator=True)

    def change_and_invalidate() -> None:
        with lock:
            world[0] += 1
        shared.renew(tenant, REPO, ["meta"])

    with ThreadPoolExecutor(4) as pool:
        for _ in range(250):
            steps = [pool.submit(step) for step in (fetch_and_store, change_and_invalidate, fetch_and_store)]
            for step in steps:
                step.result()
            found = shared.read(key, [epoch])
            assert found.data is not None
            token, seen = found.data.decode().split()
            stale += found.epochs == (token,) and int(seen) != world[0]
    assert stale == 0


def test_no_key_is_looked_for_by_pattern(redis_server: str, tenant: str) -> None:
    client = redis.Redis.from_url(redis_server)
    shared = over(redis.Redis.from_url(redis_server))
    client.config_resetstat()
    keep(tenant, REPO, "meta", "meta", into=shared)
    shared.renew(tenant, REPO, ["meta"])
    shared.purge(tenant, REPO)
    shared.purge_tenant(tenant)
    used = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
    assert "unlink" in used
    assert not used & {"keys", "scan", "sscan", "zscan", "hscan", "flushdb", "flushall"}
