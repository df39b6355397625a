"""Hooks, deliveries and their consequences against a GitHub of one's own, over HTTP in both directions."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from github_cache import asks, gateway, hot, identity, room
from github_cache.keys import Scope
from github_cache.models import ApiKey, Tenant
from github_cache.serving import Served
from github_cache.upstream.app_tokens import App
from github_sandbox import changes
from github_sandbox.apps import install_app
from github_sandbox.entities import Repository as Theirs
from github_sandbox.sample import sample_accounts
from github_sandbox.server import Handle, serve
from github_sandbox.world import World
from stats import syncing
from stats.models import Automation, Repository
from tests.canaries import SECRET
from tests.github_cache.gateway.house import forget, settle
from webhooks import configurations, health, processing, reconciling, recovery
from webhooks.models import WebhookConfig, WebhookEvent

WORKFLOW = ".github/workflows/ci.yml"


def workflow(name: str) -> bytes:
    return f"name: {name}\non: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: []\n".encode()


def small_world() -> World:
    world = World()
    org = sample_accounts(world, "octo")
    admin = world.accounts["octo-admin"]
    hello = changes.create_repository(world, org, admin, "hello", {"description": "Says hello"})
    changes.push(world, hello, admin, {WORKFLOW: workflow("CI")}, "Start")
    changes.create_issue(world, hello, admin, "It breaks", "Badly", ["bug"])
    return world


@pytest.fixture
def github(settings: Any, redis_server: str, transactional_db: None) -> Iterator[Handle]:
    # What runs in the background keeps what it has to in Redis: SQLite in memory locks whole tables.
    url = redis_server.replace("db=0", "db=8")
    redis.Redis.from_url(url).flushdb()
    settings.REDIS_URL, settings.REDIS_ENABLED, settings.REDIS_SOCKET_TIMEOUT = url, True, 1.0
    with serve(small_world()) as handle:
        settings.GITHUB_API_URL = handle.url
        settings.GITHUB_GRAPHQL_URL = f"{handle.url}/graphql"
        settings.GITHUB_TOKEN = "ghp_sandbox_admin_1"
        settings.GITHUB_TOKENS = ("ghp_sandbox_admin_1",)
        settings.HUBCACHE_TENANT = "acme"
        settings.RATELIMIT_ENABLED = False
        Tenant.objects.get_or_create(slug="acme")
        forget()
        yield handle
    forget()


class Hub:
    """The hub under test: its address, and a hook of the organisation that leads to it."""

    def __init__(self, github: Handle, url: str) -> None:
        self.github, self.url = github, url
        self.world = github.world
        self.org = self.world.accounts["octo"]
        self.admin = self.world.accounts["octo-admin"]
        self.config: WebhookConfig | None = None

    @property
    def hello(self) -> Theirs:
        return next(each for each in self.world.repositories.values() if each.name == "hello")

    def hook(self, **more: Any) -> WebhookConfig:
        fields = {
            "tenant_id": "acme",
            "target": "organization",
            "organization": "octo",
            "secret": SECRET,
            "events": ["*"],
            "webhook_url": f"{self.url}/api/v1/webhooks/github",
            **more,
        }
        self.config = configurations.create_registered(fields)
        self.github.drain()
        return self.config

    def do(self, change: Callable[..., Any], *arguments: Any) -> Any:
        """Something happens at GitHub, and its deliveries arrive."""
        with self.world.lock:
            result = change(self.world, *arguments)
        self.github.drain()
        return result

    def work_off(self) -> None:
        processing.run(clock=lambda: timezone.now() + timedelta(seconds=20))

    def sync(self) -> None:
        assert [*syncing.sync("acme", "octo")][-1].state == "done"

    def use(self, resource: str, **params: str) -> None:
        """Reads, and waits until it is noted, in the background, that people do."""
        self.read(resource, **params)
        self.read(resource, **params)
        settle()
        assert hot.lately("acme", Scope("repo", str(self.hello.id)))

    def read(self, resource: str, **params: str) -> Served:
        ask = asks.typed(asks.pool_caller("acme"), resource, {"owner": "octo", "repo": "hello", **params})
        answer = gateway.read(ask)
        assert isinstance(answer, Served)
        return answer


@pytest.fixture
def hub(github: Handle, live_server: Any) -> Hub:
    return Hub(github, live_server.url)


def names() -> list[str]:
    return sorted(Automation.objects.values_list("name", flat=True))


def test_a_hook_is_made_and_pings(hub: Hub) -> None:
    config = hub.hook()
    (hook,) = hub.world.hooks.values()
    config.refresh_from_db()
    assert (hook.id, hook.events, hook.secret) == (config.webhook_id, ["*"], SECRET)
    assert (config.organization_id, config.registered) == (hub.org.id, True)
    assert config.last_delivery_at is not None
    assert WebhookEvent.objects.get().event_type == "ping"


def test_a_push_changes_a_workflow_and_the_index_shows_it(hub: Hub) -> None:
    hub.sync()
    hub.hook()
    assert names() == ["CI"]
    hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: workflow("Release")}, "Rename")
    hub.work_off()
    assert names() == ["Release"]
    event = WebhookEvent.objects.get(event_type="push")
    assert (event.state, event.error) == ("processed", "")
    assert event.result["indexed"] == {str(hub.hello.id): "indexed"}


def test_what_is_read_after_a_delivery_is_new(hub: Hub) -> None:
    hub.hook()
    assert [issue["title"] for issue in hub.read("issues", state="open").json()] == ["It breaks"]
    hub.do(changes.create_issue, hub.hello, hub.admin, "It is slow", None, [])
    titles = {issue["title"] for issue in hub.read("issues", state="open").json()}
    assert titles == {"It breaks", "It is slow"}


def test_what_is_hot_is_fetched_again_before_anyone_asks(hub: Hub) -> None:
    hub.hook()
    hub.use("issues", state="open")
    hub.do(changes.create_issue, hub.hello, hub.admin, "It is slow", None, [])
    hub.work_off()
    event = WebhookEvent.objects.get(event_type="issues")
    assert event.result["refetched"] == {f"repo:{hub.hello.id}/issues": 1}
    before = len(hub.github.ledger.entries())
    assert len(hub.read("issues", state="open").json()) == 2
    assert len(hub.github.ledger.entries()) == before


def test_a_burst_makes_few_refetches(hub: Hub) -> None:
    hub.hook()
    hub.use("issues", state="open")
    for number in range(60):
        hub.do(changes.create_issue, hub.hello, hub.admin, f"Issue {number}", None, [])
    hub.work_off()
    events = WebhookEvent.objects.filter(event_type="issues")
    assert {event.state for event in events} == {"processed"}
    assert {json.dumps(event.result["refetched"]) for event in events} == {
        json.dumps({f"repo:{hub.hello.id}/issues": 1})
    }


def test_private_is_out_of_the_index_at_once_and_back_as_private_when_github_says_so(hub: Hub) -> None:
    hub.sync()
    hub.hook()
    hub.do(changes.edit_repository, hub.hello, hub.admin, {"private": True})
    assert Repository.objects.get(github_id=hub.hello.id).removed_at is not None
    assert names() == []
    hub.work_off()
    row = Repository.objects.get(github_id=hub.hello.id)
    assert (row.removed_at, row.is_private) == (None, True)
    assert names() == ["CI"]


def test_what_was_deleted_is_gone(hub: Hub) -> None:
    hub.sync()
    hub.hook()
    number = hub.hello.id
    hub.do(changes.delete_repository, hub.hello, hub.admin)
    assert Repository.objects.get(github_id=number).removed_at is not None
    hub.work_off()
    assert Repository.objects.get(github_id=number).removed_at is not None
    assert not WebhookEvent.objects.filter(state="failed").exists()


def test_a_new_name_is_taken_over(hub: Hub) -> None:
    hub.sync()
    hub.hook()
    hub.do(changes.edit_repository, hub.hello, hub.admin, {"name": "hallo"})
    hub.work_off()
    assert [row.full_name for row in Repository.objects.filter(removed_at=None)] == ["octo/hallo"]


def test_a_repository_that_nobody_knew_is_indexed(hub: Hub) -> None:
    hub.hook()
    hub.do(changes.create_repository, hub.org, hub.admin, "fresh", {"auto_init": True})
    hub.work_off()
    assert [row.full_name for row in Repository.objects.all()] == ["octo/fresh"]


def test_any_order_ends_in_the_upstream_state(hub: Hub) -> None:
    """Deliveries are held back, doubled and shuffled; the index ends as GitHub is."""
    hub.sync()
    config = hub.hook()
    hook = hub.world.hooks[config.webhook_id]
    address, hook.url = hook.url, "http://127.0.0.1:1/nowhere"
    for number in range(12):
        body = workflow(f"Version {number}")
        hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: body}, "Again")
        hub.do(changes.edit_repository, hub.hello, hub.admin, {"private": number % 2 == 0, "description": str(number)})
    held = [each for each in hook.deliveries if each.event != "ping"]
    chance = random.Random(6)
    for round_ in range(3):
        shuffled = chance.sample(held * 2, len(held) * 2)
        for each in shuffled:
            headers = each.request_headers | {"X-GitHub-Delivery": f"{each.guid}-{round_}"}
            answer = requests.post(address, each.payload, headers=headers, timeout=10)
            assert answer.status_code in (200, 202)
            if chance.random() < 0.1:
                hub.work_off()
        hub.work_off()
        row = Repository.objects.get(github_id=hub.hello.id)
        assert (row.removed_at, row.is_private, row.description) == (None, False, "11")
        assert names() == ["Version 11"]
    states = Counter(WebhookEvent.objects.values_list("state", flat=True))
    assert set(states) == {"processed"}


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


def test_the_hook_at_github_follows_and_can_be_compared(hub: Hub) -> None:
    _, key = ApiKey.create(Tenant.objects.get(pk="acme"), "test", ["webhooks"])
    identity.forget_keys()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    configs = f"{hub.url}/api/v1/webhooks/configs"
    wish = {"organization": "octo", "secret": SECRET, "events": ["push"], "register": True}
    made = session.post(configs, json=wish | {"webhook_url": f"{hub.url}/api/v1/webhooks/github"}, timeout=10)
    assert made.status_code == 201, made.text
    one = f"{configs}/{made.json()['id']}"
    assert session.get(one, params={"compare": "true"}, timeout=10).json()["github"]["differences"] == {}
    hook = hub.world.hooks[made.json()["webhook_id"]]
    hook.events = ["push", "star"]
    compared = session.get(one, params={"compare": "true"}, timeout=10).json()["github"]
    assert compared["differences"] == {"events": {"here": ["push"], "there": ["push", "star"]}}
    session.patch(one, json={"events": ["issues"], "secret": "a new secret"}, timeout=10).raise_for_status()
    assert (hook.events, hook.secret) == (["issues"], "a new secret")
    assert session.delete(one, params={"register": "true"}, timeout=10).status_code == 204
    assert hub.world.hooks == {}
    assert not WebhookConfig.objects.exists()


def test_a_hook_that_github_refuses_leaves_no_configuration(hub: Hub) -> None:
    _, key = ApiKey.create(Tenant.objects.get(pk="acme"), "test", ["webhooks"])
    identity.forget_keys()
    wish = {"repository": "octo/nowhere", "secret": SECRET, "register": True}
    headers = {"Authorization": f"Bearer {key}"}
    answer = requests.post(f"{hub.url}/api/v1/webhooks/configs", json=wish, headers=headers, timeout=10)
    assert answer.status_code == 422
    assert "Not Found" in answer.json()["detail"]
    assert not WebhookConfig.objects.exists()
