"""Many at once, in a process of its own on a real database file or server: one row, one run, one owner."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres import postgres_server  # noqa: F401


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HUBCACHE_DATA_DIR": str(tmp_path),
        "REDIS_ENABLED": "false",
        "HUBCACHE_LOG_LEVEL": "ERROR",
    }
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        name = f"racing_{tmp_path.name.replace('-', '_')}".lower()[:60]
        with psycopg.connect(
            host=server["HOST"], user=server["USER"], dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        host = server["HOST"].replace("/", "%2F")
        environ["DATABASE_URL"] = f"postgres://{server['USER']}@{host}/{name}"
    return environ


def race(environment: dict[str, str], *arguments: object) -> Any:
    command = [sys.executable, "-m", "tests.webhooks.racing", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_sixty_four_copies_make_one_row_and_one_run_each(environment: dict[str, str]) -> None:
    assert race(environment, "copies", 64, 5) == {"statuses": {"202": 5, "200": 63 * 5}, "rows": 5}


def test_many_workers_claim_no_delivery_twice_and_lose_none(environment: dict[str, str]) -> None:
    assert race(environment, "workers", 8, 400) == {"twice": 0, "claimed_or_left": 400, "some": True}
