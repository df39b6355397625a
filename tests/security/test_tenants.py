"""Two tenants × every address × every method: the second sees and changes nothing of the first.

The first tenant has an index, webhook configurations and deliveries, credentials, keys, a history of limits and a warm
cache, all bearing a word that nothing else bears. The second comes with a key that may do everything, and the addresses
are those of the URL configuration, filled with what is the first one's.
"""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest
from django.apps import apps
from django.core import serializers
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from github_cache import keys
from github_cache.models import ApiKey, Credential, Tenant
from github_sandbox import changes
from ratelimit.models import GitHubRateLimit
from stats import reports
from stats.indexing import index_repository
from stats.models import CacheReads, Organization
from tests.github_cache.gateway.house import ADMIN, DEV, GUEST, House, forget_memories
from tests.stats.samples import repository, workflow
from webhooks.models import WebhookConfig, WebhookEvent

MARK = "quokka"
REPOSITORY, FULL_NAME = "plans", "octo/plans"
_BELOW = ("", "/issues", "/issues/1", "/readme", "/contents/README.md", "/commits", "/actions/workflows")
GITHUB_PATHS = (*(f"/api/v3/repos/octo/plans{path}" for path in _BELOW), "/api/v3/orgs/octo/repos")
TYPED = tuple(f"/api/v1/github/{FULL_NAME}/{what}" for what in ("info", "issues", "workflows"))
INDEX = tuple(
    f"/api/v1/{path}"
    for path in ("search", "facets", "stats", "webhooks/configs", "webhooks/events", "search?repository=octo/plans",
                 f"search?q={MARK[:4]}*", "facets/topic?prefix=q", "stats/unreadable-files")
)  # fmt: skip
FILLED = {"owner": "octo", "repo": REPOSITORY, "org": "octo", "name": REPOSITORY, "label_name": "bug", "facet": "topic",
          "id": "1", "content_type_id": "1"}  # fmt: skip
AT_WILL = {"/api/v3(?:/[^\\0]*)?$", "/admin/(?P<app_label>", "/admin/(?P<url>.*)$"}
"""How the addresses begin that are regular expressions: GITHUB_PATHS, the admin's front pages, its catch-all."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
BODIES = {
    "settings": {"description": "taken over"},
    "labels": {"label_name": "taken over", "color": "000000"},
    "label": {"label_name": "taken over", "color": "000000"},
    "configs": {"secret": "another-secret", "active": False},
    "graphql": {"query": '{ repository(owner: "octo", name: "plans") { name description } }'},
}
"""What each kind of address is sent, by a word in its path."""


def private_things(house: House) -> None:
    """Everything that the first tenant has; what only it may see bears MARK."""
    world = house.handle.world
    org, admin = world.accounts["octo"], world.accounts["octo-admin"]
    about = {"description": f"{MARK} plans", "homepage": f"https://{MARK}.test", "private": True}
    private = changes.create_repository(world, org, admin, REPOSITORY, about)
    text = workflow(f"{MARK} deploy")
    changes.push(world, private, admin, {"README.md": MARK.encode(), ".github/workflows/ci.yml": text.encode()}, MARK)
    changes.create_issue(world, private, admin, f"{MARK} breaks", MARK, [])

    now, tenant = datetime.now(UTC), Tenant.objects.get(slug="default")
    known = repository(private.id, name=REPOSITORY, visibility="private", topics=[MARK], **about)
    known |= {"full_name": FULL_NAME, "owner": {"login": "octo", "type": "Organization"}}
    files = {".github/workflows/ci.yml": text, f".github/workflows/{MARK}.yml": "broken: ["}
    index_repository("default", known, files, now)
    Organization.objects.create(tenant=tenant, login=f"{MARK}-org")
    Credential.objects.create(tenant=tenant, name=f"{MARK} bot", secret=DEV)
    ApiKey.create(tenant, f"{MARK} key")
    hook = {"target": "repository", "repository": FULL_NAME, "webhook_url": f"https://{MARK}.test/", "events": ["*"]}
    config = WebhookConfig.objects.create(tenant=tenant, secret=f"{MARK}-secret", **hook)
    came = {"delivery_id": f"{MARK}-1", "event_type": "push", "error": MARK, "received_at": now, "body_digest": b""}
    WebhookEvent.objects.create(tenant=tenant, config=config, repository_full_name=FULL_NAME, **came)
    left = {"resource_type": "core", "limit": 5000, "remaining": 1, "used": 4999, "checked_at": now}
    GitHubRateLimit.objects.create(account_name=f"{MARK} bot", token_hash=keys.identity(ADMIN), **left)
    slot = reports.slot_of(now.timestamp())
    CacheReads.objects.create(slot=slot, tenant="default", kind=MARK, outcome="HIT", count=1)


def warm(house: House, key: str) -> None:
    """The first tenant has asked for all of it just now, and was given it."""
    of_rows = [f"/api/v1/webhooks/{rows}/{number_in(f'webhooks/{rows}/')}" for rows in ("configs", "events")]
    for path in (*GITHUB_PATHS, *TYPED, *INDEX, *of_rows, "/", f"/repositories/{FULL_NAME}"):
        answer = house.get(path, key=key)
        assert answer.status_code == 200, path
        assert marked(answer.content) or path == "/api/v1/stats", path


def marked(content: bytes) -> bool:
    """GitHub's files come in base64."""
    return MARK.encode() in content.lower() or base64.b64encode(MARK.encode()) in content


