"""Runs a stored delivery again, from its body, under the configuration as it is now."""

from datetime import datetime

from webhooks import receiving
from webhooks.models import WebhookEvent

State = WebhookEvent.State


class NotReplayable(Exception):
    """The delivery cannot be run again now; `status` is what a caller should be answered with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def replay(event: WebhookEvent, now: datetime) -> WebhookEvent:
    """Puts a delivery back into the queue, and makes stale at once what it touches. Raises NotReplayable."""
    payload = event.payload()
    if payload is None:
        raise NotReplayable(410, "The payload of this delivery is no longer kept.")
    judgement = receiving.judge(event.config, event.event_type, payload)
    if judgement.ignored or not judgement.touched:
        raise NotReplayable(422, f"There is nothing to run: {judgement.ignored or 'a ping touches nothing'}.")
    begun = WebhookEvent.objects.filter(pk=event.pk).exclude(state=State.PROCESSING, next_try_at__gt=now)
    changed = begun.update(
        state=State.RECEIVED,
        scope=receiving.home(judgement.subject),
        touched=judgement.touched.as_json(),
        pending=None,
        attempts=0,
        next_try_at=now,
        processed_at=None,
        error="",
        result={},
        entries_removed=0,
    )
    if not changed:
        raise NotReplayable(409, "This delivery is being processed.")
    receiving.act(event.pk, event.tenant_id, judgement.touched, now)
    event.refresh_from_db()
    return event
