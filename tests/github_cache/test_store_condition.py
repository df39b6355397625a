"""What `/health` says of the store."""

import pytest

from github_cache import health
from github_cache.health import State
from github_cache.store import condition


def test_it_is_registered() -> None:
    assert health.registered()["cache"] is condition.cache


@pytest.mark.django_db
def test_without_redis_the_database_is_the_store() -> None:
    part = condition.cache(0)
    assert part.state is State.OK
    assert "database" in part.detail
