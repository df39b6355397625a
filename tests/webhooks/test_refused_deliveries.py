"""What the receiver refuses, with which status, and that nothing is left of it but a counter."""

import io
import json
import random

import pytest
from django.test import RequestFactory

from tests.webhooks.conftest import LABELED, SECRET, Send
from webhooks import metrics, receiver
from webhooks.models import WebhookConfig, WebhookEvent
from webhooks.signature import sign


def refused() -> float:
    """How many requests were refused so far, whatever the reason."""
    samples = [sample for metric in metrics.webhook_deliveries_refused_total.collect() for sample in metric.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, {"HTTP_X_HUB_SIGNATURE_256": None}),
        (401, {"HTTP_X_HUB_SIGNATURE_256": sign("another", b"{}")}),
        (401, {"HTTP_X_HUB_SIGNATURE_256": f"{sign(SECRET, b'{}')}, {sign(SECRET, b'{}')}"}),
        (401, {"HTTP_X_HUB_SIGNATURE_256": None, "HTTP_X_HUB_SIGNATURE": "sha1=" + "0" * 40}),
        (401, {"HTTP_X_HUB_SIGNATURE_256": "sha256=" + "é" * 64}),
        (400, {"HTTP_X_GITHUB_EVENT": None}),
        (400, {"HTTP_X_GITHUB_EVENT": "Is\0sues"}),
        (400, {"HTTP_X_GITHUB_DELIVERY": None}),
        (400, {"HTTP_X_GITHUB_DELIVERY": "x" * 101}),
        (400, {"HTTP_X_GITHUB_DELIVERY": "\0"}),
        (415, {"content_type": "text/plain"}),
        (415, {"HTTP_CONTENT_ENCODING": "gzip"}),
        (411, {"HTTP_TRANSFER_ENCODING": "chunked"}),
        (411, {"CONTENT_LENGTH": ""}),
        (400, {"CONTENT_LENGTH": "-1"}),
        (400, {"CONTENT_LENGTH": "٣"}),
        (413, {"CONTENT_LENGTH": str(26 * 1024 * 1024)}),
        (400, {"CONTENT_LENGTH": "3", "wsgi.input": io.BytesIO(b"{}")}),
    ],
)
def test_what_is_no_delivery_is_refused_and_leaves_nothing(
    config: WebhookConfig, send: Send, status: int, headers: dict[str, str | None]
) -> None:
    before = refused()
    response = send("issues", b"{}", **headers)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["detail"]
    assert not WebhookEvent.objects.exists()
    assert refused() == before + 1


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options"])
def test_only_post(config: WebhookConfig, method: str) -> None:
    response = receiver.receive(getattr(RequestFactory(), method)("/api/v1/webhooks/github"))
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b"\xff",
    ],
)
def test_a_signed_body_that_is_no_object_is_refused(config: WebhookConfig, send: Send, body: bytes) -> None:
    headers = {} if body else {"CONTENT_LENGTH": "0", "CONTENT_TYPE": "application/json"}
    response = send("issues", body, **headers)
    assert response.status_code == 400
    assert not WebhookEvent.objects.exists()


def test_a_thousand_mutations_are_refused(config: WebhookConfig, send: Send) -> None:
    """One byte, bit or letter off in the body or the signature."""
    chance = random.Random(6)
    good = json.dumps(LABELED).encode()
    for _ in range(1000):
        body, signature = bytearray(good), sign(SECRET, good)
        if chance.random() < 0.5:
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        else:
            at = chance.randrange(7, len(signature))
            other = chance.choice([each for each in "0123456789abcdefABCDEF é" if each != signature[at]])
            signature = signature[:at] + other + signature[at + 1 :]
        response = send("issues", bytes(body), HTTP_X_HUB_SIGNATURE_256=signature)
        assert response.status_code == 401
    reserialised = json.dumps(LABELED, separators=(",", ":")).encode()
    assert send("issues", reserialised, HTTP_X_HUB_SIGNATURE_256=sign(SECRET, good)).status_code == 401
    assert not WebhookEvent.objects.exists()


def test_an_inactive_configuration_takes_nothing(config: WebhookConfig, send: Send) -> None:
    WebhookConfig.objects.update(active=False)
    assert send("issues", LABELED).status_code == 401


def test_a_secret_that_cannot_be_read_is_our_fault_and_said_so(
    config: WebhookConfig, send: Send, settings: object
) -> None:
    from cryptography.fernet import Fernet

    settings.HUBCACHE_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)  # type: ignore[attr-defined]
    assert send("issues", LABELED).status_code == 503
    assert not WebhookEvent.objects.exists()
