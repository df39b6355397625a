"""Compares what we hold with GitHub, slowly: finds what changed without any delivery telling of it.

One pass over an organisation's repositories costs a point or two per hundred; `updated_at` and `pushed_at` say what
changed. Only what differs is made stale and read again. A `Wait` ends the pass; the next one begins anew.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from github_cache import gateway, invalidation
from github_cache.keys import Scope
from github_cache.upstream.errors import UpstreamError
from ratelimit.budget import Lane
from ratelimit.verdict import Wait
from stats import syncing
from stats.models import Organization, Repository
from webhooks import metrics
from webhooks.models import WebhookConfig

log = logging.getLogger("hubcache.webhooks.reconciling")

Stamp = tuple[datetime | None, datetime | None]
"""`updated_at` and `pushed_at`."""


def changed(there: Mapping[int, Stamp], here: Mapping[int, Stamp]) -> frozenset[int]:
    """The IDs of repositories that are newer there, not known here, or no longer there (pure)."""
    newer = {number for number, stamp in there.items() if number not in here or _newer(stamp, here[number])}
    return frozenset(newer | (here.keys() - there.keys()))


def reconcile_all() -> None:
    """Compares what every active configuration speaks for. One that fails does not keep back the others."""
    for config in WebhookConfig.objects.filter(active=True):
        try:
            reconcile(config, timezone.now())
        except UpstreamError as error:
            log.warning("not reconciled", extra={"config_id": config.pk, "error": error.message})


def reconcile(config: WebhookConfig, now: datetime) -> int | Wait:
    """Makes stale and reads again what differs; how many repositories that were. Raises UpstreamError."""
    found = 0
    if config.target == WebhookConfig.For.REPOSITORY:
        outcome = _repository(config.tenant_id, config.repository)
        if isinstance(outcome, Wait):
            return outcome
        found += outcome
    for login in organizations(config):
        outcome = _organization(config.tenant_id, login)
        if isinstance(outcome, Wait):
            return outcome
        found += outcome
    WebhookConfig.objects.filter(pk=config.pk).update(reconciled_at=now)
    metrics.webhook_reconciled_changes_total.inc(found)
    if found:
        log.warning("changes that no delivery told of", extra={"config_id": config.pk, "repositories": found})
    return found


def organizations(config: WebhookConfig) -> Iterator[str]:
    """The logins of those that a configuration speaks for."""
    if config.target == WebhookConfig.For.ORGANIZATION and config.organization:
        yield config.organization
    elif config.target == WebhookConfig.For.TENANT:
        yield from Organization.objects.filter(tenant_id=config.tenant_id).values_list("login", flat=True)


def _organization(tenant: str, login: str) -> int | Wait:
    there: dict[int, Stamp] = {}
    names: dict[int, str] = {}
    cursor: str | None = None
    while True:
        page = gateway.organization_repositories(tenant, login, lane=Lane.WARM, cursor=cursor)
        if isinstance(page, Wait):
            return page
        for each in page.repositories:
            there[each["id"]], names[each["id"]] = _stamp(each), each["full_name"]
        if (cursor := page.next_cursor) is None:
            break
    rows = Repository.objects.filter(tenant_id=tenant, owner__iexact=login, removed_at=None)
    here = {row.github_id: (row.updated_at, row.pushed_at) for row in rows}
    names = {row.github_id: row.full_name for row in rows} | names
    return _read_again(tenant, {number: names[number] for number in changed(there, here)})


def _repository(tenant: str, full_name: str) -> int | Wait:
    if not full_name:
        return 0
    read = gateway.repository(tenant, full_name, lane=Lane.WARM)
    if isinstance(read, Wait):
        return read
    row = Repository.objects.named(tenant, full_name).first()
    here = {row.github_id: (row.updated_at, row.pushed_at)} if row else {}
    there = {read["id"]: _stamp(read)} if read else {}
    return _read_again(tenant, dict.fromkeys(changed(there, here), full_name))


def _read_again(tenant: str, names: Mapping[int, str]) -> int | Wait:
    for number, full_name in names.items():
        invalidation.by_scope(tenant, Scope("repo", str(number)))
        outcome = syncing.reindex(tenant, full_name, lane=Lane.WARM)
        if isinstance(outcome, Wait):
            return outcome
    return len(names)


def _stamp(repository: Mapping[str, Any]) -> Stamp:
    return _time(repository.get("updated_at")), _time(repository.get("pushed_at"))


def _time(value: Any) -> datetime | None:
    return parse_datetime(value) if isinstance(value, str) else None


def _newer(there: Stamp, here: Stamp) -> bool:
    return any(new is not None and (old is None or new > old) for new, old in zip(there, here, strict=True))
