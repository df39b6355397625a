"""Hubcache as it is served: Granian's processes on loopback before a sandbox GitHub, asked byte by byte."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks._running_hub import Hub
from github_sandbox.server import Handle, serve
from github_sandbox.world import World

SECONDS = 30
"""An answer that has not come by then never will."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`head` is everything before the body, as it came."""

    status: int
    head: str
    body: bytes


@dataclass
class Running:
    """Two processes; `key` is an API key that may read and write."""

    hub: Hub
    github: Handle
    key: str

    @property
    def calls(self) -> list[str]:
        """The paths that GitHub was asked for since `forgotten`."""
        return [str(entry["path"]) for entry in self.github.ledger.entries()]

    def forgotten(self) -> None:
        """The ledger begins anew."""
        self.github.ledger.clear()

    def ask(
        self, target: str, *lines: str, method: str = "GET", body: bytes = b"", host: str = "", key: str | None = None
    ) -> Answer:
        """One request of exactly these lines on a connection of its own; with the key, or without by `key=""`."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.hub.port}'}", *lines]
        if not any(line.lower().startswith("connection:") for line in lines):
            head.append("Connection: close")
        if key != "":
            head.append(f"X-Api-Key: {key or self.key}")
        return self.said("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def said(self, request: bytes) -> Answer:
        """What comes back for these bytes, once no more of them come."""
        with socket.create_connection(("127.0.0.1", self.hub.port), timeout=SECONDS) as connection:
            connection.sendall(request)
            told = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = told.partition(b"\r\n\r\n")
        return Answer(int(head.split(b" ", 2)[1]), head.decode("latin-1"), body)


@contextmanager
def running(world: World, folder: Path, **settings: str) -> Iterator[Running]:
    """A web server without workers before a GitHub of this world, unless `settings` name another."""
    with serve(world) as github:
        ours = {"GITHUB_API_URL": github.url, "REDIS_ENABLED": "true", "RATELIMIT_AUTHENTICATED_REQUESTS": "1000000"}
        with Hub(folder, parts=("web",), **(ours | settings)) as hub:
            told = hub.manage("create_api_key", "tests", "--scope", "read", "--scope", "write")
            yield Running(hub, github, next(word for word in told.split() if word.startswith("hc_")))
