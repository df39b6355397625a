"""What is wrong at start is one clear sentence, an exit code, and nothing half written."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from github_sandbox.sample import SampleSize, make_world
from github_sandbox.server import Handle, serve
from tests.journeys.house import free_port, run_up

pytestmark = pytest.mark.xdist_group("house")


@pytest.fixture(scope="module")
def github() -> Iterator[Handle]:
    with serve(make_world(SampleSize(repositories=2, automations=4))) as handle:
        yield handle


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run_up(tmp_path, HUBCACHE_PORT=str(port))
    assert ended.returncode != 0
    assert f"Port {port}" in ended.stderr
    assert "HUBCACHE_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    ended = run_up(tmp_path, HUBCACHE_PORT="lots")
    assert ended.returncode != 0
    assert "HUBCACHE_PORT: 'lots' cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"SANDBOX_OPTIONS": '--org "x', "REDIS_ENABLED": "false"}, "SANDBOX_OPTIONS: '--org \"x' cannot be read"),
        ({"HUBCACHE_DATA_DIR": "/dev/null/x"}, "/dev/null/x: Not a directory. Set HUBCACHE_DATA_DIR"),
    ],
)
def test_what_cannot_be_read_or_written_is_named(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    ports = {"HUBCACHE_PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    ended = run_up(tmp_path, **ports, **settings)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_token(tmp_path: Path, github: Handle) -> None:
    ended = run_up(
        tmp_path,
        HUBCACHE_PORT=str(free_port()),
        GITHUB_API_URL=github.url,
        GITHUB_TOKEN="ghp_wrong0000",
        REDIS_ENABLED="false",
    )
    assert ended.returncode != 0
    assert "GITHUB_TOKEN" in ended.stderr
    assert "ghp_wrong0000" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_an_unknown_organisation(tmp_path: Path, github: Handle) -> None:
    ended = run_up(
        tmp_path,
        HUBCACHE_PORT=str(free_port()),
        GITHUB_API_URL=github.url,
        GITHUB_TOKEN="ghp_sandbox_admin_1",
        HUBCACHE_ORG="nobody-here",
        REDIS_ENABLED="false",
    )
    assert ended.returncode != 0
    assert "nobody-here" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_github_away(tmp_path: Path) -> None:
    ended = run_up(
        tmp_path,
        HUBCACHE_PORT=str(free_port()),
        GITHUB_API_URL=f"http://127.0.0.1:{free_port()}",
        GITHUB_TOKEN="ghp_any",
        REDIS_ENABLED="false",
    )
    assert ended.returncode != 0
    assert "does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr
