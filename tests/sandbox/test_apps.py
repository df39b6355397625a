"""A GitHub App: its JWT, its installation's tokens, and what those may see."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from github_sandbox.apps import AppProblem, install_app, read_public_key
from github_sandbox.entities import Installation
from github_sandbox.server import Handle
from tests.sandbox.conftest import Client
from tests.sandbox.receiver import receiving

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)


@pytest.fixture
def installation(sandbox: Handle, tmp_path: Any) -> Installation:
    path = tmp_path / "app.pem"
    path.write_bytes(PEM)
    return install_app(sandbox.world, "octo", 1001, read_public_key(path))


@pytest.fixture
def as_app(ask: Client, sandbox: Handle, installation: Installation) -> Callable[..., Any]:
    def call(method: str, path: str, json: Any = None, **claims: Any) -> Any:
        now = int(sandbox.world.clock.now())
        token = jwt.encode({"iat": now - 60, "exp": now + 540, "iss": "1001"} | claims, PEM, "RS256")
        return ask(method, path, json=json, headers={"Authorization": f"Bearer {token}"})

    return call


def test_an_app_finds_its_installation_and_gets_a_token(
    ask: Client, as_app: Callable[..., Any], installation: Installation
) -> None:
    assert as_app("GET", "/app").json()["id"] == 1001
    assert [i["id"] for i in as_app("GET", "/app/installations").json()] == [installation.id]
    assert as_app("GET", "/orgs/octo/installation").json()["id"] == installation.id
    made = as_app("POST", f"/app/installations/{installation.id}/access_tokens")
    assert made.status_code == 201
    bot = ask.as_(made.json()["token"])
    assert {r["name"] for r in bot("GET", "/installation/repositories").json()["repositories"]} == {"hello", "secret"}
    assert bot("GET", "/repos/octo/secret").status_code == 200
    assert "X-OAuth-Scopes" not in bot("GET", "/repos/octo/hello").headers


def test_a_token_expires_after_an_hour_and_its_successor_has_another_etag(
    ask: Client, sandbox: Handle, as_app: Callable[..., Any], installation: Installation
) -> None:
    path = f"/app/installations/{installation.id}/access_tokens"
    first, second = (as_app("POST", path).json()["token"] for _ in range(2))
    etag = ask.as_(first)("GET", "/repos/octo/hello").headers["ETag"]
    assert ask.as_(second)("GET", "/repos/octo/hello", headers={"If-None-Match": etag}).status_code == 200
    sandbox.world.clock.move(3601)
    assert ask.as_(first)("GET", "/repos/octo/hello").status_code == 401


def test_an_installation_that_covers_some_repositories_sees_no_other(
    ask: Client, sandbox: Handle, as_app: Callable[..., Any], installation: Installation
) -> None:
    hello = sandbox.world.find_repository(None, "octo", "hello")
    assert hello is not None
    installation.repository_ids = {hello.id}
    token = as_app("POST", f"/app/installations/{installation.id}/access_tokens").json()["token"]
    assert ask.as_(token)("GET", "/repos/octo/secret").status_code == 404


def test_the_refusals_of_an_installation_are_worded_for_it(
    ask: Client, sandbox: Handle, as_app: Callable[..., Any], installation: Installation
) -> None:
    token = as_app("POST", f"/app/installations/{installation.id}/access_tokens").json()["token"]
    refused = ask.as_(token)("PATCH", "/repos/octo/hello", json={"description": "x"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    sandbox.world.limits.change(core_installation=0)
    refused = ask.as_(token)("GET", "/repos/octo/hello")
    assert refused.json()["message"] == f"API rate limit exceeded for installation ID {installation.id}."


@pytest.mark.parametrize("claims", [{"iss": "7"}, {"exp": 1}, {"exp": 99_999_999_999}])
def test_a_jwt_that_proves_nothing_is_401(as_app: Callable[..., Any], claims: dict[str, Any]) -> None:
    assert as_app("GET", "/app", **claims).status_code == 401


def test_a_jwt_signed_by_another_key_is_401(ask: Client, installation: Installation) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode({"iss": "1001", "exp": 9_999_999_999}, other, "RS256")
    assert ask("GET", "/app", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_an_ordinary_token_is_no_app(ask: Client, installation: Installation) -> None:
    assert ask("GET", "/app/installations").status_code == 401


def test_the_apps_own_hook_is_told_for_which_installation(
    ask: Client, sandbox: Handle, as_app: Callable[..., Any], installation: Installation
) -> None:
    with receiving() as receiver:
        as_app("PATCH", "/app/hook/config", json={"url": receiver.url, "secret": "s"})
        ask("POST", "/repos/octo/hello/labels", json={"name": "new", "color": "ffffff"})
        sandbox.drain()
        headers, body = receiver.received[0]
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == "1001"
    assert json.loads(body)["installation"]["id"] == installation.id
    sent = as_app("GET", "/app/hook/deliveries").json()
    assert [d["event"] for d in sent] == ["label"]
    assert as_app("POST", f"/app/hook/deliveries/{sent[0]['id']}/attempts").status_code == 202


def test_a_key_file_that_is_none_is_told(tmp_path: Any) -> None:
    path = tmp_path / "none.pem"
    path.write_text("hello")
    with pytest.raises(AppProblem, match="holds no unencrypted PEM key"):
        read_public_key(path)
