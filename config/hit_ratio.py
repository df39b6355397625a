"""The hit ratio in the log, each minute in which anything was read: of this process, by its own counters."""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import Metric

from github_cache import metrics

EVERY_SECONDS = 60.0
_HITS = frozenset({"cache_hits_total", "cache_hot_repeats_total"})
_MISSES = frozenset({"cache_misses_total"})
log = logging.getLogger("hubcache.cache")


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads since the process started."""

    hits: float = 0.0
    misses: float = 0.0


def counted(families: Iterable[Metric]) -> Reads:
    """The sums over all tenants, kinds and outcomes (pure)."""
    samples = [sample for family in families for sample in family.samples]
    return Reads(
        sum(sample.value for sample in samples if sample.name in _HITS),
        sum(sample.value for sample in samples if sample.name in _MISSES),
    )


def line(before: Reads, after: Reads) -> Mapping[str, float] | None:
    """The fields of the log line about what was read in between (pure); None where nothing was."""
    hits, misses = after.hits - before.hits, after.misses - before.misses
    if hits + misses <= 0:
        return None
    return {"hits": int(hits), "misses": int(misses), "hit_ratio": round(hits / (hits + misses), 4)}


def start() -> None:
    """Begins to log, in a thread of this process."""
    threading.Thread(target=_run, name="hit-ratio", daemon=True).start()


def _run() -> None:
    before = _own()
    pause = threading.Event()
    while not pause.wait(EVERY_SECONDS):
        after = _own()
        fields = line(before, after)
        if fields is not None:
            log.info("cache reads", extra=dict(fields))
        before = after


def _own() -> Reads:
    return counted(
        family for metric in (metrics.HITS, metrics.MISSES, metrics.HOT_REPEATS) for family in metric.collect()
    )
