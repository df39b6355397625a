"""Deliveries and their consequences against a GitHub of one's own, over HTTP in both directions."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone

from github_cache import identity
from github_cache.models import ApiKey, Tenant
from github_cache.resources import kinds_of
from github_sandbox import changes
from github_sandbox.changes.telling import tell
from github_sandbox.sample import sample_accounts
from github_sandbox.world import World
from stats.models import Repository
from tests.canaries import SECRET
from tests.webhooks.conftest import about_repository, delivery
from tests.webhooks.hub import WORKFLOW, Hub, names, workflow
from webhooks import receiver
from webhooks.github_events import KNOWN
from webhooks.models import WebhookConfig, WebhookEvent


def test_a_push_changes_a_workflow_and_the_index_shows_it(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    hub.sync()
    hub.hook()
    assert names() == ["CI"]
    hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: workflow("Release")}, "Rename")
    hub.work_off()
    assert names() == ["Release"]
    event = WebhookEvent.objects.get(event_type="push")
    assert (event.state, event.error) == ("processed", "")
    assert event.result["indexed"] == {str(hub.hello.id): "indexed"}
    said = [each.__dict__ for each in caplog.records if each.message == "deliveries worked off"]
    assert [each["delivery_ids"] for each in said] == [[event.delivery_id]]


def test_what_is_read_after_a_delivery_is_new(hub: Hub) -> None:
    hub.hook()
    assert [issue["title"] for issue in hub.read("issues", state="open").json()] == ["It breaks"]
    hub.do(changes.create_issue, hub.hello, hub.admin, "It is slow", None, [])
    titles = {issue["title"] for issue in hub.read("issues", state="open").json()}
    assert titles == {"It breaks", "It is slow"}


def test_a_query_of_an_organisation_is_new_after_a_delivery_about_one_of_its_repositories(hub: Hub) -> None:
    hub.hook()
    _, key = ApiKey.create(Tenant.objects.get(pk="acme"), "test", ["read"])
    identity.forget_keys()
    query = '{ organization(login: "octo") { repositories(first: 9) { nodes { name description } } } }'

    def shown() -> tuple[str, dict[str, str]]:
        answer = requests.post(f"{hub.url}/api/graphql", json={"query": query}, headers={"X-Api-Key": key}, timeout=10)
        nodes = answer.json()["data"]["organization"]["repositories"]["nodes"]
        return answer.headers["X-Cache"], {node["name"]: node["description"] for node in nodes}

    assert shown() == ("MISS", {"hello": "Says hello"})
    assert shown() == ("HIT", {"hello": "Says hello"})
    hub.do(changes.edit_repository, hub.hello, hub.admin, {"description": "Says goodbye"})
    assert shown() == ("MISS", {"hello": "Says goodbye"})
    hub.do(changes.create_repository, hub.org, hub.admin, "world", {"description": "Is round"})
    assert shown() == ("MISS", {"hello": "Says goodbye", "world": "Is round"})


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


def test_what_nobody_uses_is_left_to_the_next_reader(hub: Hub) -> None:
    hub.hook()
    hub.do(changes.create_issue, hub.hello, hub.admin, "It is slow", None, [])
    before = len(hub.github.ledger.entries())
    hub.work_off()
    event = WebhookEvent.objects.get(event_type="issues")
    assert (event.state, event.result["refetched"]) == ("processed", {})
    assert not [each for each in hub.github.ledger.entries()[before:] if "issues" in each["path"]]


def test_the_api_shows_what_a_delivery_removed_and_had_fetched_again(hub: Hub) -> None:
    hub.sync()
    hub.hook()
    hub.use("issues", state="open")
    hub.do(changes.edit_repository, hub.hello, hub.admin, {"private": True})
    hub.do(changes.create_issue, hub.hello, hub.admin, "It is slow", None, [])
    hub.work_off()
    _, key = ApiKey.create(Tenant.objects.get(pk="acme"), "test", ["webhooks"])
    identity.forget_keys()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"

    def shown(event: str) -> dict[str, Any]:
        row = WebhookEvent.objects.get(event_type=event)
        return session.get(f"{hub.url}/api/v1/webhooks/events/{row.pk}", timeout=10).json()

    opened, privatized = shown("issues"), shown("repository")
    assert (opened["state"], opened["refetched"]) == ("processed", {f"repo:{hub.hello.id}/issues": 1})
    assert opened["removed"]["epochs"] == sum(len(kinds) for kinds in opened["touched"]["kinds"].values()) > 0
    assert privatized["touched"]["purged"] == [f"repo:{hub.hello.id}"]
    assert privatized["removed"]["entries"] > 0
    assert privatized["removed"]["epochs"] > len(kinds_of("repo"))
    assert privatized["indexed"] == {str(hub.hello.id): "indexed"}


def test_what_failed_is_run_again_by_a_redelivery(hub: Hub) -> None:
    hub.sync()
    config = hub.hook()
    hub.do(changes.push, hub.hello, hub.admin, {WORKFLOW: workflow("Release")}, "Rename")
    fault = hub.github.faults.add({"kind": "status", "status": 500})
    hub.work_off()
    event = WebhookEvent.objects.get(event_type="push")
    assert event.state == "failed"
    assert event.error
    assert event.next_try_at > timezone.now()
    hub.github.faults.remove(fault.id)
    hook = hub.world.hooks[config.webhook_id]
    sent = next(each for each in hook.deliveries if each.event == "push")
    answer = requests.post(hook.url, sent.payload, headers=sent.request_headers, timeout=10)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted_again")
    hub.work_off()
    event.refresh_from_db()
    assert (event.state, event.error) == ("processed", "")
    assert names() == ["Release"]


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


def test_what_moved_to_another_owner_is_found_under_its_new_name(hub: Hub) -> None:
    hub.sync()
    hub.hook()
    new = sample_accounts(hub.world, "newco")

    def transfer(world: World) -> None:
        repository, old = hub.hello, hub.org
        world.remove_repository(repository)
        world.remember_former_name(repository, repository.name)
        repository.owner = new
        world.add_repository(repository)
        happened = {
            "action": "transferred",
            "changes": {"owner": {"from": {"organization": {"id": old.id, "login": old.login}}}},
        }
        tell(world, "repository", happened, repository, hub.admin)

    hub.do(transfer)
    hub.work_off()
    assert [row.full_name for row in Repository.objects.filter(removed_at=None)] == ["newco/hello"]


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


def test_every_event_is_worked_off(hub: Hub, test_data: Path) -> None:
    """The recorded payloads, and for each documented event a made-up one; GitHub knows none of what they are about."""
    config = WebhookConfig.objects.create(tenant_id="acme", target="tenant", secret=SECRET, events=["*"])
    recorded = [
        (file.stem, each)
        for file in sorted((test_data / "webhooks").glob("*.json"))
        for each in json.loads(file.read_text())
    ]
    made_up = [(event, about_repository(action="happened")) for event in sorted(KNOWN)]
    for event, payload in recorded + made_up:
        assert receiver.receive(delivery(event, payload), config.pk).status_code in (200, 202)
    hub.work_off()
    states = Counter(WebhookEvent.objects.values_list("state", flat=True))
    assert set(states) == {"processed", "ignored"}, WebhookEvent.objects.filter(state="failed").values(
        "event_type", "error"
    )
    assert states.total() == len(recorded) + len(made_up)
