"""The health of background work: does the broker take messages, do workers live, does a task wait for a person?"""

import logging
from datetime import UTC, datetime, timedelta

from celery import current_app
from django.conf import settings
from kombu import Connection

from config import heartbeats, metrics
from config.models import ParkedTask
from github_cache import health
from github_cache.health import Part, State
from github_cache.service import ping_redis

log = logging.getLogger("hubcache.health")
LATELY = timedelta(days=1)
_WORKER = "Start a worker: manage.py work. Nothing is lost meanwhile; see its log where it should be running."


def broker(_now: float) -> Part:
    """Degraded while it is away: requests and invalidations go on, background work waits for the sweeper."""
    connection = current_app.connection_for_write()
    kind = connection.transport_cls or "broker"
    # The cache's Redis is asked as the cache asks it: not at all where it failed somebody a moment ago.
    answers = ping_redis() if settings.BROKER_IS_THE_CACHES_REDIS else _answers(connection)
    if not answers:
        remedy = "See whether it runs where CELERY_BROKER_URL (or REDIS_URL) says. Deliveries are kept in the database."
        return Part(State.DEGRADED, f"{kind} does not answer", remedy)
    return Part(State.OK, f"{kind} answers")


def _answers(connection: Connection) -> bool:
    """Whether a broker answers the one attempt to connect."""
    try:
        with connection:
            connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
    except Exception as error:  # noqa: BLE001  (each transport has errors of its own)
        log.warning("the broker does not answer", extra={"error": type(error).__name__})
        return False
    return True


def workers(now: float) -> Part:
    """Degraded where no worker was heard of lately."""
    alive = heartbeats.alive(datetime.fromtimestamp(now, UTC))
    if not alive:
        within = heartbeats.ALIVE_WITHIN.total_seconds()
        return Part(State.DEGRADED, f"no worker was heard of within {within:.0f} s", _WORKER)
    return Part(State.OK, f"{len(alive)}: {', '.join(alive[:10])}")


def tasks(now: float) -> Part:
    """Degraded where tasks were set aside lately."""
    parked = ParkedTask.objects.filter(parked_at__gte=datetime.fromtimestamp(now, UTC) - LATELY).order_by("-parked_at")
    newest = parked.first()
    if newest is None:
        return Part(State.OK, "no task was set aside within a day")
    remedy = "Look at the errors under /admin/config/parkedtask/, then run the tasks again or drop them."
    return Part(State.DEGRADED, f"{parked.count()} tasks were set aside, {newest.name} last", remedy)


def observe(now: datetime) -> None:
    """Sets the gauges, and forgets workers that are long gone."""
    heartbeats.forget(now)
    metrics.WORKERS.set(len(heartbeats.alive(now)))
    metrics.TASKS_PARKED.set(ParkedTask.objects.count())


def register() -> None:
    """Puts the checks among the others."""
    health.register("broker", broker)
    health.register("workers", workers)
    health.register("tasks", tasks)
