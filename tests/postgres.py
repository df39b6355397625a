"""A PostgreSQL of one's own on a Unix socket in a temporary folder, for suites that run over both databases.

``@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)`` gives a test each in turn; where
the PostgreSQL programs are missing it says so and is skipped.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.db.utils import load_backend


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl: on PATH, or where Debian keeps them; the newest."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists()), None)


def _as_server_user(*command: object) -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as its own user."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[dict[str, Any]]:
    """The DATABASES entry of a running server; it is stopped and deleted at the end of the session."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    folder = Path(tempfile.mkdtemp(prefix="hubcache-pg-"))
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    user = "postgres"
    run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        _as_server_user(programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync"), **run
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
    control = programs / "pg_ctl"
    subprocess.run(_as_server_user(control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"), **run)
    try:
        yield {"ENGINE": "django.db.backends.postgresql", "HOST": str(folder), "USER": user, "NAME": "hubcache_test"}
    finally:
        subprocess.run(_as_server_user(control, "-D", data, "-m", "immediate", "stop"), **run)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_connection(postgres_server: dict[str, Any], django_db_blocker: Any) -> Iterator[Any]:
    """A connection to a migrated, empty database on that server, to be put in the place of the default one."""
    ordinary = connections["default"]
    entry = {**connections.settings["default"], "OPTIONS": {}, "CONN_HEALTH_CHECKS": False, **postgres_server}
    with django_db_blocker.unblock():
        with psycopg.connect(host=entry["HOST"], user=entry["USER"], dbname="postgres", autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{entry["NAME"]}"')
        connection = load_backend(entry["ENGINE"]).DatabaseWrapper(entry, "default")
        connections["default"] = connection
        try:
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            connections["default"] = ordinary
    yield connection
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, db: None) -> Iterator[str]:
    """`sqlite` or `postgresql` as the default database of this test, rolled back at its end."""
    vendor = getattr(request, "param", "sqlite")
    if vendor == "sqlite":
        yield vendor
        return
    ordinary = connections["default"]
    connections["default"] = request.getfixturevalue("postgres_connection")
    try:
        with transaction.atomic():
            yield vendor
            transaction.set_rollback(True)
    finally:
        connections["default"] = ordinary
