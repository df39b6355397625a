"""Who gets which deliveries, when, and how they come back: on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest

from github_cache.models import Tenant
from tests.postgres import database, postgres_connection, postgres_server  # noqa: F401
from webhooks import claiming, metrics
from webhooks.claiming import ATTEMPTS_AT_MOST, LEASE, Unit
from webhooks.finishing import Failed, Later, Progress, write_down
from webhooks.models import WebhookConfig, WebhookEvent

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ISSUES, META, INDEX = Unit("repo:1", "issues"), Unit("repo:1", "meta"), Unit("repo:1", "index")


@pytest.fixture(params=["sqlite", "postgresql"])
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def config(database: str) -> WebhookConfig:  # noqa: F811
    tenant, _ = Tenant.objects.get_or_create(slug="acme")
    return WebhookConfig.objects.create(tenant=tenant, target="tenant", secret="a secret", events=["*"])


def put(config: WebhookConfig, *kinds: str, before: float = 60, scope: str = "repo:1", **more: object) -> WebhookEvent:
    """A delivery that was received so many seconds before NOW."""
    received = NOW - timedelta(seconds=before)
    values = {
        "tenant_id": config.tenant_id,
        "config": config,
        "delivery_id": str(WebhookEvent.objects.count()),
        "event_type": "issues",
        "scope": scope,
        "received_at": received,
        "body_digest": b"",
        "touched": {"kinds": {scope: list(kinds or ("issues",))}, "purged": [], "index": {}},
        "next_try_at": received + timedelta(seconds=1),
        **more,
    }
    return WebhookEvent.objects.create(**values)


def test_what_is_due_is_claimed_by_scope_and_in_order(config: WebhookConfig) -> None:
    first, second = put(config), put(config, "meta")
    other = put(config, scope="repo:2")
    batches = {batch.scope: batch for batch in claiming.claim(NOW)}
    assert [each.id for each in batches["repo:1"].events] == [first.pk, second.pk]
    assert batches["repo:1"].due == {ISSUES, META}
    assert [each.id for each in batches["repo:2"].events] == [other.pk]
    row = WebhookEvent.objects.get(pk=first.pk)
    assert (row.state, row.attempts, row.next_try_at) == ("processing", 1, NOW + LEASE)
    assert claiming.claim(NOW) == []


def test_a_burst_is_claimed_at_its_end(config: WebhookConfig) -> None:
    put(config, before=2)
    put(config, before=0.5)
    assert claiming.claim(NOW) == []
    assert {row.next_try_at for row in WebhookEvent.objects.all()} == {NOW + timedelta(seconds=0.5)}
    assert len(claiming.claim(NOW + timedelta(seconds=0.5))[0].events) == 2


def test_a_burst_without_end_is_claimed_after_the_longest_wait(config: WebhookConfig) -> None:
    for tenth in range(51):
        put(config, before=tenth / 10)
    assert len(claiming.claim(NOW)[0].events) == 51


def test_a_busy_kind_does_not_put_off_another(config: WebhookConfig) -> None:
    mixed = put(config, "issues", "meta", before=3)
    put(config, "issues", before=0.2)
    (batch,) = claiming.claim(NOW)
    assert [each.id for each in batch.events] == [mixed.pk]
    assert batch.due == {META}
    write_down(batch, Progress(done={META}), Later(), NOW)
    row = WebhookEvent.objects.get(pk=mixed.pk)
    assert (row.state, row.attempts, row.pending) == ("received", 0, ["repo:1/issues"])
    (batch,) = claiming.claim(NOW + timedelta(seconds=1))
    assert len(batch.events) == 2
    assert batch.due == {ISSUES}


def test_what_arrives_while_its_scope_is_worked_off_makes_for_exactly_one_more_turn(config: WebhookConfig) -> None:
    put(config)
    (batch,) = claiming.claim(NOW)
    put(config)
    assert claiming.claim(NOW) == []
    write_down(batch, Progress(done={ISSUES}), Later(), NOW)
    (once_more,) = claiming.claim(NOW)
    write_down(once_more, Progress(done={ISSUES}), Later(), NOW)
    assert claiming.claim(NOW) == []


def test_what_a_killed_worker_held_comes_back(config: WebhookConfig) -> None:
    put(config)
    claiming.claim(NOW)
    assert claiming.claim(NOW + LEASE - timedelta(seconds=1)) == []
    assert len(claiming.claim(NOW + LEASE)) == 1


def test_what_kills_its_workers_is_parked(config: WebhookConfig) -> None:
    event = put(config)
    at = NOW
    for _ in range(ATTEMPTS_AT_MOST):
        assert len(claiming.claim(at)) == 1
        at += LEASE
    assert claiming.claim(at) == []
    event.refresh_from_db()
    assert event.parked
    assert "never came to an end" in event.error


def test_done_is_written_down(config: WebhookConfig) -> None:
    event = put(config)
    (batch,) = claiming.claim(NOW)
    write_down(batch, Progress(done={ISSUES}, refetched={"repo:1/issues": 2}, epochs=1), Later(), NOW)
    event.refresh_from_db()
    assert (event.state, event.next_try_at, event.processed_at, event.error) == ("processed", None, NOW, "")
    assert event.result["refetched"] == {"repo:1/issues": 2}


def test_a_wait_is_no_failure(config: WebhookConfig) -> None:
    event = put(config)
    (batch,) = claiming.claim(NOW)
    write_down(batch, Progress(), Later(90.0), NOW)
    event.refresh_from_db()
    assert (event.state, event.attempts, event.next_try_at) == ("received", 0, NOW + timedelta(seconds=90))


def failures(event_type: str) -> tuple[float, float]:
    """What the metric says was retried and parked."""
    value = metrics.webhook_events_failed_total.labels
    return value(event_type, "retried")._value.get(), value(event_type, "parked")._value.get()


def test_failures_back_off_and_end_parked_with_their_error(config: WebhookConfig) -> None:
    event = put(config)
    at: datetime | None = NOW
    waits, counted = [], failures(event.event_type)
    while at is not None:
        (batch,) = claiming.claim(at)
        write_down(batch, Progress(), Failed("GitHub answered 502"), at)
        event.refresh_from_db()
        if event.next_try_at is not None:
            waits.append((event.next_try_at - at).total_seconds())
        at = event.next_try_at
    assert event.parked
    assert (event.attempts, event.error) == (ATTEMPTS_AT_MOST, "GitHub answered 502")
    assert len(waits) == ATTEMPTS_AT_MOST - 1
    assert 5 <= waits[0] <= 10
    assert all(wait <= 3600 for wait in waits)
    assert waits[-1] > 1000
    assert failures(event.event_type) == (counted[0] + ATTEMPTS_AT_MOST - 1, counted[1] + 1)


def test_a_failed_delivery_is_not_tried_early_because_another_came(config: WebhookConfig) -> None:
    put(config, state="failed", attempts=3, next_try_at=NOW + timedelta(minutes=5))
    fresh = put(config)
    (batch,) = claiming.claim(NOW)
    assert [each.id for each in batch.events] == [fresh.pk]


def test_what_another_worker_claimed_since_is_left_to_it(config: WebhookConfig) -> None:
    event = put(config)
    (batch,) = claiming.claim(NOW)
    WebhookEvent.objects.update(state="processed", next_try_at=None)
    write_down(batch, Progress(), Failed("too late"), NOW)
    event.refresh_from_db()
    assert (event.state, event.error) == ("processed", "")
