"""One flight per key over several processes, each with many threads, and a holder that is killed."""

import itertools
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Barrier, Event

import django
import pytest
import redis

_context = multiprocessing.get_context("spawn")
_numbers = itertools.count(1)


def _flying(url: str):  # type: ignore[no-untyped-def]
    django.setup()
    from github_cache.coalescing import Coalescer
    from github_cache.store.redis import RedisStore

    store = RedisStore(redis.Redis.from_url(url))
    store.recover()
    return Coalescer(lambda: store), store


def _read_cold(url: str, key: str, threads: int, ready: Barrier) -> None:
    flying, store = _flying(url)

    def fetch() -> bytes:
        store.client.incr(f"{key}:fetches")
        store.set(f"{key}:landed", b"value", 60)
        return b"value"

    def read(_: int) -> bytes | None:
        ready.wait()
        return flying.fly(key, fetch, landed=lambda: store.get(f"{key}:landed"), patience=30).value

    with ThreadPoolExecutor(threads) as pool:
        assert set(pool.map(read, range(threads))) == {b"value"}


def _hold(url: str, key: str, held: Event) -> None:
    flying, _ = _flying(url)

    def fetch() -> bytes:
        held.set()
        threading.Event().wait()
        return b"never"

    flying.fly(key, fetch, landed=lambda: None, patience=30)


@pytest.fixture
def key() -> str:
    return f"coalescing-{os.getpid()}-{next(_numbers)}"


def test_64_cold_readers_on_4_processes_make_exactly_one_fetch(redis_server: str, key: str) -> None:
    ready = _context.Barrier(64)
    readers = [_context.Process(target=_read_cold, args=(redis_server, key, 16, ready)) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert [reader.exitcode for reader in readers] == [0] * 4
    assert redis.Redis.from_url(redis_server).get(f"{key}:fetches") == b"1"


def test_a_holder_that_is_killed_is_replaced(redis_server: str, key: str) -> None:
    held = _context.Event()
    holder = _context.Process(target=_hold, args=(redis_server, key, held))
    holder.start()
    assert held.wait(60)
    os.kill(holder.pid or 0, signal.SIGKILL)
    flying, _ = _flying(redis_server)
    flight = flying.fly(key, lambda: b"fetched", landed=lambda: None, patience=5)
    assert flight.value == b"fetched"
    holder.join()
