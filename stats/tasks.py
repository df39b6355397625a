"""Bells: each loads its arguments, calls one function, and comes again after the wait that it is told."""

import time
from collections import deque
from datetime import UTC, datetime

from celery import Task, shared_task

from github_cache import retrying
from github_cache.models import Tenant
from stats import health, reports, snapshots, statistics, syncing
from stats.models import Organization


@shared_task(bind=True, max_retries=None)
def index_repository(self: Task, tenant: str, github_id: int) -> None:
    """Read one repository of the index anew."""
    retrying.run(self, lambda: syncing.reindex_known(tenant, github_id))


@shared_task(bind=True, max_retries=None)
def index_named_repository(self: Task, tenant: str, full_name: str) -> None:
    """Read a repository, known or new, by its name."""
    retrying.run(self, lambda: syncing.reindex(tenant, full_name))


@shared_task(bind=True, max_retries=None)
def sync_organization(self: Task, tenant: str, login: str) -> None:
    """Sync an organisation to its end, or to GitHub's limit and on from there later."""
    retrying.run(self, lambda: (last := deque(syncing.sync(tenant, login), maxlen=1).pop()).wait or last)


@shared_task
def sync_organizations() -> None:
    """Sync every organisation again, which finds what no event told of."""
    for tenant, login in Organization.objects.values_list("tenant_id", "login"):
        sync_organization.delay(tenant, login)


@shared_task
def roll_up() -> None:
    """Keep what each tenant's index holds today."""
    for tenant in Tenant.objects.values_list("pk", flat=True):
        statistics.roll_up(tenant, snapshots.current(tenant), datetime.now(UTC).date())


@shared_task
def heartbeat() -> None:
    """Show that scheduler, broker and a worker run."""
    health.heartbeat()


@shared_task
def sample_store() -> None:
    """Keep how the store is now, for the charts."""
    reports.sample(time.time())
