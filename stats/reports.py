"""How the cache did over time: what the processes counted, in slots of five minutes, and how the store was.

A thread in each web process adds what that process counted to the rows once a minute, so a read itself pays for
nothing but its counter. A process that is killed loses its last minute.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F, Sum

from github_cache import figures, metrics
from stats.report_rows import CacheReads, StoreSample

SLOT_SECONDS = 300
WRITE_SECONDS = 60.0
KEPT = timedelta(days=8)
HELD = frozenset({"HIT", "STALE", "COALESCED"})
"""Outcomes that asked GitHub for nothing."""

log = logging.getLogger("hubcache.reports")


class Read(NamedTuple):
    """What one row of reads counts."""

    tenant: str
    kind: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads that were answered from what was held, and those that GitHub was asked for."""

    held: int = 0
    asked: int = 0

    @property
    def total(self) -> int:
        return self.held + self.asked

    @property
    def percent(self) -> float | None:
        """The hit rate in per cent, None where nothing was read."""
        return round(100 * self.held / self.total, 1) if self.total else None


@dataclass(frozen=True, slots=True)
class Report:
    """A tenant's reads of a span: over time in equal steps, the oldest first, and by kind, the busiest first."""

    steps: tuple[tuple[datetime, Reads], ...]
    kinds: tuple[tuple[str, Reads], ...]
    total: Reads


def counted() -> Counter[Read]:
    """What this process has counted since it started."""
    counts: Counter[Read] = Counter()
    for metric in (metrics.HITS, metrics.MISSES, metrics.HOT_REPEATS):
        for family in metric.collect():
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    labels = sample.labels
                    counts[Read(labels["tenant"], labels["kind"], labels.get("outcome", "HIT"))] += int(sample.value)
    return counts


class Recorder:
    """Adds to the rows what `count` counted since this was made, or since it last did so."""

    def __init__(self, count: Callable[[], Counter[Read]] = counted) -> None:
        self._count = count
        self._written = count()

    def write(self, now: float) -> None:
        """Raises DatabaseError, and then nothing is lost."""
        counts = self._count()
        slot = slot_of(now)
        with transaction.atomic():
            for read, count in sorted((counts - self._written).items()):
                row, _ = CacheReads.objects.get_or_create(slot=slot, **read._asdict())
                CacheReads.objects.filter(pk=row.pk).update(count=F("count") + count)
        self._written = counts


@cache
def start() -> threading.Thread:
    """Begins to record what this process counts; once per process."""
    thread = threading.Thread(target=_record, args=(Recorder(),), name="reports", daemon=True)
    thread.start()
    return thread


def _record(recorder: Recorder) -> None:
    pause = threading.Event()
    while not pause.wait(WRITE_SECONDS):
        close_old_connections()
        try:
            recorder.write(time.time())
        except DatabaseError:
            log.exception("the counts of the cache could not be written; they are kept for the next minute")


def sample(now: float) -> None:
    """Writes down how the store is, and deletes what is too old."""
    store = figures.of_store()
    if "keys" in store:
        values = {name: store[name] for name in ("keys", "memory_bytes", "evicted_keys")}
        StoreSample.objects.update_or_create(slot=slot_of(now), defaults=values)
    limit = datetime.fromtimestamp(now, UTC) - KEPT
    StoreSample.objects.filter(slot__lt=limit).delete()
    CacheReads.objects.filter(slot__lt=limit).delete()


def last_hour(tenant: str, now: float) -> Report:
    """The last hour in steps of five minutes."""
    return _report(tenant, now, SLOT_SECONDS, 12)


def last_day(tenant: str, now: float) -> Report:
    """The last day in steps of an hour."""
    return _report(tenant, now, 3600, 24)


def tenants_of_the_day(now: float) -> list[tuple[str, Reads]]:
    """Reads of the last day by tenant."""
    since = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    rows = CacheReads.objects.filter(slot__gte=since).values_list("tenant", "outcome").annotate(Sum("count"))
    by_tenant: dict[str, Reads] = {}
    for tenant, outcome, count in rows:
        by_tenant[tenant] = _plus(by_tenant.get(tenant, Reads()), outcome, count)
    return sorted(by_tenant.items())


def samples_of_the_day(now: float) -> list[StoreSample]:
    """How the store was over the last day, the oldest first."""
    since = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    return list(StoreSample.objects.filter(slot__gte=since).order_by("slot"))


def _report(tenant: str, now: float, step: int, steps: int) -> Report:
    first = int(now) // step * step - (steps - 1) * step
    rows = (
        CacheReads.objects.filter(tenant=tenant, slot__gte=datetime.fromtimestamp(first, UTC))
        .values_list("slot", "kind", "outcome")
        .annotate(Sum("count"))
    )
    over_time = {first + number * step: Reads() for number in range(steps)}
    kinds: dict[str, Reads] = {}
    total = Reads()
    for slot, kind, outcome, count in rows:
        at = int(slot.timestamp()) // step * step
        over_time[at] = _plus(over_time.get(at, Reads()), outcome, count)
        kinds[kind] = _plus(kinds.get(kind, Reads()), outcome, count)
        total = _plus(total, outcome, count)
    return Report(
        tuple((datetime.fromtimestamp(at, UTC), reads) for at, reads in sorted(over_time.items())),
        tuple(sorted(kinds.items(), key=lambda item: -item[1].total)),
        total,
    )


def _plus(reads: Reads, outcome: str, count: int) -> Reads:
    if outcome in HELD:
        return Reads(reads.held + count, reads.asked)
    return Reads(reads.held, reads.asked + count)


def slot_of(now: float) -> datetime:
    """When the slot began that `now` (epoch seconds) lies in."""
    return datetime.fromtimestamp(int(now) // SLOT_SECONDS * SLOT_SECONDS, UTC)
