"""The configuration that the environment makes, and what the admin shows and takes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from github_cache import hooks
from github_cache.keys import Scope
from github_cache.models import Tenant
from github_cache.upstream import credentials
from github_sandbox.sample import SampleSize, make_world
from github_sandbox.server import serve
from tests.webhooks.conftest import LABELED, Send, event
from webhooks import configurations, health
from webhooks.models import WebhookConfig, WebhookEvent


@pytest.fixture
def environment(settings: Any) -> Any:
    settings.HUBCACHE_TENANT, settings.HUBCACHE_ORG = "acme", "octo"
    settings.GITHUB_WEBHOOK_SECRET = "out of the environment"
    settings.RATELIMIT_ENABLED = False
    return settings


def test_without_a_secret_there_is_none(db: None, environment: Any) -> None:
    environment.GITHUB_WEBHOOK_SECRET = ""
    assert configurations.from_environment() is None
    assert not WebhookConfig.objects.exists()


def test_a_second_start_changes_nothing(db: None, environment: Any) -> None:
    first = configurations.from_environment()
    assert configurations.from_environment() == first
    config = WebhookConfig.objects.get()
    assert (config.tenant_id, config.target, config.organization, config.events) == (
        "acme",
        "organization",
        "octo",
        ["*"],
    )
    assert (config.secret, config.previous_secret) == ("out of the environment", None)


def test_a_changed_secret_is_rotated(db: None, environment: Any) -> None:
    configurations.from_environment()
    environment.GITHUB_WEBHOOK_SECRET = "another one"
    configurations.from_environment()
    config = WebhookConfig.objects.get()
    assert (config.secret, config.previous_secret) == ("another one", "out of the environment")


def test_without_an_organisation_it_is_for_the_whole_tenant(db: None, environment: Any) -> None:
    environment.HUBCACHE_ORG = ""
    config = configurations.from_environment()
    assert config is not None
    assert config.speaks_for().kind == "tenant"


@pytest.fixture
def admin(db: None, environment: Any) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin", password="x"))
    return client


FORM = {"tenant": "acme", "target": "organization", "organization": "acme", "events": '["push"]', "active": "on"}


def test_the_admin_makes_and_rotates_without_showing(admin: Client, tenant: Tenant) -> None:
    add = "/admin/webhooks/webhookconfig/add/"
    assert "without a secret is refused" in admin.post(add, FORM).content.decode()
    assert admin.post(add, FORM | {"new_secret": "the first secret"}).status_code == 302
    config = WebhookConfig.objects.get()
    page = f"/admin/webhooks/webhookconfig/{config.pk}/change/"
    assert "the first secret" not in admin.get(page).content.decode()
    assert admin.post(page, FORM).status_code == 302
    assert WebhookConfig.objects.get().secret == "the first secret"
    assert admin.post(page, FORM | {"new_secret": "the second secret"}).status_code == 302
    config = WebhookConfig.objects.get()
    assert (config.secret, config.previous_secret) == ("the second secret", "the first secret")


def test_the_admin_lists_shows_and_replays_deliveries(admin: Client, config: WebhookConfig, send: Send) -> None:
    send("issues", LABELED, guid="a-guid")
    WebhookEvent.objects.update(state="failed", next_try_at=None, error="GitHub was away")
    failed = WebhookEvent.objects.get()
    assert "GitHub was away" in admin.get("/admin/webhooks/webhookevent/").content.decode()
    assert "a-guid" in admin.get(f"/admin/webhooks/webhookevent/{failed.pk}/change/").content.decode()
    chosen = {"action": "replay", "_selected_action": [failed.pk]}
    assert admin.post("/admin/webhooks/webhookevent/", chosen).status_code == 302
    assert WebhookEvent.objects.get().state == "received"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state__exact=failed", {"failed"}),
        ("event_type=push", {"push"}),
        ("action=opened", {"opened"}),
        ("received_at__lt=2026-01-02T00:00:00Z", {"old"}),
        ("q=acme/web", {"elsewhere"}),
        ("q=opened-guid", {"opened"}),
    ],
)
def test_the_admin_finds_deliveries_as_the_api_does(
    admin: Client, config: WebhookConfig, query: str, found: set[str]
) -> None:
    differ: dict[str, dict[str, Any]] = {
        "failed": {"state": "failed"},
        "push": {"event_type": "push"},
        "opened": {"action": "opened"},
        "old": {"received_at": datetime(2026, 1, 1, tzinfo=UTC)},
        "elsewhere": {"repository_full_name": "acme/web"},
    }
    for name, more in differ.items():
        event(config, delivery_id=f"{name}-guid", **more)
    listed = admin.get(f"/admin/webhooks/webhookevent/?{query}").context["cl"].queryset
    assert {each.delivery_id for each in listed} == {f"{name}-guid" for name in found}


@pytest.fixture
def github(environment: Any) -> Iterator[Any]:
    """A GitHub that shows its hooks."""
    with serve(make_world(SampleSize(repositories=1, automations=1))) as handle:
        environment.GITHUB_API_URL, environment.GITHUB_TOKENS = handle.url, ("ghp_sandbox_admin_1",)
        environment.HUBCACHE_ORG = "octo-sample"
        credentials.forget()
        yield handle
    credentials.forget()


def hooks_of(github: Any) -> list[str]:
    """The addresses that it sends the organisation's events to."""
    answer = requests.get(
        f"{github.url}/orgs/octo-sample/hooks", headers={"Authorization": "token ghp_sandbox_admin_1"}, timeout=10
    )
    return [hook["config"]["url"] for hook in answer.json()]


