"""What is kept of deliveries, and how long: payloads first, then the rows. Done in batches, so that nobody waits."""

import time
from datetime import datetime, timedelta

from django.conf import settings

from webhooks.models import WebhookEvent

BATCH = 500
RUN_SECONDS = 60.0


def clean(now: datetime, seconds: float = RUN_SECONDS, batch: int = BATCH) -> tuple[int, int]:
    """Drops payloads and rows that are too old; how many of each. What still waits is kept whole."""
    until = time.monotonic() + seconds
    done = WebhookEvent.objects.filter(next_try_at=None)
    aged = done.filter(received_at__lt=now - timedelta(days=settings.HUBCACHE_WEBHOOK_DAYS))
    with_payload = done.filter(
        received_at__lt=now - timedelta(days=settings.HUBCACHE_WEBHOOK_PAYLOAD_DAYS), body__isnull=False
    ).exclude(state=WebhookEvent.State.FAILED)
    rows = payloads = 0
    while time.monotonic() < until and (ids := list(aged.values_list("pk", flat=True)[:batch])):
        rows += WebhookEvent.objects.filter(pk__in=ids).delete()[0]
    while time.monotonic() < until and (ids := list(with_payload.values_list("pk", flat=True)[:batch])):
        payloads += WebhookEvent.objects.filter(pk__in=ids).update(body=None)
    return payloads, rows
