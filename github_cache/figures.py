"""Figures of the cache for operators: what all processes counted, by kind; what is kept; how the store does.

Read off the counters (metrics.py), so that nothing is asked of Redis for them while people wait.
"""

import re
from collections import Counter, defaultdict
from typing import Any

from redis.exceptions import RedisError

from github_cache import metric_files, metrics, store
from ratelimit import connection

_COUNTED = {
    "cache_hits_total": "hits",
    "cache_hot_repeats_total": "hits",
    "cache_misses_total": "misses",
    "cache_sets_total": "sets",
    "cache_stored_bytes_total": "bytes",
    "cache_ttl_seconds_sum": "ttl",
    "cache_deletes_total": "deletes",
    "cache_evictions_total": "evictions",
    "cache_read_seconds_sum": "seconds",
    "cache_read_seconds_count": "timed",
}
"""Samples that are summed up by kind, and under which name."""


def of(tenant: str) -> dict[str, Any]:
    """A tenant's figures since the processes started, and the store's own."""
    outcomes: Counter[str] = Counter()
    kinds: defaultdict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(_COUNTED.values(), 0.0))
    for family in metric_files.collect():
        for sample in family.samples:
            figure = _COUNTED.get(sample.name)
            if figure is None or sample.labels.get("tenant") != tenant:
                continue
            kinds[sample.labels["kind"]][figure] += sample.value
            if figure in ("hits", "misses"):
                outcomes[sample.labels.get("outcome", "HIT")] += int(sample.value)
    hits, misses = (int(sum(counted[figure] for counted in kinds.values())) for figure in ("hits", "misses"))
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
        "kinds": {kind: _of_kind(counted) for kind, counted in sorted(kinds.items())},
    }


def _of_kind(counted: dict[str, float]) -> dict[str, Any]:
    """`bytes` of all that were stored; the times are means: how long entries are kept, and how long a read took."""
    told: dict[str, Any] = {
        name: int(counted[name]) for name in ("hits", "misses", "sets", "bytes", "deletes", "evictions")
    }
    told["ttl_seconds"] = round(counted["ttl"] / counted["sets"]) if counted["sets"] else None
    told["read_ms"] = round(1000 * counted["seconds"] / counted["timed"], 3) if counted["timed"] else None
    return told


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
