"""THE table of this floor's metrics: requests and tasks, whatever they are about. Labels are names of ours."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram(
    "http_request_duration_seconds",
    "Time of a request that Django answered, by route, method and status.",
    ["endpoint", "method", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
HTTP_CALLS = Counter(
    "http_request_upstream_calls_total", "Calls to GitHub that requests had to wait for, by route.", ["endpoint"]
)
TASK_SECONDS = Histogram(
    "task_duration_seconds",
    "Time of a background task, by its name.",
    ["task"],
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
TASKS = Counter(
    "tasks_total",
    "Background tasks that ended, by name and outcome (done, retry, failed, parked).",
    ["task", "outcome"],
)
TASK_WAITED = Histogram(
    "task_queue_seconds",
    "How long a task lay in its queue past the time when it was due.",
    ["queue"],
    buckets=(0.05, 0.25, 1, 5, 15, 60, 300, 1800),
)
TASKS_PARKED = Gauge("tasks_parked", "Tasks that were set aside for a person.", multiprocess_mode="mostrecent")
WORKERS = Gauge("workers_alive", "Workers that were heard of within the last minutes.", multiprocess_mode="mostrecent")


@cache
def http_seconds(endpoint: str, method: str, status: int) -> Histogram:
    """The histogram of the requests of a route with this method and status, looked up once."""
    return HTTP_SECONDS.labels(endpoint, method, status)
