"""CacheService over the database and over Redis: what an app may do with its namespace."""

import itertools
from collections.abc import Iterator

import pytest
import redis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from github_cache import keys, service
from github_cache.service import CacheService
from github_cache.store.operations import MAX_TTL
from github_cache.values import CORRUPT, MAX_VALUE, decode, encode

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)
_leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text()
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(params=["store", "redis"])
def cache(request: pytest.FixtureRequest) -> Iterator[CacheService]:
    if request.param == "store":
        yield CacheService(f"test:{next(_numbers)}", default_ttl=60)
    else:
        client = redis.Redis.from_url(request.getfixturevalue("redis_server"))
        yield CacheService(f"test:{next(_numbers)}", default_ttl=60, client=client)
        client.close()


def test_a_value_is_set_got_and_deleted(cache: CacheService) -> None:
    assert cache.get("issue:PROJ-1") is None
    cache.set("issue:PROJ-1", {"summary": "Fix bug", "status": "Done"})
    assert cache.get("issue:PROJ-1") == {"summary": "Fix bug", "status": "Done"}
    assert cache.exists("issue:PROJ-1")
    assert cache.delete("issue:PROJ-1")
    assert not cache.delete("issue:PROJ-1")
    assert not cache.exists("issue:PROJ-1")


def test_a_stored_null_is_not_a_missing_value(cache: CacheService) -> None:
    cache.set("nothing", None)
    assert cache.get("nothing", "default") is None
    assert cache.get("missing", "default") == "default"
    assert cache.get_many(["nothing", "missing"]) == {"nothing": None}


def test_many_values_are_set_got_and_deleted_at_once(cache: CacheService) -> None:
    cache.set_many({"issue:1": {"n": 1}, "issue:2": [2], "issue:3": "three"}, ttl=1800)
    assert cache.mget(["issue:1", "issue:2", "issue:4"]) == {"issue:1": {"n": 1}, "issue:2": [2]}
    assert cache.delete_many(["issue:1", "issue:2", "issue:4"]) == 2
    assert cache.get("issue:3") == "three"
    cache.set_many({})
    assert cache.get_many([]) == {}


def test_numbers_are_counted(cache: CacheService) -> None:
    assert cache.increment("page:views") == 1
    assert cache.increment("page:views", amount=5) == 6
    assert cache.decrement("page:views", amount=2) == 4
    cache.set("stock", 10)
    assert cache.decrement("stock") == 9
    assert cache.get("stock") == 9


@pytest.mark.parametrize("value", ["text", 1.5, True, [1], 2**63 - 1])
def test_what_is_no_number_is_not_counted(cache: CacheService, value: object) -> None:
    cache.set("odd", value)
    with pytest.raises(ValueError, match="key: 'odd' cannot be added to"):
        cache.increment("odd")
    assert cache.get("odd") == value


def test_the_time_to_live_is_told_and_changed(cache: CacheService) -> None:
    cache.set("temp:data", "value", ttl=300)
    assert 290 < cache.get_ttl("temp:data") <= 300
    assert cache.expire("temp:data", 600)
    assert 590 < cache.get_ttl("temp:data") <= 600
    assert not cache.touch("missing", 600)
    assert cache.get_ttl("missing") is None


def test_kinds_have_times_of_their_own_and_any_app_may_add_one() -> None:
    service.register_kind("session-of-test", 1800)
    cache = CacheService(f"test:{next(_numbers)}", default_ttl=60, ttls={"project": lambda: 3600})
    cache.set_many({"session-of-test:abc": 1, "project:x": 1, "facets:x": 1, "other:x": 1, "plain": 1})
    times = [round(cache.get_ttl(key)) for key in ("session-of-test:abc", "project:x", "facets:x", "other:x", "plain")]
    assert times == [1800, 3600, 600, 60, 60]


def test_what_was_given_more_time_is_still_cleared_with_its_namespace(redis_server: str) -> None:
    """The index forgets what has ended by its own clock."""
    client = redis.Redis.from_url(redis_server)
    cache = CacheService("test:touched", client=client)
    index, key = keys.service_index("test:touched"), keys.service_entry("test:touched", "key")
    cache.set("key", "value", ttl=10)
    ends = client.zscore(index, key)
    cache.touch("key", ttl=1_000)
    assert client.zscore(index, key) > ends + 900
    assert cache.clear_namespace() == 1
    assert cache.get("key") is None


