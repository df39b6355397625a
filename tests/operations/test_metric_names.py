"""Every metric that was asked for is there, described, counted somewhere, and bounded in its labels."""

import ast
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from config import docs

ROOT = Path(__file__).parents[2]
REQUIRED = [
    "github_api_requests_total", "github_api_request_duration_seconds", "github_api_rate_limit_remaining",
    "github_api_rate_limit_limit", "github_api_errors_total", "webhook_events_received_total",
    "webhook_events_processed_total", "webhook_events_failed_total", "webhook_processing_duration_seconds",
    "cache_hits_total", "cache_misses_total", "repository_sync_total", "repository_sync_duration_seconds",
    "cache_sets_total", "cache_deletes_total", "cache_bytes", "cache_ttl_seconds", "cache_evictions_total",
    "cache_operation_duration_seconds", "backoff_attempts_total", "backoff_sleep_seconds_total",
    "rate_limit_events_total", "rate_limit_reset_waits_total", "http_request_duration_seconds",
    "cache_flights_total", "cache_hot_repeats_total", "cache_store_away", "inbound_limit_decisions_total",
    "task_queue_seconds", "webhook_oldest_waiting_seconds", "hubcache_index_generation",
    "hubcache_index_changed_timestamp_seconds",
]  # fmt: skip
LABELS = {
    "account", "api", "bucket", "config", "decision", "endpoint", "error", "event", "family", "kind", "lane",
    "left", "method", "next", "operation", "organization", "outcome", "query", "queue", "reason", "role", "rule",
    "status", "task", "tenant", "type", "what", "why",
}  # fmt: skip


def every() -> list[MetricWrapperBase]:
    return [metric for table in docs.tables().values() for metric in docs.metrics_of(table)]


@pytest.mark.parametrize("name", REQUIRED)
def test_it_exists(name: str) -> None:
    assert name in {docs.name_of(metric) for metric in every()}


def test_each_is_described() -> None:
    for metric in every():
        assert metric._documentation.endswith("."), metric._name


def test_labels_are_of_a_known_few() -> None:
    """A new label has to be put in here by somebody who has made sure that a caller cannot invent its values."""
    assert {label for metric in every() for label in metric._labelnames} <= LABELS


def _table_names(path: Path) -> set[str]:
    """The names that a table gives to its metrics."""
    tree = ast.parse(path.read_text())
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and ast.unparse(node.value.func) in ("Counter", "Gauge", "Histogram")
    }


@pytest.mark.parametrize("floor", docs.FLOORS.values())
def test_each_is_counted_somewhere(floor: str) -> None:
    table = ROOT / floor / "metrics.py"
    used: set[str] = set()
    for path in (ROOT / floor).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and path == table:
                used.add(node.id)
    assert _table_names(table) <= used
