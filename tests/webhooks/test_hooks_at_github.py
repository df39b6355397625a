"""Hooks at a GitHub of one's own: made, compared, changed and removed with their configurations."""

from typing import Any

import pytest
import requests

from github_cache import identity
from github_cache.models import ApiKey, Tenant
from tests.canaries import SECRET
from tests.webhooks.hub import Hub
from webhooks import recovery
from webhooks.models import WebhookConfig, WebhookEvent


@pytest.fixture
def session(hub: Hub) -> requests.Session:
    """Somebody who may manage hooks."""
    _, key = ApiKey.create(Tenant.objects.get(pk="acme"), "test", ["webhooks"])
    identity.forget_keys()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"
    return session


def make(hub: Hub, session: requests.Session, **more: Any) -> str:
    """Makes a configuration with its hook; its address."""
    wish = {"organization": "octo", "secret": SECRET, "events": ["push"], "register": True, **more}
    made = session.post(f"{hub.url}/api/v1/webhooks/configs", json=wish, timeout=10)
    assert made.status_code == 201, made.text
    return f"{hub.url}/api/v1/webhooks/configs/{made.json()['id']}"


def test_a_hook_is_made_and_pings(hub: Hub) -> None:
    config = hub.hook()
    (hook,) = hub.world.hooks.values()
    config.refresh_from_db()
    assert (hook.id, hook.events, hook.secret) == (config.webhook_id, ["*"], SECRET)
    assert (config.organization_id, config.registered) == (hub.org.id, True)
    assert config.last_delivery_at is not None
    assert WebhookEvent.objects.get().event_type == "ping"


def test_the_hook_at_github_follows_and_can_be_compared(hub: Hub, session: requests.Session) -> None:
    one = make(hub, session, webhook_url=f"{hub.url}/api/v1/webhooks/github")
    (hook,) = hub.world.hooks.values()
    assert session.get(one, params={"compare": "true"}, timeout=10).json()["github"]["differences"] == {}
    hook.events, hook.active, hook.url = ["push", "star"], False, "http://127.0.0.1:1/elsewhere"
    compared = session.get(one, params={"compare": "true"}, timeout=10).json()["github"]
    assert compared["differences"] == {
        "events": {"here": ["push"], "there": ["push", "star"]},
        "active": {"here": True, "there": False},
        "webhook_url": {"here": f"{hub.url}/api/v1/webhooks/github", "there": "http://127.0.0.1:1/elsewhere"},
    }
    session.patch(one, json={"events": ["issues"], "secret": "a new secret"}, timeout=10).raise_for_status()
    assert (hook.events, hook.secret, hook.active) == (["issues"], "a new secret", True)
    assert session.get(one, params={"compare": "true"}, timeout=10).json()["github"]["differences"] == {}
    assert session.delete(one, params={"register": "true"}, timeout=10).status_code == 204
    assert hub.world.hooks == {}
    assert not WebhookConfig.objects.exists()


def test_a_hook_that_is_gone_is_said_to_be_and_can_be_removed(hub: Hub, session: requests.Session) -> None:
    one = make(hub, session)
    hub.world.hooks.clear()
    assert session.get(one, params={"compare": "true"}, timeout=10).json()["github"]["found"] is False
    assert session.delete(one, params={"register": "true"}, timeout=10).status_code == 204
    assert not WebhookConfig.objects.exists()


def test_a_configuration_whose_hook_is_not_known_cannot_be_compared(hub: Hub, session: requests.Session) -> None:
    one = make(hub, session, register=False)
    assert session.get(one, params={"compare": "true"}, timeout=10).status_code == 409


def test_a_new_secret_that_github_does_not_take_leaves_both_good_and_can_be_given_again(
    hub: Hub, session: requests.Session
) -> None:
    one = make(hub, session)
    fault = hub.github.faults.add({"kind": "status", "status": 500, "method": "PATCH", "path": "hooks"})
    refused = session.patch(one, json={"secret": "a new secret"}, timeout=30)
    assert (refused.status_code, refused.headers["Content-Type"]) == (502, "application/problem+json")
    config, (hook,) = WebhookConfig.objects.get(), hub.world.hooks.values()
    assert (hook.secret, config.secret, config.previous_secret) == (SECRET, "a new secret", SECRET)
    hub.github.faults.remove(fault.id)
    session.patch(one, json={"secret": "a new secret"}, timeout=10).raise_for_status()
    config.refresh_from_db()
    assert (hook.secret, config.secret, config.previous_secret) == ("a new secret", "a new secret", SECRET)


def test_a_configuration_can_be_given_its_hook_later(hub: Hub, session: requests.Session) -> None:
    one = make(hub, session, register=False)
    assert hub.world.hooks == {}
    shown = session.patch(one, json={"register": True}, timeout=10).json()
    assert (shown["registered"], [shown["webhook_id"]]) == (True, [*hub.world.hooks])


def test_what_a_hook_was_narrowed_to_at_github_is_noticed(hub: Hub) -> None:
    config = hub.hook()
    config.refresh_from_db()
    assert config.sent_events == ["*"]
    (hook,) = hub.world.hooks.values()
    hook.events = ["push"]
    assert recovery.recover_all() is None
    config.refresh_from_db()
    assert (config.events, config.sent_events) == (["*"], ["push"])
    hook.active = False
    assert recovery.recover_all() is None
    config.refresh_from_db()
    assert config.sent_events == []


def test_a_hook_that_github_refuses_leaves_no_configuration(hub: Hub, session: requests.Session) -> None:
    wish = {"repository": "octo/nowhere", "secret": SECRET, "register": True}
    answer = session.post(f"{hub.url}/api/v1/webhooks/configs", json=wish, timeout=10)
    assert answer.status_code == 422
    assert "Not Found" in answer.json()["detail"]
    assert not WebhookConfig.objects.exists()


@pytest.mark.parametrize("register", [True, False])
def test_a_change_that_github_refuses_leaves_all_but_the_secret_as_it_was(
    hub: Hub, session: requests.Session, register: bool
) -> None:
    one = make(hub, session, register=register)
    before = session.get(one, timeout=10).json()
    hub.github.faults.add({"kind": "status", "status": 422, "path": "hooks"})
    wish = {"webhook_url": "http://127.0.0.1:1/x", "events": ["star"], "secret": "a new secret", "register": True}
    assert session.patch(one, json=wish, timeout=10).status_code == 422
    after = session.get(one, timeout=10).json()
    kept = ("webhook_url", "events", "active", "registered", "webhook_id")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert WebhookConfig.objects.get().secret == "a new secret"
