"""The management commands: `explain`, those for API keys, `clear_cache`, `warm` and `rotate_encryption_keys`."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from github_cache.encryption import SecretUnreadable
from github_cache.models import ApiKey, Credential, Tenant
from tests.github_cache.gateway.house import TENANT, House, forget_memories
from tests.github_cache.gateway.test_use_and_warming import settle


def said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_explain_tells_what_is_held_and_what_would_drop_it(house: House) -> None:
    before = said("explain", "/repos/octo/hello/labels")
    assert "was never asked about" in before
    house.get("/api/v3/repos/octo/hello/labels")
    after = said("explain", f"{house.handle.url}/repos/octo/hello/labels")
    assert after == said("explain", "http://127.0.0.1:8000/api/v3/repos/octo/hello/labels")
    assert "fresh for" in after
    assert "fetched by the tenant's pool" in after
    assert "label, repository" in after
    assert "GITHUB_TTL_LABELS: no healthy hook" in after
    house.pass_time(5000)
    assert "GitHub is asked whether it still holds" in said("explain", "/repos/octo/hello/labels")


@pytest.mark.parametrize("url", ["/../x", "http://127.0.0.1:8000/api/v3/repos/%2e%2e/x", "/repos/octo/..", ""])
def test_explain_refuses_what_is_no_url(house: House, url: str) -> None:
    with pytest.raises(CommandError):
        said("explain", url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://evil.example/repos/octo/hello", "no URL of GitHub's REST API: give a path such as"),
        ("http://127.0.0.1:8000/repos/octo/hello", "no URL of GitHub's REST API"),
        ("http://127.0.0.1:8000/api/v1/github/octo/hello/info", "the typed API has no URLs of GitHub's"),
        ("/api/v1/github/octo/hello/info", "the typed API has no URLs of GitHub's"),
        ("http://[::1/repos/octo/hello", "no URL: Invalid IPv6"),
    ],
)
@pytest.mark.parametrize("command", [("explain",), ("clear_cache", "--url")])
def test_other_addresses_are_refused_with_the_reason(
    house: House, command: tuple[str, ...], url: str, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        said(*command, url)


@pytest.mark.parametrize("command", [("explain", "/repos/octo/hello"), ("clear_cache",), ("warm",)])
def test_a_tenant_that_is_not_there_is_an_error(house: House, command: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="There is no tenant 'nope'"):
        said(*command, "--tenant", "nope")


def test_a_kind_that_is_not_there_is_named_with_those_that_are(house: House) -> None:
    with pytest.raises(CommandError, match=r"there is no kind 'bogus'; there are: .*issues, .*pulls"):
        said("clear_cache", "--kind", "bogus")


def test_a_key_without_a_name_is_not_made_and_a_scope_is_held_once(house: House) -> None:
    with pytest.raises(CommandError, match="The name is empty"):
        said("create_api_key", " ")
    said("create_api_key", "twice", "--scope", "read", "--scope", "read")
    assert ApiKey.objects.get(name="twice").scopes == ["read"]


def test_a_key_is_printed_once_and_works(house: House) -> None:
    key = said("create_api_key", "dashboards", "--days", "1", "--requests", "50").strip()
    assert house.get("/api/v3/repos/octo/hello", key=key).status_code == 200
    row = ApiKey.objects.get(name="dashboards")
    assert (row.scopes, row.requests_per_window) == (["read"], 50)
    assert key not in str(vars(row))
    with pytest.raises(CommandError, match="--days"):
        said("create_api_key", "x", "--days", "0")


def test_keys_are_listed_and_one_is_revoked(house: House) -> None:
    key = said("create_api_key", "dashboards", "--days", "1").strip()
    assert house.get("/api/v3/repos/octo/hello", key=key).status_code == 200
    line = next(line for line in said("list_api_keys").splitlines() if "dashboards" in line)
    assert line.startswith(f"default/dashboards ({key[:10]}…): read; used ")
    assert key not in line
    assert said("list_api_keys", "--tenant", "nobody") == ""

    assert said("revoke_api_key", key[:10]).startswith("Revoked default/dashboards")
    forget_memories()
    assert house.get("/api/v3/repos/octo/hello", key=key).status_code == 401
    assert "revoked" in next(line for line in said("list_api_keys").splitlines() if "dashboards" in line)
    with pytest.raises(CommandError, match="no key that is in force"):
        said("revoke_api_key", key[:10])


def test_clearing_says_what_went(house: House) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    assert "Cleared everything of octo/hello" in said("clear_cache", "--repository", "octo/hello")
    assert house.get("/api/v3/repos/octo/hello/labels")["X-Cache"] == "MISS"
    with pytest.raises(CommandError, match="Nothing is kept"):
        said("clear_cache", "--organization", "nobody-knows")


def test_warm_says_what_it_did(house: House) -> None:
    assert said("warm").endswith("0 refreshed, 0 failed, 0 left; 0 calls to GitHub, 0 points.\n")


def test_a_dry_run_names_what_it_would_do_and_asks_nobody(house: House) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    settle()
    house.pass_time(880)
    house.forgotten()
    told = said("warm", "--dry-run", "--org", "octo")
    assert "/repos/octo/hello/labels" in told
    assert "1 would be refreshed" in told
    with pytest.raises(CommandError, match="Nobody has used anything of 'others'"):
        said("warm", "--dry-run", "--org", "others")
    assert house.calls == 0


def test_a_warm_up_in_which_all_failed_is_an_error(house: House) -> None:
    house.get("/api/v3/repos/octo/hello/labels")
    settle()
    house.pass_time(880)
    house.handle.faults.add({"kind": "status", "status": 502})
    with pytest.raises(CommandError, match="Nothing could be refreshed"):
        said("warm", "--org", "octo")


def test_secrets_come_under_the_newest_key_and_lost_ones_are_named(house: House, settings) -> None:
    old, new, lost = (Fernet.generate_key().decode() for _ in range(3))
    tenant = Tenant.objects.get(slug=TENANT)
    settings.HUBCACHE_ENCRYPTION_KEYS = (lost,)
    Credential.objects.create(tenant=tenant, name="lost", secret="unreadable")
    settings.HUBCACHE_ENCRYPTION_KEYS = (old,)
    kept = Credential.objects.create(tenant=tenant, name="kept", secret="ghp_kept")
    settings.HUBCACHE_ENCRYPTION_KEYS = (new, old)
    with pytest.raises(CommandError, match="1 cannot be read"):
        said("rotate_encryption_keys")
    settings.HUBCACHE_ENCRYPTION_KEYS = (new,)
    assert Credential.objects.get(pk=kept.pk).secret == "ghp_kept"
    with pytest.raises(SecretUnreadable):
        Credential.objects.get(name="lost")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM github_cache_credential")
        assert not any("ghp_kept" in secret for (secret,) in cursor.fetchall())
