"""The broker that settings come to, and how long a publisher waits for one that does not answer."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import broker
from config.reading import read

PUBLISH = """
import django
django.setup()
from kombu.exceptions import OperationalError
from stats.tasks import heartbeat
try:
    heartbeat.delay()
except OperationalError:
    print("refused")
"""


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"REDIS_URL": "redis://:pass@cache:6379"}, "redis://:pass@cache:6379/0"),
        ({"REDIS_URL": "unix:///run/redis.sock?db=3"}, "redis+socket:///run/redis.sock?virtual_host=3"),
        ({"REDIS_URL": "redis://cache", "CELERY_BROKER_URL": "amqp://rabbit//"}, "amqp://rabbit//"),
        ({"REDIS_URL": "sentinel://u:p@a:1,b/main/2"}, "sentinel://u:p@a:1/2;sentinel://u:p@b:26379/2"),
        ({"REDIS_ENABLED": "false", "REDIS_URL": "redis://cache"}, "filesystem://"),
        ({}, "filesystem://"),
    ],
)
def test_the_broker_follows_from_the_settings(settings: dict[str, str], url: str, tmp_path: Path) -> None:
    assert broker.broker(read(settings), tmp_path).url == url


def test_whether_it_is_the_redis_of_the_cache(tmp_path: Path) -> None:
    assert broker.broker(read({"REDIS_URL": "redis://cache"}), tmp_path).is_the_caches_redis
    assert not broker.broker(
        read({"REDIS_URL": "redis://cache", "CELERY_BROKER_URL": "redis://queue"}), tmp_path
    ).is_the_caches_redis
    assert not broker.broker(read({}), tmp_path).is_the_caches_redis


def test_a_sentinel_names_its_service(tmp_path: Path) -> None:
    assert broker.broker(read({"REDIS_URL": "sentinel://a/main"}), tmp_path).options["master_name"] == "main"


def test_a_message_becomes_visible_again_only_when_its_task_cannot_run_any_more(tmp_path: Path) -> None:
    options = broker.broker(read({"REDIS_URL": "redis://cache"}), tmp_path).options
    assert options["visibility_timeout"] > broker.HARD_SECONDS + broker.LONGEST_COUNTDOWN


def test_its_password_stands_in_no_repr(tmp_path: Path) -> None:
    assert "hunter2" not in repr(broker.broker(read({"REDIS_URL": "redis://:hunter2@cache"}), tmp_path))


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_publisher_gives_up_on_a_silent_broker(scheme: str, black_hole: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "HUBCACHE_DATA_DIR": str(tmp_path),
            "CELERY_BROKER_URL": f"{scheme}://127.0.0.1:{black_hole}/0",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == "refused\n"
