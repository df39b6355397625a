"""The same house on a PostgreSQL and a Redis that were there before, and after it was killed while it synced."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from tests.conftest import running_redis
from tests.journeys.house import ROOT, House, clean_environment, free_port, running, until
from tests.postgres import postgres_server  # noqa: F401
from tests.rabbitmq import running_rabbitmq

pytestmark = pytest.mark.xdist_group("house")
SMALL = "--level 1 --repos 6 --automations 30"


@pytest.fixture
def database_url(postgres_server: dict[str, Any]) -> str:  # noqa: F811
    """An empty database on a real PostgreSQL."""
    with psycopg.connect(host=postgres_server["HOST"], user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE house")
    return f"postgres://postgres@{postgres_server['HOST'].replace('/', '%2F')}/house"


@pytest.fixture
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis on a TCP port, as an operator would give it."""
    port = free_port()
    with running_redis(tmp_path_factory.mktemp("redis"), "--port", str(port), "--bind", "127.0.0.1"):
        yield f"redis://127.0.0.1:{port}"


def push(house: House, repository: str) -> None:
    """A workflow that uses acme/quux."""
    house.control(
        "POST", "/files", repository=repository, path=".github/workflows/new.yml", message="m",
        content="name: Brand new\non: push\njobs: {a: {runs-on: x, steps: [{uses: acme/quux@v1}]}}\n",
    )  # fmt: skip


def test_on_a_given_redis_and_postgresql(tmp_path: Path, database_url: str, redis_url: str) -> None:
    with running(tmp_path, SMALL, DATABASE_URL=database_url, REDIS_URL=redis_url) as house:
        assert not (tmp_path / "hubcache.sqlite3").exists()
        assert not (tmp_path / "redis.sock").exists()
        assert house.json("/api/v1/stats")["automations"] == 30
        assert house.json("/api/v1/search", q="trigger:push")["total"] > 0
        assert house.json("/health")["parts"]["database"]["detail"] == "postgresql"
        repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
        path = f"/api/v3/repos/{repository}"
        house.json(path)
        assert house.get(path).headers["X-Cache"] == "HIT"
        push(house, repository)
        until(lambda: house.json("/api/v1/search", q="action:acme/quux")["total"], "the pushed workflow to be found")
    client = redis.Redis.from_url(redis_url)
    assert any(key.startswith(b"hubcache:default:") for key in client.scan_iter(count=1000))
    client.close()


def test_with_rabbitmq_as_the_broker(tmp_path: Path) -> None:
    """Beat and the bell of deliveries reach a worker through it."""
    with running_rabbitmq(tmp_path) as url, running(tmp_path / "house", SMALL, CELERY_BROKER_URL=url) as house:
        broker = house.json("/health")["parts"]["broker"]
        assert (broker["state"], broker["detail"]) == ("ok", "amqp answers")
        until(lambda: house.json("/health")["parts"]["background"]["state"] == "ok", "scheduled work to run", 60)
        repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
        push(house, repository)
        until(lambda: house.json("/api/v1/search", q="action:acme/quux")["total"], "the pushed workflow to be found")


def test_a_sync_that_was_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with running(tmp_path, "--level 2 --repos 260 --automations 400", ("--no-sync",)) as house:
        environ = next(
            child.environ() for child in house.children() if "celery" in child.cmdline() and "beat" in child.cmdline()
        )
        sync = [sys.executable, "manage.py", "sync", "octo-sample"]
        first = subprocess.Popen(sync, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        until(lambda: house.json("/api/v1/stats")["repositories"] >= 100, "a page of repositories to be indexed")
        with suppress(ProcessLookupError):
            os.kill(first.pid, signal.SIGKILL)
        first.wait()
        halfway = house.json("/api/v1/stats")["repositories"]
        assert 0 < halfway < 260
        calls = len(house.calls())
        second = subprocess.run(sync, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
        assert second.returncode == 0, second.stderr
        assert house.json("/api/v1/stats")["repositories"] == 260
        # The first hundred were not asked for again.
        assert len(house.calls()) - calls < calls + 20


def test_killing_the_command_ends_what_it_started(tmp_path: Path) -> None:
    environ = {
        **clean_environment(),
        "HUBCACHE_DATA_DIR": str(tmp_path),
        "HUBCACHE_PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "SANDBOX_OPTIONS": "--repos 2 --automations 2",
    }
    command = [sys.executable, "manage.py", "up"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, start_new_session=True)
    try:

        def web() -> list[psutil.Process]:
            children = psutil.Process(process.pid).children(recursive=True)
            return children if any("granian" in " ".join(child.cmdline()) for child in children) else []

        children = until(web, "the web server to be started", 60)
    finally:
        process.kill()
        process.wait()
    assert not psutil.wait_procs(children, timeout=30)[1]
