"""Secrets that were planted as a credential, a client's token and a webhook's secret turn up nowhere.

They are used as they would be, and everything goes wrong that can: then logs, metrics, Redis, the columns of the
database, answers and errors are searched for them.
"""

import base64
import logging
from collections.abc import Iterator

import pytest
import requests
import structlog
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from prometheus_client import REGISTRY, generate_latest

from github_cache.models import ApiKey, Credential, Tenant
from github_cache.upstream import credentials
from github_sandbox.entities import Token
from tests.github_cache.gateway.house import ADMIN, House
from webhooks.models import WebhookConfig
from webhooks.signature import sign

CREDENTIAL = "ghp_CANARYcredentialCANARYcredential0001"
CLIENT_TOKEN = "ghp_CANARYclienttokenCANARYclienttok0002"
REFUSED_TOKEN = "CANARYrefusedCANARYrefusedCANARY0003"
WEBHOOK_SECRET = "CANARYwebhookCANARYwebhookCANARY0004"
PLANTED = (CREDENTIAL, CLIENT_TOKEN, REFUSED_TOKEN, WEBHOOK_SECRET)


class Kept(logging.Handler):
    """Every log line as it would be written."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def written() -> Iterator[list[str]]:
    root = logging.getLogger()
    formatter = next(
        handler.formatter
        for handler in root.handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    )
    handler, level = Kept(formatter), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def planted(house: House) -> str:
    """The key of a house whose secrets are the planted ones."""
    world = house.handle.world
    of_admin = world.token(ADMIN)
    for value in (CREDENTIAL, CLIENT_TOKEN):
        world.add_token(Token(value, of_admin.account, of_admin.scopes))
    tenant = Tenant.objects.get(slug="default")
    Credential.objects.create(tenant=tenant, name="planted", secret=CREDENTIAL, pinned=True)
    WebhookConfig.objects.create(
        tenant=tenant, target="organization", organization="octo", secret=WEBHOOK_SECRET, events=["*"]
    )
    credentials.forget()
    return ApiKey.create(tenant, "canaries", ApiKey.Scope.values)[1]


def use_everything(house: House, key: str) -> list[bytes]:
    """What was answered to calls that succeed, that are refused, and that break."""
    client = Client(raise_request_exception=False)
    body = b'{"zen": "Keep it logically awesome.", "organization": {"login": "octo", "id": 9001}}'
    signed = {
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "canary-1",
        "X-Hub-Signature-256": sign(WEBHOOK_SECRET, body),
    }
    paths = ("/api/v3/repos/octo/hello", "/api/v3/repos/octo/nothing", "/api/v3/user", "/api/v1/github/octo/hello/info",
             "/api/v1/rate-limits/status?refresh=true", "/api/v1/rate-limits/health", "/api/v1/admin/cache/stats",
             "/api/v1/webhooks/configs", "/api/v1/webhooks/events", "/health", "/metrics", "/status")  # fmt: skip
    ways = (
        {"X-Api-Key": key},
        {"Authorization": f"token {CLIENT_TOKEN}"},
        {"Authorization": f"Bearer {REFUSED_TOKEN}"},
        {"Authorization": "Basic " + base64.b64encode(f"x:{CLIENT_TOKEN}".encode()).decode()},
        {"Authorization": REFUSED_TOKEN},
    )
    answers = [client.get(path, headers=way) for path in paths for way in ways]
    answers.append(client.post("/api/v1/webhooks/github", body, content_type="application/json", headers=signed))
    answers.append(client.post("/api/v1/rate-limits/track", headers={"X-Api-Key": key}))
    staff = Client()
    staff.force_login(get_user_model().objects.create_superuser("ada", password="a good passphrase"))
    for model in ("github_cache/credential", "webhooks/webhookconfig", "webhooks/webhookevent", "stats/githublimit"):
        answers.append(staff.get(f"/admin/{model}/"))
    for model, rows in (("github_cache/credential", Credential), ("webhooks/webhookconfig", WebhookConfig)):
        answers.append(staff.get(f"/admin/{model}/{rows.objects.defer('secret').get().pk}/change/"))
    return [answer.content + str(answer.headers).encode() for answer in answers]


def in_redis(house: House) -> bytes:
    """Every key and its value, as Redis serialises them."""
    found = b""
    for key in house.redis.scan_iter("*"):
        found += key + (house.redis.dump(key) or b"")
        if house.redis.type(key) == b"string":
            found += house.redis.get(key) or b""
    return found


def in_database() -> str:
    """Every column of every table as it stands."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                rows += cursor.fetchall()
    return repr(rows)


@pytest.mark.parametrize("weather", ["well", "failing", "unreachable"])
def test_nothing_tells_a_planted_secret(
    house: House, planted: str, written: list[str], weather: str, settings: object
) -> None:
    if weather == "failing":
        fault = {"kind": "html", "count": 1000}
        assert requests.post(f"{house.handle.url}/_sandbox/faults", json=fault, timeout=5).ok
    if weather == "unreachable":
        settings.GITHUB_API_URL = "http://127.0.0.1:9"
    answers = use_everything(house, planted)

    places = {
        "log": "\n".join(written).encode(),
        "metrics": generate_latest(REGISTRY),
        "Redis": in_redis(house),
        "database": in_database().encode(),
        "answers": b"\n".join(answers),
    }
    assert len(places["log"]) > 1000
    assert b"planted" in places["database"]
    found = [(secret[:14], place) for place, text in places.items() for secret in PLANTED if secret.encode() in text]
    assert found == []
