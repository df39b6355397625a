"""The index against the ordinary way (Django ORM, many-to-many, COUNT and GROUP BY, covering indexes), interleaved.

Times are of the computation, without HTTP and without any cache; HTTP figures stand beside them with ``--http``.
Options: ``--sizes 5000,20000`` (automations; 200000 and 1000000 take minutes to write, ``--keep`` writes them once).
"""

import argparse
import contextlib
import multiprocessing
import os
import shutil
import statistics as numbers
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._times import Times, timed, used

TARGETS = {  # automations -> p50 / p95 in ms: facets, search, statistics, re-index and refresh
    5_000: ((0.5, 1), (0.6, 1.5), 1, (15, 1)),
    20_000: ((0.8, 2), (1, 4), 1, (15, 1)),
    200_000: ((4, 10), (5, 30), 1, (20, 2)),
    1_000_000: ((25, 60), (15, 60), 1, (20, 3)),
}
RATIOS = {5_000: (100, 40), 20_000: (100, 80), 200_000: (100, 130)}  # no filter, one filter


def main(options: list[str]) -> int:
    """Prints a table for each size; 1 if a number demanded of the index was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks index", description=__doc__)
    parser.add_argument("--sizes", default="5000,20000", help="Automations, comma-separated (%(default)s).")
    parser.add_argument("--rounds", type=int, default=60, help="Queries of each kind (%(default)s).")
    parser.add_argument("--naive-seconds", type=float, default=20, help="For the ordinary way, of each kind.")
    parser.add_argument("--http", action="store_true", help="Also over HTTP, by a web server of its own.")
    parser.add_argument("--keep", type=Path, help="A folder in which what was written is kept for the next run.")
    given = parser.parse_args(options)
    missed = 0
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
            database = Path(folder) / "bench.sqlite3"
            _apart(_written, size, database, given.keep)
            missed |= _apart(_compare, size, database, given.rounds, given.naive_seconds)
            if given.http:
                missed |= _apart(_over_http, database)
    return missed


def _apart(run: Callable[..., int], *arguments: Any) -> int:
    """What `run` gives in a process of its own, with a fresh memory; 1 if it fails."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = run(*arguments)
        except Exception:  # noqa: BLE001 - told, and the process ends
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _prepared(database: Path) -> None:
    """Django on that database, brought up to date, without Redis."""
    os.environ |= {"HUBCACHE_DATA_DIR": str(database.parent), "REDIS_ENABLED": "false", "HUBCACHE_LOG_LEVEL": "ERROR"}
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": f"sqlite:///{database}"}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _written(size: int, database: Path, keep: Path | None) -> int:
    """Fills the database, or takes it from the folder of those that are kept."""
    print(f"\n{size:,} automations")
    kept = keep / f"{size}.sqlite3" if keep else None
    if kept and kept.exists():
        shutil.copyfile(kept, database)
    _prepared(database)
    if kept and kept.exists():
        return 0
    from django.db import connection

    from benchmarks._index_data import write

    took, _ = timed(lambda: write(size))
    print(f"  written in {took / 1000:.0f} s")
    connection.close()
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(database, kept)
    return 0


def _over_http(database: Path) -> int:
    from benchmarks._index_http import measured

    return measured(database)


