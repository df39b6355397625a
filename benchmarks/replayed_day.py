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
again, since GitHub's limits leave no room, asks at its next poll; how many were told so is shown: a cold start of some
hundred repositories wants more than the 900 points that a minute has for one user, so give it `--tokens`.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks._ways_to_github import hubcache, no_cache, revalidating, ttl_cache

ORG, TOKEN = "octo-sample", "ghp_sandbox_admin_1"
CLIENTS = 20
ASKED = (("/issues", 0.6), ("/pulls", 0.2), ("", 0.2))
FAR = 0.1
"""Seconds to GitHub and back."""
CHANGES_PER_DAY = 6
"""Of each repository."""
real_time = time.time


class Clock:
    """The time of this process, moved instead of waited for; in epoch seconds."""

    def __init__(self) -> None:
        self.now = real_time()

    def __call__(self) -> float:
        return self.now


class Cost(NamedTuple):
    """What polls cost of GitHub."""

    charged: int = 0
    trips: int = 0


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
    parser.add_argument("--tokens", type=int, default=1, help="each of another user's, for Hubcache's pool")
    wish = parser.parse_args(options)
    day = Day(wish.repositories, wish.minutes, wish.every, wish.sample, wish.seed)
    clock = Clock()
    time.time = clock
    try:
        with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
            made = {
                "none": (no_cache, Cost(charged=1, trips=1)),
                "ttl": (ttl_cache, Cost()),
                "revalidate": (revalidating, Cost(trips=1)),
                "hubcache": (hubcache, Cost()),
            }
            ways = [_replay(day, clock, name, *made[name], Path(folder), wish.tokens) for name in wish.ways.split(",")]
    finally:
        time.time = real_time
    return _table(day, ways)


def _replay(day: Day, clock: Clock, name: str, way: Any, foreseen: Cost, folder: Path, tokens: int) -> Way:
    from github_sandbox import changes
    from github_sandbox.entities import Account, Token
    from github_sandbox.sample import SampleSize, make_world
    from github_sandbox.server import serve

    world = make_world(SampleSize(repositories=day.repositories * 2, automations=day.repositories * 4))
    world.limits.change(core=10**8, graphql=10**8, rest_points=10**8)
    pool = [TOKEN]
    for number in range(1, tokens):
        bot = world.add_account(Account(9200 + number, f"bot-{number}"))
        world.accounts[ORG].members[bot.login] = "member"
        pool.append(world.add_token(Token(f"ghp_sandbox_bot_{number}", bot, ("repo",))).value)
    with serve(world) as github, way(github.url, clock, folder, ORG, pool) as (ask, settled):
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
