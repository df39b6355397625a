"""The API of deliveries, and the command: listed, filtered, shown, and run again."""

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.webhooks.conftest import CONFIGS, EVENTS, LABELED, REPOSITORY, Send, about_repository, event, post
from webhooks.models import WebhookConfig, WebhookEvent


def test_deliveries_are_listed_by_page_newest_first(manager: Client, config: WebhookConfig) -> None:
    ids = [event(config).pk for _ in range(7)]
    seen, url = [], f"{EVENTS}?per_page=3"
    while url:
        page = manager.get(url).json()
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
def test_deliveries_are_filtered(manager: Client, config: WebhookConfig, query: str, expected: list[str]) -> None:
    recent = timezone.datetime(2026, 3, 1, tzinfo=timezone.get_current_timezone())
    kinds: dict[str, dict[str, Any]] = {
        "push": {"event_type": "push"},
        "labeled": {"action": "labeled"},
        "web": {"repository_full_name": "acme/web"},
        "failed": {"state": "failed"},
        "old": {"received_at": timezone.datetime(2026, 1, 1, tzinfo=timezone.get_current_timezone())},
    }
    for name, more in kinds.items():
        event(config, delivery_id=name, **{"action": "", "received_at": recent, **more})
    assert [each["delivery_id"] for each in manager.get(f"{EVENTS}?{query}").json()["results"]] == expected


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
def test_a_filter_that_makes_no_sense_is_refused(manager: Client, query: str) -> None:
    assert manager.get(f"{EVENTS}?{query}").status_code == 400


@pytest.mark.parametrize("position", ["abc", "9" * 40, "-1", "١"])
def test_a_forged_cursor_is_refused(manager: Client, position: str) -> None:
    cursor = b64encode(f"p={position}".encode()).decode()
    assert manager.get(EVENTS, {"cursor": cursor}).status_code == 404


@pytest.mark.parametrize("path", [f"{CONFIGS}/{10**30}", f"{EVENTS}/{10**30}", f"{EVENTS}/x"])
def test_numbers_that_nothing_has_are_not_found(manager: Client, path: str) -> None:
    assert manager.get(path).status_code == 404


def test_a_delivery_tells_what_it_carried_and_touched(manager: Client, config: WebhookConfig, send: Send) -> None:
    sent = json.loads(send("issues", LABELED, guid="g").content)
    shown = manager.get(f"{EVENTS}/{sent['event_id']}").json()
    assert shown["payload"] == LABELED
    assert shown["headers"]["X-GitHub-Event"] == "issues"
    assert shown["touched"]["kinds"][f"repo:{REPOSITORY['id']}"] == ["issues", "other"]
    assert shown["removed"] == {"epochs": 4, "entries": 0}
    assert (shown["state"], shown["processed"], shown["delivery_id"]) == ("received", False, "g")


def test_a_delivery_is_replayed(manager: Client, config: WebhookConfig, send: Send) -> None:
    sent = json.loads(send("issues", LABELED).content)
    WebhookEvent.objects.update(state="failed", attempts=8, next_try_at=None, error="GitHub was away")
    response = post(manager, f"{EVENTS}/{sent['event_id']}/replay")
    assert response.status_code == 202
    assert (response.json()["state"], response.json()["attempts"], response.json()["error"]) == ("received", 0, "")
    assert WebhookEvent.objects.waiting().count() == 1


def test_what_cannot_be_replayed_says_why(manager: Client, config: WebhookConfig, send: Send) -> None:
    ignored = json.loads(send("made_up", LABELED).content)["event_id"]
    assert post(manager, f"{EVENTS}/{ignored}/replay").status_code == 422
    busy = json.loads(send("issues", LABELED).content)["event_id"]
    later = timezone.now() + timedelta(minutes=1)
    WebhookEvent.objects.filter(pk=busy).update(state="processing", next_try_at=later)
    assert post(manager, f"{EVENTS}/{busy}/replay").status_code == 409
    WebhookEvent.objects.filter(pk=busy).update(body=None)
    assert post(manager, f"{EVENTS}/{busy}/replay").status_code == 410


def test_an_ignored_delivery_can_be_replayed_once_it_is_subscribed_to(
    manager: Client, config: WebhookConfig, send: Send
) -> None:
    WebhookConfig.objects.update(events=["push"])
    sent = json.loads(send("label", about_repository(action="created")).content)["event_id"]
    WebhookConfig.objects.update(events=["*"])
    assert post(manager, f"{EVENTS}/{sent}/replay").json()["state"] == "received"


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
