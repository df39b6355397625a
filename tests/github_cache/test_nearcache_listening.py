"""The listener against a real Redis: every process drops what another invalidates."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import redis

from github_cache import keys
from github_cache.keys import Scope
from github_cache.listening import Listener
from github_cache.nearcache import NearCache
from github_cache.store.redis import RedisStore
from ratelimit import connection
from tests.conftest import running_redis

REPO = Scope("repo", "1")
ISSUES, PULLS = (keys.epoch("acme", REPO, kind) for kind in ("issues", "pulls"))
OTHER = keys.epoch("other", REPO, "issues")


class Process:
    """A process's memory and its listener."""

    def __init__(self, url: str) -> None:
        self.near: NearCache[str] = NearCache(1_000_000)
        self.heard: list[str] = []
        connect = partial(connection.connect, url, timeout=0.1, max_connections=1)
        self.listener = Listener(connect, self.near, self.heard.extend)
        self.listener.start()

    def put(self, key: str, *tags: str) -> bool:
        return self.near.put(key, key, size=1, tags=frozenset(tags), expires_at=2e12, mark=self.near.mark())

    def has(self, key: str) -> bool:
        return self.near.get(key, 0.0) is not None


@pytest.fixture
def start(redis_server: str) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def one(url: str = redis_server) -> Process:
        started.append(Process(url))
        return started[-1]

    yield one
    for process in started:
        process.listener.stop()


@pytest.fixture
def store(redis_server: str) -> RedisStore:
    store = RedisStore(redis.Redis.from_url(redis_server))
    store.recover()
    return store


def until(true: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    pause = threading.Event()
    for _ in range(2_000):
        if true():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen within 10 s")


def test_an_invalidation_is_heard_by_every_process_and_drops_what_bears_it(
    start: Callable[..., Process], store: RedisStore
) -> None:
    processes = [start(), start()]
    for process in processes:
        until(lambda process=process: process.put("issues", ISSUES))
        assert process.put("pulls", PULLS)
    store.renew("acme", REPO, ["issues"])
    for process in processes:
        until(lambda process=process: not process.has("issues"))
        assert process.has("pulls")
        assert process.heard == [ISSUES]


def test_fills_and_other_tenants_disturb_nothing(start: Callable[..., Process], store: RedisStore) -> None:
    process = start()
    until(lambda: process.put("issues", ISSUES))
    until(lambda: process.put("marker", OTHER))
    store.ensure_epochs("acme", REPO, [ISSUES])
    until(lambda: process.put("issues", ISSUES))
    store.ensure_epochs("acme", REPO, [ISSUES])
    entry = keys.entry("acme", REPO, "issues:open")
    store.write("acme", REPO, entry, b"x", ttl=60, kinds=["issues"], has_validator=False)
    store.renew("third", REPO, ["issues"])
    store.renew("other", REPO, ["issues"])
    until(lambda: not process.has("marker"))
    assert process.has("issues")


def test_a_flush_drops_everything(start: Callable[..., Process], redis_server: str) -> None:
    process = start()
    until(lambda: process.put("issues", ISSUES))
    redis.Redis.from_url(redis_server).flushall()
    until(lambda: not process.has("issues"))
    until(lambda: process.put("issues", ISSUES))


def test_nothing_is_kept_before_a_tenant_is_followed(start: Callable[..., Process]) -> None:
    process = start()
    mark = process.near.mark()
    until(lambda: process.put("issues", ISSUES))
    assert not process.near.put("early", "x", size=1, tags=frozenset({ISSUES}), expires_at=2e12, mark=mark)


@pytest.mark.parametrize("fault", ["the connection is closed", "Redis is killed", "Redis is stopped"])
def test_nothing_is_relied_upon_while_nothing_is_heard(
    start: Callable[..., Process], tmp_path: Path, fault: str
) -> None:
    with running_redis(tmp_path) as url:
        admin = redis.Redis.from_url(url)
        pid = int(admin.info("server")["process_id"])
        process = start(url)
        until(lambda: process.put("issues", ISSUES))
        if fault == "the connection is closed":
            admin.client_kill_filter(skipme=True)
        elif fault == "Redis is killed":
            os.kill(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: not process.has("issues"))
        if fault == "Redis is stopped":
            assert not process.put("issues", ISSUES)
            os.kill(pid, signal.SIGCONT)
        if fault != "Redis is killed":
            until(lambda: process.put("issues", ISSUES))
            redis.Redis.from_url(url).set(ISSUES, "new")
            until(lambda: not process.has("issues"))
