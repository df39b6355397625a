"""A rolling restart of web servers and workers under load: how many requests fail.

Callers ask over kept connections and over new ones. Twice: one web server that is told to renew its processes
(SIGHUP), asked directly; and two behind nginx with deploy/nginx.conf, restarted one after another, as the compose files
have it. In both a second worker takes over from the first (SIGTERM). Behind nginx nothing may fail.
"""

import argparse
import contextlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from rich.console import Console
from rich.table import Table

from benchmarks._running_hub import ROOT, Hub, free_port

PATHS = ("/api/v3/orgs/octo-sample/repos?per_page=5", "/api/v1/search?q=trigger:push", "/api/v1/stats")


@dataclass
class Seen:
    """What the callers were given."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def failed(self) -> int:
        return sum(count for outcome, count in self.answers.items() if outcome != "200")

    def add(self, outcome: str, seconds: float) -> None:
        with self.lock:
            self.answers[outcome] += 1
            self.seconds.append(seconds)


def main(arguments: Sequence[str]) -> int:
    """Prints the table; 1 if a request failed behind nginx."""
    parser = argparse.ArgumentParser(prog="benchmarks restart")
    parser.add_argument("--callers", type=int, default=8, help="Callers at once (%(default)s).")
    parser.add_argument("--restarts", type=int, default=2, help="Restarts of everything (%(default)s).")
    options = parser.parse_args(arguments)
    table = Table(
        "set-up", "requests", "failed", "median ms", "99 % ms", "longest ms", title="Rolling restart under load"
    )
    console, behind_nginx = Console(), Seen()
    with tempfile.TemporaryDirectory(prefix="hubcache-restart-") as folder, _Hub(Path(folder)) as hub:
        hub.manage("sync", "octo-sample")
        quiet, alone = Seen(), Seen()
        with _load(hub.url, options.callers, quiet):
            time.sleep(5)
        with _load(hub.url, options.callers, alone):
            for _ in range(options.restarts):
                hub.renew("web")
                hub.replace_worker()
        _add(table, "one web server, no restart", quiet)
        _add(table, f"one web server, renewed {options.restarts} times", alone)
        if (nginx := shutil.which("nginx")) is None:
            console.print("nginx is not installed, so the second half is left out.")
        else:
            with hub.behind(nginx) as url, _load(url, options.callers, behind_nginx):
                for _ in range(options.restarts):
                    hub.restart("web")
                    hub.restart("second web")
                    hub.replace_worker()
            _add(table, f"two behind nginx, each restarted {options.restarts} times", behind_nginx)
    console.print(table)
    for seen in (alone, behind_nginx):
        if seen.failed:
            console.print({outcome: count for outcome, count in seen.answers.items() if outcome != "200"})
    return int(behind_nginx.failed > 0)


def _add(table: Table, name: str, seen: Seen) -> None:
    ordered = sorted(seen.seconds)
    times = [f"{1000 * ordered[int(share * (len(ordered) - 1))]:.1f}" for share in (0.5, 0.99, 1)]
    table.add_row(name, str(len(ordered)), str(seen.failed), *times)


class _Hub(Hub):
    """One whose web server is started as in production, of which there can be two."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.commands["web"] = self.commands["second web"] = [sys.executable, "manage.py", "serve"]
        self.commands["worker"] = [sys.executable, "manage.py", "work"]
        self.second_port = free_port()

    def start(self, name: str) -> None:
        self.environ["HUBCACHE_PORT"] = str(self.second_port if name == "second web" else self.port)
        super().start(name)

    def renew(self, name: str) -> None:
        """Tells a web server to renew its processes, and waits until none of the old ones is left."""
        parent = psutil.Process(self.running[name].pid)
        old = {child.pid for child in parent.children(recursive=True)}
        parent.send_signal(signal.SIGHUP)
        self._until(lambda: not old & {child.pid for child in parent.children(recursive=True)})
        self.until_up()

    def restart(self, name: str) -> None:
        """Ends a web server in its own time and starts it again."""
        process = self.running[name]
        process.terminate()
        process.wait(60)
        self.start(name)
        port = self.second_port if name == "second web" else self.port
        self._until(lambda: requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=1).ok)

    def replace_worker(self) -> None:
        """Starts another worker, then lets the first one end in its own time."""
        first = self.running["worker"]
        self.start("worker")
        first.terminate()
        first.wait(60)

    @contextlib.contextmanager
    def behind(self, nginx: str) -> Iterator[str]:
        """Puts nginx before two web servers, by our own configuration with other addresses; its URL."""
        self.start("second web")
        port, text = free_port(), (ROOT / "deploy/nginx.conf").read_text()
        text = re.sub(r"^resolver .*$", "", text, flags=re.MULTILINE)
        servers = "".join(f"server 127.0.0.1:{each}\\1;" for each in (self.port, self.second_port))
        text = re.sub(r"server web:8000 resolve( .*);", servers, text)
        text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        temporary = "".join(f"{kind}_temp_path {self.folder};" for kind in ("client_body", "proxy"))
        file = self.folder / "nginx.conf"
        file.write_text(
            f"pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log; daemon off; events {{}}\n"
            f"http {{ access_log off; {temporary}\n{text}}}"
        )
        process = subprocess.Popen([nginx, "-p", str(self.folder), "-c", str(file)])
        url = f"http://127.0.0.1:{port}"
        try:
            for each in (f"http://127.0.0.1:{self.second_port}", url):
                self._until(lambda each=each: requests.get(f"{each}/health/ready", timeout=1).ok)
            yield url
        finally:
            process.terminate()
            process.wait()


class _load:
    """Callers that ask until the block ends; every second one opens a connection for each request."""

    def __init__(self, url: str, callers: int, seen: Seen) -> None:
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(url, seen, number % 2 == 0)) for number in range(callers)
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