def test_the_hook_is_made_once_and_again_when_it_is_gone(transactional_db: None, github: Any) -> None:
    call_command("register_hook")
    call_command("register_hook")
    (made,) = hooks_of(github)
    assert made.endswith("/api/v1/webhooks/github")
    config = WebhookConfig.objects.get()
    requests.delete(
        f"{github.url}/orgs/octo-sample/hooks/{config.webhook_id}",
        headers={"Authorization": "token ghp_sandbox_admin_1"},
        timeout=10,
    ).raise_for_status()
    call_command("register_hook")
    assert hooks_of(github) == [made]


def test_the_hook_goes_to_where_github_reaches_us(transactional_db: None, github: Any) -> None:
    call_command("register_hook")
    call_command("register_hook", url="http://web:8000/")
    assert hooks_of(github) == ["http://web:8000/api/v1/webhooks/github"]


@pytest.mark.parametrize("gone", [False, True])
def test_a_hook_follows_the_public_address_and_has_to_prove_itself_there(
    transactional_db: None, github: Any, environment: Any, gone: bool
) -> None:
    call_command("register_hook")
    config = WebhookConfig.objects.get()
    WebhookConfig.objects.update(organization_id=9, last_delivery_at=timezone.now(), checked_at=timezone.now())
    health.observe(timezone.now())
    assert hooks.covers("acme", Scope("org", "9"), "repos")
    if gone:
        github.world.hooks.clear()
    environment.HUBCACHE_PUBLIC_URL = "http://127.0.0.1:8123"
    call_command("register_hook")
    assert hooks_of(github) == ["http://127.0.0.1:8123/api/v1/webhooks/github"]
    assert not hooks.covers("acme", Scope("org", "9"), "repos")
    config.refresh_from_db()
    assert health.healthy_until(config) is None


def test_a_hook_that_was_pointed_elsewhere_is_brought_back(transactional_db: None, github: Any) -> None:
    call_command("register_hook")
    (hook,) = github.world.hooks.values()
    right, hook.url = hook.url, "http://127.0.0.1:1/elsewhere"
    call_command("register_hook")
    assert hooks_of(github) == [right]


def test_an_address_that_is_none_is_refused_before_anything_is_kept(transactional_db: None, github: Any) -> None:
    call_command("register_hook")
    before = hooks_of(github)
    for wrong in ("not a url", "ftp://web:8000", "http://user:word@web"):
        with pytest.raises(CommandError, match=r"--url: '.*' cannot be used"):
            call_command("register_hook", url=wrong)
    assert [WebhookConfig.objects.get().webhook_url] == before == hooks_of(github)


@pytest.mark.parametrize(("method", "made"), [("POST", False), ("PATCH", True)])
def test_an_address_that_github_refuses_is_not_kept(
    transactional_db: None, github: Any, capsys: pytest.CaptureFixture[str], method: str, made: bool
) -> None:
    if made:
        call_command("register_hook")
    else:
        configurations.from_environment()
    before = WebhookConfig.objects.get().webhook_url
    fault = github.faults.add({"kind": "status", "status": 422, "method": method, "path": "hooks"})
    with pytest.raises(CommandError, match="The hook was not made at GitHub"):
        call_command("register_hook", url="http://web:8000")
    assert WebhookConfig.objects.get().webhook_url == before
    github.faults.remove(fault.id)
    call_command("register_hook", url="http://web:8000")
    assert hooks_of(github) == ["http://web:8000/api/v1/webhooks/github"]
    capsys.readouterr()
    call_command("register_hook", url="http://web:8000")
    assert "is already there, at http://web:8000/api/v1/webhooks/github" in capsys.readouterr().out