def test_namespaces_are_isolated(cache: CacheService) -> None:
    other = CacheService(f"test:{next(_numbers)}")
    cache.set("issue:PROJ-1", "mine")
    other.set("issue:PROJ-1", "theirs")
    assert (cache.get("issue:PROJ-1"), other.get("issue:PROJ-1")) == ("mine", "theirs")
    assert cache.clear_namespace() == 1
    assert (cache.get("issue:PROJ-1"), other.get("issue:PROJ-1")) == (None, "theirs")


def test_a_pipeline_answers_in_order(cache: CacheService) -> None:
    batch = cache.pipeline().set("a", [1]).increment("n", 2).get("a").get("b").expire("a", 90).delete("a").get("a")
    assert batch.execute() == [True, 2, [1], None, True, True, None]
    assert batch.execute() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(key=st.text(min_size=1), value=json_values)
@example(key="x y" * 4_000, value=None)
@example(key="a\0b", value="a\0b")
@example(key="ключ", value=2**63)
def test_any_text_is_a_key_and_any_json_a_value(cache: CacheService, key: str, value: object) -> None:
    cache.set(key, value)
    assert cache.get(key) == value


@pytest.mark.parametrize("ttl", [0, -1, 1.5, True, "60", MAX_TTL + 1, float("inf")])
def test_a_time_that_cannot_be_is_refused(cache: CacheService, ttl: object) -> None:
    with pytest.raises(ValueError, match="ttl: "):
        cache.set("key", "value", ttl=ttl)  # type: ignore[arg-type]
    assert cache.get("key") is None
    assert cache.clear_namespace() == 0


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", float("nan"), [float("inf")], {("a",): 1}])
def test_what_is_no_json_is_refused(cache: CacheService, value: object) -> None:
    with pytest.raises(ValueError, match="value: "):
        cache.set_many({"good": 1, "bad": value})
    assert cache.get("good") is None


def test_what_is_too_large_or_refers_to_itself_is_refused(cache: CacheService) -> None:
    endless: list[object] = []
    endless.append(endless)
    for value in ("x" * (MAX_VALUE + 1), endless):
        with pytest.raises(ValueError, match="value: "):
            cache.set("key", value)
    assert cache.clear_namespace() == 0


@pytest.mark.parametrize("key", ["", 5, None, b"bytes"])
def test_what_is_no_key_is_refused(cache: CacheService, key: object) -> None:
    with pytest.raises(ValueError, match="key: "):
        cache.get(key)  # type: ignore[arg-type]


def test_a_corrupt_value_is_a_miss_and_is_dropped(redis_server: str) -> None:
    client = redis.Redis.from_url(redis_server)
    cache = CacheService("test:corrupt", client=redis.Redis.from_url(redis_server))
    key = keys.service_entry("test:corrupt", "key")
    for rubbish in (b"{", b'{"v":99,"value":1}', b"\x1f\x8bxx", b"[]", b"\xff", b'"text"'):
        client.set(key, rubbish)
        assert cache.get("key", "missing") == "missing"
        assert not client.exists(key)


def test_large_values_are_compressed() -> None:
    value = ["the same again"] * 10_000
    assert len(encode(value)) < 5_000
    assert decode(encode(value)) == value
    assert decode(encode(value)[:-20]) is CORRUPT


def test_a_client_that_decodes_is_refused(redis_server: str) -> None:
    with pytest.raises(ValueError, match="client: "):
        CacheService("test", client=redis.Redis.from_url(redis_server, decode_responses=True))


def test_the_raw_client_is_there_for_what_is_not_offered(redis_server: str) -> None:
    client = redis.Redis.from_url(redis_server)
    assert CacheService("test", client=client).client is client
    assert CacheService("test").client is None


def test_without_redis_there_is_no_client_to_make() -> None:
    assert not service.ping_redis()
    with pytest.raises(ValueError, match="REDIS_ENABLED"):
        service.create_redis_client()
