"""Who signed last is believed for a moment, and nobody else because of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from github_cache.models import Tenant
from tests.postgres import database, postgres_connection, postgres_server  # noqa: F401
from tests.webhooks.conftest import LABELED, REPOSITORY, SECRET, Send
from webhooks import signers
from webhooks.models import WebhookConfig, WebhookEvent


def test_the_next_delivery_of_a_hook_asks_for_no_configuration(config: WebhookConfig, send: Send) -> None:
    assert send("issues", LABELED).status_code == 202
    with CaptureQueriesContext(connection) as queries:
        assert send("issues", LABELED).status_code == 202
    assert not [each["sql"] for each in queries if 'FROM "webhooks_webhookconfig"' in each["sql"]]
    assert len([each["sql"] for each in queries if '"webhooks_webhookevent"' in each["sql"]]) == 1


def test_who_is_believed_keeps_no_one_else_out(config: WebhookConfig, send: Send) -> None:
    assert send("issues", LABELED).status_code == 202
    made = WebhookConfig.objects.create(
        tenant=config.tenant, target="organization", organization="acme", secret="another", events=["*"]
    )
    assert send("issues", LABELED, guid="g-1", secret="another").status_code == 202
    assert WebhookEvent.objects.get(delivery_id="g-1").config_id == made.pk
    assert send("issues", LABELED, secret="neither").status_code == 401


def test_the_path_of_another_configuration_believes_nobody_else(config: WebhookConfig, send: Send) -> None:
    other = WebhookConfig.objects.create(
        tenant=config.tenant, target="organization", organization="acme", secret="another", events=["*"]
    )
    assert send("issues", LABELED, config.pk).status_code == 202
    assert send("issues", LABELED, other.pk, secret=SECRET).status_code == 401


def test_one_that_was_switched_off_is_asked_about_again(config: WebhookConfig, send: Send) -> None:
    assert send("issues", LABELED).status_code == 202
    WebhookConfig.objects.update(active=False)
    signers.forget()  # as after BELIEVED seconds
    assert send("issues", LABELED).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_configuration_that_was_removed_meanwhile_takes_nothing(send: Send, config: WebhookConfig) -> None:
    assert send("issues", LABELED).status_code == 202
    WebhookConfig.objects.all().delete()
    assert [send("issues", LABELED).status_code for _ in range(2)] == [401, 401]
    assert not WebhookEvent.objects.exists()


ANNOUNCED = {
    "HTTP_X_GITHUB_HOOK_ID": "4711",
    "HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_TYPE": "repository",
    "HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_ID": str(REPOSITORY["id"]),
}
THEIR_HOOK = {"webhook_id": 4711, "repository_id": REPOSITORY["id"], "last_delivery_at": timezone.now()}
ON_BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def make(tenant: str, secret: str, **known: object) -> WebhookConfig:
    Tenant.objects.get_or_create(slug=tenant)
    named = {"target": "repository", "repository": "acme/api", "events": ["*"], **known}
    return WebhookConfig.objects.create(tenant_id=tenant, secret=secret, **named)


@ON_BOTH
@pytest.mark.parametrize(
    "mine",
    [{"webhook_id": 4711, "registered": True}, {"repository_id": REPOSITORY["id"]}, {}],
    ids=["registered", "by target", "unknown"],
)
@pytest.mark.parametrize(
    "theirs", [THEIR_HOOK, THEIR_HOOK | {"registered": True}, {}], ids=["claimed", "as registered", "loose"]
)
def test_no_tenant_crowds_out_another(
    database: str,  # noqa: F811
    send: Send,
    mine: dict[str, object],
    theirs: dict[str, object],
) -> None:
    signers.forget()
    for number in range(20):
        make("mallory", f"secret-{number}", **theirs)
    config = make("acme", SECRET, **mine)
    assert send("issues", LABELED, **ANNOUNCED).status_code == 202
    assert WebhookEvent.objects.get().config_id == config.pk


@ON_BOTH
def test_who_delivered_is_tried_before_who_never_did(database: str, send: Send) -> None:  # noqa: F811
    signers.forget()
    for number in range(signers.EXACT_AT_MOST):
        make("acme", f"secret-{number}", webhook_id=4711, registered=True)
    make("acme", SECRET, webhook_id=4711, registered=True, last_delivery_at=timezone.now())
    assert send("issues", LABELED, **ANNOUNCED).status_code == 202
