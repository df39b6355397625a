"""A day of polling, replayed with its clock moved: no cache, a TTL cache, always revalidating, and Hubcache.

20 clients each ask for every repository once a minute (issues 60 %, pull requests 20 %, the repository itself 20 %),
while issues are opened and repositories edited; each way sees the same day. What it counts: calls that GitHub charges,
round trips to GitHub, the time of an answer if GitHub is 100 ms away (measured, and 100 ms for each round trip that the
client waited for), and how old what was served was, counted from the change. By default the day is a small one: few
repositories, and twenty minutes. Demands of Hubcache: 99 % fewer charged calls, 95 % fewer round trips than no cache,
and nothing that is older than 1 s after its webhook.
"""

import argparse
import contextlib
import io
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

ORG, SECRET, TOKEN = "octo-sample", "a secret for the benchmark", "ghp_sandbox_admin_1"
CLIENTS = 20
FAR = 0.1
"""Seconds to GitHub and back."""
TTL = 300
CHANGES_PER_DAY = 6
"""Of each repository."""
Ask = Callable[[str], bytes]
real_time = time.time


class Clock:
    """The time of this process, moved instead of waited for; in epoch seconds."""

    def __init__(self) -> None:
        self.now = real_time()

    def __call__(self) -> float:
        return self.now


@dataclass
class Way:
    """What came of one way through the day."""

    name: str
    polls: int = 0
    charged: int = 0
    trips: int = 0
    seconds: list[float] = field(default_factory=list)
    stale: list[float] = field(default_factory=list)
    """How old what was served was, where it was not the present state: seconds since the change."""


