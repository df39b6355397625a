"""How long a worker may go on repeating what was invalidated: real web servers, idle and under full load.

A repository changes at GitHub, which sends no event; then its epoch is renewed in Redis, and every worker is asked
again and again until it shows the change. Counted is how long after the renewal a request still began that was
answered with the old state. Demands: 20 ms at p99 when idle, 100 ms under load.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

import redis
import requests

from benchmarks import _load
from benchmarks._running_hub import Hub
from github_cache import epochs, keys
from github_cache.keys import Scope

CONNECTIONS = 8
"""Kept alive, so that each stays with its worker; so many reach every worker."""
_ADMIN = {"Authorization": "token ghp_sandbox_admin_1"}


def main(options: list[str]) -> int:
    """Prints a table; 1 if a demand was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks coherence", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="idle, and as many under load")
    wish = parser.parse_args(options)
    with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder, Hub(Path(folder), parts=("web",)) as hub:
        told = requests.get(f"{hub.github}/orgs/octo-sample/repos", headers=_ADMIN, timeout=10).json()
        path = f"{hub.url}/api/v3/repos/{told[1]['full_name']}"
        requests.get(path, timeout=10).raise_for_status()
        print(f"{'':<12} {'p50':>9} {'p99':>9} {'longest':>9}")
        missed = _row("idle", _rounds(hub, told[0], wish.rounds, "idle"), 0.02)
        over, found = threading.Event(), []

        def load() -> None:
            while not over.is_set():
                found.append(_load.put_on(path, 2, {}, connections=16))

        loading = threading.Thread(target=load)
        loading.start()
        try:
            missed += _row("full load", _rounds(hub, told[0], wish.rounds, "load"), 0.1)
        finally:
            over.set()
            loading.join()
        print(f"the load: {_load.median(found).per_second:,.0f} requests/s by {_load.generator()}")
    return 1 if missed else 0


def _rounds(hub: Hub, repository: dict[str, object], rounds: int, name: str) -> list[float]:
    store, path = redis.Redis.from_url(f"unix://{hub.redis_socket}"), f"/api/v3/repos/{repository['full_name']}"
    epoch = keys.epoch("default", Scope("repo", str(repository["id"])), "meta")
    connections = [http.client.HTTPConnection("127.0.0.1", hub.port, timeout=10) for _ in range(CONNECTIONS)]
    stale: list[float] = []
    for number in range(rounds):
        for connection in connections * 2:
            _description(connection, path)
        requests.delete(f"{hub.github}/_sandbox/limits", timeout=10)
        new = f"{name} {number}"
        changed = requests.patch(
            f"{hub.github}/repos/{path[14:]}", json={"description": new}, headers=_ADMIN, timeout=10
        )
        changed.raise_for_status()
        store.set(epoch, epochs.renewed(time.time(), str(number)), ex=3600)
        renewed = time.perf_counter()
        old = dict.fromkeys(connections, 0.0)
        waiting = set(connections)
        while waiting:
            for connection in tuple(waiting):
                asked = time.perf_counter()
                if _description(connection, path) == new:
                    waiting.remove(connection)
                else:
                    old[connection] = asked - renewed
        stale += old.values()
    for connection in connections:
        connection.close()
    return stale


def _description(connection: http.client.HTTPConnection, path: str) -> str:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {body[:200]!r}")
    return str(json.loads(body)["description"])


def _row(name: str, seconds: list[float], bound: float) -> int:
    p99 = statistics.quantiles(seconds, n=100)[98]
    good = p99 <= bound
    print(
        f"{name:<12} {1000 * statistics.median(seconds):>6.1f} ms {1000 * p99:>6.1f} ms {1000 * max(seconds):>6.1f} ms"
        f"  {'' if good else 'MISSED'}",
        flush=True,
    )
    return 0 if good else 1
