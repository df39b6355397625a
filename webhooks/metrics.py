"""THE table of this floor's metrics. Labels never hold anything that a caller typed."""

from prometheus_client import Counter, Gauge, Histogram

webhook_events_received_total = Counter(
    "webhook_events_received_total", "Deliveries with a good signature, by what was done at once.", ["event", "outcome"]
)
webhook_deliveries_refused_total = Counter(
    "webhook_deliveries_refused_total", "Requests to the receiver that were no delivery of ours.", ["reason"]
)
webhook_events_processed_total = Counter("webhook_events_processed_total", "Deliveries worked off.", ["event"])
webhook_events_failed_total = Counter(
    "webhook_events_failed_total",
    "Attempts to work off a delivery that failed, and what comes next.",
    ["event", "next"],
)
webhook_receiving_seconds = Histogram(
    "webhook_receiving_seconds",
    "From the request to the answer, for deliveries with a good signature.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
webhook_processing_duration_seconds = Histogram(
    "webhook_processing_duration_seconds",
    "Working off what one burst of deliveries touched in one scope.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
webhook_invalidated_epochs_total = Counter(
    "webhook_invalidated_epochs_total", "Kinds of scopes that deliveries made stale."
)
webhook_invalidated_entries_total = Counter(
    "webhook_invalidated_entries_total", "Entries deleted because of deliveries."
)
webhook_refetches_total = Counter("webhook_refetches_total", "What was fetched again after deliveries.", ["kind"])
webhook_bell_lost_total = Counter(
    "webhook_bell_lost_total", "Bells that the broker did not take; the sweeper finds what they were about."
)
webhook_oldest_waiting_seconds = Gauge(
    "webhook_oldest_waiting_seconds", "Age of the oldest delivery that waits.", multiprocess_mode="mostrecent"
)
webhook_waiting = Gauge("webhook_waiting", "Deliveries that wait.", multiprocess_mode="mostrecent")
webhook_parked = Gauge("webhook_parked", "Deliveries that failed for good.", multiprocess_mode="mostrecent")
webhook_believed_fresh_timestamp_seconds = Gauge(
    "webhook_believed_fresh_timestamp_seconds",
    "Up to when we believe to know of every change, per configuration and organisation ('' of a repository's hook).",
    ["tenant", "config", "organization"],
    multiprocess_mode="mostrecent",
)
webhook_redeliveries_asked_total = Counter(
    "webhook_redeliveries_asked_total", "Deliveries that GitHub was asked to send again."
)
webhook_reconciled_changes_total = Counter(
    "webhook_reconciled_changes_total", "Repositories found changed that no delivery had told of."
)
