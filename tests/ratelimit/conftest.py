"""A Redis client whose keys are gone after each test."""

from collections.abc import Iterator

import pytest
import redis

from ratelimit.connection import connect


@pytest.fixture
def redis_client(redis_server: str) -> Iterator[redis.Redis]:
    client = connect(redis_server, timeout=5.0, max_connections=50)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def redis_away(tmp_path) -> redis.Redis:
    """A client of a Redis that is not there."""
    return connect(f"unix://{tmp_path}/nobody.sock", timeout=0.1, max_connections=5)
