"""A warm-up after FLUSHALL: what it costs, and how many of yesterday's reads are hits again.

Callers read repositories of an organisation as people do, a few of them most of the time (Zipf). Then Redis is
emptied, one warm-up runs, and the same reads are made again. Demands at 500 repositories: at least 90 % of the reads
are hits, for at most 5 % of an hour's quota (250 points).
"""

import argparse
import itertools
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import redis
import requests
from rich.console import Console
from rich.table import Table

from benchmarks._running_hub import Hub

HOURLY = 5_000
KINDS = (("info", 50), ("languages", 15), ("issues", 20), ("pulls", 10), ("workflows", 5))


def main(arguments: Sequence[str]) -> int:
    """Prints the table; 1 if a demand was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks warm_up")
    parser.add_argument("--repositories", type=int, default=500, help="Repositories (%(default)s).")
    parser.add_argument("--reads", type=int, default=3_000, help="Reads (%(default)s).")
    parser.add_argument("--wait", type=float, default=30, help="Seconds to wait for the lane's pace (%(default)s).")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hubcache-warm-") as folder:
        hub = Hub(Path(folder), repositories=options.repositories)
        with hub:
            hub.manage("sync", "octo-sample")
            paths = _reads(hub, options.reads)
            first = _read(hub, paths)
            time.sleep(2)
            hub.manage("warm", "--most-wait", "0")
            for name in ("beat", "worker"):
                hub.kill(name)
            client = redis.Redis.from_url(f"unix://{hub.redis_socket}")
            client.flushall()
            hub.kill("web")
            hub.start("web")
            hub.until_up()
            started = time.perf_counter()
            said = hub.manage("warm", "--most-wait", str(options.wait))
            seconds = time.perf_counter() - started
            again = _read(hub, paths)
    match = re.search(r"(\d+) refreshed, (\d+) failed, (\d+) left; (\d+) calls to GitHub, (\d+) points", said)
    if match is None:
        raise RuntimeError(f"the warm-up said something else: {said}")
    refreshed, _, left, calls, points = (int(number) for number in match.groups())
    share = again["HIT"] / len(paths)
    table = Table("", "", title=f"Warm-up after FLUSHALL, {options.repositories} repositories, {len(paths)} reads")
    for name, value in (
        ("paths that were read", str(len(set(paths)))),
        ("hits while they were read first", f"{first['HIT'] / len(paths):.1%}"),
        ("refreshed, left", f"{refreshed}, {left}"),
        ("calls, points", f"{calls}, {points} ({points / HOURLY:.1%} of an hour's quota)"),
        ("seconds", f"{seconds:.1f}"),
        ("hits afterwards", f"{share:.1%}"),
    ):
        table.add_row(name, value)
    Console().print(table)
    return int(share < 0.9 or points > 0.05 * HOURLY)


def _reads(hub: Hub, number: int) -> list[str]:
    """What is read: repositories by Zipf's law, kinds by their weight."""
    chance = random.Random(1)
    names: list[str] = []
    for page in itertools.count(1):
        parameters = {"per_page": 100, "page": page}
        found = requests.get(f"{hub.url}/api/v3/orgs/octo-sample/repos", params=parameters, timeout=60).json()
        names += [repository["full_name"] for repository in found]
        if len(found) < 100:
            break
    chance.shuffle(names)
    weights = [1 / (rank + 1) for rank in range(len(names))]
    kinds, often = zip(*KINDS, strict=True)
    chosen = zip(chance.choices(names, weights, k=number), chance.choices(kinds, often, k=number), strict=True)
    return [f"/api/v1/github/{name}/{kind}" for name, kind in chosen]


def _read(hub: Hub, paths: Sequence[str]) -> Counter[str]:
    session, outcomes = requests.Session(), Counter[str]()
    for path in paths:
        answer = session.get(hub.url + path, timeout=60)
        outcomes[answer.headers.get("X-Cache", str(answer.status_code))] += 1
    return outcomes