@dataclass(frozen=True, slots=True)
class Day:
    """`minutes` of polling, each client once in `every` seconds at each of `repositories`."""

    repositories: int
    minutes: int
    every: int

    def polls(self) -> Iterator[tuple[float, int, str]]:
        """Seconds since the day began, repository, and what is asked for: always the same ones."""
        dice = random.Random(1)
        for turn in range(self.minutes * 60 // self.every):
            asked = [(client, repository) for client in range(CLIENTS) for repository in range(self.repositories)]
            moments = sorted((turn + dice.random()) * self.every for _ in asked)
            dice.shuffle(asked)
            for at, (_, repository) in zip(moments, asked, strict=True):
                yield at, repository, dice.choices(("/issues", "/pulls", ""), (60, 20, 20))[0]

    def changes(self) -> list[tuple[float, int, bool]]:
        """When, which repository, and whether an issue is opened (else the repository is edited)."""
        dice = random.Random(2)
        number = max(3, round(self.repositories * CHANGES_PER_DAY * self.minutes / (24 * 60)))
        return sorted(
            (dice.random() * self.minutes * 60, dice.randrange(self.repositories), dice.random() < 0.8)
            for _ in range(number)
        )


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks replayed_day", description=__doc__)
    parser.add_argument("--repositories", type=int, default=10)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--every", type=int, default=60, help="seconds between two polls of a client at a repository")
    parser.add_argument("--ways", default="none,ttl,revalidate,hubcache", help="for long days some may be left out")
    wish = parser.parse_args(options)
    day = Day(wish.repositories, wish.minutes, wish.every)
    clock = Clock()
    time.time = clock
    try:
        with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
            made = {"none": _no_cache, "ttl": _ttl_cache, "revalidate": _revalidating, "hubcache": _hubcache}
            ways = [_replay(day, clock, name, made[name], Path(folder)) for name in wish.ways.split(",")]
    finally:
        time.time = real_time
    return _table(day, ways)


def _replay(day: Day, clock: Clock, name: str, way: Any, folder: Path) -> Way:
    from github_sandbox import changes
    from github_sandbox.sample import SampleSize, make_world
    from github_sandbox.server import serve

    world = make_world(SampleSize(repositories=day.repositories * 2, automations=day.repositories * 4))
    world.limits.change(core=10**8, graphql=10**8, rest_points=10**8)
    with serve(world) as github, way(github.url, clock, folder) as (ask, settled):
        admin = world.accounts["octo-admin"]
        repositories = [each for each in world.repositories.values() if each.has_issues][: day.repositories]
        pending = day.changes()
        newest: dict[int, tuple[float, bytes]] = {}
        began = clock.now
        github.ledger.clear()
        found = Way(name)
        for at, index, what in day.polls():
            while pending and pending[0][0] <= at:
                moment, changed, opened = pending.pop(0)
                clock.now = began + moment
                repository = repositories[changed]
                if opened:
                    title = f"Opened at second {moment:.3f}"
                    changes.create_issue(world, repository, admin, title, None, [])
                    newest[changed] = clock.now, title.encode()
                else:
                    changes.edit_repository(world, repository, admin, {"description": f"Edited at {moment:.3f}"})
                github.drain()
            clock.now = began + at
            before = github.ledger.totals()["calls"]
            started = time.perf_counter()
            body = ask(f"/repos/{repositories[index].full_name}{what}")
            took = time.perf_counter() - started
            found.seconds.append(took + FAR * (github.ledger.totals()["calls"] - before))
            settled()
            found.polls += 1
            if what == "/issues" and index in newest and newest[index][1] not in body:
                found.stale.append(clock.now - newest[index][0])
        totals = github.ledger.totals()
        found.charged, found.trips = int(totals["cost"]), int(totals["calls"])
        clock.now += 3600
    return found


Running = Iterator[tuple[Ask, Callable[[], None]]]


def _nothing() -> None:
    """What was begun is over already."""


@contextlib.contextmanager
def _no_cache(url: str, clock: Clock, folder: Path) -> Running:
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {TOKEN}"
        yield lambda path: session.get(url + path, timeout=30).content, _nothing


@contextlib.contextmanager
def _ttl_cache(url: str, clock: Clock, folder: Path) -> Running:
    """requests-cache, shared by all clients. Its expiry goes by the clock of this day."""
    import requests_cache

    with requests_cache.CachedSession(
        backend="memory", expire_after=requests_cache.NEVER_EXPIRE, ignored_parameters=()
    ) as session:
        session.headers["Authorization"] = f"token {TOKEN}"
        until: dict[str, float] = {}

        def ask(path: str) -> bytes:
            # It asks the operating system for the date, which cannot be moved: so what is over is refreshed by name.
            over = until.get(path, 0.0) <= clock.now
            if over:
                until[path] = clock.now + TTL
            return session.get(url + path, timeout=30, force_refresh=over).content

        yield ask, _nothing


@contextlib.contextmanager
def _revalidating(url: str, clock: Clock, folder: Path) -> Running:
    """Asks GitHub each time, with the ETag of what is held, for all clients."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {TOKEN}"
        held: dict[str, tuple[str, bytes]] = {}

        def ask(path: str) -> bytes:
            known = held.get(path)
            answer = session.get(url + path, headers={"If-None-Match": known[0]} if known else {}, timeout=30)
            if answer.status_code == 304 and known:
                return known[1]
            held[path] = answer.headers["ETag"], answer.content
            return answer.content

        yield ask, _nothing


@contextlib.contextmanager
def _hubcache(url: str, clock: Clock, folder: Path) -> Running:
    """All of it in this process, with a Redis; the clients call the WSGI application, and the hook comes by HTTP."""
    import redis

    from benchmarks._running_hub import Hub

    hub = Hub(
        folder, parts=(), GITHUB_API_URL=url, RATELIMIT_AUTHENTICATED_REQUESTS="100000000", RATELIMIT_ENABLED="false"
    )
    os.environ |= hub.environ
    with hub:
        key = next(word for word in hub.manage("create_api_key", "replay").split() if word.startswith("hc_"))
        from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

        from config.wsgi import application
        from github_cache import room
        from webhooks import health
        from webhooks.models import WebhookConfig

        class Quiet(WSGIRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing to say."""

        server = ThreadedWSGIServer(("127.0.0.1", hub.port), Quiet)
        server.set_app(application)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hook = {"config": {"url": f"{hub.url}/api/v1/webhooks/github", "secret": SECRET}, "events": ["*"]}
        headers = {"Authorization": f"token {TOKEN}"}
        requests.post(f"{url}/orgs/{ORG}/hooks", json=hook, headers=headers, timeout=10).raise_for_status()
        beat = [0.0]

        def settled() -> None:
            """What goes on in the background is over; what the worker does each minute is done."""
            while room.background().busy:
                time.sleep(0.0005)
            if clock.now >= beat[0]:
                beat[0] = clock.now + 60
                now = datetime.fromtimestamp(clock.now, UTC)
                WebhookConfig.objects.update(checked_at=now)
                health.observe(now)

        try:
            settled()
            yield lambda path: _called(application, f"/api/v3{path}", hub.port, key), settled
        finally:
            server.shutdown()
            server.server_close()
            redis.Redis.from_url(hub.environ["REDIS_URL"]).close()


def _called(application: Any, path: str, port: int, key: str) -> bytes:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": f"127.0.0.1:{port}",
        "HTTP_X_API_KEY": key,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    statuses: list[str] = []
    result = application(environ, lambda status, *_: statuses.append(status))
    body = b"".join(result)
    if hasattr(result, "close"):
        result.close()
    if not statuses[0].startswith("200"):
        raise RuntimeError(f"{statuses[0]} for {path}: {body[:200]!r}")
    return body


def _table(day: Day, ways: list[Way]) -> int:
    polls = ways[0].polls
    print(
        f"{day.repositories} repositories, {CLIENTS} clients, {day.minutes} minutes, each repository every"
        f" {day.every} s by each client: {polls:,} polls, {len(day.changes())} changes"
    )
    heads = ("charged", "fewer", "round trips", "fewer", "p50 ms", "stale", "oldest s")
    print(f"{'':12}" + "".join(f" {head:>{width}}" for head, width in zip(heads, (9, 8, 12, 8, 8, 8, 9), strict=True)))
    for way in ways:
        charged, trips = 1 - way.charged / polls, 1 - way.trips / polls
        print(
            f"{way.name:12} {way.charged:>9,} {charged:>8.2%} {way.trips:>12,} {trips:>8.2%}"
            f" {statistics.median(way.seconds) * 1e3:>8.2f} {len(way.stale):>8,} {max(way.stale, default=0):>9.1f}"
        )
    hub = next((way for way in ways if way.name == "hubcache"), None)
    if hub is None:
        return 0
    kept = {
        "99 % fewer charged calls": hub.charged <= 0.01 * polls,
        "95 % fewer round trips": hub.trips <= 0.05 * polls,
        "nothing older than 1 s after its webhook": max(hub.stale, default=0) <= 1,
    }
    for what, met in kept.items():
        print(f"  {'met   ' if met else 'MISSED'} {what}")
    return sum(not met for met in kept.values())