def _compare(size: int, database: Path, rounds: int, naive_seconds: float) -> int:
    reader = Reader(database)  # before this process opens the database, since it is forked
    _prepared(database)
    from benchmarks._index_data import TENANT, queries
    from stats import snapshots
    from stats.counting import Audience
    from stats.facets import facets
    from stats.filters import Paging, Query, parse_paging, parse_query
    from stats.search import search
    from stats.statistics import statistics

    before = used()
    load, snapshot = timed(lambda: snapshots.current(TENANT))
    check = Times([timed(lambda: snapshots.current(TENANT))[0] for _ in range(200)])
    print(f"  in {snapshot.repositories:,} repositories; looking for a change {check.p50:.3f} ms")
    grown = used() - before
    print(
        f"  loading it {load / 1000:.2f} s; {snapshot.nbytes / 1e6:.1f} MB in memory, the process grew by {grown:.0f}"
    )
    target = TARGETS.get(size)
    verdicts = []
    print(f"  {'':34}{'p50 / p95 ms':>26}")

    def ours_of(parameters: dict[str, list[str]]) -> dict[str, Any]:
        return facets(snapshots.current(TENANT), parse_query(parameters), Audience.TENANT)

    for kind, asked in queries(rounds, seed=11).items():
        row = Times([timed(partial(ours_of, parameters))[0] for parameters in asked])
        _print(f"facets, {kind}", row)
        if target and "text" not in kind:
            verdicts.append((f"facets, {kind}", row.p50 <= target[0][0] and row.p95 <= target[0][1]))
    verdicts += _interleaved(size, rounds, naive_seconds, ours_of)

    def found_by(query: Query, paging: Paging) -> dict[str, Any]:
        return search(snapshots.current(TENANT), query, paging, Audience.TENANT)

    for kind, asked in queries(rounds, seed=12).items():
        for sort in ("relevance", "newest") if "text" in kind else ("newest",):
            times = []
            for parameters in asked:
                query = parse_query(parameters)
                paging = parse_paging({"sort": [sort]}, query)
                took, _ = timed(partial(found_by, query, paging))
                times.append(took)
            row = Times(times)
            _print(f"search, {kind}, {sort}", row)
            if target and kind == "text and filter":
                verdicts.append((f"search, {kind}, {sort}", row.p50 <= target[1][0] and row.p95 <= target[1][1]))

    row = Times(
        [
            timed(lambda: statistics(TENANT, snapshots.current(TENANT), Audience.TENANT, time.time()))[0]
            for _ in range(rounds)
        ]
    )
    _print("statistics", row)
    written, seen = _reindexed(rounds, reader)
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
    from benchmarks._index_data import queries
    from benchmarks._ordinary_way import be_equal, ordinary_facets

    verdicts = []
    for kind, asked in queries(rounds, seed=13).items():
        if "text" in kind:
            continue
        ours: list[float] = []
        theirs: list[float] = []
        deadline = time.monotonic() + naive_seconds
        for parameters in asked:
            if time.monotonic() > deadline and theirs:
                break
            took, answer = timed(partial(ours_of, parameters))
            ours.append(took)
            took, naive = timed(partial(ordinary_facets, parameters))
            theirs.append(took)
            be_equal(answer, naive)
        row, ratio = Times(ours), numbers.median(theirs) / numbers.median(ours)
        ordinary = f"the ordinary way {numbers.median(theirs):9.1f} ms {ratio:6.0f} × (of {len(theirs)})"
        print(f"  {f'by turns: facets, {kind}':34}{row!s:>26}   {ordinary}")
        if kind in ("no filter", "one filter") and size in RATIOS:
            verdicts.append((f"ratio, {kind}", ratio >= RATIOS[size][kind == "one filter"]))
    return verdicts


def _print(name: str, row: Times) -> None:
    print(f"  {name:34}{row!s:>26}")


class Reader:
    """Another process that answers from the index; it looks when it is told to, and says how long that took."""

    def __init__(self, database: Path) -> None:
        self._ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=self._look, args=(database, theirs))
        process.start()
        theirs.close()

    def looked(self) -> tuple[float, int]:
        """Milliseconds until it had the index as it is now, and which generation that is."""
        self._ours.send(None)
        return self._ours.recv()

    def _look(self, database: Path, asked: Any) -> None:
        self._ours.close()  # so that it hears when the other process has ended
        _prepared(database)
        from benchmarks._index_data import TENANT
        from stats import snapshots

        with contextlib.suppress(EOFError):
            while True:
                asked.recv()
                took, snapshot = timed(lambda: snapshots.current(TENANT))
                asked.send((took, snapshot.generation))


def _reindexed(rounds: int, reader: Reader) -> tuple[Times, Times]:
    """One repository of ten automations changes; the columns of another process follow."""
    from datetime import timedelta

    from benchmarks._index_data import OBSERVED, TENANT, Chance, files, given
    from stats.indexing import index_repository

    written, seen = [], []
    _, generation = reader.looked()
    for index in range(min(rounds, 40)):
        number = index % 7 + 1
        at = OBSERVED + timedelta(seconds=index + 1)
        repository, content = given(number, Chance(index)), files(number, index)
        written.append(timed(partial(index_repository, TENANT, repository, content, at))[0])
        took, generation = (taken := reader.looked())[0], _next(generation, taken[1])
        seen.append(took)
    return Times(written), Times(seen)


def _next(before: int, now: int) -> int:
    if now != before + 1:
        raise AssertionError(f"the reader stands at generation {now}, after {before}")
    return now
