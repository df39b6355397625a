"""Asks GitHub for deliveries that never came, and has them sent again.

GitHub keeps a list of what it sent for 3 days and sends nothing again by itself. Whatever is in it and is not held here
was missed, whatever the status says; a delivery is asked for a few times and then given up.
Source: https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from github_cache.upstream.errors import UpstreamError
from ratelimit.verdict import Wait
from webhooks import github_hooks, metrics
from webhooks.github_hooks import Hook
from webhooks.models import WebhookConfig, WebhookEvent

log = logging.getLogger("hubcache.webhooks.recovery")

LISTED_FOR = timedelta(days=3)
OVERLAP = timedelta(minutes=10)
"""The list is read from so long before the last check: what was then under way may have failed since."""

UNDER_WAY = timedelta(seconds=30)
"""What was sent so lately may still arrive."""

SENT_AT_MOST = 4
PAGES_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt of GitHub's to deliver, as it lists it."""

    id: int
    guid: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What to have sent again, and up to when nothing is missing any more. `given_up`: GUIDs asked for in vain."""

    again: tuple[Sent, ...]
    complete_until: datetime
    given_up: tuple[str, ...]


def plan(listed: Iterable[Sent], held: frozenset[str], now: datetime) -> Plan:
    """What is missing of a list of attempts, oldest first (pure)."""
    attempts: dict[str, list[Sent]] = {}
    for sent in listed:
        attempts.setdefault(sent.guid, []).append(sent)
    missing = {guid: sorted(sent, key=lambda each: each.at) for guid, sent in attempts.items() if guid not in held}
    given_up = tuple(guid for guid, sent in missing.items() if len(sent) >= SENT_AT_MOST)
    open_ones = [sent for guid, sent in missing.items() if guid not in given_up]
    again = sorted((sent[-1] for sent in open_ones if now - sent[-1].at > UNDER_WAY), key=lambda each: each.at)
    return Plan(tuple(again), min((sent[0].at for sent in open_ones), default=now), given_up)


def recover_all() -> float | None:
    """Looks after every active configuration. One that fails does not keep back the others.

    Returns in how many seconds to come again, where GitHub's limits left something to be asked for.
    """
    waits = []
    for config in WebhookConfig.objects.filter(active=True):
        try:
            outcome = recover(config, timezone.now())
        except UpstreamError as error:
            log.warning("deliveries not checked", extra={"config_id": config.pk, "error": error.message})
        else:
            if isinstance(outcome, Wait):
                waits.append(outcome.seconds)
    return max(waits, default=None)


def recover(config: WebhookConfig, now: datetime) -> Plan | Wait:
    """Has GitHub send again what is missing of the deliveries to one configuration. Raises UpstreamError.

    It also notes which events the hook sends, since what it does not send it does not cover. Where no hook of it is
    known there is nothing to ask for.
    """
    since = max(now - LISTED_FOR, (config.checked_at or config.created_at) - OVERLAP)
    through: dict[Sent, Hook] = {}
    hooks = github_hooks.sending_to(config)
    for hook in hooks:
        listed = _listed(hook, since)
        if isinstance(listed, Wait):
            return listed
        through |= dict.fromkeys(listed, hook)
    found = plan(through, _held(config, {sent.guid for sent in through}), now)
    for sent in found.again:
        waits = github_hooks.redeliver(through[sent], sent.id)
        if isinstance(waits, Wait):
            return waits
        metrics.webhook_redeliveries_asked_total.inc()
    if hooks:
        seen: dict[str, Any] = {"checked_at": found.complete_until}
        if hooks[0].app is None:
            events = github_hooks.events_sent(hooks[0])
            if isinstance(events, Wait):
                return events
            seen["sent_events"] = events
        WebhookConfig.objects.filter(pk=config.pk).update(**seen)
    if found.again or found.given_up:
        extra = {"config_id": config.pk, "asked_again": len(found.again), "given_up": len(found.given_up)}
        log.warning("deliveries were missing", extra=extra)
    return found


def _held(config: WebhookConfig, guids: set[str]) -> frozenset[str]:
    """Which of these deliveries are held; those of an App may have come to any configuration of the whole tenant."""
    events = WebhookEvent.objects.filter(tenant_id=config.tenant_id, delivery_id__in=guids)
    if config.target == WebhookConfig.For.TENANT:
        events = events.filter(config__target=WebhookConfig.For.TENANT)
    else:
        events = events.filter(config=config)
    return frozenset(events.values_list("delivery_id", flat=True))


def _listed(hook: Hook, since: datetime) -> list[Sent] | Wait:
    listed: list[Sent] = []
    cursor: str | None = None
    for _ in range(PAGES_AT_MOST):
        page = github_hooks.deliveries(hook, cursor)
        if isinstance(page, Wait):
            return page
        read = [sent for each in page.deliveries if (sent := _read(each))]
        listed += [sent for sent in read if sent.at >= since]
        cursor = page.next_cursor
        if cursor is None or (read and read[-1].at < since):
            break
    return listed


def _read(each: dict[str, Any]) -> Sent | None:
    at = parse_datetime(str(each.get("delivered_at")))
    if at is None or not isinstance(each.get("id"), int):
        return None
    return Sent(each["id"], str(each.get("guid")), at)
