"""The receiver: what is taken, what is refused and with which status, and what is left of it."""

import json
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from github_cache import epochs, keys, store
from github_cache.keys import Scope
from github_cache.models import Tenant
from tests.webhooks.conftest import LABELED, REPOSITORY, SECRET, Send, about_repository, delivery
from webhooks import receiver, signers
from webhooks.github_events import KNOWN
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.signature import sign

REPO = Scope("repo", str(REPOSITORY["id"]))


def told(response: HttpResponse) -> dict[str, object]:
    return json.loads(response.content)


def epoch(kind: str) -> str:
    return store.get().ensure_epochs("acme", REPO, [keys.epoch("acme", REPO, kind)])[0]


def test_a_delivery_is_stored_once_and_makes_stale_what_it_touches(config: WebhookConfig, send: Send) -> None:
    before = {kind: epoch(kind) for kind in ("issues", "labels")}
    response = send("issues", LABELED, guid="g-1")
    assert response.status_code == 202
    assert told(response)["status"] == "accepted"
    row = WebhookEvent.objects.get()
    assert (row.config_id, row.tenant_id, row.delivery_id, row.event_type) == (config.pk, "acme", "g-1", "issues")
    assert (row.action, row.repository_full_name, row.state) == ("labeled", "acme/api", "received")
    assert row.payload() == LABELED
    assert row.next_try_at is not None
    assert epoch("issues") != before["issues"]
    assert epochs.renewed_at(epoch("issues")) > 0
    assert epoch("labels") == before["labels"]


def test_a_duplicate_is_answered_200_and_does_nothing(config: WebhookConfig, send: Send) -> None:
    first = send("issues", LABELED, guid="g-1")
    after = epoch("issues")
    second = send("issues", LABELED, guid="g-1")
    assert (first.status_code, second.status_code) == (202, 200)
    assert told(second) == told(first) | {"status": "duplicate"}
    assert WebhookEvent.objects.count() == 1
    assert epoch("issues") == after


def test_another_body_under_the_same_guid_is_logged_and_refused(
    config: WebhookConfig, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    send("issues", LABELED, guid="g-1")
    after = epoch("labels")
    response = send("label", about_repository(action="created"), guid="g-1")
    assert response.status_code == 409
    assert WebhookEvent.objects.get().event_type == "issues"
    assert epoch("labels") == after
    (line,) = (each for each in caplog.records if each.levelname == "WARNING" and each.name == "hubcache.webhooks")
    assert (line.__dict__["delivery_id"], line.__dict__["outcome"]) == ("g-1", "conflict")


@pytest.mark.parametrize("state", ["failed", "ignored"])
def test_a_redelivery_after_a_failure_runs_again(config: WebhookConfig, send: Send, state: str) -> None:
    send("issues", LABELED, guid="g-1")
    WebhookEvent.objects.update(state=state, attempts=8, next_try_at=None, error="GitHub was away")
    response = send("issues", LABELED, guid="g-1")
    assert (response.status_code, told(response)["status"]) == (202, "accepted_again")
    row = WebhookEvent.objects.get()
    assert (row.state, row.attempts, row.error) == ("received", 0, "")
    assert row.next_try_at is not None


def test_the_same_guid_of_two_configurations_is_two_deliveries(config: WebhookConfig, send: Send) -> None:
    other = WebhookConfig.objects.create(
        tenant=config.tenant, target="repository", repository="acme/api", secret="other", events=["*"]
    )
    assert send("issues", LABELED, guid="g-1").status_code == 202
    assert send("issues", LABELED, other.pk, guid="g-1", secret="other").status_code == 202
    assert WebhookEvent.objects.count() == 2


def test_a_form_is_taken_like_json(config: WebhookConfig, send: Send) -> None:
    body = urlencode({"payload": json.dumps(LABELED)}).encode()
    assert send("issues", body, content_type="application/x-www-form-urlencoded").status_code == 202
    assert WebhookEvent.objects.get().payload() == LABELED


def test_a_ping_is_answered_and_tells_whose_hook_it_is(tenant: Tenant, send: Send) -> None:
    WebhookConfig.objects.create(
        tenant=tenant, target="repository", repository="acme/api", secret=SECRET, events=["push"]
    )
    response = send(
        "ping", {"zen": "Design for failure.", "hook_id": 5, "repository": REPOSITORY}, HTTP_X_GITHUB_HOOK_ID="77"
    )
    assert (response.status_code, told(response)["status"]) == (200, "pong")
    config = WebhookConfig.objects.get()
    assert (config.webhook_id, config.repository_id) == (77, REPOSITORY["id"])
    assert config.last_delivery_at is not None
    assert WebhookEvent.objects.get().state == "processed"


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("made_up", LABELED, "documents no event"),
        ("star", LABELED, "does not subscribe"),
        (
            "issues",
            about_repository(repository=REPOSITORY | {"id": 1, "owner": {"id": 2, "login": "x"}}),
            "something else",
        ),
        ("issues", {"action": "opened"}, "something else"),
    ],
)
def test_what_does_not_concern_us_is_stored_and_ignored(
    config: WebhookConfig, send: Send, event: str, payload: dict[str, object], reason: str
) -> None:
    WebhookConfig.objects.update(events=["issues", "made_up"])
    response = send(event, payload)
    assert (response.status_code, told(response)["status"]) == (202, "ignored")
    assert reason in str(told(response)["reason"])
    row = WebhookEvent.objects.get()
    assert (row.state, row.next_try_at) == ("ignored", None)


