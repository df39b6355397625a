"""Runs every registered health check: `/health` for people and monitors, `/health/live` and `/ready` for machines.

Only what the database cannot do makes the whole `down`; everything else degrades, since what is held is still answered.
"""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from github_cache import health
from github_cache.health import Check, Part, State
from stats import metrics
from stats.exposition import for_operators
from stats.models import IndexGeneration, Organization, SyncRun

log = logging.getLogger("hubcache.health")
_since: dict[str, list[Any]] = {}


def examine(checks: Mapping[str, Check], now: float) -> dict[str, Part]:
    """Every part's state. A check that fails itself counts as degraded, with the kind of its error."""
    parts = {}
    for name, check in checks.items():
        try:
            parts[name] = check(now)
        except Exception as error:
            log.exception("health check failed", extra={"part": name})
            parts[name] = Part(State.DEGRADED, f"the check failed: {type(error).__name__}", "See the log.")
    return parts


def overall(parts: Mapping[str, Part]) -> State:
    """The worst of all."""
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
def whole(request: HttpRequest) -> JsonResponse:
    """All parts, each with its state and since when it is so; details and what to do for operators only."""
    now = time.time()
    parts = examine(health.registered(), now)
    state = overall(parts)
    since = standing_since(parts, now)
    detailed = for_operators(request)
    told = {name: _told(part, since[name], detailed) for name, part in parts.items()}
    return JsonResponse({"status": state, "parts": told}, status=503 if state is State.DOWN else 200)


def standing_since(parts: Mapping[str, Part], now: float) -> dict[str, float]:
    """Since when (epoch seconds) each part is in its state, as any process saw it first; while the cache is away, as
    this one did."""
    with suppress(Error):
        _since.update(cache.get_many([_key(name) for name in parts]))
    changed = {}
    for name, part in parts.items():
        state, _ = _since.get(_key(name), ("", now))
        if state != part.state:
            changed[_key(name)] = [part.state.value, now]
    _since.update(changed)
    if changed:
        with suppress(Error):
            cache.set_many(changed, timeout=None)
    return {name: _since[_key(name)][1] for name in parts}


def _key(name: str) -> str:
    return f"health:{name}"


def _told(part: Part, since: float, detailed: bool) -> dict[str, object]:
    told: dict[str, object] = {"state": part.state, "since": round(since)}
    if detailed:
        told["detail"] = part.detail
    if detailed and part.remedy:
        told["remedy"] = part.remedy
    return told


def database(_now: float) -> Part:
    """The database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return Part(State.DOWN, f"the database does not answer: {type(error).__name__}", "Check DATABASE_URL.")
    return Part(State.OK, connection.vendor)


HEARTBEAT = "heartbeat"
HEARTBEAT_SECONDS = 30.0
STARTED = time.time()


def heartbeat() -> None:
    """Called by a scheduled task: shows that scheduler, broker and a worker all run."""
    now = time.time()
    cache.set(HEARTBEAT, now, timeout=None)
    metrics.scheduler_heartbeat_timestamp_seconds.set(now)
    for tenant, changed_at in IndexGeneration.objects.values_list("tenant_id", "changed_at"):
        metrics.index_changed_timestamp.labels(tenant).set(changed_at.timestamp())


def background(now: float) -> Part:
    """Scheduled work has run lately; a house that has just started may wait for the first of it."""
    seen = cache.get(HEARTBEAT)
    if seen is None and now - STARTED < 3 * HEARTBEAT_SECONDS:
        return Part(State.OK, "the first scheduled task is awaited")
    if seen is None:
        return Part(State.DEGRADED, "no scheduled task has run yet", "Start the Celery worker and beat.")
    age = now - seen
    if age > 3 * HEARTBEAT_SECONDS:
        remedy = "See whether the Celery worker and beat run, and whether the broker answers."
        return Part(State.DEGRADED, f"no scheduled task has run for {age:.0f} s", remedy)
    return Part(State.OK, f"last scheduled task {max(0, age):.0f} s ago")


TOO_OLD_DAYS = 3


def index(now: float) -> Part:
    """Degraded where an organisation was never synced to its end, or not for days, or where its last sync failed."""
    faults, fine = [], []
    organizations = list(Organization.objects.order_by("login"))
    runs = SyncRun.latest(organizations)
    for organization in organizations:
        last = runs.get(organization.pk)
        age = datetime.fromtimestamp(now, UTC) - organization.synced_at if organization.synced_at else None
        if last is not None and last.state == SyncRun.State.FAILED:
            faults.append(f"the last sync of {organization.login} failed: {last.message[:200]}")
        elif age is None:
            faults.append(f"{organization.login} was never synced to its end")
        elif age.days >= TOO_OLD_DAYS:
            faults.append(f"{organization.login} was synced {age.days} days ago")
        else:
            fine.append(f"{organization.login} synced {age.total_seconds() / 3600:.1f} h ago")
    if faults:
        return Part(State.DEGRADED, "; ".join(faults), "Run manage.py sync ORGANISATION, or sync it in the admin.")
    return Part(State.OK, "; ".join(fine) or "no organisation is indexed")


health.register("database", database)
health.register("index", index)
health.register("background", background)
