"""What metrics, request log and limits add to a hit: all of them on, and with each and all of them off, in turns.

Counted is what a hit costs the web server's processes in processor time, since requests per second of neighbours on one
machine differ by more than an instrument costs. Demanded of a repeat out of the process's own memory: all three
together add 20 % at most. The same is told of hits that go through Django and Redis.
"""

import argparse
import contextlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from rich.console import Console
from rich.table import Table

from benchmarks._load import generator, put_on
from benchmarks._running_hub import ROOT, Hub, free_port, served

PATH = "/api/v3/orgs/octo-sample/repos?per_page=1"
MOST = 1.2
NO_LIMITS = {"RATELIMIT_ENABLED": "false"}
NO_LOG = {"HUBCACHE_LOG_LEVEL": "WARNING"}
COUNTED, UNCOUNTED = "config.wsgi:application", "benchmarks._uncounted_app:application"
ALL, NONE = "all on", "all off"
SET_UPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    ALL: (COUNTED, {}),
    "without metrics": (UNCOUNTED, {}),
    "without request log": (COUNTED, NO_LOG),
    "without limits": (COUNTED, NO_LIMITS),
    NONE: (UNCOUNTED, NO_LOG | NO_LIMITS),
}


@dataclass
class Server:
    """A web server, and what its turns came to: microseconds of processor time per hit, and hits per second."""

    url: str
    process: psutil.Process
    cost: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)

    def turn(self, seconds: int, headers: Mapping[str, str]) -> None:
        before = self._processor_seconds()
        load = put_on(self.url + PATH, seconds, headers)
        if load.failed:
            raise RuntimeError(f"{load.failed} requests to {self.url} failed")
        self.rate.append(load.per_second)
        self.cost.append((self._processor_seconds() - before) / (load.per_second * seconds) * 1e6)

    def _processor_seconds(self) -> float:
        return sum(sum(each.cpu_times()[:2]) for each in self.process.children(recursive=True))


def main(options: Sequence[str]) -> int:
    """Prints a table for repeats and one for the full path; 1 if the demand was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks instruments", description=__doc__)
    parser.add_argument("--seconds", type=int, default=1, help="of each turn (%(default)s)")
    parser.add_argument("--rounds", type=int, default=8, help="turns of each set-up (%(default)s)")
    wish = parser.parse_args(options)
    console = Console()
    console.print(f"load by {generator()}: 32 connections, {wish.rounds} turns of {wish.seconds} s each, medians")
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hubcache-bench-")))
        hub = ends.enter_context(Hub(folder, repositories=20, parts=()))
        told = hub.manage("create_api_key", "benchmark", "--scope", "read")
        headers = {"X-Api-Key": next(word for word in told.split() if word.startswith("hc_"))}
        hub.environ |= {
            "HUBCACHE_LOG_LEVEL": "INFO",
            "HUBCACHE_LOG_FORMAT": "json",
            "RATELIMIT_AUTHENTICATED_REQUESTS": "100000000",
            "GITHUB_TTL_ORG_REPOS": "3600",
        }
        added = {}
        for name, settings in (
            ("a repeat out of memory", {}),
            ("through Django and Redis", {"HUBCACHE_HOTCACHE_ENABLED": "false"}),
        ):
            with contextlib.ExitStack() as running:
                servers = {
                    set_up: running.enter_context(_server(hub, application, {**settings, **more}))
                    for set_up, (application, more) in SET_UPS.items()
                }
                for server in servers.values():
                    requests.get(server.url + PATH, headers=headers, timeout=30).raise_for_status()
                for turn in range(wish.rounds + 1):
                    for server in servers.values():
                        server.turn(wish.seconds, headers)
                        if turn == 0:
                            server.cost.clear()
                            server.rate.clear()
            added[name] = _tell(console, name, servers)
    repeats = added["a repeat out of memory"]
    console.print(f"{'met' if repeats <= MOST else 'MISSED'}: all three together make a repeat {repeats:.2f} ×")
    return int(repeats > MOST)


@contextlib.contextmanager
def _server(hub: Hub, application: str, settings: Mapping[str, str]) -> Iterator[Server]:
    """A web server on the hub's Redis and database, with counters in a folder of its own as in production."""
    port = free_port()
    counters = hub.folder / f"{port}"
    counters.mkdir()
    environ = {**hub.environ, "PROMETHEUS_MULTIPROC_DIR": str(counters), **settings}
    with (hub.folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(served(application, port), env=environ, cwd=ROOT, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{url}/health/live", timeout=5)
                break
            if time.monotonic() > end:
                raise TimeoutError(f"nothing listens on {port}; see {hub.folder}")
            time.sleep(0.05)
        yield Server(url, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _tell(console: Console, name: str, servers: Mapping[str, Server]) -> float:
    """Prints a table; what all on costs, to all off."""
    table = Table("", "µs of processor", "× all off", "hits/s", title=f"A hit: {name}")
    bare = servers[NONE].cost
    ratios = {
        set_up: statistics.median(cost / least for cost, least in zip(server.cost, bare, strict=True))
        for set_up, server in servers.items()
    }
    for set_up, server in servers.items():
        cost, rate = statistics.median(server.cost), statistics.median(server.rate)
        table.add_row(set_up, f"{cost:.1f}", f"{ratios[set_up]:.2f}", f"{rate:,.0f}")
    console.print(table)
    return ratios[ALL]
