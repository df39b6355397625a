"""Redis away, in each of the ways it can be, under a whole house: it answers, and nothing old comes back with Redis."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from tests.conftest import running_redis
from tests.journeys.house import House, running, until

pytestmark = pytest.mark.xdist_group("house")
CONNECTIONS = 8


class Server:
    """A Redis of the test's own, which can be broken; what breaks it returns what mends it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._running = folder, ExitStack()
        self.start()

    def start(self) -> None:
        self.url = self._running.enter_context(running_redis(self._folder, "--appendonly", "yes"))
        self.path = self._folder / "redis.sock"
        self.admin = redis.Redis.from_url(self.url)
        self.pid = int(self.admin.info("server")["process_id"])

    def end(self) -> None:
        self._running.close()

    def refuse(self) -> Callable[[], Any]:
        away = self.path.rename(self._folder / "away.sock")
        self.admin.client_kill_filter(skipme=True)
        return lambda: away.rename(self.path)

    def swallow(self) -> Callable[[], Any]:
        """Something else listens there, and never answers."""
        away = self.path.rename(self._folder / "away.sock")
        silent = socket.socket(socket.AF_UNIX)
        silent.bind(str(self.path))
        silent.listen(1024)
        self.admin.client_kill_filter(skipme=True)

        def mend() -> None:
            silent.close()
            away.rename(self.path)

        return mend

    def stop(self) -> Callable[[], Any]:
        os.kill(self.pid, signal.SIGSTOP)
        return lambda: os.kill(self.pid, signal.SIGCONT)

    def fill(self) -> Callable[[], Any]:
        self.admin.config_set("maxmemory-policy", "noeviction")
        self.admin.config_set("maxmemory", 1)
        return lambda: self.admin.config_set("maxmemory", 0)

    def flush(self) -> Callable[[], Any]:
        self.admin.flushall()
        return lambda: None

    def kill(self) -> Callable[[], Any]:
        self.end()
        return self.start


FAULTS = {
    "refused": Server.refuse,
    "black-holed": Server.swallow,
    "stopped": Server.stop,
    "out of memory": Server.fill,
    "flushed": Server.flush,
    "killed": Server.kill,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server
    server.end()


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), "--level 1 --repos 4 --automations 12", REDIS_URL=server.url) as it:
        yield it


def answers(house: House, path: str) -> list[requests.Response]:
    """Over new connections, so that every process is asked."""
    return [house.get(path) for _ in range(CONNECTIONS)]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_house_goes_on_and_shows_nothing_old(house: House, server: Server, fault: str) -> None:
    repository = house.json("/api/v1/search", kind="repository", per_page=1)["results"][0]["repository"]
    path = f"/api/v3/repos/{repository}"
    paths = [path, f"{path}/labels", f"/api/v1/github/{repository}/info", "/api/v1/search?q=trigger:push", "/"]

    def shows(description: str) -> bool:
        return all(answer.json()["description"] == description for answer in answers(house, path))

    def is_normal() -> bool:
        parts = [answer.json()["parts"] for answer in answers(house, "/health")]
        ways = [answer.headers["X-Cache"] for answer in answers(house, path)]
        return all(part["cache"]["state"] == "ok" for part in parts) and ways[1:] == ["HIT"] * (CONNECTIONS - 1)

    for each in paths:
        house.get(each).raise_for_status()
    mend = FAULTS[fault](server)
    try:
        for each in paths:
            assert [answer.status_code for answer in answers(house, each)] == [200] * CONNECTIONS, each
        changed = {"description": f"changed while Redis was {fault}"}
        headers = {"Authorization": "token ghp_sandbox_admin_1"}
        requests.patch(f"{house.github}/repos/{repository}", json=changed, headers=headers, timeout=30)
        until(lambda: shows(changed["description"]), "every process to show the change")
    finally:
        mend()
    until(is_normal, "every process to answer from Redis again")
    assert shows(changed["description"])
