"""Runs every registered health check: `/health` for people and monitors, `/health/live` and `/ready` for machines."""

import logging
import time
from collections.abc import Mapping

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from github_cache import health
from github_cache.health import Check, Part, State
from stats import metrics

log = logging.getLogger("hubcache.health")
_since: dict[str, tuple[State, float]] = {}


def examine(checks: Mapping[str, Check], now: float) -> dict[str, Part]:
    """Every part's state. A check that fails itself counts as down, with the kind of its error."""
    parts = {}
    for name, check in checks.items():
        try:
            parts[name] = check(now)
        except Exception as error:
            log.exception("health check failed", extra={"part": name})
            parts[name] = Part(State.DOWN, f"the check failed: {type(error).__name__}", "See the log.")
    return parts


def overall(parts: Mapping[str, Part]) -> State:
    """The worst of all, except that only parts without which nothing is answered make the whole `down`."""
    states = {part.state for part in parts.values()}
    if State.DOWN in states:
        return State.DOWN
    return State.DEGRADED if State.DEGRADED in states else State.OK


@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": State.OK})


@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Requests can be answered: the database is there. Everything else degrades."""
    part = examine({"database": database}, time.time())["database"]
    return JsonResponse({"status": part.state, "detail": part.detail}, status=503 if part.state is State.DOWN else 200)


@require_safe
def whole(_request: HttpRequest) -> JsonResponse:
    """All parts, each with its state, since when it is so as this process saw it, and what to do."""
    now = time.time()
    parts = examine(health.registered(), now)
    state = overall(parts)
    return JsonResponse(
        {"status": state, "parts": {name: _told(name, part, now) for name, part in parts.items()}},
        status=503 if state is State.DOWN else 200,
    )


def _told(name: str, part: Part, now: float) -> dict[str, object]:
    state, since = _since.get(name, (part.state, now))
    if state is not part.state:
        since = now
    _since[name] = (part.state, since)
    told: dict[str, object] = {"state": part.state, "detail": part.detail, "since": round(since)}
    if part.remedy:
        told["remedy"] = part.remedy
    return told


def database(_now: float) -> Part:
    """The database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Part(State.DOWN, f"the database does not answer: {type(error).__name__}", "Check DATABASE_URL.")
    return Part(State.OK, connection.vendor)


HEARTBEAT = "heartbeat"
HEARTBEAT_SECONDS = 30.0


def heartbeat() -> None:
    """Called by a scheduled task: shows that scheduler, broker and a worker all run."""
    now = time.time()
    cache.set(HEARTBEAT, now, timeout=None)
    metrics.scheduler_heartbeat_timestamp_seconds.set(now)


def background(now: float) -> Part:
    """Scheduled work has run lately."""
    seen = cache.get(HEARTBEAT)
    if seen is None:
        return Part(State.DEGRADED, "no scheduled task has run yet", "Start the Celery worker and beat.")
    age = now - seen
    if age > 3 * HEARTBEAT_SECONDS:
        remedy = "See whether the Celery worker and beat run, and whether the broker answers."
        return Part(State.DEGRADED, f"no scheduled task has run for {age:.0f} s", remedy)
    return Part(State.OK, f"last scheduled task {max(0, age):.0f} s ago")


health.register("database", database)
health.register("background", background)
