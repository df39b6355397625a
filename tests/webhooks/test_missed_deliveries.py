"""What never came is sent again, and what nothing told of is found: against a GitHub of one's own."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from celery import current_app
from celery.signals import worker_ready
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as in_force
from django.utils import timezone

from github_cache import room
from github_cache.upstream.app_tokens import App
from github_sandbox import changes
from github_sandbox.apps import install_app
from stats.models import Organization, Repository
from tests.canaries import SECRET
from tests.webhooks.hub import WORKFLOW, Hub, names, workflow
from webhooks import configurations, health, reconciling, recovery
from webhooks.bell import BELL
from webhooks.models import WebhookEvent
from webhooks.reconciling import changed


def test_what_never_came_is_asked_for_again(hub: Hub) -> None:
    config = hub.hook()
    hook = hub.world.hooks[config.webhook_id]
    address, hook.url = hook.url, "http://127.0.0.1:1/nowhere"
    hub.do(changes.create_issue, hub.hello, hub.admin, "While you were out", None, [])
    assert not WebhookEvent.objects.filter(event_type="issues").exists()
    hook.url = address
    config.refresh_from_db()
    room.patiently(lambda: recovery.recover(config, timezone.now() + timedelta(minutes=1)))
    hub.github.drain()
    assert WebhookEvent.objects.filter(event_type="issues").exists()
    recovery.recover_all()
    config.refresh_from_db()
    assert timezone.now() - config.checked_at < timedelta(minutes=1)
    assert health.healthy_until(config) > timezone.now()


def test_what_the_hook_of_an_app_sent_in_vain_is_asked_for_by_the_app_itself(hub: Hub, settings: Any) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    install_app(hub.world, "octo", 1001, public.decode())
    settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY = "1001", private.decode()
    config = configurations.create({"tenant_id": "acme", "target": "tenant", "secret": SECRET, "events": ["*"]})
    own = {"url": "http://127.0.0.1:1/nowhere", "secret": SECRET, "content_type": "json"}
    as_app = {"Authorization": f"Bearer {App('1001', private.decode()).bearer(time.time()).token}"}
    address = f"{hub.github.url}/app/hook/config"
    requests.patch(address, json=own, headers=as_app, timeout=10).raise_for_status()
    hub.do(changes.create_issue, hub.hello, hub.admin, "While you were out", None, [])
    assert not WebhookEvent.objects.exists()
    own["url"] = f"{hub.url}/api/v1/webhooks/github"
    requests.patch(address, json=own, headers=as_app, timeout=10).raise_for_status()
    room.patiently(lambda: recovery.recover(config, timezone.now() + timedelta(minutes=1)))
    hub.github.drain()
    assert WebhookEvent.objects.get(event_type="issues").config == config
    assert recovery.recover_all() is None
    config.refresh_from_db()
    assert health.believed_fresh(config, None) is not None


def test_a_hook_for_a_whole_tenant_without_apps_has_no_list(hub: Hub) -> None:
    config = configurations.create({"tenant_id": "acme", "target": "tenant", "secret": SECRET, "events": ["*"]})
    assert recovery.recover_all() is None
    config.refresh_from_db()
    assert config.checked_at is None


def test_what_no_delivery_told_of_is_found(hub: Hub) -> None:
    hub.sync()
    config = configurations.create(
        {"tenant_id": "acme", "target": "organization", "organization": "octo", "secret": SECRET, "events": ["*"]}
    )
    assert reconciling.reconcile(config, timezone.now()) == 0
    hub.world.clock.move(60)
    hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: workflow("Silent")}, "Silent")
    hub.do(changes.create_repository, hub.org, hub.admin, "fresh", {})
    assert reconciling.reconcile(config, timezone.now()) == 2
    assert names() == ["Silent"]
    assert Repository.objects.filter(full_name="octo/fresh").exists()
    assert reconciling.reconcile(config, timezone.now()) == 0


def test_the_list_is_read_to_where_it_was_checked_before_and_no_further(hub: Hub) -> None:
    """GitHub gives it in pages of a hundred."""
    config = hub.hook()
    hook = hub.world.hooks[config.webhook_id]
    address, hook.url = hook.url, "http://127.0.0.1:1/nowhere"
    hub.do(changes.create_issue, hub.hello, hub.admin, "While you were out", None, [])
    (missed,) = (each.guid for each in hook.deliveries if each.event == "issues")
    hook.url = address
    for number in range(105):
        hub.do(changes.create_issue, hub.hello, hub.admin, f"Issue {number}", None, [])

    def pages(at: datetime) -> int:
        config.refresh_from_db()
        before = len(hub.github.ledger.entries())
        room.patiently(lambda: recovery.recover(config, at))
        hub.github.drain()
        return sum("/deliveries?" in each["path"] for each in hub.github.ledger.entries()[before:])

    later = timezone.now() + timedelta(minutes=1)
    assert pages(later) == 2
    assert WebhookEvent.objects.filter(delivery_id=missed).exists()
    assert pages(later + timedelta(hours=1)) == 2
    assert pages(later + timedelta(hours=2)) == 1


def test_a_worker_that_starts_asks_for_what_was_missed_and_works_off_what_waits(hub: Hub, settings: Any) -> None:
    config = hub.hook()
    hub.do(changes.create_issue, hub.hello, hub.admin, "While you were out", None, [])
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(minutes=1), next_try_at=timezone.now())
    assert config.checked_at is None
    BELL.close()
    current_app.conf.task_always_eager = True
    try:
        worker_ready.send(sender=None)
    finally:
        current_app.conf.task_always_eager = False
    config.refresh_from_db()
    assert config.checked_at is not None
    assert WebhookEvent.objects.get(event_type="issues").state == "processed"


def test_it_is_asked_on_a_schedule_and_a_lost_bell_costs_half_a_minute_at_most() -> None:
    every = {each["task"]: each["schedule"] for each in in_force.CELERY_BEAT_SCHEDULE.values()}
    assert every["webhooks.tasks.sweep"] <= 30
    for task in ("recover", "reconcile", "clean", "observe"):
        assert every[f"webhooks.tasks.{task}"] <= 3600


NOON, ONE = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.get_current_timezone()), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("there", "here", "expected"),
    [
        ({1: (NOON, NOON)}, {1: (NOON, NOON)}, set()),
        ({1: (NOON + ONE, NOON)}, {1: (NOON, NOON)}, {1}),
        ({1: (NOON, NOON + ONE)}, {1: (NOON, NOON)}, {1}),
        ({1: (NOON, NOON)}, {1: (NOON + ONE, NOON)}, set()),
        ({1: (NOON, None)}, {1: (NOON, NOON)}, set()),
        ({1: (NOON, NOON)}, {1: (NOON, None)}, {1}),
        ({1: (None, None), 2: (NOON, NOON)}, {}, {1, 2}),
        ({}, {3: (NOON, NOON)}, {3}),
    ],
)
def test_what_is_newer_there_or_on_one_side_alone_has_changed(there: Any, here: Any, expected: set[int]) -> None:
    assert changed(there, here) == expected


def test_a_comparison_costs_one_call_where_nothing_changed(hub: Hub) -> None:
    hub.sync()
    config = hub.hook()
    before = len(hub.github.ledger.entries())
    assert reconciling.reconcile(config, timezone.now()) == 0
    (asked,) = hub.github.ledger.entries()[before:]
    assert asked["path"] == "/graphql"
    assert asked["cost"] <= 2


def test_the_hook_of_one_repository_has_that_one_compared(hub: Hub) -> None:
    hub.sync()
    config = configurations.create(
        {"tenant_id": "acme", "target": "repository", "repository": "octo/hello", "secret": SECRET, "events": ["*"]}
    )
    assert reconciling.reconcile(config, timezone.now()) == 0
    hub.world.clock.move(60)
    hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: workflow("Silent")}, "Silent")
    assert reconciling.reconcile(config, timezone.now()) == 1
    assert names() == ["Silent"]
    hub.do(changes.delete_repository, hub.hello, hub.admin)
    assert reconciling.reconcile(config, timezone.now()) == 1
    assert names() == []


def test_a_configuration_for_all_of_a_tenant_has_its_organizations_compared(hub: Hub) -> None:
    hub.sync()
    config = configurations.create({"tenant_id": "acme", "target": "tenant", "secret": SECRET, "events": ["*"]})
    assert Organization.objects.get().login == "octo"
    hub.world.clock.move(60)
    hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: workflow("Silent")}, "Silent")
    reconciling.reconcile_all()
    config.refresh_from_db()
    assert config.reconciled_at is not None
    assert names() == ["Silent"]
