"""Tokens of a GitHub App's installations: asked for once, renewed before they end, used up where renewing fails."""

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone
from pytest_django import Settings

from github_cache import limits
from github_cache.models import Credential, Tenant
from github_cache.upstream import calls, credentials
from github_cache.upstream.app_tokens import RENEW_BEFORE, App, InstallationTokens, private_key
from github_cache.upstream.errors import NoCredential, UpstreamError
from github_cache.upstream.protocol import Call, Reply
from github_sandbox.apps import install_app
from github_sandbox.entities import Installation
from github_sandbox.server import Handle
from ratelimit.budget import Lane
from ratelimit.governor import governor
from ratelimit.models import GitHubRateLimit

from .conftest import ORG, use_tokens

HOUR = 3600.0


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def installation(sandbox: Handle, key: rsa.RSAPrivateKey, settings: Settings) -> Installation:
    """The App 42, installed in the sample organisation; no other token is configured."""
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    use_tokens(settings)
    return install_app(sandbox.world, ORG, 42, public.decode())


def minted(sandbox: Handle) -> int:
    return sum(str(entry["path"]).endswith("/access_tokens") for entry in sandbox.ledger.entries())


def test_a_jwt_as_github_wants_it(key: rsa.RSAPrivateKey, pem: str) -> None:
    bearer = App("42", pem).bearer(now=1_000_000)
    claims = jwt.decode(
        bearer.token, key.public_key(), algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert claims == {"iat": 1_000_000 - 60, "exp": 1_000_000 + 540, "iss": "42"}
    assert pem not in repr(App("42", pem))
    assert bearer.token not in repr(bearer)


@pytest.mark.parametrize(
    "secret", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_cannot_sign(secret: str) -> None:
    with pytest.raises(NoCredential, match="App 42"):
        App("42", secret).bearer(now=0)


def test_the_key_as_text_or_as_a_file(tmp_path: Path, pem: str) -> None:
    (tmp_path / "app.pem").write_text(pem)
    assert private_key(pem) == private_key(pem.replace("\n", "\\n")) == private_key(str(tmp_path / "app.pem")) == pem
    with pytest.raises(NoCredential, match="GITHUB_APP_PRIVATE_KEY"):
        private_key(str(tmp_path / "none.pem"))


def test_a_token_is_asked_for_once_and_renewed_before_its_end(
    sandbox: Handle, installation: Installation, pem: str
) -> None:
    tokens, app, number = InstallationTokens(), App("42", pem), str(installation.id)
    now = sandbox.world.clock.now()
    first = tokens.bearer(app, number, "app", now)
    assert first.account == f"installation-{number}"
    assert tokens.bearer(app, number, "app", now + HOUR - RENEW_BEFORE - 5) == first
    assert minted(sandbox) == 1
    sandbox.world.clock.move(HOUR - RENEW_BEFORE + 5)
    second = tokens.bearer(app, number, "app", sandbox.world.clock.now())
    assert second.identity != first.identity
    assert second.account == first.account
    assert minted(sandbox) == 2


def test_an_old_token_is_used_up_where_renewing_fails(sandbox: Handle, installation: Installation, pem: str) -> None:
    tokens, app, number = InstallationTokens(), App("42", pem), str(installation.id)
    now = sandbox.world.clock.now()
    first = tokens.bearer(app, number, "app", now)
    sandbox.faults.add({"kind": "status", "status": 500, "path": "access_tokens"})
    assert tokens.bearer(app, number, "app", now + HOUR - 60) == first
    with pytest.raises(UpstreamError):
        tokens.bearer(app, number, "app", now + HOUR + 1)


def test_an_installation_that_is_not_there(sandbox: Handle, installation: Installation, pem: str) -> None:
    with pytest.raises(NoCredential, match="404"):
        InstallationTokens().bearer(App("42", pem), "999", "app", sandbox.world.clock.now())


def test_the_environments_app_serves_the_first_tenant(
    sandbox: Handle, installation: Installation, pem: str, settings: Settings
) -> None:
    settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY = "42", pem
    credentials.forget()
    (bearer,) = credentials.pool("default")
    assert bearer.account == f"installation-{installation.id}"
    assert credentials.pool("another") == ()
    reply = calls.send(Call("GET", f"/orgs/{ORG}"), tenant="default", lane=Lane.INTERACTIVE)
    assert isinstance(reply, Reply)
    assert reply.status == 200
    assert governor().status([bearer.account])[bearer.account][0].limit == 5000
    assert [health.state for health in credentials.health("default")] == ["ok"]


def test_a_row_names_its_installation(sandbox: Handle, installation: Installation, pem: str) -> None:
    tenant, _ = Tenant.objects.get_or_create(slug="acme")
    Credential.objects.create(
        tenant=tenant, name="ours", kind="app", secret=pem, app_id="42", installation_id=str(installation.id)
    )
    (bearer,) = credentials.pool("acme")
    assert (bearer.name, bearer.account) == ("ours", f"installation-{installation.id}")


def test_a_token_that_is_refused_is_asked_for_anew(
    sandbox: Handle, installation: Installation, pem: str, settings: Settings
) -> None:
    settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY = "42", pem
    credentials.forget()
    (bearer,) = credentials.pool("default")
    del sandbox.world.tokens[bearer.token]
    with pytest.raises(NoCredential):
        calls.send(Call("GET", f"/orgs/{ORG}"), tenant="default", lane=Lane.INTERACTIVE)
    again = calls.send(Call("GET", f"/orgs/{ORG}"), tenant="default", lane=Lane.INTERACTIVE)
    assert isinstance(again, Reply)
    assert (again.status, again.bearer != bearer.identity) == (200, True)


def test_the_history_of_an_installation_outlives_its_tokens(
    sandbox: Handle, installation: Installation, pem: str, settings: Settings
) -> None:
    settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY = "42", pem
    for _ in range(2):
        credentials.forget()  # so that a new token is asked for
        limits.record("default", timezone.now())
    assert len({bearer["token"] for bearer in sandbox.ledger.entries() if bearer["path"] == "/rate_limit"}) == 2
    (bearer,) = credentials.pool("default")
    found = GitHubRateLimit.objects.filter(token_hash=limits.row_key(bearer.account, bearer.identity))
    assert found.filter(resource_type="core").count() == 2


def test_an_app_that_cannot_be_used_stops_nothing_else(
    sandbox: Handle, installation: Installation, settings: Settings
) -> None:
    settings.GITHUB_APP_ID, settings.GITHUB_APP_PRIVATE_KEY = "42", "/no/such/key.pem"
    use_tokens(settings, "ghp_sandbox_admin_1")
    assert [bearer.name for bearer in credentials.pool("default")] == ["environment 1"]
    states = {health.name: health.state for health in credentials.health("default")}
    assert states == {"environment 1": "ok", "environment app 42": "unusable"}
