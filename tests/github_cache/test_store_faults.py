"""Real faults of a real Redis: requests go on, and what was invalidated is never read again."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from github_cache import keys
from github_cache.breaker import State
from github_cache.keys import Scope
from github_cache.store import over
from github_cache.store.contract import every_kind
from github_cache.store.failover import Failover
from github_cache.store.rows import PendingInvalidation
from ratelimit import connection
from tests.conftest import running_redis

pytestmark = pytest.mark.django_db(transaction=True)
REPO = Scope("repo", "1")
ENTRY, EPOCH = keys.entry("acme", REPO, "meta"), keys.epoch("acme", REPO, "meta")


class Server:
    """A Redis that can be stopped, killed and started again on the same socket and data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self.start()

    def start(self, *options: str) -> None:
        self.url = self._running.enter_context(running_redis(self._folder, *options))
        self.admin = redis.Redis.from_url(self.url)
        self._pid = int(self.admin.info("server")["process_id"])

    def kill(self) -> None:
        self._running.close()

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


def process(url: str) -> Failover:
    """The store as one process has it."""
    return over(connection.connect(url, timeout=0.1, max_connections=50))


def keep(store: Failover) -> str:
    (token,) = store.ensure_epochs("acme", REPO, [EPOCH])
    store.write("acme", REPO, ENTRY, b"kept", ttl=600, kinds=["meta"], has_validator=True)
    return token


def fresh(store: Failover, token: str) -> bool:
    """Whether the entry that was kept under this token would be served."""
    found = store.read(ENTRY, [EPOCH])
    return found.data is not None and found.epochs == (token,)


def until(true: Callable[[], bool]) -> None:
    """Waits for what a thread of the store does by itself."""
    pause = threading.Event()
    for _ in range(1_000):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen within 10 s")


def break_by_stopping(server: Server) -> Callable[[], None]:
    server.signal(signal.SIGSTOP)
    return lambda: server.signal(signal.SIGCONT)


def break_by_killing(server: Server) -> Callable[[], None]:
    server.admin.save()
    server.kill()
    return server.start


def break_by_filling(server: Server) -> Callable[[], None]:
    server.admin.config_set("maxmemory-policy", "noeviction")
    server.admin.config_set("maxmemory", 1)

    def empty() -> None:
        server.admin.config_set("maxmemory", 0)

    return empty


BREAKS = pytest.mark.parametrize("break_it", [break_by_stopping, break_by_killing, break_by_filling])


@BREAKS
def test_everything_goes_on_meanwhile_and_is_normal_afterwards(
    server: Server, break_it: Callable[[Server], Callable[[], None]]
) -> None:
    store, other = process(server.url), process(server.url)
    keep(store)
    mend = break_it(server)
    for _ in range(20):
        keep(store)
        store.read_many([(ENTRY, [EPOCH])] * 3)
        store.set("plain", b"1", 60)
    mend()

    def is_shared_again() -> bool:
        store.set("plain", b"afterwards", 60)
        return other.get("plain") == b"afterwards"

    until(is_shared_again)
    assert fresh(other, keep(store))


@BREAKS
def test_what_was_invalidated_meanwhile_is_never_served_again_by_any_process(
    server: Server, break_it: Callable[[Server], Callable[[], None]]
) -> None:
    store, other = process(server.url), process(server.url)
    token = keep(store)
    assert fresh(other, token)
    mend = break_it(server)
    store.renew("acme", REPO, ["meta"])
    assert not fresh(store, token)
    mend()
    until(store.reachable)
    assert not fresh(store, token)
    assert not fresh(other, token)
    assert not fresh(process(server.url), token)
    assert not PendingInvalidation.objects.exists()


def test_an_invalidation_that_waits_is_carried_out_though_nobody_asks_again(server: Server) -> None:
    store, other = process(server.url), process(server.url)
    token = keep(store)
    assert fresh(other, token)
    server.signal(signal.SIGSTOP)
    store.renew("acme", REPO, ["meta"])
    assert PendingInvalidation.objects.count() == 1
    server.signal(signal.SIGCONT)
    until(lambda: not PendingInvalidation.objects.exists())
    assert not fresh(other, token)


def test_a_process_that_was_killed_leaves_its_invalidations_to_the_next(server: Server) -> None:
    token = keep(process(server.url))
    PendingInvalidation.objects.create(tenant="acme", scope=str(REPO))
    assert not fresh(process(server.url), token)


def test_an_invalidation_that_a_restart_lost_still_holds(server: Server) -> None:
    """The snapshot is older than the invalidation, so both the entry and its old epoch come back."""
    store, other = process(server.url), process(server.url)
    token = keep(store)
    assert fresh(other, token)
    server.admin.save()
    store.renew("acme", REPO, every_kind(REPO))
    server.kill()
    server.start()
    assert server.admin.get(EPOCH) == token.encode()
    assert not fresh(other, token)
    assert not fresh(store, token)
    assert not fresh(process(server.url), token)


def test_a_flush_in_the_middle_makes_misses(server: Server) -> None:
    store = process(server.url)
    token = keep(store)
    server.admin.flushall()
    assert store.read(ENTRY, [EPOCH]).data is None
    assert store.state is State.CLOSED
    store.write("acme", REPO, ENTRY, b"kept", ttl=600, kinds=["meta"], has_validator=True)
    assert not fresh(store, token)
    assert fresh(store, keep(store))


def test_a_full_redis_has_no_half_written_index(server: Server) -> None:
    store = process(server.url)
    keep(store)
    mend = break_by_filling(server)
    other = keys.entry("acme", REPO, "languages")
    store.write("acme", REPO, other, b"x" * 1_000, ttl=600, kinds=["languages"], has_validator=False)
    mend()
    assert server.admin.zrange(keys.index("acme", REPO), 0, -1) == [ENTRY.encode()]
    assert not server.admin.exists(other)


def test_a_redis_that_never_answers_is_asked_once(tmp_path: Path) -> None:
    """It accepts connections and says nothing."""
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen(64)
        store = process(f"unix://{path}")
        token = keep(store)
        for _ in range(10):
            assert fresh(store, token)
        assert store.state is State.OPEN
        silent.settimeout(0)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_redis_that_refuses_is_done_without(tmp_path: Path) -> None:
    store = process(f"unix://{tmp_path}/nobody.sock")
    assert fresh(store, keep(store))
    assert store.state is State.OPEN
