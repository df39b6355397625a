"""The index over HTTP: cold, from Redis, and under a replayed load while repositories are indexed anew.

One web server (granian, two processes) on the written database; each row is asked for over one keep-alive connection.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import django
import redis

from benchmarks._running_hub import Hub
from benchmarks._times import Times, timed

REQUESTS = 300  # of each row
COLD_MS = 5
LOAD, WARM_UP, DISTINCT, CHANGED_EVERY = 6_000, 1_000, 300, 1_000
HIT_RATE = 0.9
_FAMILIES = ("FACETS", "SEARCH", "STATS")
_COLD = {f"CACHE_{family}_ENABLED": "false" for family in _FAMILIES} | {"HUBCACHE_HOTCACHE_ENABLED": "false"}
_FROM_REDIS = {"HUBCACHE_HOTCACHE_ENABLED": "false"}


class Client:
    """One keep-alive connection to a web server of the hub's with these settings; a context manager."""

    def __init__(self, hub: Hub, **settings: str) -> None:
        self._hub, self._settings = hub, settings
        self._connection = HTTPConnection("127.0.0.1", hub.port)

    def __enter__(self) -> "Client":
        ordinary = self._hub.environ
        self._hub.environ = ordinary | self._settings
        self._hub.start("web")
        self._hub.environ = ordinary
        self._hub.until_up()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._hub.kill("web")

    def ask(self, path: str) -> tuple[float, str]:
        """Milliseconds until the whole answer is there, and how it came about (X-Cache)."""
        took, answer = timed(partial(self._answer, path))
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status}")
        return took, str(answer.headers["X-Cache"])

    def times(self, paths: list[str], outcome: str) -> Times:
        """The times of these paths, each of which has to come about like this."""
        asked = [self.ask(path) for path in paths]
        if {how for _, how in asked} != {outcome}:
            raise AssertionError(f"not all were {outcome}: {sorted({how for _, how in asked})}")
        return Times([took for took, _ in asked])

    def _answer(self, path: str) -> HTTPResponse:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        answer.read()
        return answer


def measured(database: Path) -> int:
    """Prints the rows; 1 if a number demanded was missed."""
    hub = Hub(database.parent, f"sqlite:///{database}", repositories=1, parts=(), HUBCACHE_TENANT="bench")
    # This process writes into the same database and store as the web server.
    os.environ |= hub.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    with hub:
        django.setup()
        missed = _cold(hub) + _from_redis(hub) + _replayed(hub)
    print(f"  {'MISSED over HTTP: ' + ', '.join(missed) if missed else 'every number demanded over HTTP is met'}")
    return bool(missed)


def _paths(count: int, seed: int) -> dict[str, list[str]]:
    """Addresses by family; all of facets and search differ in what they ask."""
    from benchmarks._index_data import queries

    asked = queries(count, seed)

    def path(family: str, parameters: Mapping[str, list[str]]) -> str:
        return f"/api/v1/{family}?{urlencode(parameters, doseq=True)}"

    return {
        "facets": [path("facets", one) for one in asked["one filter"]],
        "search": [path("search", one) for one in asked["text and filter"]],
        "stats": ["/api/v1/stats"] * count,
    }


def _cold(hub: Hub) -> list[str]:
    """Every answer computed: what is asked for is cached nowhere."""
    missed = []
    with Client(hub, **_COLD) as client:
        for family, paths in _paths(REQUESTS, seed=21).items():
            client.times(paths[:4], "BYPASS")  # both processes have read the index
            row = client.times(paths, "BYPASS")
            print(f"  {f'over HTTP, cold: {family}':34}{row!s:>26}")
            if row.p50 >= COLD_MS:
                missed.append(f"{family}, cold")
    return missed


def _from_redis(hub: Hub) -> list[str]:
    """Every answer was given before, and comes from Redis; nothing is kept in the web server's memory."""
    missed = []
    store = redis.Redis.from_url(hub.environ["REDIS_URL"])
    with Client(hub, **_FROM_REDIS) as client:
        for family, paths in _paths(20, seed=22).items():
            for path in paths * 3:
                client.ask(path)
            before = _commands(store)
            row = client.times(paths * (REQUESTS // 20), "HIT")
            used = {name: count - before.get(name, 0) for name, count in _commands(store).items()}
            trips = used.pop("mget", 0) / len(row.each)
            others = sum(used.values()) / len(row.each)
            print(f"  {f'over HTTP, from Redis: {family}':34}{row!s:>26}   {trips:.2f} MGET, {others:.2f} others each")
            if trips > 1.1 or others > 0.1:
                missed.append(f"{family}: one trip to Redis")
    return missed


def _commands(store: redis.Redis) -> dict[str, int]:
    """How often each command was called by clients, but for what this benchmark itself asks."""
    stats: dict[str, Mapping[str, int]] = store.info("commandstats")
    counted = {name.removeprefix("cmdstat_"): int(each["calls"]) for name, each in stats.items()}
    return {name: calls for name, calls in counted.items() if name not in ("info", "ping", "hello", "client")}


def _replayed(hub: Hub) -> list[str]:
    """A skewed load over everything that is cached, while a repository changes now and then: a new generation each."""
    from benchmarks._index_data import Chance

    paths = _paths(DISTINCT // 2, seed=23)
    every = [path for pair in zip(paths["facets"], paths["search"], strict=True) for path in pair]
    every.insert(2, paths["stats"][0])
    chance = Chance(24)
    asked: list[tuple[float, str]] = []
    with Client(hub) as client:
        for number in range(LOAD):
            if number and number % CHANGED_EVERY == 0:
                _change(number)
            asked.append(client.ask(chance.skewed(every)))
    row = Times([took for took, _ in asked[WARM_UP:]])
    rate = sum(how == "HIT" for _, how in asked[WARM_UP:]) / len(row.each)
    changes = (LOAD - 1) // CHANGED_EVERY
    print(f"  {'over HTTP, replayed load':34}{row!s:>26}   {rate:.1%} hits; the index changed {changes} times")
    return [] if rate >= HIT_RATE else ["hit rate"]


def _change(number: int) -> None:
    from benchmarks._index_data import OBSERVED, TENANT, Chance, files, given
    from stats.indexing import Outcome, index_repository

    at = OBSERVED + timedelta(hours=1, seconds=number)
    if index_repository(TENANT, given(3, Chance(number)), files(3, number), at) is not Outcome.INDEXED:
        raise AssertionError("nothing changed")
