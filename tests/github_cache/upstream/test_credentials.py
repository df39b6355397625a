"""A tenant's tokens: where they come from, which one is pinned, and what is said of those that cannot be used."""

import pytest
from django.db import connection
from pytest_django import Settings

from github_cache import keys
from github_cache.models import Credential, Tenant
from github_cache.upstream import credentials

from .conftest import use_tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant(settings: Settings) -> Tenant:
    use_tokens(settings)
    return Tenant.objects.get_or_create(slug="acme")[0]


def add(tenant: Tenant, name: str, **fields: object) -> Credential:
    made = Credential.objects.create(tenant=tenant, name=name, **{"secret": f"ghp_{name}", **fields})
    credentials.forget()
    return made


def names(tenant: str) -> list[str]:
    return [bearer.name for bearer in credentials.pool(tenant)]


def test_a_row_is_a_token(tenant: Tenant) -> None:
    add(tenant, "one")
    (bearer,) = credentials.pool("acme")
    assert (bearer.token, bearer.identity) == ("ghp_one", keys.identity("ghp_one"))
    assert "ghp_one" not in repr(bearer)


def test_rows_of_others_and_inactive_ones_are_not_used(tenant: Tenant) -> None:
    other = Tenant.objects.create(slug="other")
    add(tenant, "one")
    add(tenant, "old", active=False)
    add(other, "theirs")
    assert names("acme") == ["one"]
    assert names("nobody") == []


def test_the_environment_serves_the_first_tenant_only(tenant: Tenant, settings: Settings) -> None:
    use_tokens(settings, "ghp_env")
    assert names("default") == ["environment 1"]
    assert names("acme") == []


def test_the_same_token_twice_is_one(settings: Settings) -> None:
    first, _ = Tenant.objects.get_or_create(slug="default")
    use_tokens(settings, "ghp_same")
    add(first, "row", secret="ghp_same")
    assert len(credentials.pool("default")) == 1


def test_the_pinned_row_speaks_for_the_tenant(tenant: Tenant) -> None:
    add(tenant, "one")
    assert credentials.pinned("acme") is None
    add(tenant, "two", pinned=True)
    bearer = credentials.pinned("acme")
    assert bearer is not None
    assert bearer.name == "two"


def test_the_environments_token_is_pinned_where_no_row_is(settings: Settings) -> None:
    first, _ = Tenant.objects.get_or_create(slug="default")
    use_tokens(settings, "ghp_env")
    bearer = credentials.pinned("default")
    assert bearer is not None
    assert bearer.token == "ghp_env"
    add(first, "row", pinned=True)
    bearer = credentials.pinned("default")
    assert bearer is not None
    assert bearer.token == "ghp_row"


def test_further_tokens_of_the_environment_are_not_pinned(settings: Settings) -> None:
    use_tokens(settings, "ghp_env")
    settings.GITHUB_TOKEN = ""
    credentials.forget()
    assert credentials.pinned("default") is None


def test_a_secret_that_cannot_be_read_hides_no_other(tenant: Tenant) -> None:
    broken = add(tenant, "broken")
    add(tenant, "one")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE github_cache_credential SET secret = 'rubbish' WHERE id = %s", [broken.pk])
    credentials.forget()
    assert names("acme") == ["one"]
    health = {each.name: each for each in credentials.health("acme")}
    assert (health["broken"].state, health["one"].state) == ("unusable", "ok")
    assert "HUBCACHE_ENCRYPTION_KEYS" in health["broken"].reason


def test_a_caller_has_its_own_account(tenant: Tenant) -> None:
    bearer = credentials.passthrough("ghp_theirs", "acme")
    assert bearer.account == bearer.identity == keys.identity("ghp_theirs")
    assert "ghp_theirs" not in repr(bearer)
    assert "ghp_theirs" not in bearer.name
