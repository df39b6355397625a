"""Celery's part: a bell, and what is done on a schedule. Each task calls one function."""

from typing import Any

from celery import Task, shared_task
from celery.signals import worker_ready
from django.utils import timezone

from webhooks import health, processing, reconciling, recovery, retention


@shared_task(bind=True, max_retries=None)
def process(self: Task, event_id: int) -> None:
    """A delivery waits."""
    seconds = processing.answer_bell(event_id)
    if seconds is not None:
        raise self.retry(countdown=seconds)


@shared_task
def sweep() -> None:
    """Finds deliveries whose bell was lost, or whose time has come again."""
    processing.run()


@shared_task
def observe() -> None:
    """Sets gauges, and tells the cache how the hooks do."""
    health.observe(timezone.now())


@shared_task(bind=True, max_retries=None)
def recover(self: Task) -> None:
    """Has GitHub send again what never came."""
    seconds = recovery.recover_all()
    if seconds is not None:
        raise self.retry(countdown=seconds)


@shared_task
def reconcile() -> None:
    """Finds changes that no delivery told of."""
    reconciling.reconcile_all()


@shared_task
def clean() -> None:
    """Drops what is too old."""
    retention.clean(timezone.now())


@worker_ready.connect
def _started(**_: Any) -> None:
    """What was sent while nobody was here is asked for at once."""
    recover.delay()
    sweep.delay()
