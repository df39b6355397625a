"""Metrics of what comes seldom go up when it comes: errors, fallbacks, limits, warm-ups, the store away."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from github_cache import figures, warm_up
from ratelimit.limiter import limiter
from tests.github_cache.gateway.house import TENANT, House, forget
from tests.github_cache.gateway.test_use_and_warming import settle

HELLO = "/api/v3/repos/octo/hello"


def total(name: str, **labels: str) -> float:
    """The sum over all labels but these."""
    return sum(
        sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def fail(house: House) -> None:
    house.handle.faults.add({"kind": "status", "status": 502})
    assert house.get(f"{HELLO}/labels").status_code == 502


def break_graphql(house: House) -> None:
    house.handle.faults.add({"kind": "status", "status": 500, "path": "^/graphql"})
    assert house.get("/api/v1/github/octo/hello/issues").status_code == 200


def warm(house: House) -> None:
    house.get(f"{HELLO}/labels")
    settle()
    house.pass_time(880)
    assert warm_up.run(TENANT).refreshed


@pytest.mark.parametrize(
    ("name", "labels", "event"),
    [
        ("github_api_errors_total", {"api": "rest"}, fail),
        ("github_api_fallbacks_total", {"left": "graphql"}, break_graphql),
        ("warm_up_asks_total", {"tenant": TENANT, "outcome": "refreshed"}, warm),
    ],
)
def test_it_goes_up(house: House, name: str, labels: dict[str, str], event: Callable[[House], None]) -> None:
    before = total(name, **labels)
    event(house)
    assert total(name, **labels) > before


def test_decisions_of_the_inbound_limit(house: House, settings: pytest.FixtureRequest) -> None:
    settings.RATELIMIT_ENABLED = True  # type: ignore[attr-defined]
    limiter.cache_clear()
    before = total("inbound_limit_decisions_total", rule="caller")
    for _ in range(3):
        house.get("/api/v1/rate-limits/status")
    assert total("inbound_limit_decisions_total", rule="caller") == before + 3


def test_the_stores_size_is_told(house: House) -> None:
    house.get(f"{HELLO}/labels")
    figures.observe()
    assert total("cache_bytes") > 100_000
    assert total("cache_keys") > 1


def test_the_store_is_away(house: House, settings: pytest.FixtureRequest) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"  # type: ignore[attr-defined]
    forget()
    before = total("cache_store_failures_total")
    for _ in range(10):
        assert house.get(f"{HELLO}/labels").status_code == 200
    assert total("cache_store_away") == 1
    assert total("cache_store_failures_total") > before
