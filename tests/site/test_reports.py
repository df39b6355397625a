"""The counts behind the charts: each process adds its own, and nothing is counted twice or lost by a failed write."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from github_cache import metrics
from stats import charts, reports
from stats.models import CacheReads
from stats.reports import Read, Reads, Recorder
from tests.journeys.house import ROOT, clean_environment

NOON = datetime(2026, 11, 21, 12, 2, tzinfo=UTC).timestamp()
ISSUES = Read("acme", "issues", "HIT")


def counts() -> dict[tuple[str, str, str], int]:
    return {(row.tenant, row.kind, row.outcome): row.count for row in CacheReads.objects.all()}


@pytest.mark.django_db
def test_only_what_came_since_the_last_time_is_added() -> None:
    seen = Counter({ISSUES: 5})
    recorder = Recorder(lambda: Counter(seen))
    seen[ISSUES] += 2
    recorder.write(NOON)
    seen[ISSUES] += 1
    recorder.write(NOON + 60)
    recorder.write(NOON + 120)

    assert counts() == {tuple(ISSUES): 3}


@pytest.mark.django_db
def test_two_processes_add_to_one_row() -> None:
    for _ in range(2):
        seen: Counter[Read] = Counter()
        recorder = Recorder(lambda seen=seen: Counter(seen))
        seen[ISSUES] += 4
        recorder.write(NOON)

    assert counts() == {tuple(ISSUES): 8}


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_written_is_written_the_next_time() -> None:
    seen: Counter[Read] = Counter()
    recorder = Recorder(lambda: Counter(seen))
    seen[ISSUES] += 4

    def away(*_: object) -> None:
        raise DatabaseError("away")

    with connection.execute_wrapper(away), pytest.raises(DatabaseError):
        recorder.write(NOON)
    recorder.write(NOON)

    assert counts() == {tuple(ISSUES): 4}


def test_the_counters_of_the_gateway_are_what_is_counted() -> None:
    before = reports.counted()
    metrics.reads("acme", "issues", "MISS").inc(3)
    metrics.HOT_REPEATS.labels("acme", "issues").inc(2)

    assert reports.counted() - before == Counter({Read("acme", "issues", "MISS"): 3, ISSUES: 2})


@pytest.mark.django_db
def test_a_day_is_summed_by_hour_and_by_kind() -> None:
    for minutes, outcome, count in ((0, "HIT", 8), (20, "MISS", 2), (90, "REVALIDATED", 5), (26 * 60, "HIT", 99)):
        slot = reports.slot_of(NOON - minutes * 60)
        CacheReads.objects.create(slot=slot, tenant="acme", kind="issues", outcome=outcome, count=count)

    day = reports.last_day("acme", NOON)

    assert day.total == Reads(held=8, asked=7)
    assert day.kinds == (("issues", Reads(8, 7)),)
    assert [reads for _, reads in day.steps[-3:]] == [Reads(0, 5), Reads(0, 2), Reads(8, 0)]
    assert len(day.steps) == 24


@pytest.mark.django_db
def test_old_rows_are_deleted_with_the_next_sample() -> None:
    for age in (0, 9 * 24 * 3600):
        CacheReads.objects.create(slot=reports.slot_of(NOON - age), tenant="a", kind="k", outcome="HIT", count=1)

    reports.sample(NOON)

    assert CacheReads.objects.get().slot == reports.slot_of(NOON)


def test_bars_fill_the_chart_and_stand_on_each_other() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    high, low = charts.bars([(at, 3, 1), (at, 1, 0)])

    assert (high.held_height, high.asked_height) == (90, 30)
    assert high.asked_y == 0
    assert high.held_y == 30
    assert low.held_y + low.held_height == charts.HEIGHT
    assert "3 from the cache, 1 from GitHub" in high.label


def test_nothing_read_is_a_chart_without_height() -> None:
    assert [bar.held_height for bar in charts.bars([(datetime(2026, 11, 21, tzinfo=UTC), 0, 0)])] == [0]
    assert charts.line([]) == ""


def test_every_web_process_writes_its_counts(tmp_path: Path) -> None:
    code = "import config.wsgi, threading; print([thread.name for thread in threading.enumerate()])"
    environ = {**clean_environment(), "HUBCACHE_DATA_DIR": str(tmp_path), "REDIS_ENABLED": "false"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)

    assert "'reports'" in done.stdout, done.stderr
