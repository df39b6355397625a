"""`/health`: each part with its state, since when, and what to do; degraded is not down."""

import json
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from kombu import Connection
from prometheus_client import REGISTRY

from config import health as background
from config import heartbeats
from config.models import ParkedTask
from github_cache import condition, health
from github_cache.health import Part, State
from github_cache.models import Tenant
from github_cache.upstream import credentials
from ratelimit.governor import governor
from ratelimit.quota import Quota
from stats import health as stats_health
from stats.models import IndexGeneration, Organization, SyncRun

pytestmark = pytest.mark.django_db
PARTS = {
    "background", "broker", "cache", "credentials", "database", "github", "index", "tasks", "webhooks", "workers",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh() -> None:
    stats_health._since.clear()
    credentials.forget()


def test_every_part_is_registered() -> None:
    assert set(health.registered()) >= PARTS


def test_the_whole_says_state_since_detail_and_remedy(client: Client) -> None:
    before = time.time()
    answer = client.get("/health")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "degraded"
    assert set(told["parts"]) >= PARTS
    for part in told["parts"].values():
        assert part["since"] >= int(before)
        assert part["detail"]
        assert part["state"] in ("ok", "degraded")
        assert ("remedy" in part) is (part["state"] != "ok"), part


def test_strangers_learn_no_details(client: Client) -> None:
    told = client.get("/health", REMOTE_ADDR="203.0.113.9").json()
    assert {frozenset(part) for part in told["parts"].values()} == {frozenset({"state", "since"})}


def test_a_part_that_cannot_be_examined_degrades() -> None:
    def broken(_now: float) -> Part:
        raise RuntimeError("secret")

    part = stats_health.examine({"x": broken}, 0)["x"]
    assert (part.state, part.detail) == (State.DEGRADED, "the check failed: RuntimeError")


def test_only_down_is_answered_with_503() -> None:
    ok, degraded, down = (Part(state, "") for state in State)
    assert stats_health.overall({"a": ok, "b": degraded}) is State.DEGRADED
    assert stats_health.overall({"a": ok, "b": degraded, "c": down}) is State.DOWN


def test_since_when_outlives_the_process_that_saw_it() -> None:
    cache.clear()
    ok, bad = {"a": Part(State.OK, "")}, {"a": Part(State.DEGRADED, "")}
    assert stats_health.standing_since(ok, 100) == {"a": 100}
    assert stats_health.standing_since(ok, 200) == {"a": 100}
    stats_health._since.clear()
    assert stats_health.standing_since(ok, 300) == {"a": 100}
    assert stats_health.standing_since(bad, 400) == {"a": 400}


def test_workers_are_well_while_they_are_heard_of() -> None:
    now = timezone.now()
    assert background.workers(now.timestamp()).state is State.DEGRADED
    heartbeats.note("worker@a", now)
    part = background.workers(now.timestamp())
    assert (part.state, part.detail) == (State.OK, "1: worker@a")
    assert background.workers((now + timedelta(minutes=2)).timestamp()).state is State.DEGRADED


def test_workers_that_are_long_gone_are_forgotten() -> None:
    now = timezone.now()
    heartbeats.note("worker@old", now - timedelta(days=2))
    background.observe(now)
    assert heartbeats.alive(now - timedelta(days=2)) == []


def test_a_parked_task_waits_for_a_person() -> None:
    now = timezone.now()
    ParkedTask.objects.create(name="a.task", arguments=[[], {}], digest="x", error="boom", parked_at=now)
    part = background.tasks(now.timestamp())
    assert part.state is State.DEGRADED
    assert "a.task" in part.detail
    assert "/admin/config/parkedtask/" in part.remedy
    assert background.tasks((now + timedelta(days=2)).timestamp()).state is State.OK


def test_a_broker_of_its_own_is_asked_once() -> None:
    assert background.broker(0).state is State.OK
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not background._answers(Connection(f"redis://127.0.0.1:{nobody.getsockname()[1]}"))


def test_a_broker_in_the_redis_of_the_cache_is_away_with_it(settings: Any) -> None:
    settings.BROKER_IS_THE_CACHES_REDIS = True
    assert background.broker(0).state is State.DEGRADED


def test_scheduled_work_is_heard_of(client: Client) -> None:
    cache.clear()
    assert stats_health.background(stats_health.STARTED).state is State.OK
    assert stats_health.background(time.time() + 600).state is State.DEGRADED
    stats_health.heartbeat()
    assert stats_health.background(time.time()).state is State.OK
    assert stats_health.background(time.time() + 600).state is State.DEGRADED


def test_the_heartbeat_tells_when_an_index_changed() -> None:
    changed = IndexGeneration.objects.create(tenant=Tenant.objects.create(slug="told")).changed_at
    stats_health.heartbeat()
    value = REGISTRY.get_sample_value("hubcache_index_changed_timestamp_seconds", {"tenant": "told"})
    assert value == changed.timestamp()


def test_an_index_that_is_old_or_failed_degrades() -> None:
    tenant = Tenant.objects.create(slug="acme")
    organization = Organization.objects.create(tenant=tenant, login="acme")
    now = timezone.now()
    assert "never synced" in stats_health.index(now.timestamp()).detail
    organization.synced_at = now
    organization.save()
    assert stats_health.index(now.timestamp()).state is State.OK
    assert "5 days ago" in stats_health.index((now + timedelta(days=5)).timestamp()).detail
    SyncRun.objects.create(organization=organization, state=SyncRun.State.FAILED, message="GitHub said no")
    part = stats_health.index(now.timestamp())
    assert part.state is State.DEGRADED
    assert "GitHub said no" in part.detail


def test_a_bucket_that_is_nearly_used_up_degrades(settings: pytest.FixtureRequest) -> None:
    settings.GITHUB_TOKENS = ("ghp_" + "z9" * 18,)  # type: ignore[attr-defined]
    Tenant.objects.get_or_create(slug="default")
    now = time.time()
    account = credentials.pool("default")[0].account
    governor().learn(account, Quota("core", 5000, 4000, 1000, now + 600))
    assert condition.github(now).state is State.OK
    governor().learn(account, Quota("core", 5000, 40, 4960, now + 600))
    part = condition.github(now)
    assert part.state is State.DEGRADED
    assert "40 of 5000 left in core" in part.detail
    assert "z9z9" not in json.dumps([part.detail, part.remedy])


def test_a_tenant_without_credentials_degrades() -> None:
    Tenant.objects.create(slug="bare")
    assert "tenant bare has no credential" in condition.credentials_stand(0).detail