def routes(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Every route of the configuration."""
    for pattern in patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def addresses() -> Iterator[str]:
    """Every address of the configuration, filled with the first tenant's things."""
    for route in routes(get_resolver().url_patterns):
        if not route.startswith(tuple(AT_WILL)):
            filled = FILLED | dict.fromkeys(("pk", "object_id", "config_id"), number_in(route))
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found: filled[found[1]], route)  # noqa: B023


def number_in(route: str) -> str:
    """The key of a row that the route speaks of: the first tenant's, where tenants have such rows."""
    words = {"webhooks/configs/": WebhookConfig, "webhooks/events/": WebhookEvent, "webhooks/github/": WebhookConfig}
    words |= {f"{model._meta.app_label}/{model._meta.model_name}/": model for model in apps.get_models()}
    model = next((model for word, model in words.items() if word in route), None)
    if model is None or not model._meta.managed or model._meta.proxy:
        return "1"
    rows = model.objects.all()
    row = (rows.filter(tenant="default") if "tenant" in {each.name for each in model._meta.fields} else rows).first()
    return str(row.pk) if row else "1"


def body_for(address: str) -> dict[str, object]:
    return next((body for word, body in BODIES.items() if word in address), {})


def state() -> str:
    """All rows of the first tenant, as text."""
    rows = [
        row
        for model in apps.get_models()
        if any(field.name == "tenant" for field in model._meta.fields) and not model._meta.proxy
        for row in model.objects.filter(tenant="default").order_by("pk")
    ]
    return serializers.serialize("json", rows)


@pytest.fixture
def rival(house: House) -> str:
    """The key of the second tenant, with every scope; its own credential may not see what is private."""
    tenant = Tenant.objects.create(slug="rival")
    Credential.objects.create(tenant=tenant, name="guest", secret=GUEST, pinned=True)
    return ApiKey.create(tenant, "rival", ApiKey.Scope.values)[1]


@pytest.fixture
def owner(house: House) -> str:
    """The first tenant's own key."""
    private_things(house)
    return ApiKey.create(Tenant.objects.get(slug="default"), "owner", ApiKey.Scope.values)[1]


@pytest.mark.parametrize("caller", ["key", "key and the other's name", "token", "nobody"])
def test_nothing_of_the_first_tenant_is_seen_or_changed(house: House, owner: str, rival: str, caller: str) -> None:
    warm(house, owner)
    before = state()
    headers = {
        "key": {"Authorization": f"Bearer {rival}"},
        "key and the other's name": {"X-Api-Key": rival, "X-Hubcache-Tenant": "default"},
        "token": {"Authorization": f"token {GUEST}"},
        "nobody": {},
    }[caller]
    asked = [*addresses(), "/admin/stats/", *GITHUB_PATHS, *INDEX]
    assert len(asked) > 100

    leaks, faults = [], []
    for address in asked:
        for method in METHODS:
            answer: HttpResponse = Client(raise_request_exception=False).generic(
                method,
                address,
                headers=headers,
                data=orjson.dumps(body_for(address)),
                content_type="application/json",
                REMOTE_ADDR="203.0.113.9",  # the operators' networks see more of the whole house
            )
            content = b"".join(answer) if answer.streaming else answer.content
            if marked(content) or marked(str(answer.headers).encode()):
                leaks.append((method, address, answer.status_code))
            if answer.status_code == 500:
                faults.append((method, address))

    assert leaks == []
    assert faults == []
    assert state() == before
    private = house.repository(REPOSITORY)
    assert (private.description, private.visibility) == (f"{MARK} plans", "private")
    forget_memories()
    warm(house, owner)
