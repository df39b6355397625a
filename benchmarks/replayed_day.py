"""A day of polling, replayed with its clock moved: no cache, a TTL cache, always revalidating, and Hubcache.

20 clients each ask for every repository once a minute (issues 60 %, pull requests 20 %, the repository itself 20 %),
while issues are opened and repositories edited; each way sees the same day. What it counts: calls that GitHub charges,
round trips to GitHub, the time of an answer if GitHub is 100 ms away (measured, and 100 ms for each round trip that the
client waited for), and how old what was served was, counted from the change. Demands of Hubcache: 99 % fewer charged
calls, 95 % fewer round trips than no cache, and nothing that is older than 1 s after its webhook.

A whole day of 500 repositories has 14 million polls. Each is asked for that could come out otherwise than the one
before it: the first, those after a change of the repository, and those after the time for which the answer was said to
be good. The rest are counted as what the way does with them, and one in `--sample` of them is asked for all the same;
how many of those came out otherwise is shown. `--sample 1` asks for everything. A client whom Hubcache tells to come
again, since GitHub's limits leave no room, asks at its next poll; how many were told so is shown.
"""

import argparse
import contextlib
import io
import math
import os
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import requests
from requests.adapters import HTTPAdapter

ORG, SECRET, TOKEN = "octo-sample", "a secret for the benchmark", "ghp_sandbox_admin_1"
CLIENTS = 20
ASKED = (("/issues", 0.6), ("/pulls", 0.2), ("", 0.2))
FAR = 0.1
"""Seconds to GitHub and back."""
TTL = 300
CHANGES_PER_DAY = 6
"""Of each repository."""
real_time = time.time


class Clock:
    """The time of this process, moved instead of waited for; in epoch seconds."""

    def __init__(self) -> None:
        self.now = real_time()

    def __call__(self) -> float:
        return self.now


class Answer(NamedTuple):
    """A body, and until when (epoch seconds) asking again will cost the same, unless something changes."""

    body: bytes
    good_until: float


class Cost(NamedTuple):
    """What polls cost of GitHub."""

    charged: int = 0
    trips: int = 0


Ask = Callable[[str], Answer | None]
"""None where the client is told to come again later."""


@dataclass
class Way:
    """What came of one way through the day."""

    name: str
    polls: int = 0
    charged: int = 0
    trips: int = 0
    asked: int = 0
    """Polls that were carried out; `otherwise` of them not as had been foreseen."""
    otherwise: int = 0
    seconds: list[float] = field(default_factory=list)
    """Of the polls that were foreseen, which are a fair sample of nearly all."""
    stale: int = 0
    oldest: float = 0.0
    """How old the oldest of what was not the present state was: seconds since the change."""
    put_off: int = 0
    """Polls that were told to come again, since GitHub's limits have no room for so many calls within a minute."""


@dataclass(frozen=True, slots=True)
class Day:
    """`minutes` of polling, each client once in `every` seconds at each of `repositories`."""

    repositories: int
    minutes: int
    every: int
    sample: int
    seed: int

    @property
    def turns(self) -> int:
        return self.minutes * 60 // self.every

    def polls(self) -> Iterator[tuple[float, int, int, bool]]:
        """Seconds since the day began, repository, which of ASKED, and whether it belongs to the sample: always the
        same ones."""
        dice = np.random.default_rng([1, self.seed])
        asked = np.tile(np.arange(self.repositories), CLIENTS)
        for turn in range(self.turns):
            moments = np.sort((turn + dice.random(len(asked))) * self.every)
            dice.shuffle(asked)
            what = dice.choice(len(ASKED), len(asked), p=[share for _, share in ASKED])
            sampled = dice.integers(self.sample, size=len(asked)) == 0
            yield from zip(moments.tolist(), asked.tolist(), what.tolist(), sampled.tolist(), strict=True)

    def changes(self) -> list[tuple[float, int, bool]]:
        """When, which repository, and whether an issue is opened (else the repository is edited)."""
        dice = np.random.default_rng([2, self.seed])
        number = max(3, round(self.repositories * CHANGES_PER_DAY * self.minutes / (24 * 60)))
        moments = np.sort(dice.random(number) * self.minutes * 60).tolist()
        return [(at, int(dice.integers(self.repositories)), bool(dice.random() < 0.8)) for at in moments]


