"""A delivery is verified, judged, stored once, and made to count; then the bell is rung.

What the events touch is made stale by the request itself, after its row is committed: a dead worker delays nothing.
All that remains (refetch, index) is the row's, so what was answered with 2xx is done even if every process dies.
"""

import hashlib
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from github_cache.invalidation import Removed
from webhooks import affects, debounce, invalidating, metrics, observing, payloads, signers
from webhooks.affects import Touched
from webhooks.announcement import Announcement
from webhooks.bell import BELL
from webhooks.github_events import KNOWN, label, subscribed
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.payloads import Subject

log = logging.getLogger("hubcache.webhooks")

State = WebhookEvent.State
_FAST = 1


class ConfigurationGone(Exception):
    """The configuration was removed while its delivery was on the way."""


class Outcome(StrEnum):
    """What was done with a delivery at once. The values are metric labels and stand in the answer."""

    ACCEPTED = "accepted"
    AGAIN = "accepted_again"  # it had failed, or had been ignored, and was sent anew
    PONG = "pong"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"  # another body under a GUID that was used


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery; `reason` where it was ignored or refused."""

    outcome: Outcome
    event_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a delivery touches, or why it touches nothing."""

    subject: Subject
    touched: Touched
    ignored: str = ""


def judge(config: WebhookConfig, event: str, payload: Mapping[str, Any]) -> Judgement:
    """What a delivery of that configuration touches."""
    subject, target = payloads.subject(payload), config.speaks_for()
    if event not in KNOWN:
        return Judgement(subject, affects.NOTHING, "GitHub documents no event of this name")
    if not subscribed(event, config.events):
        return Judgement(subject, affects.NOTHING, "the configuration does not subscribe to this event")
    if event == "ping":
        return Judgement(subject, affects.NOTHING)
    if not affects.believed(target, subject):
        return Judgement(subject, affects.NOTHING, "the payload is about something else than the configuration")
    touched = affects.touched(event, payload, subject, target, config.tenant_id)
    return Judgement(subject, touched, "" if touched else "it touches nothing that is kept")


def take(config: WebhookConfig, announced: Announcement, body: bytes, now: datetime) -> Receipt:
    """Stores a delivery whose signature is good, once, and makes stale what it touches.

    Raises payloads.NotAPayload for a body that is none, ConfigurationGone, and django.db.DatabaseError where it could
    not be stored.
    """
    payload = payloads.parse(body, announced.content_type)
    judgement = judge(config, announced.event, payload)
    event = _row(config, announced, body, judgement, now)
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        receipt = _sent_before(event)
    else:
        outcome = (
            Outcome.PONG if announced.event == "ping" else Outcome.IGNORED if judgement.ignored else Outcome.ACCEPTED
        )
        receipt = Receipt(outcome, event.pk, judgement.ignored)
    removed = Removed()
    if receipt.outcome in (Outcome.ACCEPTED, Outcome.AGAIN):
        removed = act(receipt.event_id, config.tenant_id, judgement.touched, now)
    if receipt.outcome is not Outcome.CONFLICT:
        observing.observe(config, announced, payload, judgement.subject, now)
    metrics.webhook_events_received_total.labels(label(announced.event), receipt.outcome.value).inc()
    log.log(
        logging.WARNING if receipt.outcome is Outcome.CONFLICT else logging.INFO,
        "delivery",
        extra={
            "delivery_id": announced.guid,
            "event_type": announced.event,
            "tenant": config.tenant_id,
            "config_id": config.pk,
            "outcome": receipt.outcome.value,
            "reason": receipt.reason,
            "epochs": removed.epochs,
            "entries": removed.entries,
        },
    )
    return receipt


def act(event_id: int, tenant: str, touched: Touched, now: datetime) -> Removed:
    """What is done at once for a delivery that is stored: revoke, make stale, ring the bell. How much that removed."""
    invalidating.revoke(tenant, touched, now)
    removed = invalidating.invalidate(tenant, touched)
    if removed.entries:
        WebhookEvent.objects.filter(pk=event_id).update(entries_removed=F("entries_removed") + removed.entries)
    BELL.ring(event_id)
    return removed


def _row(
    config: WebhookConfig, announced: Announcement, body: bytes, judgement: Judgement, now: datetime
) -> WebhookEvent:
    done = announced.event == "ping" or bool(judgement.ignored)
    repository = judgement.subject.repository
    return WebhookEvent(
        tenant_id=config.tenant_id,
        config=config,
        delivery_id=announced.guid,
        event_type=announced.event,
        action=judgement.subject.action,
        repository_full_name=repository.full_name if repository else "",
        headers=dict(announced.headers),
        body=zlib.compress(body, _FAST),
        body_digest=hashlib.sha256(body).digest(),
        received_at=now,
        state=State.IGNORED if judgement.ignored else State.PROCESSED if done else State.RECEIVED,
        scope=home(judgement.subject),
        touched=judgement.touched.as_json() if judgement.touched else {},
        next_try_at=None if done else now + timedelta(seconds=debounce.RHYTHM.quiet),
        processed_at=now if done else None,
        error=judgement.ignored,
    )


def home(subject: Subject) -> str:
    """What a delivery is worked off together with: all of one repository, else of one organisation."""
    if subject.repository:
        return f"repo:{subject.repository.id}"
    return f"org:{subject.organization.id}" if subject.organization else ""


def _sent_before(event: WebhookEvent) -> Receipt:
    sent = WebhookEvent.objects.filter(config_id=event.config_id, delivery_id=event.delivery_id)
    known = sent.only("id", "state", "body_digest").first()
    if known is None:
        signers.forget()
        raise ConfigurationGone
    if bytes(known.body_digest) != event.body_digest:
        return Receipt(Outcome.CONFLICT, known.pk, "another body was received under this delivery ID")
    if event.state == State.RECEIVED:
        # Only one of several copies finds the row still in a state from which it may begin again.
        begun = WebhookEvent.objects.filter(pk=known.pk, state__in=(State.FAILED, State.IGNORED)).update(
            state=State.RECEIVED,
            scope=event.scope,
            touched=event.touched,
            pending=None,
            attempts=0,
            error="",
            next_try_at=event.next_try_at,
            processed_at=None,
        )
        if begun:
            return Receipt(Outcome.AGAIN, known.pk)
    return Receipt(Outcome.DUPLICATE, known.pk)
