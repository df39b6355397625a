"""The hooks as GitHub keeps them: make one, change it, remove it, look at it, and at what became of its deliveries.

Everything goes through `upstream.calls` with a credential of the tenant that may (`admin:repo_hook`, `admin:org_hook`);
about the hook of a GitHub App only the App itself may ask.
A `Wait` comes back as a value; GitHub's refusals are raised as errors.Refused with its own words.
Source: https://docs.github.com/en/rest/webhooks, https://docs.github.com/en/rest/apps/webhooks
"""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from github_cache.upstream import calls, credential_sources, errors, paths
from github_cache.upstream.app_tokens import App
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.protocol import Call, Reply, links
from ratelimit.budget import Lane
from ratelimit.verdict import Wait
from webhooks.models import WebhookConfig


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a hook's deliveries, newest first, and the cursor of the next (older) one."""

    deliveries: tuple[dict[str, Any], ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook whose deliveries GitHub lists: its path there, and the App that it belongs to, if it is an App's."""

    tenant: str
    path: str
    app: App | None = None

    def bearer(self) -> Bearer | None:
        """Who asks about it; None for any credential of the tenant."""
        return self.app.bearer(time.time()) if self.app else None


def sending_to(config: WebhookConfig) -> tuple[Hook, ...]:
    """The hooks that send to a configuration, as far as they are known: its own; of a whole tenant's, its Apps'."""
    if config.target == WebhookConfig.For.TENANT:
        sources = credential_sources.read(config.tenant_id)
        apps = {each.app.id: each.app for each in sources if isinstance(each, credential_sources.Installation)}
        return tuple(Hook(config.tenant_id, "/app/hook", app) for app in apps.values())
    return (Hook(config.tenant_id, f"{_hooks(config)}/{config.webhook_id}"),) if config.webhook_id else ()


def target_ids(config: WebhookConfig) -> tuple[int, int | None] | Wait:
    """GitHub's ID of the repository or organisation that is named, and that of the organisation that owns it."""
    if config.target == WebhookConfig.For.REPOSITORY:
        path = paths.of_repository(*paths.full_name(config.repository))
    else:
        path = paths.of_organization(config.organization)
    reply = _send(config, "GET", path, lane=Lane.INTERACTIVE)
    if isinstance(reply, Wait):
        return reply
    body = reply.json()
    owner = body.get("owner") or {}
    return int(body["id"]), int(owner["id"]) if owner.get("type") == "Organization" else None


def create(config: WebhookConfig) -> int | Wait:
    """Makes the hook; returns its ID."""
    reply = _send(config, "POST", _hooks(config), {"name": "web", **_wish(config)})
    return reply if isinstance(reply, Wait) else int(reply.json()["id"])


def update(config: WebhookConfig) -> Wait | None:
    """Brings the hook to what the configuration says: address, secret, events, active."""
    reply = _send(config, "PATCH", f"{_hooks(config)}/{config.webhook_id}", _wish(config))
    return reply if isinstance(reply, Wait) else None


def delete(config: WebhookConfig) -> Wait | None:
    """Removes the hook; one that is gone already is as good."""
    try:
        reply = _send(config, "DELETE", f"{_hooks(config)}/{config.webhook_id}")
    except errors.NotFound:
        return None
    return reply if isinstance(reply, Wait) else None


def compare(config: WebhookConfig) -> dict[str, Any] | Wait:
    """The hook's state there beside ours: `{"found": …, "differences": {field: {"here": …, "there": …}}, …}`."""
    try:
        reply = _send(config, "GET", f"{_hooks(config)}/{config.webhook_id}", lane=Lane.INTERACTIVE)
    except errors.NotFound:
        return {"found": False, "differences": {}}
    if isinstance(reply, Wait):
        return reply
    there = reply.json()
    pairs = {
        "events": (sorted(config.events), sorted(there.get("events", []))),
        "active": (config.active, there.get("active")),
        "webhook_url": (config.webhook_url, there.get("config", {}).get("url")),
        "has_secret": (True, bool(there.get("config", {}).get("secret"))),
    }
    differences = {name: {"here": here, "there": told} for name, (here, told) in pairs.items() if here != told}
    return {"found": True, "differences": differences, "last_response": there.get("last_response")}


def deliveries(hook: Hook, cursor: str | None) -> Page | Wait:
    """What GitHub sent through the hook, newest first; it keeps them for 3 days."""
    query = f"?per_page=100{f'&cursor={cursor}' if cursor else ''}"
    reply = _sent(hook.tenant, Call("GET", f"{hook.path}/deliveries{query}"), bearer=hook.bearer())
    if isinstance(reply, Wait):
        return reply
    following = links(reply.headers.get("Link", "")).get("next")
    cursors = parse_qs(urlsplit(following).query).get("cursor") if following else None
    listed = reply.json()
    return Page(tuple(each for each in listed if isinstance(each, dict)), cursors[0] if cursors else None)


def events_sent(hook: Hook) -> list[str] | Wait:
    """The events that a hook which is no App's sends; none where it is switched off."""
    reply = _sent(hook.tenant, Call("GET", hook.path))
    if isinstance(reply, Wait):
        return reply
    there = reply.json()
    return [str(event) for event in there["events"]] if there.get("active") else []


def redeliver(hook: Hook, delivery: int) -> Wait | None:
    """Asks GitHub to send a delivery again."""
    call = Call("POST", f"{hook.path}/deliveries/{delivery}/attempts", kind="write")
    reply = _sent(hook.tenant, call, bearer=hook.bearer())
    return reply if isinstance(reply, Wait) else None


def _hooks(config: WebhookConfig) -> str:
    if config.target == WebhookConfig.For.REPOSITORY:
        return paths.of_repository(*paths.full_name(config.repository), "/hooks")
    if config.target == WebhookConfig.For.ORGANIZATION:
        return paths.of_organization(config.organization, "/hooks")
    raise errors.BadCall("a configuration for a whole tenant has no hook of its own that could be managed from here")


def _wish(config: WebhookConfig) -> dict[str, Any]:
    return {
        "active": config.active,
        "events": config.events,
        "config": {"url": config.webhook_url, "content_type": "json", "secret": config.secret, "insecure_ssl": "0"},
    }


def _send(
    config: WebhookConfig, method: str, path: str, body: dict[str, Any] | None = None, lane: Lane = Lane.WEBHOOK
) -> Reply | Wait:
    call = Call(
        method,
        path,
        headers=(("Content-Type", "application/json"),) if body is not None else (),
        body=orjson.dumps(body) if body is not None else None,
        kind="read" if method == "GET" else "write",
    )
    return _sent(config.tenant_id, call, lane)


def _sent(tenant: str, call: Call, lane: Lane = Lane.WEBHOOK, bearer: Bearer | None = None) -> Reply | Wait:
    reply = calls.send(call, tenant=tenant, lane=lane, bearer=bearer)
    if isinstance(reply, Reply) and reply.status >= 300:
        raise errors.refused(reply.status, reply.message())
    return reply
