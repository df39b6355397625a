"""The rows as a queue: which deliveries are due, grouped by what they are about, and taken by one worker at a time.

A claim moves `next_try_at` into the future by LEASE, so that what a killed worker held comes back. On PostgreSQL rows
that another worker is just claiming are skipped; on SQLite the transaction itself lets one worker claim at a time. A
scope that is being worked off is left alone until that is done, which keeps the order of its deliveries.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Min, Q

from github_cache.keys import Scope
from webhooks import debounce, metrics
from webhooks.affects import Touched
from webhooks.debounce import Rhythm
from webhooks.github_events import label
from webhooks.models import WebhookEvent

LEASE = timedelta(seconds=60)
"""After this a row that is still being worked off is taken to be abandoned. A batch is given up well before."""

ATTEMPTS_AT_MOST = 8
SCOPES_AT_MOST, ROWS_AT_MOST = 20, 5000

State = WebhookEvent.State


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """A piece of work that is debounced by itself: a kind of a scope to refetch, or, as kind `index`, to read again."""

    scope: str
    kind: str

    def __str__(self) -> str:
        return f"{self.scope}/{self.kind}"

    @classmethod
    def of(cls, text: str) -> "Unit":
        """What `str` gave."""
        return cls(*text.rsplit("/", 1))


INDEX = "index"


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """A delivery that this worker holds; `units` is what is left of it. `repository` is a full name, or ''."""

    id: int
    event_type: str
    repository: str
    received_at: datetime
    attempts: int
    touched: Touched
    units: frozenset[Unit]


@dataclass(frozen=True, slots=True)
class Batch:
    """The claimed deliveries of one scope of a tenant, and those of their units that are due now."""

    tenant: str
    scope: str
    events: tuple[Claimed, ...]
    due: frozenset[Unit]


def units(touched: Touched) -> frozenset[Unit]:
    """All that a delivery leaves to be done after the request that took it."""
    kinds = {Unit(f"{scope.kind}:{scope.id}", kind) for scope, names in touched.kinds.items() for kind in names}
    return frozenset(kinds | {Unit(f"repo:{each}", INDEX) for each in touched.index})


def narrowed(touched: Touched, due: frozenset[Unit]) -> Touched:
    """What of `touched` belongs to the units that are due. What it purges is purged with any of them."""
    kinds: dict[Scope, frozenset[str]] = {}
    for scope, names in touched.kinds.items():
        if left := frozenset(name for name in names if Unit(f"{scope.kind}:{scope.id}", name) in due):
            kinds[scope] = left
    index = {each: change for each, change in touched.index.items() if Unit(f"repo:{each}", INDEX) in due}
    return Touched(kinds, touched.purged, index)


def claim(now: datetime, rhythm: Rhythm = debounce.RHYTHM) -> list[Batch]:
    """Takes what is due, oldest scopes first. Deliveries that wait for the end of their burst are put off to it."""
    with transaction.atomic():
        scopes = _due_scopes(now)
        if not scopes:
            return []
        rows = _locked(scopes, now)
        batches: list[Batch] = []
        for (tenant, scope), events in rows.items():
            if not (usable := _without_poison(events, now)):
                continue
            waiting = debounce.bursts((unit, each.received_at.timestamp()) for each in usable for unit in each.units)
            due = debounce.due(waiting, now.timestamp(), rhythm)
            taken = tuple(each for each in usable if each.units & due or not each.units)
            _put_off([each for each in usable if each.units and not each.units & due], waiting, rhythm)
            if taken:
                _hold(taken, now)
                batches.append(Batch(tenant, scope, taken, due))
        return batches


def next_due(now: datetime) -> float | None:
    """Seconds until something is due, at least 0; None where nothing waits."""
    first = WebhookEvent.objects.waiting().aggregate(first=Min("next_try_at"))["first"]
    return None if first is None else max(0.0, (first - now).total_seconds())


def _due_scopes(now: datetime) -> list[tuple[str, str]]:
    worked_on = WebhookEvent.objects.filter(state=State.PROCESSING, next_try_at__gt=now)
    held = set(worked_on.values_list("tenant_id", "scope").distinct())
    due = (
        WebhookEvent.objects.filter(next_try_at__lte=now)
        .values_list("tenant_id", "scope")
        .annotate(first=Min("next_try_at"))
        .order_by("first")
    )
    found = (row[:2] for row in due[: SCOPES_AT_MOST + len(held)])
    return [each for each in found if each not in held][:SCOPES_AT_MOST]


def _locked(scopes: Iterable[tuple[str, str]], now: datetime) -> Mapping[tuple[str, str], list[Claimed]]:
    """The rows of these scopes that wait, in the order of arrival; those that failed only when it is time."""
    by_tenant = defaultdict(list)
    for tenant, scope in scopes:
        by_tenant[tenant].append(scope)
    wanted = Q()
    for tenant, names in by_tenant.items():
        wanted |= Q(tenant_id=tenant, scope__in=names)
    rows = WebhookEvent.objects.waiting().filter(wanted).filter(Q(next_try_at__lte=now) | Q(state=State.RECEIVED))
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    found: dict[tuple[str, str], list[Claimed]] = defaultdict(list)
    columns = (
        "tenant_id",
        "scope",
        "id",
        "event_type",
        "repository_full_name",
        "received_at",
        "attempts",
        "touched",
        "pending",
    )
    for tenant, scope, pk, event, repository, received_at, attempts, touched, pending in rows.order_by(
        "id"
    ).values_list(*columns)[:ROWS_AT_MOST]:
        what = Touched.of_json(touched)
        left = units(what) if pending is None else frozenset(map(Unit.of, pending))
        found[tenant, scope].append(Claimed(pk, event, repository, received_at, attempts, what, left))
    return found


def _without_poison(events: list[Claimed], now: datetime) -> list[Claimed]:
    """Parks what was begun too often without an end: it may be what kills its workers."""
    poison = [each for each in events if each.attempts >= ATTEMPTS_AT_MOST]
    if poison:
        WebhookEvent.objects.filter(pk__in=[each.id for each in poison]).update(
            state=State.FAILED,
            next_try_at=None,
            processed_at=now,
            error=f"given up: it was begun {ATTEMPTS_AT_MOST} times and never came to an end",
        )
        for each in poison:
            metrics.webhook_events_failed_total.labels(label(each.event_type), "parked").inc()
    return [each for each in events if each.attempts < ATTEMPTS_AT_MOST]


def _put_off(events: list[Claimed], waiting: Mapping[Unit, debounce.Burst], rhythm: Rhythm) -> None:
    until: dict[float, list[int]] = defaultdict(list)
    for each in events:
        due = debounce.next_due({unit: waiting[unit] for unit in each.units}, rhythm)
        if due is not None:
            until[due].append(each.id)
    for due, ids in until.items():
        WebhookEvent.objects.filter(pk__in=ids).update(next_try_at=datetime.fromtimestamp(due, UTC))


def _hold(events: Iterable[Claimed], now: datetime) -> None:
    WebhookEvent.objects.filter(pk__in=[each.id for each in events]).update(
        state=State.PROCESSING, attempts=F("attempts") + 1, next_try_at=now + LEASE
    )
