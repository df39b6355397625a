"""A tenant with a configuration, and deliveries as GitHub sends them; and a GitHub that does."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from github_cache import identity
from github_cache.models import ApiKey, Tenant
from github_sandbox.server import Handle, serve
from tests.canaries import SECRET
from tests.github_cache.gateway.house import forget
from tests.webhooks.hub import Hub, small_world
from webhooks import receiver, signers
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.signature import sign

ORG = {"id": 38302899, "login": "acme", "type": "Organization"}
REPOSITORY = {"id": 186853002, "full_name": "acme/api", "default_branch": "main", "owner": ORG}


@pytest.fixture(autouse=True)
def nobody_is_remembered() -> None:
    """Each test begins as a process that was just started."""
    signers.forget()


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.get_or_create(slug="acme")[0]


@pytest.fixture
def config(tenant: Tenant) -> WebhookConfig:
    return WebhookConfig.objects.create(
        tenant=tenant,
        target="organization",
        organization="acme",
        organization_id=ORG["id"],
        secret=SECRET,
        events=["*"],
    )


def about_repository(**more: Any) -> dict[str, Any]:
    return {"repository": REPOSITORY, "organization": ORG, **more}


LABELED = about_repository(action="labeled")
CONFIGS, EVENTS = "/api/v1/webhooks/configs", "/api/v1/webhooks/events"


@pytest.fixture
def key_of(db: None, settings: Any) -> Callable[..., Client]:
    """A client of a tenant's with a key of these scopes."""

    def key_of(tenant: Tenant, *scopes: str) -> Client:
        _, key = ApiKey.create(tenant, "test", scopes)
        return Client(headers={"Authorization": f"Bearer {key}"})

    settings.RATELIMIT_ENABLED = False
    identity.forget_keys()
    return key_of


@pytest.fixture
def manager(tenant: Tenant, key_of: Callable[..., Client]) -> Client:
    """Somebody who may manage webhooks."""
    return key_of(tenant, "webhooks")


def post(client: Client, path: str, body: object = None) -> Any:
    return client.post(path, body, content_type="application/json")


def event(config: WebhookConfig, **more: Any) -> WebhookEvent:
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


def delivery(
    event: str,
    payload: dict[str, Any] | bytes,
    *,
    guid: str | None = None,
    secret: str = SECRET,
    path: str = "/api/v1/webhooks/github",
    **headers: Any,
) -> HttpRequest:
    """A request as GitHub makes it; `headers` (WSGI names) replace its own, None leaves one out."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {
        "HTTP_USER_AGENT": "GitHub-Hookshot/044aadd",
        "HTTP_X_GITHUB_EVENT": event,
        "HTTP_X_GITHUB_DELIVERY": guid or str(uuid.uuid4()),
        "HTTP_X_GITHUB_HOOK_ID": "292430182",
        "HTTP_X_HUB_SIGNATURE_256": sign(secret, body),
        "content_type": "application/json",
        **headers,
    }
    kept = {name: value for name, value in sent.items() if value is not None}
    return RequestFactory().post(path, body, **kept)


Send = Callable[..., HttpResponse]


@pytest.fixture
def send(db: None) -> Send:
    """Hands a delivery to the receiver."""

    def send(event: str, payload: dict[str, Any] | bytes, config_id: int | None = None, **more: Any) -> HttpResponse:
        return receiver.receive(delivery(event, payload, **more), config_id)

    return send


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


@pytest.fixture
def hub(github: Handle, live_server: Any) -> Hub:
    return Hub(github, live_server.url)
