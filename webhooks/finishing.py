"""Writes down in the rows of a batch what was done, and when what is left is tried again."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from ratelimit.backoff import BackoffPolicy, delay
from webhooks import metrics
from webhooks.claiming import ATTEMPTS_AT_MOST, Batch, Claimed, Unit
from webhooks.github_events import label
from webhooks.models import WebhookEvent

BACKOFF = BackoffPolicy(base_ms=10_000, factor=3, max_ms=3_600_000, jitter=0.5, max_attempts=ATTEMPTS_AT_MOST)
"""Between two attempts: 5 to 10 s at first, up to an hour later."""

_LONGEST_ERROR = 2000
State = WebhookEvent.State


@dataclass(slots=True)
class Progress:
    """What of a batch is done, for the rows and for people."""

    done: set[Unit] = field(default_factory=set)
    refetched: dict[str, int] = field(default_factory=dict)
    indexed: dict[str, str] = field(default_factory=dict)
    epochs: int = 0
    entries: int = 0

    def as_json(self) -> dict[str, object]:
        """What stands in the rows' `result`."""
        removed = {"epochs": self.epochs, "entries": self.entries}
        return {"removed": removed, "refetched": self.refetched, "indexed": self.indexed}


@dataclass(frozen=True, slots=True)
class Later:
    """The rest is to be tried again in so many seconds; nothing has failed."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """The rest failed, with this error for a person to read."""

    error: str


def write_down(batch: Batch, progress: Progress, rest: Later | Failed, now: datetime) -> None:
    """Ends the batch's claim. What a worker that came after us has claimed since is left to it."""
    done = [each for each in batch.events if each.units <= progress.done]
    left = [each for each in batch.events if not each.units <= progress.done]
    if done:
        _held(done).update(
            state=State.PROCESSED, processed_at=now, next_try_at=None, pending=None, error="", result=progress.as_json()
        )
        for each in done:
            metrics.webhook_events_processed_total.labels(label(each.event_type)).inc()
    by_rest: dict[frozenset[Unit], list[Claimed]] = defaultdict(list)
    for each in left:
        by_rest[each.units - progress.done].append(each)
    for units, events in by_rest.items():
        _held(events).update(pending=sorted(map(str, units)), result=progress.as_json())
    if isinstance(rest, Failed):
        _fail(left, rest.error, now)
    elif left:
        until = now + timedelta(seconds=rest.seconds)
        _held(left).update(state=State.RECEIVED, attempts=F("attempts") - 1, next_try_at=until)


def _fail(events: list[Claimed], error: str, now: datetime) -> None:
    """Sets a time for the next attempt; after the last one a delivery is parked with its error."""
    for each in events:
        attempt = each.attempts + 1
        parked = attempt >= ATTEMPTS_AT_MOST
        wait = timedelta(seconds=delay(BACKOFF, attempt, random.random))
        _held([each]).update(
            state=State.FAILED,
            error=error[:_LONGEST_ERROR],
            next_try_at=None if parked else now + wait,
            processed_at=now if parked else None,
        )
        metrics.webhook_events_failed_total.labels(label(each.event_type), "parked" if parked else "retried").inc()


def _held(events: list[Claimed]) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(pk__in=[each.id for each in events], state=State.PROCESSING)
