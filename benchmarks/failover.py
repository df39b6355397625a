"""The loss of Redis' master under a whole Hubcache, whose sentinels let its replica take over.

While clients ask over HTTP, the master is killed, and a repository changes at GitHub. Demands: no answer of 5xx and
none lost; the change is shown while there is no master; afterwards every process answers from the new master, and
what is pushed is found by search, which takes the broker and a worker.
"""

import argparse
import queue
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import redis
import requests

from benchmarks._running_hub import Hub, free_port
from benchmarks.redis_faults import REPOSITORIES, Answers, Paths, ask, change, is_normal, shows, until
from config import embedded_redis

SENTINELS = 3
DOWN_AFTER = 2.0
"""Seconds of silence after which the sentinels take the master for lost."""


class _Hub(Hub):
    """One whose Redis is a master and its replica under three sentinels."""

    def __init__(self, folder: Path) -> None:
        self.master, self.replica = free_port(), free_port()
        self.sentinels = [free_port() for _ in range(SENTINELS)]
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        super().__init__(folder, repositories=REPOSITORIES, REDIS_URL=f"sentinel://{hosts}/hub/0")
        program = embedded_redis.binary()
        plain = [str(program), "--bind", "127.0.0.1", "--save", "", "--maxmemory-policy", "volatile-lru"]
        self.commands["redis"] = [*plain, "--port", str(self.master)]
        self.commands["replica"] = [*plain, "--port", str(self.replica), "--replicaof", "127.0.0.1", str(self.master)]
        for port in self.sentinels:
            settings = folder / f"sentinel-{port}.conf"
            settings.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor hub 127.0.0.1 {self.master} 2\n"
                f"sentinel down-after-milliseconds hub {DOWN_AFTER * 1000:.0f}\nsentinel failover-timeout hub 10000\n"
            )
            self.commands[f"sentinel {port}"] = [str(program), str(settings), "--sentinel"]

    def start(self, name: str) -> None:
        """With `redis` its replica and the sentinels, once they have found each other."""
        super().start(name)
        if name != "redis":
            return
        super().start("replica")
        for port in self.sentinels:
            super().start(f"sentinel {port}")
        self._until(lambda: all(self._knows_all(port) for port in self.sentinels))

    def _knows_all(self, port: int) -> bool:
        try:
            masters: Any = redis.Redis(port=port).sentinel_masters()
            (seen,) = masters.values()
        except (redis.ConnectionError, ValueError):
            return False
        return bool(seen["num-slaves"] == 1 and seen["num-other-sentinels"] == SENTINELS - 1)

    def took_over(self) -> bool:
        """Whether the replica is the master now."""
        return bool(redis.Redis(port=self.replica).info("replication")["role"] == "master")


def main(options: list[str]) -> int:
    """Prints what was seen; 1 if a demand was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks failover", description=__doc__)
    parser.add_argument("--requests", type=int, default=6_000, help="in all (%(default)s)")
    parser.add_argument("--rate", type=int, default=400, help="requests per second (%(default)s)")
    wish = parser.parse_args(options)
    folder = tempfile.TemporaryDirectory(prefix="hubcache-failover-")
    with folder, (hub := _Hub(Path(folder.name))):
        hub.manage("sync", "octo-sample")
        hub.manage("register_hook")
        paths = Paths(hub)
        for path in paths.read:
            requests.get(hub.url + path, timeout=10).raise_for_status()
        begun, asked = threading.Event(), queue.SimpleQueue[Answers]()
        sender = threading.Thread(target=lambda: asked.put(ask(hub, paths.read, wish.requests, wish.rate, begun)))
        sender.start()
        begun.wait()
        killed = time.perf_counter()
        hub.kill("redis")
        change(hub, paths.changed, "changed without a master")
        shown = until(lambda: shows(hub, paths.changed, "changed without a master"), 60)
        _push(hub, paths.changed)
        until(hub.took_over, 60)
        taken = time.perf_counter() - killed
        until(lambda: is_normal(hub, paths.changed, "changed without a master"), 60)
        normal = time.perf_counter() - killed
        until(lambda: _found(hub), 60)
        found = time.perf_counter() - killed if _found(hub) else float("inf")
        sender.join()
    answers = asked.get()
    times = sorted(seconds for seconds, _ in answers.took)
    print(f"requests: {len(times)}, of which 5xx or unanswered: {answers.failed} {dict(answers.statuses)}")
    print(f"median {1000 * times[len(times) // 2]:.1f} ms, longest {1000 * times[-1]:.0f} ms ({max(answers.took)[1]})")
    print(f"the change was shown by every process {shown:.1f} s after it")
    print(f"after the kill: the replica took over within {taken:.1f} s, all was normal within {normal:.1f} s,")
    print(f"what was pushed without a master was found by search within {found:.1f} s")
    return int(answers.failed > 0 or max(shown, normal, found) > 60)


def _push(hub: Hub, name: str) -> None:
    body = {
        "repository": name,
        "path": ".github/workflows/failover.yml",
        "content": "name: Failover\non: push\njobs: {a: {runs-on: x, steps: [{uses: acme/failover@v1}]}}\n",
        "message": "Push without a master",
    }
    requests.post(f"{hub.github}/_sandbox/files", json=body, timeout=10).raise_for_status()


def _found(hub: Hub) -> bool:
    found = requests.get(f"{hub.url}/api/v1/search?q=action:acme/failover", timeout=10)
    return found.ok and found.json()["total"] > 0