def test_headers_are_kept_by_an_allow_list(config: WebhookConfig, send: Send) -> None:
    send("issues", LABELED, HTTP_X_GITHUB_SECRET="hush", HTTP_X_GITHUB_HOOK_ID="7\t8é" + "9" * 500)
    kept = WebhookEvent.objects.get().headers
    assert "hush" not in json.dumps(kept)
    assert "X-Hub-Signature-256" not in kept
    assert len(kept["X-GitHub-Hook-ID"]) < 200


def test_nul_in_a_payload_is_kept(config: WebhookConfig, send: Send) -> None:
    body = json.dumps(about_repository(action="labeled", note="a\0b")).encode()
    assert send("issues", body).status_code == 202
    row = WebhookEvent.objects.get()
    assert row.raw_body() == body
    assert zlib.decompress(bytes(row.body or b"")) == body


def test_the_path_of_a_configuration_takes_its_secret_alone(config: WebhookConfig, send: Send) -> None:
    other = WebhookConfig.objects.create(
        tenant=config.tenant, target="organization", organization="b", secret="other", events=["*"]
    )
    assert send("issues", LABELED, other.pk).status_code == 401
    assert send("issues", LABELED, config.pk).status_code == 202
    assert send("issues", LABELED, 10**30).status_code == 401


def test_the_hook_or_its_target_names_the_configuration_among_many(config: WebhookConfig, send: Send) -> None:
    WebhookConfig.objects.update(registered=True, webhook_id=1)
    many = [
        WebhookConfig(tenant=config.tenant, target="repository", repository=f"a/{each}", secret=str(each), events=["*"])
        for each in range(50)
    ]
    WebhookConfig.objects.bulk_create(many)
    assert send("issues", LABELED).status_code == 401
    assert send("issues", LABELED, HTTP_X_GITHUB_HOOK_ID="1").status_code == 202
    target = {
        "HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_TYPE": "organization",
        "HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_ID": str(config.organization_id),
    }
    assert send("issues", LABELED, **target).status_code == 202


def test_both_secrets_are_good_while_one_is_rotated(config: WebhookConfig, send: Send) -> None:
    now = timezone.now()
    config.secret, config.previous_secret = "new", SECRET
    config.previous_secret_until = now + timezone.timedelta(hours=1)
    config.save()
    assert send("issues", LABELED).status_code == 202
    assert send("issues", LABELED, secret="new").status_code == 202
    WebhookConfig.objects.update(previous_secret_until=now)
    signers.forget()
    assert send("issues", LABELED).status_code == 401


def test_a_private_repository_is_out_of_cache_and_index_before_the_answer(config: WebhookConfig, send: Send) -> None:
    from stats import indexing
    from stats.models import Repository

    known = {"id": REPOSITORY["id"], "full_name": "acme/api", "owner": {"login": "acme"}, "name": "api"}
    indexing.index_repository("acme", known, {}, timezone.now())
    key = keys.entry("acme", REPO, "meta")
    store.get().write("acme", REPO, key, b"secret", ttl=60, kinds=["meta"], has_validator=True)
    assert send("repository", about_repository(action="privatized")).status_code == 202
    assert store.get().read(key, []).data is None
    assert Repository.objects.get().removed_at is not None
    assert WebhookEvent.objects.get().entries_removed == 1


def test_every_recorded_payload_is_taken(tenant: Tenant, send: Send, test_data: Path) -> None:
    WebhookConfig.objects.create(tenant=tenant, target="tenant", secret=SECRET, events=["*"])
    sent = 0
    for file in sorted((test_data / "webhooks").glob("*.json")):
        for example in json.loads(file.read_text()):
            response = send(file.stem, example)
            assert response.status_code == (200 if file.stem == "ping" else 202), (file.stem, response.content)
            sent += 1
    assert WebhookEvent.objects.count() == sent == 227
    assert not WebhookEvent.objects.filter(state="failed").exists()


def test_every_documented_event_is_taken(config: WebhookConfig, send: Send) -> None:
    """By a made-up payload, since of some no example is at hand."""
    for event in sorted(KNOWN - {"ping"}):
        response = send(event, about_repository(action="happened"))
        assert (response.status_code, told(response)["status"]) == (202, "accepted"), event
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"received"}


def test_bytes_that_arrive_as_announced_are_read_raw(config: WebhookConfig) -> None:
    request = delivery("issues", LABELED)
    assert receiver.receive(request).status_code == 202
    assert not hasattr(request, "_post")


def test_the_receiver_stands_at_its_address(config: WebhookConfig) -> None:

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

    body = json.dumps(LABELED).encode()

    def sent(secret: str, guid: str) -> int:
        signature = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": guid, "X-Hub-Signature-256": sign(secret, body)}
        path = "/api/v1/webhooks/github"
        return Client().post(path, body, content_type="application/json", headers=signature).status_code

    settings.RATELIMIT_ENABLED = True
    limiter.cache_clear()
    assert {sent(SECRET, f"g-{number}") for number in range(110)} == {202}
    # Of 100; where the minute turns over meanwhile, some more.
    statuses = [sent("wrong", "g") for _ in range(60)]
    assert statuses[:50] == [401] * 50
    assert statuses[-1] == 429
    limiter.cache_clear()
