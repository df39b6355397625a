"""Bells: each loads its arguments, calls one function, and comes again after the wait that it is told."""

from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_ready
from django.utils import timezone

from github_cache import figures, limits, retrying, warm_up
from github_cache.models import Tenant
from ratelimit import history

HISTORY_KEPT = timedelta(days=30)
PATIENCE = 60.0
"""Seconds that a round of warm-up bears waits of its lane's pace; the next round goes on."""


@shared_task
def warm() -> None:
    """Begins a warm-up of every tenant."""
    for tenant in Tenant.objects.values_list("slug", flat=True):
        warm_tenant.delay(tenant)


@shared_task
def warm_tenant(tenant: str) -> None:
    """One round; what a limit left over is planned again by the next."""
    warm_up.run(tenant, pause=warm_up.patience(PATIENCE))


@shared_task(bind=True, max_retries=5)
def track_rate_limits(self: Task, tenant: str) -> None:
    """Adds what GitHub says of a tenant's limits to the history."""
    retrying.run(self, lambda: limits.record(tenant, timezone.now()))


@shared_task
def track_all_rate_limits() -> None:
    """The same for every tenant."""
    for tenant in Tenant.objects.values_list("slug", flat=True):
        track_rate_limits.delay(tenant)


@shared_task
def prune_rate_limits() -> None:
    """Drops the history that is too old."""
    history.prune(HISTORY_KEPT, timezone.now())


@shared_task
def observe_store() -> None:
    """Sets the gauges of the shared store."""
    figures.observe()


@worker_ready.connect
def _started(**_: Any) -> None:
    """The store may have been emptied while nobody was here."""
    warm.delay()
