"""The rows as a queue: which deliveries are due, grouped by what they are about, and taken by one worker at a time.

A claim moves `next_try_at` into the future by LEASE, so that what a killed worker held comes back. On PostgreSQL rows
that another worker is just claiming are skipped; on SQLite the transaction itself lets one worker claim at a time. A
scope that is being worked off is left alone until that is done, which keeps the order of its deliveries.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
SCOPES_AT_MOST, ROWS_AT_MOST = 8, 5000

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
    guid: str
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
    """Takes what is due, oldest scopes first. Deliveries that wait for the end of their burst are put off to it.

    What to take is decided before the transaction, which only makes sure that nobody else has taken it: where one
    writer keeps out all others, it keeps them out for three short statements.
    """
    batches: list[Batch] = []
    poison: list[Claimed] = []
    late: dict[float, list[int]] = defaultdict(list)
    for (tenant, scope), events in _waiting(_due_scopes(now), now).items():
        poison += [each for each in events if each.attempts >= ATTEMPTS_AT_MOST]
        usable = [each for each in events if each.attempts < ATTEMPTS_AT_MOST]
        waiting = debounce.bursts((unit, each.received_at.timestamp()) for each in usable for unit in each.units)
        due = debounce.due(waiting, now.timestamp(), rhythm)
        taken = tuple(each for each in usable if each.units & due or not each.units)
        for each in usable:
            if each.units and not each.units & due:
                late[min(waiting[unit].due(rhythm) for unit in each.units)].append(each.id)
        if taken:
            batches.append(Batch(tenant, scope, taken, due))
    _park(poison, now)
    for due_at, ids in late.items():
        put_off = WebhookEvent.objects.filter(pk__in=ids, state=State.RECEIVED)
        put_off.update(next_try_at=datetime.fromtimestamp(due_at, UTC))
    return _hold(batches, now) if batches else []


def _held_scopes(now: datetime) -> set[tuple[str, str]]:
    worked_on = WebhookEvent.objects.filter(state=State.PROCESSING, next_try_at__gt=now)
    return set(worked_on.values_list("tenant_id", "scope").distinct())


def _due_scopes(now: datetime) -> list[tuple[str, str]]:
    held = _held_scopes(now)
    due = WebhookEvent.objects.filter(next_try_at__lte=now).values_list("tenant_id", "scope")
    oldest_first = due.annotate(first=Min("next_try_at")).order_by("first")
    found = (row[:2] for row in oldest_first[: SCOPES_AT_MOST + len(held)])
    return [each for each in found if each not in held][:SCOPES_AT_MOST]


def _waiting(scopes: list[tuple[str, str]], now: datetime) -> Mapping[tuple[str, str], list[Claimed]]:
    """The rows of these scopes that wait, in the order of arrival; those that failed only when it is time."""
    if not scopes:
        return {}
    by_tenant = defaultdict(list)
    for tenant, scope in scopes:
        by_tenant[tenant].append(scope)
    wanted = Q()
    for tenant, names in by_tenant.items():
        wanted |= Q(tenant_id=tenant, scope__in=names)
    rows = WebhookEvent.objects.waiting().filter(wanted).filter(_claimable(now)).order_by("id")
    found: dict[tuple[str, str], list[Claimed]] = defaultdict(list)
    for row in rows.only(*_READ)[:ROWS_AT_MOST]:
        touched = Touched.of_json(row.touched)
        left = units(touched) if row.pending is None else frozenset(map(Unit.of, row.pending))
        name = row.repository_full_name
        found[row.tenant_id, row.scope].append(
            Claimed(row.pk, row.delivery_id, row.event_type, name, row.received_at, row.attempts, touched, left)
        )
    return found


_READ = (
    "tenant_id",
    "scope",
    "delivery_id",
    "event_type",
    "repository_full_name",
    "received_at",
    "attempts",
    "touched",
    "pending",
)


def _claimable(now: datetime) -> Q:
    return Q(next_try_at__lte=now) | Q(state=State.RECEIVED, next_try_at__isnull=False)


def _hold(batches: list[Batch], now: datetime) -> list[Batch]:
    """Claims what is still to be had of these batches."""
    wanted = [each.id for batch in batches for each in batch.events]
    with transaction.atomic():
        rows = WebhookEvent.objects.filter(pk__in=wanted).filter(_claimable(now))
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        free = set(rows.values_list("pk", flat=True))
        held = _held_scopes(now)
        left = [
            replace(batch, events=tuple(each for each in batch.events if each.id in free))
            for batch in batches
            if (batch.tenant, batch.scope) not in held
        ]
        WebhookEvent.objects.filter(pk__in=[each.id for batch in left for each in batch.events]).update(
            state=State.PROCESSING, attempts=F("attempts") + 1, next_try_at=now + LEASE
        )
    return [batch for batch in left if batch.events]


def _park(poison: list[Claimed], now: datetime) -> None:
    """What was begun too often without an end may be what kills its workers."""
    if poison:
        WebhookEvent.objects.filter(pk__in=[each.id for each in poison]).update(
            state=State.FAILED,
            next_try_at=None,
            processed_at=now,
            error=f"given up: it was begun {ATTEMPTS_AT_MOST} times and never came to an end",
        )
        for each in poison:
            metrics.webhook_events_failed_total.labels(label(each.event_type), "parked").inc()