def main(options: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks replayed_day", description=__doc__)
    parser.add_argument("--repositories", type=int, default=10)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--every", type=int, default=60, help="seconds between two polls of a client at a repository")
    parser.add_argument("--ways", default="none,ttl,revalidate,hubcache", help="for long days some may be left out")
    parser.add_argument("--sample", type=int, default=1, help="of so many polls that cannot differ one is carried out")
    parser.add_argument("--seed", type=int, default=1, help="another one is another day")
    wish = parser.parse_args(options)
    day = Day(wish.repositories, wish.minutes, wish.every, wish.sample, wish.seed)
    clock = Clock()
    time.time = clock
    try:
        with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
            made = {
                "none": (_no_cache, Cost(charged=1, trips=1)),
                "ttl": (_ttl_cache, Cost()),
                "revalidate": (_revalidating, Cost(trips=1)),
                "hubcache": (_hubcache, Cost()),
            }
            ways = [_replay(day, clock, name, *made[name], Path(folder)) for name in wish.ways.split(",")]
    finally:
        time.time = real_time
    return _table(day, ways)


def _replay(day: Day, clock: Clock, name: str, way: Any, foreseen: Cost, folder: Path) -> Way:
    from github_sandbox import changes
    from github_sandbox.sample import SampleSize, make_world
    from github_sandbox.server import serve

    world = make_world(SampleSize(repositories=day.repositories * 2, automations=day.repositories * 4))
    world.limits.change(core=10**8, graphql=10**8, rest_points=10**8)
    with serve(world) as github, way(github.url, clock, folder) as (ask, settled):
        admin = world.accounts["octo-admin"]
        repositories = [each for each in world.repositories.values() if each.has_issues][: day.repositories]
        pending = day.changes()
        # By repository and what is asked for: the newest change, its mark in a body, whether the last body bore it.
        newest: dict[tuple[int, int], tuple[float, bytes]] = {}
        current: dict[tuple[int, int], bool] = {}
        good_until: dict[tuple[int, int], float] = {}
        began = clock.now
        github.ledger.clear()
        found = Way(name)
        for at, index, what, sampled in day.polls():
            while pending and pending[0][0] <= at:
                moment, changed, opened = pending.pop(0)
                clock.now = began + moment
                mark = f"At second {moment:.3f}"
                if opened:
                    changes.create_issue(world, repositories[changed], admin, mark, None, [])
                else:
                    changes.edit_repository(world, repositories[changed], admin, {"description": mark})
                newest[changed, 0 if opened else 2] = clock.now, mark.encode()
                for each in range(len(ASKED)):
                    good_until.pop((changed, each), None)
                github.drain()
            clock.now = now = began + at
            found.polls += 1
            key = index, what
            as_before = now < good_until.get(key, 0.0)
            if as_before and not sampled:
                found.charged += foreseen.charged
                found.trips += foreseen.trips
            else:
                before = _cost(github)
                started = time.perf_counter()
                answer = ask(f"/repos/{repositories[index].full_name}{ASKED[what][0]}")
                took = time.perf_counter() - started
                waited_for = _cost(github).trips - before.trips
                settled()
                after = _cost(github)
                cost = Cost(after.charged - before.charged, after.trips - before.trips)
                found.asked += 1
                found.charged += cost.charged
                found.trips += cost.trips
                if answer is None:
                    found.put_off += 1
                    continue
                if as_before:
                    found.seconds.append(took + FAR * waited_for)
                    found.otherwise += cost != foreseen
                good_until[key] = answer.good_until
                current[key] = key not in newest or newest[key][1] in answer.body
            if not current[key]:
                found.stale += 1
                found.oldest = max(found.oldest, now - newest[key][0])
        clock.now += 3600
    return found


def _cost(github: Any) -> Cost:
    totals = github.ledger.totals()
    return Cost(totals["cost"], totals["calls"])


Running = Iterator[tuple[Ask, Callable[[], None]]]


def _nothing() -> None:
    """What was begun is over already."""


@contextlib.contextmanager
def _no_cache(url: str, clock: Clock, folder: Path) -> Running:
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {TOKEN}"
        session.mount(url, HTTPAdapter(max_retries=1))
        yield lambda path: Answer(session.get(url + path, timeout=30).content, math.inf), _nothing


@contextlib.contextmanager
def _ttl_cache(url: str, clock: Clock, folder: Path) -> Running:
    """requests-cache, shared by all clients. Its expiry goes by the clock of this day."""
    import requests_cache

    with requests_cache.CachedSession(
        backend="memory", expire_after=requests_cache.NEVER_EXPIRE, ignored_parameters=()
    ) as session:
        session.headers["Authorization"] = f"token {TOKEN}"
        session.mount(url, HTTPAdapter(max_retries=1))
        until: dict[str, float] = {}

        def ask(path: str) -> Answer:
            # It asks the operating system for the date, which cannot be moved: so what is over is refreshed by name.
            over = until.get(path, 0.0) <= clock.now
            if over:
                until[path] = clock.now + TTL
            return Answer(session.get(url + path, timeout=30, force_refresh=over).content, until[path])

        yield ask, _nothing


@contextlib.contextmanager
def _revalidating(url: str, clock: Clock, folder: Path) -> Running:
    """Asks GitHub each time, with the ETag of what is held, for all clients."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {TOKEN}"
        session.mount(url, HTTPAdapter(max_retries=1))
        held: dict[str, tuple[str, bytes]] = {}

        def ask(path: str) -> Answer:
            known = held.get(path)
            answer = session.get(url + path, headers={"If-None-Match": known[0]} if known else {}, timeout=30)
            if answer.status_code == 304 and known:
                return Answer(known[1], math.inf)
            held[path] = answer.headers["ETag"], answer.content
            return Answer(answer.content, math.inf)

        yield ask, _nothing


@contextlib.contextmanager
def _hubcache(url: str, clock: Clock, folder: Path) -> Running:
    """All of it in this process, with a Redis; the clients call the WSGI application, and the hook comes by HTTP."""
    import redis

    from benchmarks._running_hub import Hub

    # A machine that is busy with other things is no Redis that went away.
    hub = Hub(folder, parts=(), GITHUB_API_URL=url, RATELIMIT_ENABLED="false", REDIS_SOCKET_TIMEOUT="30")
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
            yield lambda path: _called(application, f"/api/v3{path}", hub.port, key, clock.now), settled
        finally:
            server.shutdown()
            server.server_close()
            redis.Redis.from_url(hub.environ["REDIS_URL"]).close()


_TTL = re.compile(r"ttl=(\d+)")


def _called(application: Any, path: str, port: int, key: str, now: float) -> Answer | None:
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
    told: list[Any] = []
    result = application(environ, lambda *head: told.extend(head))
    body = b"".join(result)
    if hasattr(result, "close"):
        result.close()
    headers = dict(told[1])
    if told[0].startswith("429") and "Retry-After" in headers:
        return None
    if not told[0].startswith("200"):
        raise RuntimeError(f"{told[0]} for {path}: {body[:200]!r}")
    left = _TTL.search(headers["Cache-Status"])
    return Answer(body, now + float(left[1]) if left else 0.0)


def _table(day: Day, ways: list[Way]) -> int:
    polls = ways[0].polls
    print(
        f"{day.repositories} repositories, {CLIENTS} clients, {day.minutes} minutes, each repository every"
        f" {day.every} s by each client: {polls:,} polls, {len(day.changes()):,} changes"
    )
    heads = {"charged": 11, "fewer": 8, "round trips": 12, "": 8, "p50 ms": 8, "stale": 10, "oldest s": 9}
    print(f"{'':12}" + "".join(f" {head:>{width}}" for head, width in heads.items()) + "   carried out, otherwise")
    for way in ways:
        charged, trips = 1 - way.charged / polls, 1 - way.trips / polls
        print(
            f"{way.name:12} {way.charged:>11,} {charged:>8.2%} {way.trips:>12,} {trips:>8.2%}"
            f" {statistics.median(way.seconds) * 1e3:>8.2f} {way.stale:>10,} {way.oldest:>9.1f}"
            f" {way.asked:>13,}, {way.otherwise:,}"
        )
    hub = next((way for way in ways if way.name == "hubcache"), None)
    if hub is None:
        return 0
    print(
        f"  {hub.put_off:,} of hubcache's polls were told to come again later, for GitHub's limit of points per minute"
    )
    kept = {
        "99 % fewer charged calls": hub.charged <= 0.01 * polls,
        "95 % fewer round trips": hub.trips <= 0.05 * polls,
        "nothing older than 1 s after its webhook": hub.oldest <= 1,
    }
    for what, met in kept.items():
        print(f"  {'met   ' if met else 'MISSED'} {what}")
    return sum(not met for met in kept.values())
