"""A caller with a small limit: counted in the trip that reads the entry, and refused before anything is done for it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from pytest_django import Settings

from github_cache.models import ApiKey, Tenant
from tests.github_cache.gateway.house import TENANT, House

ISSUES = "/api/v3/repos/octo/hello/issues"
LIMIT = 5


@pytest.fixture
def limited(house: House, settings: Settings) -> str:
    """The key of a caller that may ask LIMIT times."""
    settings.RATELIMIT_ENABLED = True
    row, key = ApiKey.create(Tenant.objects.get(slug=TENANT), "small", ("read",))
    row.requests_per_window = LIMIT
    row.save()
    return key


def trips(house: House, key: str) -> int:
    """How often Redis was written to by one request, all connections together."""
    before = house.redis.info("stats")["total_reads_processed"]
    assert house.get(ISSUES, key=key).headers["X-Cache"] == "HIT"
    return house.redis.info("stats")["total_reads_processed"] - before - 1


def test_it_costs_no_trip_of_its_own(house: House, settings: Settings, limited: str) -> None:
    settings.HUBCACHE_HOTCACHE_ENABLED = False
    ApiKey.objects.update(requests_per_window=900)
    for _ in range(2):
        house.get(ISSUES, key=limited)
    # Some may also read anew what is believed for a second or two (live settings).
    assert min(trips(house, limited) for _ in range(6)) == 1


def test_the_limit_is_exact_however_many_ask_at_once(house: House, limited: str) -> None:
    # The first one has the key looked up, for which SQLite in memory has no patience.
    assert house.get(ISSUES, key=limited).status_code == 200

    def ask(_: int) -> int:
        return Client().get(ISSUES, headers={"X-Api-Key": limited}).status_code

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(ask, range(60)))
    assert sorted(set(statuses)) == [200, 429]
    assert statuses.count(200) == LIMIT - 1


@pytest.mark.parametrize(
    "path",
    [
        ISSUES,
        "/api/v3/repos/octo/hello/labels",
        "/api/v3/repos/octo/nowhere",
        "/api/v3/unheard/of",
        "/api/v3/repos/octo/hello/tarball/main",
        "/api/v1/github/repos/octo/hello/languages",
        "/api/v1/search?q=hello",
        "/api/v1/facets",
        "/api/v1/stats",
    ],
)
@pytest.mark.parametrize("controls", [{}, {"Cache_Control": "no-store"}, {"Cache_Control": "no-cache"}])
def test_nothing_is_done_for_who_is_over_it(house: House, limited: str, path: str, controls: dict[str, str]) -> None:
    house.get(ISSUES)
    for _ in range(LIMIT):
        house.get(ISSUES, key=limited)
    house.forgotten()
    answer = house.get(path, key=limited, **controls)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert b"octo/hello" not in answer.content
    assert house.calls == 0


def test_after_redis_lost_its_scripts_all_are_counted(house: House, limited: str) -> None:
    house.get(ISSUES)
    statuses = []
    for _ in range(LIMIT + 2):
        house.redis.script_flush()
        statuses.append(house.get(ISSUES, key=limited).status_code)
    assert statuses == [200] * LIMIT + [429] * 2


def test_what_is_asked_of_our_own_interface_bears_the_numbers(house: House, limited: str) -> None:
    left = [house.get("/api/v1/stats", key=limited).headers["X-RateLimit-Remaining"] for _ in range(LIMIT + 1)]
    assert left == ["4", "3", "2", "1", "0", "0"]
