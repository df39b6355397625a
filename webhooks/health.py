"""How well the hooks do: which of them cover what, how fresh we believe ourselves to be, and what a person should see.

A hook is healthy for HEALTHY_FOR after it proved itself: by a delivery, by GitHub's list of deliveries holding nothing
that we lack, or by a comparison with GitHub. The floor below is told, and gives the longer lifetimes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Min

from github_cache import health, hooks
from github_cache.health import Part, State
from github_cache.keys import Scope, ScopeKind
from github_cache.resources import kinds_of
from webhooks import metrics, reconciling
from webhooks.affects import covered_kinds
from webhooks.github_events import heard
from webhooks.models import WebhookConfig, WebhookEvent

HEALTHY_FOR = timedelta(hours=1)
TOO_OLD = timedelta(minutes=2)
"""A delivery that waits longer than this means that nobody works."""

SHOWN = 10
"""Hooks that the health check names."""


def healthy_until(config: WebhookConfig) -> datetime | None:
    """Until when its latest proof is good; None where it never gave one, or is off."""
    proofs = [at for at in (config.last_delivery_at, config.checked_at, config.reconciled_at) if at is not None]
    return max(proofs) + HEALTHY_FOR if proofs and config.active else None


def covered(config: WebhookConfig) -> frozenset[str]:
    """The kinds that its hook covers in every kind of scope that it speaks for."""
    scopes: tuple[ScopeKind, ...] = ("repo",) if config.target == WebhookConfig.For.REPOSITORY else ("repo", "org")
    events = heard(config.events, config.sent_events)
    full = {scope: covered_kinds(events, config.target, scope) for scope in scopes}
    names = {kind.name for scope in scopes for kind in kinds_of(scope)}
    has = {scope: {kind.name for kind in kinds_of(scope)} for scope in scopes}
    return frozenset(name for name in names if all(name in full[scope] for scope in scopes if name in has[scope]))


def report(config: WebhookConfig, now: datetime) -> None:
    """Tells the cache which kinds this hook covers and until when; of an unhealthy one, that it covers none."""
    number = config.repository_id if config.target == WebhookConfig.For.REPOSITORY else config.organization_id
    if config.target == WebhookConfig.For.TENANT or number is None:
        return
    scope = Scope("repo" if config.target == WebhookConfig.For.REPOSITORY else "org", str(number))
    until = healthy_until(config) or now
    hooks.report(config.tenant_id, scope, covered(config), max(until, now).timestamp())


def believed_fresh(config: WebhookConfig, oldest_waiting: datetime | None) -> datetime | None:
    """Up to when we believe to know of every change that the hook tells of; None where that was never looked into."""
    known = [at for at in (config.checked_at, config.reconciled_at) if at is not None]
    if not known:
        return None
    return min(max(known), oldest_waiting) if oldest_waiting else max(known)


def known_until(tenant: str) -> dict[str, datetime]:
    """The same by organisation, its login in lower case; one of which no hook was looked into is missing."""
    waiting = oldest_waiting().get(tenant)
    found: dict[str, datetime] = {}
    for config in WebhookConfig.objects.filter(tenant_id=tenant, active=True).defer("secret", "previous_secret"):
        fresh = believed_fresh(config, waiting)
        if fresh is not None:
            for login in map(str.lower, reconciling.organizations(config)):
                found[login] = max(fresh, found.get(login, fresh))
    return found


def oldest_waiting() -> dict[str, datetime]:
    """By tenant, when the oldest delivery was received for which something is left to do. One query."""
    waiting = WebhookEvent.objects.waiting().order_by()
    return dict(waiting.values_list("tenant_id").annotate(oldest=Min("received_at")))


def observe(now: datetime) -> None:
    """Sets the gauges and tells the cache of every hook."""
    waiting = oldest_waiting()
    oldest = min(waiting.values(), default=now)
    metrics.webhook_oldest_waiting_seconds.set((now - oldest).total_seconds())
    metrics.webhook_waiting.set(WebhookEvent.objects.waiting().count())
    metrics.webhook_parked.set(_parked())
    for config in WebhookConfig.objects.defer("secret", "previous_secret"):
        report(config, now)
        fresh = believed_fresh(config, waiting.get(config.tenant_id))
        if fresh is not None:
            for login in [*reconciling.organizations(config)] or [""]:
                labels = config.tenant_id, str(config.pk), login.lower()
                metrics.webhook_believed_fresh_timestamp_seconds.labels(*labels).set(fresh.timestamp())


def check(now: float) -> Part:
    """The health check: deliveries are worked off, none waits for a person, and hooks are heard of."""
    at = datetime.fromtimestamp(now, UTC)
    faults = list(_faults(at))
    if faults:
        return Part(State.DEGRADED, "; ".join(fault for fault, _ in faults), faults[0][1])
    waiting = oldest_waiting()
    fresh = [
        f"{config.name or config.tenant_id} fresh as of {until:%Y-%m-%d %H:%M:%S}Z"
        for config in WebhookConfig.objects.filter(active=True).defer("secret", "previous_secret")
        if (until := believed_fresh(config, waiting.get(config.tenant_id)))
    ]
    more = f"; and {len(fresh) - SHOWN} more" if len(fresh) > SHOWN else ""
    return Part(State.OK, "; ".join(fresh[:SHOWN]) + more or "no hook has been checked yet")


def _faults(now: datetime) -> Iterator[tuple[str, str]]:
    oldest = min(oldest_waiting().values(), default=now)
    if now - oldest > TOO_OLD:
        waits = f"the oldest delivery waits since {(now - oldest).total_seconds():.0f} s"
        yield waits, "See whether the Celery worker runs; the sweeper works deliveries off without the broker."
    if parked := _parked():
        yield f"{parked} deliveries failed for good", "Look at their errors under /admin/webhooks/ and replay them."


def _parked() -> int:
    return WebhookEvent.objects.filter(state=WebhookEvent.State.FAILED, next_try_at=None).count()


def register() -> None:
    """Puts the check among the others."""
    health.register("webhooks", check)
