"""Each fault of Redis under a whole Hubcache: web servers, worker and scheduler over real HTTP, on a real Redis.

Demands, of 2,000 requests per fault of which four fifths meet it: no answer of 5xx and none lost; none slower than
one time-out of Redis (100 ms) beside what the slowest took without a fault; what changes at GitHub meanwhile is
shown; within 10 s of the end every process answers from Redis again, nothing old among it.
"""

import argparse
import queue
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import redis
import requests

from benchmarks import _faulty_redis, _senders
from benchmarks._faulty_redis import TIMEOUT
from benchmarks._running_hub import SECRET, Hub
from benchmarks._senders import Request

SENDERS = 8
REPOSITORIES = 8
"""So few that what is fetched anew after six faults within a minute stays inside GitHub's limits."""
CONNECTIONS = 12
"""So many new connections reach every worker."""
CORES_SECONDS = 0.1
"""What a request may wait for its share of two cores on which all of Hubcache and its clients run."""


@dataclass(slots=True)
class Answers:
    """What came of the requests: statuses (0 for none), and seconds with the path."""

    statuses: Counter[int] = field(default_factory=Counter)
    took: list[tuple[float, str]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(number for status, number in self.statuses.items() if not 200 <= status < 500)


class RedisOf:
    """The Redis of a hub, in the words of the faults."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.url = f"unix://{hub.redis_socket}"

    @property
    def process(self) -> Popen[bytes]:
        return self._hub.running["redis"]

    def start(self) -> None:
        self._hub.start("redis")

    def admin(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)


def main(options: list[str]) -> int:
    """Prints a table; 1 if a demand was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks redis_faults", description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="under each fault")
    parser.add_argument("--rate", type=int, default=500, help="requests per second")
    wish = parser.parse_args(options)
    with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder, ready(Path(folder)) as hub:
        paths = Paths(hub)
        for path in paths.read:
            requests.get(hub.url + path, timeout=10).raise_for_status()
        calm = ask(hub, paths.read, wish.requests, wish.rate, threading.Event())
        print(f"{'':<22} {'5xx or none':>11} {'p50':>8} {'longest':>8} {'change shown':>13} {'normal after':>13}")
        print(f"{'no fault':<22} {calm.failed:>11} {_spread(calm)}", flush=True)
        bound = TIMEOUT + max(CORES_SECONDS, max(calm.took)[0])
        missed = sum(_fault(hub, paths, name, wish.requests, wish.rate, bound) for name in FAULTS)
        return 1 if missed else 0


@contextmanager
def _flushed_once(server: RedisOf) -> Iterator[None]:
    server.admin().flushall()
    yield


FAULTS = {name: fault for name, fault in _faulty_redis.FAULTS.items() if "FLUSHALL" not in name} | {
    "FLUSHALL": _flushed_once
}


@contextmanager
def ready(folder: Path) -> Iterator[Hub]:
    """A hub with an index, whose GitHub sends it every event."""
    with Hub(folder, repositories=REPOSITORIES) as hub:
        hub.manage("sync", "octo-sample")
        hook = {"config": {"url": f"{hub.url}/api/v1/webhooks/github", "secret": SECRET}, "events": ["*"]}
        made = requests.post(f"{hub.github}/orgs/octo-sample/hooks", json=hook, headers=_ADMIN, timeout=10)
        made.raise_for_status()
        yield hub


_ADMIN = {"Authorization": "token ghp_sandbox_admin_1"}


class Paths:
    """What is asked for: `read` over and over; `changed` is the repository that changes at GitHub under each fault."""

    def __init__(self, hub: Hub) -> None:
        listed = requests.get(f"{hub.github}/orgs/octo-sample/repos", headers=_ADMIN, timeout=10)
        listed.raise_for_status()
        names = [each["full_name"] for each in listed.json()][:REPOSITORIES]
        self.changed = names[0]
        self.read = [
            *(f"/api/v3/repos/{name}{part}" for name in names for part in ("", "/labels", "/languages")),
            *(f"/api/v1/github/{name}/info" for name in names),
            *(f"/api/v1/search?q=trigger:push&page={page}" for page in range(1, 5)),
            "/api/v1/facets",
            "/api/v1/stats",
            "/",
            "/status",
            "/health",
        ]


def _fault(hub: Hub, paths: Paths, name: str, number: int, rate: int, bound: float) -> bool:
    """One row of the table; whether a demand was missed."""
    begun, asked = threading.Event(), queue.SimpleQueue[Answers]()
    sender = threading.Thread(target=lambda: asked.put(ask(hub, paths.read, number, rate, begun)))
    sender.start()
    begun.wait()
    with FAULTS[name](RedisOf(hub)):  # type: ignore[arg-type]  # all that a fault asks of its Server
        time.sleep(number / rate / 4)
        text = f"changed while Redis was: {name}"
        change(hub, paths.changed, text)
        shown = until(lambda: shows(hub, paths.changed, text), 30)
        sender.join()
    normal = until(lambda: is_normal(hub, paths.changed, text), 30)
    answers = asked.get()
    good = not answers.failed and max(answers.took)[0] <= bound and shown < 10 and normal <= 10
    print(
        f"{name:<22} {answers.failed:>11} {_spread(answers)} {shown:>11.1f} s {normal:>11.1f} s"
        f"{'' if good else '  MISSED'}",
        flush=True,
    )
    if not good:
        print(f"{'':<22} the slowest was {max(answers.took)[1]}")
    if answers.failed or len(answers.statuses) > 1:
        print(f"{'':<22} statuses {dict(answers.statuses)}")
    return not good


def change(hub: Hub, name: str, description: str) -> None:
    """Changes a repository at GitHub, which sends the event."""
    url = f"{hub.github}/repos/{name}"
    requests.delete(f"{hub.github}/_sandbox/limits", timeout=10).raise_for_status()
    requests.patch(url, json={"description": description}, headers=_ADMIN, timeout=10).raise_for_status()


def shows(hub: Hub, name: str, description: str) -> bool:
    """Whether every process shows the description that GitHub has."""
    answers = [requests.get(f"{hub.url}/api/v3/repos/{name}", timeout=10) for _ in range(CONNECTIONS)]
    return all(answer.ok and answer.json()["description"] == description for answer in answers)


def is_normal(hub: Hub, name: str, description: str) -> bool:
    """Whether every process finds Redis well, and answers from the cache what GitHub has."""
    parts = [requests.get(f"{hub.url}/health", timeout=10).json()["parts"] for _ in range(CONNECTIONS)]
    if any(part["cache"]["state"] != "ok" for part in parts):
        return False
    again = [requests.get(f"{hub.url}/api/v3/repos/{name}", timeout=10) for _ in range(CONNECTIONS)]
    return shows(hub, name, description) and all(answer.headers["X-Cache"] == "HIT" for answer in again[1:])


def until(true: Any, seconds: float) -> float:
    """Seconds until it was true; infinite where that took more than so many."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        if true():
            return time.perf_counter() - began
        time.sleep(0.05)
    return float("inf")


def ask(hub: Hub, paths: list[str], number: int, rate: int, begun: threading.Event) -> Answers:
    """So many requests at so many per second, over keep-alive connections; a fifth of them before `begun` is set."""

    def made() -> Iterator[Request]:
        for turn in range(number):
            if turn >= number // 5:
                begun.set()
            yield Request("GET", paths[turn % len(paths)], {"Accept": "application/json"})

    answers = Answers()
    for turn, status, seconds in _senders.send(hub.port, made(), SENDERS, rate):
        answers.took.append((seconds, paths[turn % len(paths)]))
        answers.statuses[status] += 1
    return answers


def _spread(answers: Answers) -> str:
    ordered = sorted(answers.took)
    return f"{1000 * ordered[len(ordered) // 2][0]:>5.1f} ms {1000 * ordered[-1][0]:>5.0f} ms"
