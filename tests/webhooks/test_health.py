"""What hooks cover and until when, how fresh we believe ourselves to be, and what a person is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from github_cache import hooks
from github_cache.health import State
from github_cache.keys import Scope
from github_cache.models import Tenant
from stats.models import Organization
from webhooks import health
from webhooks.github_events import heard
from webhooks.health import HEALTHY_FOR, believed_fresh, covered, healthy_until
from webhooks.models import WebhookConfig, WebhookEvent

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ago(**delta: float) -> datetime:
    return NOW - timedelta(**delta)


def of_organization(**more: object) -> WebhookConfig:
    return WebhookConfig(tenant_id="acme", target="organization", organization="acme", organization_id=9, **more)


def test_the_latest_proof_counts() -> None:
    config = of_organization(last_delivery_at=ago(hours=5), checked_at=ago(minutes=3), reconciled_at=ago(hours=2))
    assert healthy_until(config) == ago(minutes=3) + HEALTHY_FOR


def test_no_proof_is_no_health_and_neither_is_being_off() -> None:
    assert healthy_until(of_organization()) is None
    assert healthy_until(of_organization(last_delivery_at=NOW, active=False)) is None


def test_what_covers_a_kind_covers_it_in_every_scope_it_speaks_for() -> None:
    assert {"meta", "issues", "repos", "other", "contents"} <= covered(of_organization(events=["*"]))
    assert covered(of_organization(events=["label", "repository"])) == {"labels"}
    repository = WebhookConfig(target="repository", events=["*"])
    assert "repos" not in covered(repository)
    assert "meta" in covered(repository)


@pytest.mark.parametrize(
    ("wanted", "sent", "heard_of"),
    [
        (["*"], None, ["*"]),
        (["push"], ["*"], ["push"]),
        (["*"], ["push", "label"], ["push", "label"]),
        (["push", "label"], ["label", "star"], ["label"]),
        (["push"], [], []),
    ],
)
def test_only_what_is_wanted_and_sent_is_heard(wanted: list[str], sent: list[str] | None, heard_of: list[str]) -> None:
    assert heard(wanted, sent) == heard_of


def test_what_the_hook_does_not_send_is_not_covered() -> None:
    assert covered(of_organization(events=["*"], sent_events=["label", "repository"])) == {"labels"}
    assert covered(of_organization(events=["*"], sent_events=[])) == frozenset()


@pytest.mark.parametrize(
    ("checked", "reconciled", "waiting", "expected"),
    [
        (None, None, None, None),
        (ago(minutes=5), None, None, ago(minutes=5)),
        (ago(minutes=5), ago(minutes=1), None, ago(minutes=1)),
        (ago(minutes=5), ago(minutes=1), ago(minutes=9), ago(minutes=9)),
        (None, None, ago(minutes=9), None),
    ],
)
def test_how_fresh_we_believe_to_be(
    checked: datetime | None, reconciled: datetime | None, waiting: datetime | None, expected: datetime | None
) -> None:
    assert believed_fresh(of_organization(checked_at=checked, reconciled_at=reconciled), waiting) == expected


def test_the_cache_is_told_of_healthy_hooks_and_of_their_end(config: WebhookConfig) -> None:
    import time

    scope = Scope("org", str(config.organization_id))
    now = datetime.fromtimestamp(time.time(), UTC)
    WebhookConfig.objects.update(last_delivery_at=now)
    health.observe(now)
    assert hooks.covers("acme", scope, "repos")
    WebhookConfig.objects.update(active=False)
    health.observe(now)
    assert not hooks.covers("acme", scope, "repos")


def waiting_event(config: WebhookConfig, **more: object) -> None:
    values = {"received_at": ago(minutes=10), "next_try_at": ago(minutes=9), "body_digest": b"", **more}
    WebhookEvent.objects.create(tenant_id=config.tenant_id, config=config, delivery_id="g", event_type="push", **values)


def test_the_check_is_content_with_nothing_and_with_the_new(config: WebhookConfig) -> None:
    assert health.check(NOW.timestamp()).state is State.OK
    waiting_event(config, received_at=ago(seconds=5))
    assert health.check(NOW.timestamp()).state is State.OK


def test_the_check_tells_what_waits_too_long_and_what_failed(config: WebhookConfig) -> None:
    waiting_event(config)
    part = health.check(NOW.timestamp())
    assert part.state is State.DEGRADED
    assert "600 s" in part.detail
    WebhookEvent.objects.update(state="failed", next_try_at=None)
    assert "1 deliveries failed for good" in health.check(NOW.timestamp()).detail


def test_the_age_of_what_waits_is_a_metric(config: WebhookConfig) -> None:
    health.observe(NOW)
    assert REGISTRY.get_sample_value("webhook_oldest_waiting_seconds") == 0
    waiting_event(config)
    health.observe(NOW)
    assert REGISTRY.get_sample_value("webhook_oldest_waiting_seconds") == 600


def test_how_fresh_each_organization_is_is_a_metric(tenant: Tenant) -> None:
    def fresh(config: WebhookConfig, organization: str) -> float | None:
        labels = {"tenant": "acme", "config": str(config.pk), "organization": organization}
        return REGISTRY.get_sample_value("webhook_believed_fresh_timestamp_seconds", labels)

    for login in ("acme", "Octo"):
        Organization.objects.create(tenant=tenant, login=login)
    common = {"tenant": tenant, "secret": "s" * 9}
    own = WebhookConfig.objects.create(target="organization", organization="acme", checked_at=ago(minutes=5), **common)
    whole = WebhookConfig.objects.create(target="tenant", reconciled_at=ago(minutes=2), **common)
    one = WebhookConfig.objects.create(target="repository", repository="acme/api", checked_at=NOW, **common)
    health.observe(NOW)
    assert fresh(own, "acme") == ago(minutes=5).timestamp()
    assert fresh(whole, "acme") == fresh(whole, "octo") == ago(minutes=2).timestamp()
    assert fresh(one, "") == NOW.timestamp()


def test_the_check_tells_how_fresh(tenant: Tenant, config: WebhookConfig) -> None:
    WebhookConfig.objects.update(checked_at=ago(minutes=1))
    assert "acme fresh as of 2026-11-21 11:59:00Z" in health.check(NOW.timestamp()).detail


def test_each_organization_is_fresh_as_of_the_latest_check_of_a_hook_that_speaks_for_it(tenant: Tenant) -> None:
    for login in ("acme", "Octo", "unheard"):
        Organization.objects.create(tenant=tenant, login=login)
    own = of_organization(secret="s" * 9, checked_at=ago(minutes=5))
    own.save()
    of_organization(secret="s" * 9, checked_at=ago(minutes=9), active=False).save()
    assert health.known_until("acme") == {"acme": ago(minutes=5)}
    WebhookConfig.objects.create(tenant=tenant, target="tenant", secret="s" * 9, reconciled_at=ago(minutes=2))
    assert health.known_until("acme") == {login: ago(minutes=2) for login in ("acme", "octo", "unheard")}
    WebhookEvent.objects.create(
        tenant=tenant, config=own, delivery_id="1", received_at=ago(minutes=3), next_try_at=NOW, body_digest=b""
    )
    assert set(health.known_until("acme").values()) == {ago(minutes=3)}
    assert health.known_until("another") == {}


def test_the_page_shows_it(client: Client, tenant: Tenant, settings: Any) -> None:
    settings.HUBCACHE_ANONYMOUS_READ, settings.HUBCACHE_TENANT = True, "acme"
    Organization.objects.create(tenant=tenant, login="acme")
    assert "no hook is checked" in client.get("/status").content.decode()
    of_organization(secret="s" * 9, checked_at=NOW).save()
    assert f'datetime="{NOW.isoformat()}"' in client.get("/status").content.decode()
