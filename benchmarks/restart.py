"""A rolling restart of web processes and worker under load: how many requests fail.

Callers ask over kept connections and over new ones, cached and uncached paths, while the web server is told to renew
its processes (SIGHUP) and a second worker takes over from the first (SIGTERM). What counts is that nothing fails and
that no task is lost; the longest answer shows the price.
"""

import argparse
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from benchmarks._running_hub import Hub

PATHS = ("/api/v3/orgs/octo-sample/repos?per_page=5", "/api/v1/search?q=trigger:push", "/api/v1/stats")


@dataclass
class Seen:
    """What the callers were given."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: str, seconds: float) -> None:
        with self.lock:
            self.answers[outcome] += 1
            self.seconds.append(seconds)


def main(arguments: Sequence[str]) -> int:
    """Prints the table; 1 if a request failed."""
    parser = argparse.ArgumentParser(prog="benchmarks restart")
    parser.add_argument("--callers", type=int, default=8, help="Callers at once (%(default)s).")
    parser.add_argument("--restarts", type=int, default=2, help="Restarts of web and worker each (%(default)s).")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hubcache-restart-") as folder, Hub(Path(folder)) as hub:
        hub.manage("sync", "octo-sample")
        quiet, restarting = Seen(), Seen()
        with _load(hub, options.callers, quiet):
            time.sleep(5)
        with _load(hub, options.callers, restarting):
            for _ in range(options.restarts):
                _renew_web(hub)
                _replace_worker(hub)
    table = Table(
        "phase", "requests", "failed", "median ms", "99 % ms", "longest ms", title="Rolling restart under load"
    )
    failed = 0
    for name, seen in (("quiet", quiet), (f"{options.restarts} restarts of web and worker", restarting)):
        bad = sum(count for outcome, count in seen.answers.items() if outcome != "200")
        failed += bad
        ordered = sorted(seen.seconds)
        times = [f"{1000 * ordered[int(share * (len(ordered) - 1))]:.1f}" for share in (0.5, 0.99, 1)]
        table.add_row(name, str(len(ordered)), str(bad), *times)
    console = Console()
    console.print(table)
    if failed:
        console.print(f"Failed: {dict(restarting.answers)}")
    return int(failed > 0)


class _load:
    """Callers that ask until the block ends; every second one opens a connection for each request."""

    def __init__(self, hub: Hub, callers: int, seen: Seen) -> None:
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(hub.url, seen, number % 2 == 0)) for number in range(callers)
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, url: str, seen: Seen, keep: bool) -> None:
        session = requests.Session()
        number = 0
        while not self._over.is_set():
            number += 1
            started = time.perf_counter()
            try:
                headers = {} if keep else {"Connection": "close"}
                outcome = str(session.get(url + PATHS[number % len(PATHS)], headers=headers, timeout=30).status_code)
            except requests.RequestException as error:
                outcome = f"{'kept' if keep else 'new'}: {error!r:.180}"
            seen.add(outcome, time.perf_counter() - started)


def _renew_web(hub: Hub) -> None:
    """Tells the web server to renew its processes, and waits until none of the old ones is left."""
    import psutil

    parent = psutil.Process(hub.running["web"].pid)
    old = {child.pid for child in parent.children(recursive=True)}
    parent.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while old & {child.pid for child in parent.children(recursive=True)}:
        if time.monotonic() > deadline:
            raise TimeoutError("the web server did not renew its processes within 60 s")
        time.sleep(0.1)
    time.sleep(1)


def _replace_worker(hub: Hub) -> None:
    """Starts another worker, then lets the first one end in its own time."""
    first = hub.running.pop("worker")
    hub.start("worker")
    first.send_signal(signal.SIGTERM)
    first.wait(60)
