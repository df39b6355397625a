"""A Redis on a Unix socket of its own, and the six ways in which it is broken and comes back."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIMEOUT = 0.1
"""Seconds that a step waits for it: the default of REDIS_SOCKET_TIMEOUT."""


class Server:
    """A Redis on a Unix socket that can be stopped and started again on its data."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self.url = f"unix://{folder / 'redis.sock'}"

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        path = self._folder / "redis.sock"
        path.unlink(missing_ok=True)
        options = ["--port", "0", "--unixsocket", str(path), "--dir", str(self._folder), "--save", ""]
        self.process = subprocess.Popen([self._program, *options], stdout=subprocess.DEVNULL)
        while not path.exists():
            time.sleep(0.002)

    def admin(self) -> Any:
        import redis

        return redis.Redis.from_url(self.url)

    def store(self, url: str = "") -> Any:
        """The store as one process has it."""
        from github_cache.store import over
        from ratelimit.connection import connect

        return over(connect(url or self.url, timeout=TIMEOUT, max_connections=50))


@contextmanager
def _refused(server: Server) -> Iterator[None]:
    """Nobody listens there any more, and connections that were open are closed."""
    path, admin = server.url.removeprefix("unix://"), server.admin()
    admin.ping()
    os.rename(path, f"{path}.away")
    admin.client_kill_filter(skipme=True)
    try:
        yield
    finally:
        os.rename(f"{path}.away", path)


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@contextmanager
def _silent(server: Server) -> Iterator[None]:
    """Something else listens there, and never answers."""
    path = server.url.removeprefix("unix://")
    os.rename(path, f"{path}.away")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen(1024)
        server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            server.process.send_signal(signal.SIGCONT)
            os.rename(f"{path}.away", path)


@contextmanager
def _full(server: Server) -> Iterator[None]:
    admin = server.admin()
    admin.config_set("maxmemory-policy", "noeviction")
    admin.config_set("maxmemory", 1)
    try:
        yield
    finally:
        admin.config_set("maxmemory", 0)


@contextmanager
def _flushed(server: Server) -> Iterator[None]:
    over = threading.Event()
    admin = server.admin()

    def flush() -> None:
        while not over.wait(0.01):
            admin.flushall()

    thread = threading.Thread(target=flush)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _killed(server: Server) -> Iterator[None]:
    server.process.kill()
    server.process.wait()
    try:
        yield
    finally:
        server.start()


FAULTS: dict[str, Callable[[Server], Any]] = {
    "refused": _refused,
    "never answers": _silent,
    "stopped (SIGSTOP)": _stopped,
    "out of memory": _full,
    "FLUSHALL every 10 ms": _flushed,
    "killed (SIGKILL)": _killed,
}
