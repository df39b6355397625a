"""Callers without a key or token, where reading without one is allowed: all of a sandbox, GitHub's public things."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django import Settings

from github_sandbox import changes
from github_sandbox.server import serve
from tests.github_cache.gateway.conftest import small_world
from tests.github_cache.gateway.house import ADMIN, House, forget_memories

HELLO, SECRET = "/api/v3/repos/octo/hello", "/api/v3/repos/octo/secret"


@pytest.fixture
def nobody(house: House, settings: Settings) -> House:
    settings.HUBCACHE_ANONYMOUS_READ = True
    return house


@pytest.fixture
def real(nobody: House, settings: Settings) -> Iterator[House]:
    """A GitHub that is not at one of this machine's usual names."""
    with serve(small_world(), host="127.0.0.2") as handle:
        settings.GITHUB_API_URL, settings.GITHUB_GRAPHQL_URL = handle.url, f"{handle.url}/graphql"
        forget_memories()
        yield replace(nobody, handle=handle)


def test_a_sandbox_shows_everything_and_lets_nobody_write(nobody: House) -> None:
    assert nobody.get(f"{SECRET}/issues", key="").status_code == 200
    assert nobody.get("/api/v1/github/octo/secret/info", key="").status_code == 200
    assert nobody.ask("POST", f"{HELLO}/labels", key="", body={"name": "x", "color": "ff0000"}).status_code == 401
    assert nobody.ask("POST", "/api/v1/github/octo/hello/cache/invalidate", key="").status_code == 401


@pytest.mark.parametrize(
    "path", [f"{HELLO}/issues", f"{HELLO}/labels", "/api/v1/github/octo/hello/info", "/api/v1/github/octo/hello/issues"]
)
def test_a_real_github_shows_what_is_public(real: House, path: str) -> None:
    assert real.get(path, key="").status_code == 200
    assert real.get(path, key="").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        SECRET,
        f"{SECRET}/issues",
        f"{SECRET}/tarball",
        "/api/v1/github/octo/secret/info",
        "/api/v1/github/octo/secret/issues",
        "/api/v3/orgs/octo/repos",
        "/api/v1/github/orgs/octo/repos",
        "/api/v3/user",
        "/api/v3/search/repositories?q=secret",
        HELLO,
    ],
)
def test_and_nothing_else_whoever_asked_before(real: House, path: str) -> None:
    """The last one bears the permissions of the pool's token."""
    real.get(path)
    for _ in range(2):
        answer = real.get(path, key="")
        assert answer.status_code in (401, 404)
    assert real.get(path, key="", Cache_Control="no-store").status_code in (401, 404)
    assert real.get(path, key="", Range="bytes=0-1").status_code in (401, 404)


def test_nor_by_graphql(real: House) -> None:
    query = '{repository(owner:"octo",name:"secret"){name}}'
    assert real.graphql(query).status_code == 200
    assert real.graphql(query, key="").status_code == 401
    assert real.graphql(query, token=ADMIN).status_code == 200


def test_and_is_not_told_what_there_is(real: House) -> None:
    """What is private, what was private and renamed, and what was never there look the same."""
    world = real.handle.world
    changes.edit_repository(world, real.repository("secret"), world.accounts["octo-admin"], {"name": "hidden"})
    answers = {
        (answer.status_code, answer.content)
        for name in ("secret", "hidden", "nope")
        for path in (f"/api/v3/repos/octo/{name}", f"/api/v3/repos/octo/{name}/issues")
        for answer in [real.get(path, key="")]
    }
    assert {status for status, _ in answers} == {401}
    assert len(answers) == 1
