"""A tenant with a configuration, and deliveries as GitHub sends them, through the real receiver."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from github_cache.models import Tenant
from tests.canaries import SECRET
from webhooks import receiver, signers
from webhooks.models import WebhookConfig
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
