"""Payloads go first, rows later, and what is not done stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from webhooks import retention
from webhooks.models import WebhookConfig, WebhookEvent

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def days(settings: Any) -> None:
    settings.HUBCACHE_WEBHOOK_PAYLOAD_DAYS, settings.HUBCACHE_WEBHOOK_DAYS = 10, 30


def put(config: WebhookConfig, name: str, days: int, **more: object) -> None:
    values = {"state": "processed", "body": b"x", "body_digest": b"", **more}
    WebhookEvent.objects.create(
        tenant_id=config.tenant_id,
        config=config,
        delivery_id=name,
        event_type="push",
        received_at=NOW - timedelta(days=days),
        **values,
    )


def test_what_is_old_goes(config: WebhookConfig) -> None:
    for number in range(5):
        put(config, f"old {number}", 31)
        put(config, f"aged {number}", 11)
        put(config, f"new {number}", 9)
    assert retention.clean(NOW, batch=2) == (5, 5)
    left = dict(WebhookEvent.objects.values_list("delivery_id", "body"))
    assert sorted(name for name, body in left.items() if body is None) == [f"aged {number}" for number in range(5)]
    assert sum(name.startswith("new") for name in left) == 5
    assert len(left) == 10


def test_what_waits_or_may_be_replayed_keeps_its_payload(config: WebhookConfig) -> None:
    put(config, "waits", 40, state="received", next_try_at=NOW)
    put(config, "parked", 11, state="failed")
    assert retention.clean(NOW) == (0, 0)


def test_it_ends_when_its_time_is_over(config: WebhookConfig) -> None:
    put(config, "old", 31)
    assert retention.clean(NOW, seconds=0) == (0, 0)
