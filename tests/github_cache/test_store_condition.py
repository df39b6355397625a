"""What `/health` says of the store."""

import re
from typing import Any

import pytest

from github_cache import health, store
from github_cache.health import State
from github_cache.store import condition


def test_it_is_registered() -> None:
    assert health.registered()["cache"] is condition.cache


@pytest.mark.django_db
def test_without_redis_the_database_is_the_store() -> None:
    part = condition.cache(0)
    assert part.state is State.OK
    assert "database" in part.detail


@pytest.mark.django_db
def test_with_redis_it_tells_memory_evictions_hits_and_clients(settings: Any, redis_server: str) -> None:
    settings.REDIS_ENABLED, settings.REDIS_URL = True, redis_server
    store.get.cache_clear()
    try:
        part = condition.cache(0)
    finally:
        store.get.cache_clear()
    assert part.state is State.OK
    told = r"Redis [\d.]+: [\d.]+[KMG] used, \d+ keys evicted, keyspace hits (\d+%|none yet), \d+ clients"
    assert re.fullmatch(told, part.detail), part.detail
