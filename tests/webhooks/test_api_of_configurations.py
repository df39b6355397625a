"""The API of configurations: who may, what goes in, what comes out, and what is refused."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from github_cache.models import Tenant
from stats import indexing
from tests.canaries import SECRET
from tests.webhooks.conftest import CONFIGS, EVENTS, LABELED, REPOSITORY, Send, event, post
from webhooks import signers
from webhooks.models import WebhookConfig

MINE = {"repository": "acme/api", "secret": "a long secret", "events": ["push", "issues"]}


def test_a_configuration_is_made_shown_changed_and_removed(manager: Client) -> None:
    made = post(manager, CONFIGS, MINE)
    assert made.status_code == 201, made.content
    shown = made.json()
    assert shown["webhook_url"] == f"http://127.0.0.1:8000/api/v1/webhooks/github/{shown['id']}"
    assert (shown["target"], shown["repository"], shown["active"]) == ("repository", "acme/api", True)
    assert manager.get(f"{CONFIGS}/{shown['id']}").json() == shown
    assert manager.get(CONFIGS).json() == [shown]
    changed = manager.patch(f"{CONFIGS}/{shown['id']}", {"active": False}, content_type="application/json")
    assert (changed.status_code, changed.json()["active"]) == (200, False)
    assert manager.delete(f"{CONFIGS}/{shown['id']}").status_code == 204
    assert manager.get(f"{CONFIGS}/{shown['id']}").status_code == 404


def test_whose_hook_it_is_tells_github_alone(manager: Client) -> None:
    made = post(manager, CONFIGS, MINE | {"webhook_id": 4711}).json()
    assert made["webhook_id"] is None
    manager.patch(f"{CONFIGS}/{made['id']}", {"webhook_id": 4711}, content_type="application/json")
    assert WebhookConfig.objects.get().webhook_id is None


def test_a_secret_goes_in_encrypted_and_never_comes_out(manager: Client) -> None:
    from django.db import connection

    made = post(manager, CONFIGS, MINE).json()
    for answer in (made, manager.get(CONFIGS).json(), manager.get(f"{CONFIGS}/{made['id']}").json()):
        assert "a long secret" not in json.dumps(answer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM webhooks_webhookconfig")
        assert "a long secret" not in cursor.fetchone()[0]
    assert WebhookConfig.objects.get().secret == "a long secret"


def test_a_new_secret_leaves_the_old_one_good_for_a_while(manager: Client, send: Send) -> None:
    made = post(manager, CONFIGS, MINE | {"secret": SECRET}).json()
    manager.patch(f"{CONFIGS}/{made['id']}", {"secret": "another one"}, content_type="application/json")
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
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_with_the_reason(
    manager: Client, change: dict[str, object], said: str
) -> None:
    response = post(manager, CONFIGS, MINE | change)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert not WebhookConfig.objects.exists()


def test_without_a_secret_nothing_is_made(manager: Client) -> None:
    response = post(manager, CONFIGS, {"repository": "acme/api"})
    assert response.status_code == 400
    assert "secret" in response.json()["detail"]


def test_what_it_is_for_cannot_be_changed(manager: Client) -> None:
    made = post(manager, CONFIGS, MINE).json()
    response = manager.patch(f"{CONFIGS}/{made['id']}", {"repository": "acme/b"}, content_type="application/json")
    assert response.status_code == 400


def test_only_the_webhooks_scope_may_and_only_its_own_tenant(
    tenant: Tenant, config: WebhookConfig, key_of: Any
) -> None:
    other = Tenant.objects.create(slug="other")
    known = event(config)
    paths = [CONFIGS, f"{CONFIGS}/{config.pk}", EVENTS, f"{EVENTS}/{known.pk}"]
    for path in paths:
        assert Client().get(path).status_code == 401
        assert key_of(tenant, "read", "write").get(path).status_code == 403
    stranger = key_of(other, "webhooks")
    assert stranger.get(CONFIGS).json() == []
    assert stranger.get(EVENTS).json()["results"] == []
    assert stranger.get(f"{CONFIGS}/{config.pk}").status_code == 404
    assert stranger.delete(f"{CONFIGS}/{config.pk}").status_code == 404
    assert stranger.get(f"{EVENTS}/{known.pk}").status_code == 404
    assert post(stranger, f"{EVENTS}/{known.pk}/replay").status_code == 404


def test_a_repository_that_is_indexed_is_named_by_its_number_alone(manager: Client) -> None:
    known = {"id": REPOSITORY["id"], "full_name": "acme/api", "owner": {"login": "acme"}, "name": "api"}
    indexing.index_repository("acme", known, {}, timezone.now())
    made = post(manager, CONFIGS, {"repository_id": REPOSITORY["id"], "secret": "a long secret"})
    assert (made.status_code, made.json()["repository"], made.json()["events"]) == (201, "acme/api", ["*"])
    unheard = {"repository_id": 1, "secret": "a long secret", "register": True}
    assert "register needs the name" in post(manager, CONFIGS, unheard).json()["detail"]


def test_what_is_no_event_of_the_configuration_is_ignored_and_counts_once_it_is_one(
    manager: Client, send: Send
) -> None:
    made = post(manager, CONFIGS, MINE | {"secret": SECRET, "events": ["push"]}).json()
    assert json.loads(send("issues", LABELED, made["id"]).content)["status"] == "ignored"
    one = f"{CONFIGS}/{made['id']}"
    assert manager.patch(one, {"events": ["issues"]}, content_type="application/json").status_code == 200
    signers.forget()  # as after BELIEVED seconds
    assert json.loads(send("issues", LABELED, made["id"]).content)["status"] == "accepted"
    assert manager.get(one).json()["last_delivery_at"] is not None


def test_a_fault_within_a_field_is_named_with_the_field(manager: Client) -> None:
    wish = {"organization": "acme", "secret": "long enough", "events": ["push", "nonsense"]}
    refused = post(manager, CONFIGS, wish)
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("events.1: ")
