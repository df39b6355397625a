"""THE table of this floor's metrics. Labels never hold anything that a caller typed."""

from prometheus_client import Counter, Gauge, Histogram

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)

index_generation = Gauge(
    "hubcache_index_generation", "How often a tenant's index has changed.", ["tenant"], multiprocess_mode="max"
)
index_changed_timestamp = Gauge(
    "hubcache_index_changed_timestamp_seconds",
    "When a tenant's index changed last.",
    ["tenant"],
    multiprocess_mode="max",
)
index_bytes = Gauge(
    "hubcache_index_bytes", "Memory that the columns of this process take.", ["tenant"], multiprocess_mode="livesum"
)
index_refresh_seconds = Histogram(
    "hubcache_index_refresh_seconds", "Reading the index into memory: all of it, or its changes.", ["what"]
)
index_answer_seconds = Histogram(
    "hubcache_index_answer_seconds", "Computing an answer that was not cached.", ["family"], buckets=_QUICK
)
index_answers_total = Counter(
    "hubcache_index_answers_total", "Answers of the index, by how they came about.", ["family", "outcome"]
)
index_bell_lost_total = Counter(
    "hubcache_index_bell_lost_total", "Changes whose indexing could not be queued; the next sync finds them."
)
repository_sync_total = Counter(
    "repository_sync_total", "Repositories indexed, by what came of it.", ["tenant", "outcome"]
)
repository_sync_duration_seconds = Histogram(
    "repository_sync_duration_seconds", "Writing one repository into the index.", ["tenant"]
)
scheduler_heartbeat_timestamp_seconds = Gauge(
    "scheduler_heartbeat_timestamp_seconds",
    "When a scheduled task ran last, for which scheduler, broker and a worker all have to run.",
    multiprocess_mode="max",
)
