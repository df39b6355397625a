"""The index against the ordinary way (Django ORM, many-to-many, COUNT and GROUP BY, covering indexes), interleaved.

Times are of the computation, without HTTP and without any cache; HTTP figures stand beside them with ``--http``.
Options: ``--sizes 5000,20000`` (automations; 200000 and 1000000 take minutes to write), ``--rounds``.
"""

import argparse
import os
import statistics as numbers
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

TARGETS = {  # automations -> p50 / p95 in ms: facets, search, statistics, re-index and refresh
    5_000: ((0.5, 1), (0.6, 1.5), 1, (15, 1)),
    20_000: ((0.8, 2), (1, 4), 1, (15, 1)),
    200_000: ((4, 10), (5, 30), 1, (20, 2)),
    1_000_000: ((25, 60), (15, 60), 1, (20, 3)),
}
RATIOS = {5_000: (100, 40), 20_000: (100, 80), 200_000: (100, 130)}  # no filter, one filter


@dataclass(frozen=True)
class Times:
    """Milliseconds of several runs."""

    each: list[float]

    @property
    def p50(self) -> float:
        return numbers.median(self.each)

    @property
    def p95(self) -> float:
        return sorted(self.each)[int(len(self.each) * 0.95)] if len(self.each) > 1 else self.each[0]

    def __str__(self) -> str:
        return f"{self.p50:8.3f} / {self.p95:8.3f}"


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds that it took, and what it gave."""
    began = time.perf_counter()
    given = run()
    return (time.perf_counter() - began) * 1000, given


def main(options: list[str]) -> int:
    """Prints a table for each size; 1 if a number demanded of the index was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks index", description=__doc__)
    parser.add_argument("--sizes", default="5000,20000", help="Automations, comma-separated (%(default)s).")
    parser.add_argument("--rounds", type=int, default=60, help="Queries of each kind (%(default)s).")
    parser.add_argument("--naive-seconds", type=float, default=20, help="For the ordinary way, of each kind.")
    given = parser.parse_args(options)
    missed = 0
    for size in map(int, given.sizes.split(",")):
        pid = os.fork()  # a process of its own for each size: a fresh memory, a fresh database
        if pid == 0:
            code = 1
            try:
                code = _measured(size, given.rounds, given.naive_seconds)
            finally:
                sys.stdout.flush()
                os._exit(code)
        missed |= os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return missed


