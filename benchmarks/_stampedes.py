"""Many who want the same at once: cold readers, the successor of one who was killed, and a change in the middle."""

import multiprocessing
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks._faulty_redis import Server
from benchmarks._table import TENANT, row, set_up


def cold_readers(server: Server) -> int:
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(64), context.Queue()
    arguments = (server.url, os.environ["HUBCACHE_DATA_DIR"], ready, answers)
    processes = [context.Process(target=_read_cold, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    told = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    fetches = sum(fetched for fetched, _ in told)
    slowest = max(seconds for _, seconds in told)
    return row("64 cold readers on 4 processes: fetches", f"{fetches} ({1000 * slowest:.0f} ms)", fetches == 1)


def _read_cold(url: str, folder: str, ready: Any, answers: Any) -> None:
    set_up(folder)
    flying, store = _flying(url)
    fetches = []

    def fetch() -> bytes:
        fetches.append(1)
        time.sleep(0.1)  # GitHub's latency
        store.set("cold", b"value", 60)
        return b"value"

    def read(_: int) -> float:
        ready.wait()
        began = time.perf_counter()
        flying.fly("cold", fetch, landed=lambda: store.get("cold"), patience=30)
        return time.perf_counter() - began

    with ThreadPoolExecutor(16) as pool:
        seconds = list(pool.map(read, range(16)))
    answers.put((len(fetches), max(seconds)))


def killed_holder(server: Server, rounds: int) -> int:
    """A process is killed in the middle of its fetch; how long until another one that wants the same begins its own."""
    set_up(os.environ["HUBCACHE_DATA_DIR"])
    context, took = multiprocessing.get_context("spawn"), []
    for number in range(rounds):
        held = context.Event()
        arguments = (server.url, os.environ["HUBCACHE_DATA_DIR"], f"held-{number}", held)
        holder = context.Process(target=_hold, args=arguments)
        holder.start()
        held.wait()
        flying, _ = _flying(server.url)
        holder.kill()
        began = time.perf_counter()
        flight = flying.fly(f"held-{number}", time.perf_counter, landed=lambda: None, patience=30)
        took.append((flight.value or float("inf")) - began)
        holder.join()
    return row("a killed holder of a flight is replaced after", f"{max(took):.1f} s at most", max(took) <= 5)


def _hold(url: str, folder: str, key: str, held: Any) -> None:
    set_up(folder)

    def fetch() -> bytes:
        held.set()
        threading.Event().wait()
        return b"never"

    flying, _ = _flying(url)
    flying.fly(key, fetch, landed=lambda: None, patience=30)


def _flying(url: str) -> tuple[Any, Any]:
    """The flights of a process, and its store. Many of them share 2 cores, and nobody's time-out is measured here."""
    from github_cache.coalescing import Coalescer
    from github_cache.store import over
    from ratelimit.connection import connect

    store = over(connect(url, timeout=5.0, max_connections=50))
    store.reachable()
    return Coalescer(lambda: store), store


def races(server: Server, rounds: int) -> int:
    """A fetch takes its epochs, sees the world, is overtaken by a change and its invalidation, and is stored."""
    from github_cache import keys
    from github_cache.keys import Scope

    store, scope = server.store(), Scope("repo", "1")
    epoch, entry = keys.epoch(TENANT, scope, "meta"), keys.entry(TENANT, scope, "meta")
    world, lock, stale, fresh = [0], threading.Lock(), 0, 0

    def fetch() -> None:
        (token,) = store.ensure_epochs(TENANT, scope, [epoch])
        with lock:
            seen = world[0]
        store.write(TENANT, scope, entry, f"{token} {seen}".encode(), ttl=60, kinds=["meta"], has_validator=True)

    def change() -> None:
        with lock:
            world[0] += 1
        store.renew(TENANT, scope, ["meta"])

    with ThreadPoolExecutor(4) as pool:
        for _ in range(rounds):
            steps = [fetch, change, fetch]
            random.shuffle(steps)
            for step in [pool.submit(step) for step in steps]:
                step.result()
            found = store.read(entry, [epoch])
            token, seen = (found.data or b"none 0").decode().split()
            current = found.epochs == (token,)
            fresh += current
            stale += current and int(seen) != world[0]
    return row(f"{rounds:,} races: stale entries served", f"{stale} ({fresh} served)", stale == 0)
