"""Credentials and keys in the admin: secrets go in and never come out, and a wrong encryption key breaks no list."""

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from github_cache.encryption import SecretUnreadable
from github_cache.models import ApiKey, Credential, Tenant
from github_cache.upstream import credentials

CANARY = "ghp_canaryCANARYcanaryCANARYcanary012345"
LIST, ADD = "admin:github_cache_credential_changelist", "admin:github_cache_credential_add"
KEYS, ADD_KEY = "admin:github_cache_apikey_changelist", "admin:github_cache_apikey_add"


@pytest.fixture(autouse=True)
def fresh_pool() -> Iterator[None]:
    credentials.forget()
    yield
    credentials.forget()


@pytest.fixture
def credential(tenant: Tenant) -> Credential:
    return Credential.objects.create(tenant=tenant, name="bot", secret=CANARY)


def fields(**changed: object) -> dict[str, object]:
    return {"tenant": "default", "name": "bot", "kind": "token", "active": "on", **changed}


def test_a_new_credential_is_kept_encrypted(staff: Client) -> None:
    done = staff.post(reverse(ADD), fields(new_secret=CANARY), follow=True)

    assert done.status_code == 200
    assert CANARY not in done.content.decode()
    assert Credential.objects.get().secret == CANARY


def test_a_credential_without_a_secret_is_refused(staff: Client) -> None:
    assert "needs its secret" in staff.post(reverse(ADD), fields()).content.decode()
    assert not Credential.objects.exists()


def test_no_page_of_a_credential_shows_its_secret(staff: Client, credential: Credential) -> None:
    row = reverse("admin:github_cache_credential_change", args=(credential.pk,))
    staff.post(row, fields(name="renamed"))
    pages = [reverse(LIST), row, reverse("admin:github_cache_credential_history", args=(credential.pk,))]

    for page in pages:
        answer = staff.get(page)
        assert answer.status_code == 200
        assert CANARY not in answer.content.decode()


def test_an_empty_secret_keeps_the_old_one_and_another_takes_its_place(staff: Client, credential: Credential) -> None:
    page = reverse("admin:github_cache_credential_change", args=(credential.pk,))

    staff.post(page, fields(name="renamed"))
    renamed = Credential.objects.get()
    assert (renamed.name, renamed.secret) == ("renamed", CANARY)

    staff.post(page, fields(new_secret="ghp_another0000000000000000000000000000"))
    assert Credential.objects.get().secret == "ghp_another0000000000000000000000000000"


def test_a_wrong_encryption_key_breaks_neither_the_list_nor_a_change(
    staff: Client, credential: Credential, settings: object
) -> None:
    settings.HUBCACHE_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    with pytest.raises(SecretUnreadable):
        _ = Credential.objects.get().secret

    listed = staff.get(reverse(LIST))
    assert listed.status_code == 200
    assert "cannot be read with HUBCACHE_ENCRYPTION_KEYS" in listed.content.decode()
    page = reverse("admin:github_cache_credential_change", args=(credential.pk,))
    assert staff.get(page).status_code == 200
    assert staff.post(page, {**fields(), "active": ""}).status_code == 302
    assert not Credential.objects.defer("secret").get().active


def test_a_new_key_is_shown_once(staff: Client, tenant: Tenant) -> None:
    made = staff.post(
        reverse(ADD_KEY), {"tenant": "default", "name": "ci", "scopes": ["read"], "requests_per_window": "50"}
    )
    row = ApiKey.objects.get()
    key = made.content.decode().partition('value="hc_')[2].partition('"')[0]

    assert ApiKey.digest_of(f"hc_{key}") == row.digest
    assert (row.scopes, row.requests_per_window) == (["read"], 50)
    assert "no-store" in made["Cache-Control"]
    for page in (reverse(KEYS), reverse("admin:github_cache_apikey_change", args=(row.pk,))):
        assert key not in staff.get(page).content.decode()
    assert key not in "".join(LogEntry.objects.values_list("change_message", flat=True))


def test_a_revoked_key_is_refused_at_once(staff: Client, tenant: Tenant) -> None:
    row, key = ApiKey.create(tenant, "ci", ["admin"])
    stats = reverse("cache-stats")
    assert Client().get(stats, headers={"X-Api-Key": key}).status_code == 200
    chosen = {"action": "revoke", "_selected_action": row.pk}

    asked = staff.post(reverse(KEYS), chosen)
    assert "Yes, revoke" in asked.content.decode()
    assert Client().get(stats, headers={"X-Api-Key": key}).status_code == 200

    staff.post(reverse(KEYS), {**chosen, "confirmed": "yes"})
    assert Client().get(stats, headers={"X-Api-Key": key}).status_code == 401
    assert LogEntry.objects.get().change_message == "Revoked."


def test_no_row_that_records_a_fact_can_be_changed(staff: Client, tenant: Tenant) -> None:
    row, _ = ApiKey.create(tenant, "ci")
    facts = ("stats_automation", "stats_repository", "stats_syncrun", "ratelimit_githubratelimit", "stats_cache")

    for fact in facts:
        assert staff.get(f"/admin/{fact.replace('_', '/', 1)}/add/").status_code in (403, 404)
    assert staff.post(reverse("admin:github_cache_apikey_delete", args=(row.pk,)), {"post": "yes"}).status_code == 403