def _measured(size: int, rounds: int, naive_seconds: float) -> int:
    with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
        os.environ |= {"HUBCACHE_DATA_DIR": folder, "REDIS_ENABLED": "false", "HUBCACHE_LOG_LEVEL": "ERROR"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        from benchmarks import _index_data

        took, _ = timed(lambda: _index_data.write(size))
        print(f"\n{size:,} automations in {size // _index_data.EACH:,} repositories (written in {took / 1000:.0f} s)")
        return _compare(size, rounds, naive_seconds)


def _queries(rounds: int, seed: int) -> dict[str, list[dict[str, list[str]]]]:
    """Parameters by kind of query; every one of them another."""
    from benchmarks._index_data import ACTIONS, LANGUAGES, TRIGGERS, WORDS, Chance

    chance = Chance(seed)

    def filters(count: int) -> dict[str, list[str]]:
        every = {
            "trigger": [chance.skewed(TRIGGERS)],
            "language": [chance.skewed(LANGUAGES)],
            "action": [chance.skewed(ACTIONS).partition("@")[0]],
        }
        return {name: every[name] for name in chance.sample(sorted(every), count)}

    def word() -> str:
        """Every other one is on everyone's lips, the others are any word there is."""
        return chance.skewed(WORDS) if chance.random() < 0.5 else chance.choice(WORDS)

    return {
        "no filter": [{} for _ in range(rounds)],
        "one filter": [filters(1) for _ in range(rounds)],
        "three filters": [filters(3) for _ in range(rounds)],
        "text": [{"q": [word()]} for _ in range(rounds)],
        "text and filter": [{"q": [word()], **filters(1)} for _ in range(rounds)],
    }


def _compare(size: int, rounds: int, naive_seconds: float) -> int:
    from benchmarks._index_data import TENANT
    from stats import snapshots
    from stats.counting import Audience
    from stats.facets import facets
    from stats.filters import Paging, Query, parse_paging, parse_query
    from stats.search import search
    from stats.statistics import statistics

    load, snapshot = timed(lambda: snapshots.current(TENANT))
    check = Times([timed(lambda: snapshots.current(TENANT))[0] for _ in range(200)])
    memory = f"{snapshot.nbytes / 1e6:.1f} MB in memory"
    print(f"  loading it {load / 1000:.2f} s, {memory}; looking for a change {check.p50:.3f} ms")
    target = TARGETS.get(size)
    verdicts = []
    print(f"  {'':34}{'p50 / p95 ms':>26}")

    def ours_of(parameters: dict[str, list[str]]) -> dict[str, Any]:
        return facets(snapshots.current(TENANT), parse_query(parameters), Audience.TENANT)

    for kind, queries in _queries(rounds, seed=11).items():
        row = Times([timed(partial(ours_of, parameters))[0] for parameters in queries])
        _print(f"facets, {kind}", row)
        if target:
            verdicts.append((f"facets, {kind}", row.p50 <= target[0][0] and row.p95 <= target[0][1]))
    verdicts += _interleaved(size, rounds, naive_seconds, ours_of)

    def found_by(query: Query, paging: Paging) -> dict[str, Any]:
        return search(snapshots.current(TENANT), query, paging, Audience.TENANT)

    for kind, queries in _queries(rounds, seed=12).items():
        for sort in ("relevance", "newest") if "text" in kind else ("newest",):
            times = []
            for parameters in queries:
                query = parse_query(parameters)
                paging = parse_paging({"sort": [sort]}, query)
                took, _ = timed(partial(found_by, query, paging))
                times.append(took)
            row = Times(times)
            _print(f"search, {kind}, {sort}", row)
            if target and kind == "text and filter":
                verdicts.append((f"search, {kind}", row.p50 <= target[1][0] and row.p95 <= target[1][1]))

    row = Times(
        [
            timed(lambda: statistics(TENANT, snapshots.current(TENANT), Audience.TENANT, time.time()))[0]
            for _ in range(rounds)
        ]
    )
    _print("statistics", row)
    written, seen = _reindexed(rounds)
    _print("one repository re-indexed", written)
    _print("… and seen by another process", seen)
    if target:
        verdicts += [
            ("statistics", row.p50 < target[2]),
            ("re-indexing", written.p50 <= target[3][0]),
            ("seen", seen.p50 <= target[3][1]),
        ]
    missed = [name for name, met in verdicts if not met]
    print("  every number demanded is met" if not missed else f"  MISSED: {', '.join(missed)}")
    return bool(missed)


def _interleaved(
    size: int, rounds: int, naive_seconds: float, ours_of: Callable[[dict[str, list[str]]], dict[str, Any]]
) -> list[tuple[str, bool]]:
    """Both ways by turns, query by query, with equal answers; what the ratios demand, and whether they do it."""
    verdicts = []
    for kind, queries in _queries(rounds, seed=13).items():
        if "text" in kind:
            continue
        ours: list[float] = []
        theirs: list[float] = []
        deadline = time.monotonic() + naive_seconds
        for parameters in queries:
            if time.monotonic() > deadline and theirs:
                break
            took, answer = timed(partial(ours_of, parameters))
            ours.append(took)
            took, naive = timed(partial(_naive_facets, parameters))
            theirs.append(took)
            _equal(answer, naive)
        row, ratio = Times(ours), numbers.median(theirs) / numbers.median(ours)
        ordinary = f"the ordinary way {numbers.median(theirs):9.1f} ms {ratio:6.0f} × (of {len(theirs)})"
        print(f"  {f'by turns: facets, {kind}':34}{row!s:>26}   {ordinary}")
        if kind in ("no filter", "one filter") and size in RATIOS:
            verdicts.append((f"ratio, {kind}", ratio >= RATIOS[size][kind == "one filter"]))
    return verdicts


def _print(name: str, row: Times) -> None:
    print(f"  {name:34}{row!s:>26}")


def _reindexed(rounds: int) -> tuple[Times, Times]:
    """One repository of ten automations changes; the columns of a process that only reads follow."""
    from datetime import timedelta

    from benchmarks._index_data import OBSERVED, TENANT, Chance, files, given
    from stats import snapshots
    from stats.indexing import index_repository

    written, seen = [], []
    for index in range(min(rounds, 40)):
        number = index % 7 + 1
        at = OBSERVED + timedelta(seconds=index + 1)
        repository, content = given(number, Chance(index)), files(number, index)
        written.append(timed(partial(index_repository, TENANT, repository, content, at))[0])
        seen.append(timed(lambda: snapshots.current(TENANT))[0])
    return Times(written), Times(seen)


_NAIVE = {
    "kind": "kind",
    "trigger": "triggers__name",
    "action": "actions__name",
    "blueprint": "blueprints__name",
    "language": "repository__languages__name",
    "topic": "repository__topics__name",
    "action_version": "action_versions__name",
    "runner": "runners__name",
    "pinned": "pinned",
    "owner": "repository__owner",
    "licence": "repository__licence",
    "visibility": "repository__visibility",
    "archived": "repository__archived",
    "fork": "repository__fork",
}


def _naive_facets(parameters: dict[str, list[str]]) -> dict[str, Any]:
    """The same answer by the ORM, with a query of its own for each facet that has values."""
    from django.db.models import Count

    from benchmarks._index_data import NaiveAutomation

    def chosen(besides: str | None = None) -> Any:
        rows = NaiveAutomation.objects.all()
        for name, values in parameters.items():
            if name != besides:
                rows = rows.filter(**{f"{_NAIVE[name]}__in": values})
        return rows

    answer: dict[str, Any] = {"total": chosen().distinct().count() if parameters else chosen().count()}
    for facet, path in _NAIVE.items():
        rows = NaiveAutomation.objects.filter(pk__in=chosen(facet).values("pk")) if parameters else chosen()
        counted = rows.exclude(**{path: None}).values_list(path).annotate(count=Count("pk", distinct=True))
        answer[facet] = list(counted.order_by("-count")[:21])
    return answer


def _equal(ours: dict[str, Any], naive: dict[str, Any]) -> None:
    """Both ways must count alike, else the comparison means nothing."""
    if ours["total"] != naive["total"]:
        raise AssertionError(f"total: {ours['total']} and {naive['total']}")
    for facet in _NAIVE:
        mine = [item["count"] for item in ours["facets"][facet][:20] if item["count"]]
        if mine != [count for value, count in naive[facet] if value != ""][:20]:
            raise AssertionError(f"{facet}: {mine} and {naive[facet]}")
