"""The API of configurations and deliveries: who may, what goes in, what comes out, and what is refused."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from github_cache import identity
from github_cache.models import ApiKey, Tenant
from tests.webhooks.conftest import LABELED, REPOSITORY, SECRET, Send, about_repository
from webhooks.models import WebhookConfig, WebhookEvent

CONFIGS, EVENTS = "/api/v1/webhooks/configs", "/api/v1/webhooks/events"
MINE = {"repository": "acme/api", "secret": "a long secret", "events": ["push", "issues"]}


@pytest.fixture(autouse=True)
def no_limit(settings: Any) -> None:
    settings.RATELIMIT_ENABLED = False


@pytest.fixture
def key_of(db: None) -> Callable[..., Client]:
    def key_of(tenant: Tenant, *scopes: str) -> Client:
        _, key = ApiKey.create(tenant, "test", scopes)
        return Client(headers={"Authorization": f"Bearer {key}"})

    identity.forget_keys()
    return key_of


@pytest.fixture
def client(tenant: Tenant, key_of: Callable[..., Client]) -> Client:
    return key_of(tenant, "webhooks")


def post(client: Client, path: str, body: object = None) -> Any:
    return client.post(path, body, content_type="application/json")


def test_a_configuration_is_made_shown_changed_and_removed(client: Client) -> None:
    made = post(client, CONFIGS, MINE)
    assert made.status_code == 201, made.content
    shown = made.json()
    assert shown["webhook_url"] == f"http://127.0.0.1:8000/api/v1/webhooks/github/{shown['id']}"
    assert (shown["target"], shown["repository"], shown["active"]) == ("repository", "acme/api", True)
    assert client.get(f"{CONFIGS}/{shown['id']}").json() == shown
    assert client.get(CONFIGS).json() == [shown]
    changed = client.patch(f"{CONFIGS}/{shown['id']}", {"active": False}, content_type="application/json")
    assert (changed.status_code, changed.json()["active"]) == (200, False)
    assert client.delete(f"{CONFIGS}/{shown['id']}").status_code == 204
    assert client.get(f"{CONFIGS}/{shown['id']}").status_code == 404


def test_a_secret_goes_in_encrypted_and_never_comes_out(client: Client) -> None:
    from django.db import connection

    made = post(client, CONFIGS, MINE).json()
    for answer in (made, client.get(CONFIGS).json(), client.get(f"{CONFIGS}/{made['id']}").json()):
        assert "a long secret" not in json.dumps(answer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM webhooks_webhookconfig")
        assert "a long secret" not in cursor.fetchone()[0]
    assert WebhookConfig.objects.get().secret == "a long secret"


def test_a_new_secret_leaves_the_old_one_good_for_a_while(client: Client, send: Send) -> None:
    made = post(client, CONFIGS, MINE | {"secret": SECRET}).json()
    client.patch(f"{CONFIGS}/{made['id']}", {"secret": "another one"}, content_type="application/json")
    config = WebhookConfig.objects.get()
    assert config.previous_secret == SECRET
    assert timedelta(hours=23) < config.previous_secret_until - timezone.now() < timedelta(hours=25)
    assert send("issues", LABELED, made["id"]).status_code == 202
    assert send("issues", LABELED, made["id"], secret="another one").status_code == 202


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret": None}, "secret"),
        ({"secret": ""}, "secret"),
        ({"secret": "short"}, "secret"),
        ({"events": []}, "events"),
        ({"events": ["no_such_event"]}, "no_such_event"),
        ({"events": "push"}, "events"),
        ({"repository": "no slash"}, "repository"),
        ({"repository": "a/b\0"}, "repository"),
        ({"repository_id": 2**63}, "repository_id"),
        ({"repository_id": -1}, "repository_id"),
        ({"organization": "acme"}, "either repository"),
        ({"repository": None}, "repository"),
        ({"webhook_url": "ftp://x"}, "webhook_url"),
        ({"webhook_id": "x"}, "webhook_id"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_with_the_reason(
    client: Client, change: dict[str, object], said: str
) -> None:
    response = post(client, CONFIGS, MINE | change)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert not WebhookConfig.objects.exists()


def test_without_a_secret_nothing_is_made(client: Client) -> None:
    response = post(client, CONFIGS, {"repository": "acme/api"})
    assert response.status_code == 400
    assert "secret" in response.json()["detail"]


def test_what_it_is_for_cannot_be_changed(client: Client) -> None:
    made = post(client, CONFIGS, MINE).json()
    response = client.patch(f"{CONFIGS}/{made['id']}", {"repository": "acme/b"}, content_type="application/json")
    assert response.status_code == 400


def test_only_the_webhooks_scope_may_and_only_its_own_tenant(
    tenant: Tenant, config: WebhookConfig, key_of: Any
) -> None:
    other = Tenant.objects.create(slug="other")
    event = _event(config)
    paths = [CONFIGS, f"{CONFIGS}/{config.pk}", EVENTS, f"{EVENTS}/{event.pk}"]
    for path in paths:
        assert Client().get(path).status_code == 401
        assert key_of(tenant, "read", "write").get(path).status_code == 403
    stranger = key_of(other, "webhooks")
    assert stranger.get(CONFIGS).json() == []
    assert stranger.get(EVENTS).json()["results"] == []
    assert stranger.get(f"{CONFIGS}/{config.pk}").status_code == 404
    assert stranger.delete(f"{CONFIGS}/{config.pk}").status_code == 404
    assert stranger.get(f"{EVENTS}/{event.pk}").status_code == 404
    assert post(stranger, f"{EVENTS}/{event.pk}/replay").status_code == 404


def _event(config: WebhookConfig, **more: Any) -> WebhookEvent:
    values = {
        "tenant_id": config.tenant_id,
        "config": config,
        "delivery_id": f"guid-{WebhookEvent.objects.count()}",
        "event_type": "issues",
        "action": "labeled",
        "repository_full_name": "acme/api",
        "received_at": timezone.now(),
        "body_digest": b"",
        "state": "processed",
        **more,
    }
    return WebhookEvent.objects.create(**values)


def test_deliveries_are_listed_by_page_newest_first(client: Client, config: WebhookConfig) -> None:
    ids = [_event(config).pk for _ in range(7)]
    seen, url = [], f"{EVENTS}?per_page=3"
    while url:
        page = client.get(url).json()
        seen += [each["id"] for each in page["results"]]
        url = page["next"]
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event_type=push", ["push"]),
        ("action=labeled", ["labeled"]),
        ("repository=acme/web", ["web"]),
        ("state=failed", ["failed"]),
        ("processed=false", ["failed"]),
        ("until=2026-01-02T00:00:00Z", ["old"]),
        ("since=2026-01-02T00:00:00Z&state=failed", ["failed"]),
        ("delivery_id=push", ["push"]),
    ],
)
def test_deliveries_are_filtered(client: Client, config: WebhookConfig, query: str, expected: list[str]) -> None:
    recent = timezone.datetime(2026, 3, 1, tzinfo=timezone.get_current_timezone())
    kinds: dict[str, dict[str, Any]] = {
        "push": {"event_type": "push"},
        "labeled": {"action": "labeled"},
        "web": {"repository_full_name": "acme/web"},
        "failed": {"state": "failed"},
        "old": {"received_at": timezone.datetime(2026, 1, 1, tzinfo=timezone.get_current_timezone())},
    }
    for name, more in kinds.items():
        _event(config, delivery_id=name, **{"action": "", "received_at": recent, **more})
    assert [each["delivery_id"] for each in client.get(f"{EVENTS}?{query}").json()["results"]] == expected


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "since=yesterday",
        "event_type=%00",
        "repository=a%00",
        "config_id=0",
        "processed=maybe",
        "config_id=9" * 40,
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    assert client.get(f"{EVENTS}?{query}").status_code == 400


@pytest.mark.parametrize("position", ["abc", "9" * 40, "-1", "١"])
def test_a_forged_cursor_is_refused(client: Client, position: str) -> None:
    cursor = b64encode(f"p={position}".encode()).decode()
    assert client.get(EVENTS, {"cursor": cursor}).status_code == 404


@pytest.mark.parametrize("path", [f"{CONFIGS}/{10**30}", f"{EVENTS}/{10**30}", f"{EVENTS}/x"])
def test_numbers_that_nothing_has_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_delivery_tells_what_it_carried_and_touched(client: Client, config: WebhookConfig, send: Send) -> None:
    sent = json.loads(send("issues", LABELED, guid="g").content)
    shown = client.get(f"{EVENTS}/{sent['event_id']}").json()
    assert shown["payload"] == LABELED
    assert shown["headers"]["X-GitHub-Event"] == "issues"
    assert shown["touched"]["kinds"][f"repo:{REPOSITORY['id']}"] == ["issues", "other"]
    assert shown["removed"] == {"epochs": 4, "entries": 0}
    assert (shown["state"], shown["processed"], shown["delivery_id"]) == ("received", False, "g")


def test_a_delivery_is_replayed(client: Client, config: WebhookConfig, send: Send) -> None:
    sent = json.loads(send("issues", LABELED).content)
    WebhookEvent.objects.update(state="failed", attempts=8, next_try_at=None, error="GitHub was away")
    response = post(client, f"{EVENTS}/{sent['event_id']}/replay")
    assert response.status_code == 202
    assert (response.json()["state"], response.json()["attempts"], response.json()["error"]) == ("received", 0, "")
    assert WebhookEvent.objects.waiting().count() == 1


def test_what_cannot_be_replayed_says_why(client: Client, config: WebhookConfig, send: Send) -> None:
    ignored = json.loads(send("made_up", LABELED).content)["event_id"]
    assert post(client, f"{EVENTS}/{ignored}/replay").status_code == 422
    busy = json.loads(send("issues", LABELED).content)["event_id"]
    later = timezone.now() + timedelta(minutes=1)
    WebhookEvent.objects.filter(pk=busy).update(state="processing", next_try_at=later)
    assert post(client, f"{EVENTS}/{busy}/replay").status_code == 409
    WebhookEvent.objects.filter(pk=busy).update(body=None)
    assert post(client, f"{EVENTS}/{busy}/replay").status_code == 410


def test_an_ignored_delivery_can_be_replayed_once_it_is_subscribed_to(
    client: Client, config: WebhookConfig, send: Send
) -> None:
    WebhookConfig.objects.update(events=["push"])
    sent = json.loads(send("label", about_repository(action="created")).content)["event_id"]
    WebhookConfig.objects.update(events=["*"])
    assert post(client, f"{EVENTS}/{sent}/replay").json()["state"] == "received"


def test_the_command_replays_by_guid_or_all_that_failed(config: WebhookConfig, send: Send) -> None:
    send("issues", LABELED, guid="one")
    send("issues", LABELED, guid="two")
    WebhookEvent.objects.update(state="failed", next_try_at=None)
    call_command("replay_delivery", "one", verbosity=0)
    assert [each.delivery_id for each in WebhookEvent.objects.waiting()] == ["one"]
    call_command("replay_delivery", "--failed", verbosity=0)
    assert WebhookEvent.objects.waiting().count() == 2
    with pytest.raises(CommandError):
        call_command("replay_delivery", "three")
    with pytest.raises(CommandError):
        call_command("replay_delivery")


def test_the_receiver_stands_at_its_address(client: Client, config: WebhookConfig) -> None:
    from webhooks.signature import sign

    body = json.dumps(LABELED).encode()
    headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "g", "X-Hub-Signature-256": sign(SECRET, body)}
    for path in ("/api/v1/webhooks/github", f"/api/v1/webhooks/github/{config.pk}"):
        response = Client().post(path, body, content_type="application/json", headers=headers)
        assert response.status_code in (200, 202)
    assert WebhookEvent.objects.count() == 1


def test_a_right_signature_costs_its_sender_nothing_and_a_wrong_one_counts_double(
    config: WebhookConfig, settings: Any
) -> None:
    from ratelimit.limiter import limiter
    from webhooks.signature import sign

    body = json.dumps(LABELED).encode()

    def sent(secret: str, guid: str) -> int:
        signature = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": guid, "X-Hub-Signature-256": sign(secret, body)}
        path = "/api/v1/webhooks/github"
        return Client().post(path, body, content_type="application/json", headers=signature).status_code

    settings.RATELIMIT_ENABLED = True
    limiter.cache_clear()
    assert {sent(SECRET, f"g-{number}") for number in range(110)} == {202}
    assert [sent("wrong", "g") for _ in range(52)] == [401] * 50 + [429] * 2
    limiter.cache_clear()
