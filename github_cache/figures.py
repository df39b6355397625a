"""Figures of the cache for operators: reads by outcome over all processes, what is kept, how the store does."""

import re
from collections import Counter
from typing import Any

from redis.exceptions import RedisError

from github_cache import metric_files, metrics, store
from ratelimit import connection

_READS = frozenset({"cache_hits_total", "cache_misses_total"})


def of(tenant: str) -> dict[str, Any]:
    """A tenant's figures since the processes started, and the store's own."""
    outcomes: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for family in metric_files.collect():
        for sample in family.samples:
            if sample.labels.get("tenant") != tenant:
                continue
            if sample.name in _READS:
                outcomes[sample.labels["outcome"]] += int(sample.value)
                totals[sample.name] += int(sample.value)
            elif sample.name == "cache_hot_repeats_total":
                outcomes["HIT"] += int(sample.value)
                totals["cache_hits_total"] += int(sample.value)
    hits, misses = totals["cache_hits_total"], totals["cache_misses_total"]
    return {
        "tenant": tenant,
        "store": of_store(),
        "scopes": len(store.get().scopes(tenant)),
        "reads": {
            "hits": hits,
            "misses": misses,
            "hit_rate": round(hits / (hits + misses), 4) if hits + misses else None,
            "outcomes": dict(outcomes),
        },
    }


def observe() -> None:
    """Sets the gauges of the shared store."""
    told = of_store()
    if "memory_bytes" in told:
        metrics.STORE_BYTES.set(told["memory_bytes"])
        metrics.STORE_EVICTED.set(told["evicted_keys"])
        metrics.STORE_KEYS.set(told["keys"])


def of_store() -> dict[str, Any]:
    """How the store does; memory, keys and evictions where it is Redis."""
    told: dict[str, Any] = {"state": store.get().state.value, "kind": "database"}
    client = connection.client()
    if client is None:
        return told
    told["kind"] = "redis"
    try:
        info = client.info()
    except RedisError as error:
        return {**told, "error": type(error).__name__}
    return {
        **told,
        "memory_bytes": info["used_memory"],
        "evicted_keys": info["evicted_keys"],
        # Redis 8 has further fields whose names begin so, such as db0_distrib_strings_sizes.
        "keys": sum(database["keys"] for name, database in info.items() if re.fullmatch(r"db\d+", name)),
    }
