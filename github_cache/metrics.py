"""Every metric of this floor, in one table. Labels are bounded: kinds, outcomes and operations are enumerations."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

# The store
STORE_SECONDS = Histogram(
    "cache_operation_duration_seconds",
    "Time of one step of the store, by operation.",
    ["operation"],
    buckets=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1),
)
STORE_FAILURES = Counter("cache_store_failures_total", "Steps that the store failed, by the kind of error.", ["error"])
STORE_AWAY = Gauge(
    "cache_store_away",
    "1 while this process goes on without its store (the breaker is not closed).",
    multiprocess_mode="livemax",
)
STORED_ENTRIES = Counter("cache_sets_total", "Entries that were stored, by tenant and kind.", ["tenant", "kind"])
STORED_BYTES = Counter(
    "cache_stored_bytes_total", "Bytes of the entries that were stored, by tenant and kind.", ["tenant", "kind"]
)
STORED_TTL = Histogram(
    "cache_ttl_seconds",
    "How long entries are kept, grace included, by tenant and kind.",
    ["tenant", "kind"],
    buckets=(5, 60, 300, 900, 3600, 3 * 3600, 24 * 3600, 48 * 3600),
)
STORE_BYTES = Gauge("cache_bytes", "Memory that the shared store takes, in bytes.", multiprocess_mode="mostrecent")
STORE_KEYS = Gauge("cache_keys", "Keys in the shared store.", multiprocess_mode="mostrecent")
STORE_EVICTED = Gauge(
    "cache_store_evicted_keys",
    "Keys that the shared store has evicted since it started.",
    multiprocess_mode="mostrecent",
)
SERVICE_OPERATIONS = Counter(
    "cache_service_operations_total", "Operations of CacheService, by what came of them.", ["operation", "outcome"]
)
CORRUPT = Counter("cache_corrupt_total", "Stored values that could not be read and were dropped.")
INVALIDATIONS = Counter("cache_invalidations_total", "Epochs renewed by invalidations, by kind.", ["kind"])
DELETED = Counter(
    "cache_deletes_total",
    "Entries deleted by invalidations and purges, by tenant and the kind that these named (`several`: more than one).",
    ["tenant", "kind"],
)
FLIGHTS = Counter("cache_flights_total", "Reads that met at a missing entry, by the part they played.", ["role"])

# The answers that are repeated out of a process's own memory
HOT_BYTES = Gauge("cache_hot_bytes", "Bytes of answers kept for repeating.", multiprocess_mode="livesum")
HOT_ANSWERS = Gauge("cache_hot_answers", "Answers kept for repeating.", multiprocess_mode="livesum")
HOT_EVICTIONS = Counter(
    "cache_evictions_total",
    "Answers that made room for others in the memory for repeating, by tenant and kind.",
    ["tenant", "kind"],
)
HOT_DROPPED = Counter("cache_hot_dropped_total", "Answers dropped because something they bear was invalidated.")
HOT_REPEATS = Counter("cache_hot_repeats_total", "Answers that were repeated, by tenant and kind.", ["tenant", "kind"])
HOT_SECONDS = Histogram(
    "cache_hot_repeat_seconds",
    "Time of a repeat, by route; one a second in each process is measured.",
    ["endpoint"],
    buckets=(0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.001, 0.01, 0.1),
)
HOT_LISTENING = Gauge(
    "cache_hot_listening", "1 while this process hears of invalidations.", multiprocess_mode="livemin"
)

# The reads of the gateway
HITS = Counter(
    "cache_hits_total", "Reads answered from what was held, by tenant, kind and outcome.", ["tenant", "kind", "outcome"]
)
MISSES = Counter(
    "cache_misses_total", "Reads that GitHub was asked for, by tenant, kind and outcome.", ["tenant", "kind", "outcome"]
)
READ_SECONDS = Histogram(
    "cache_read_seconds",
    "Time of a read, by tenant, kind and whether what was `held` was enough or GitHub was `asked`.",
    ["tenant", "kind", "outcome"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
WAITS = Counter("cache_waits_total", "Reads that had to be put off, by reason.", ["why"])

# Warm-up
WARMED = Counter("warm_up_asks_total", "Asks of warm-ups, by tenant and what came of them.", ["tenant", "outcome"])
WARM_COST = Counter("warm_up_points_total", "Points of GitHub's quota that warm-ups took, by tenant.", ["tenant"])
WARM_LEFT = Gauge(
    "warm_up_left", "Asks that the last warm-up left undone, by tenant.", ["tenant"], multiprocess_mode="mostrecent"
)

# The calls to GitHub
GITHUB_REQUESTS = Counter(
    "github_api_requests_total", "Calls sent to GitHub, by API, method and status.", ["api", "method", "status"]
)
GITHUB_SECONDS = Histogram(
    "github_api_request_duration_seconds",
    "Time of a call to GitHub, from sending it to the end of its answer, by API.",
    ["api"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
GITHUB_ERRORS = Counter(
    "github_api_errors_total", "Calls to GitHub that brought no usable answer, by API and reason.", ["api", "type"]
)
GITHUB_FALLBACKS = Counter(
    "github_api_fallbacks_total",
    "Fetches that went to GitHub's other API, by the one that was left and the reason.",
    ["left", "why"],
)
GRAPHQL_PAGE = Gauge(
    "github_graphql_page_size",
    "Objects asked for per GraphQL page, by query, after halving and growing.",
    ["query"],
    multiprocess_mode="mostrecent",
)

# The requests that come in
BODIES_GIVEN_UP = Counter(
    "http_request_bodies_given_up_total",
    "Requests whose body did not arrive in time, by the status that they were answered with.",
    ["status"],
)

_HELD = frozenset({"HIT", "STALE", "COALESCED"})


@cache
def reads(tenant: str, kind: str, outcome: str) -> Counter:
    """The counter of reads of a kind with this outcome (`X-Cache`), looked up once."""
    return (HITS if outcome in _HELD else MISSES).labels(tenant, kind, outcome)


@cache
def read_seconds(tenant: str, kind: str, outcome: str) -> Histogram:
    """The time of reads of a kind with this outcome, looked up once."""
    return READ_SECONDS.labels(tenant, kind, "held" if outcome in _HELD else "asked")


def stored(tenant: str, kind: str, size: int, ttl: int) -> None:
    """Counts an entry of `size` bytes that is kept for `ttl` seconds."""
    STORED_ENTRIES.labels(tenant, kind).inc()
    STORED_BYTES.labels(tenant, kind).inc(size)
    STORED_TTL.labels(tenant, kind).observe(ttl)
