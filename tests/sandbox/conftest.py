"""A small sandbox on loopback, and a session that speaks to it as one of its people."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from github_sandbox import changes
from github_sandbox.entities import Account, Repository
from github_sandbox.sample import sample_accounts
from github_sandbox.server import Handle, serve
from github_sandbox.world import World


@dataclass
class Client:
    """Calls the sandbox as the owner of *token*; None is a stranger."""

    handle: Handle
    session: requests.Session
    token: str | None = "ghp_sandbox_admin_1"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"} if self.token else {}
        headers |= {"User-Agent": "test", "Accept-Encoding": "identity"} | options.pop("headers", {})
        options.setdefault("timeout", 20)
        url = path if path.startswith("http") else self.handle.url + path
        return self.session.request(method, url, headers=headers, allow_redirects=False, **options)

    def as_(self, token: str | None) -> "Client":
        return Client(self.handle, self.session, token)


def small_world() -> World:
    """`octo/hello`, public, with two issues and files; `octo/secret`, private."""
    world = World()
    org = sample_accounts(world, "octo")
    admin = world.accounts["octo-admin"]
    hello = changes.create_repository(world, org, admin, "hello", {"description": "Says hello"})
    files = {
        "README.md": b"# hello\n",
        "src/main.py": b"print('hello')\n",
        ".github/workflows/ci.yml": b"name: CI\non: push\njobs: {}\n",
    }
    changes.push(world, hello, admin, files, "Start")
    changes.create_issue(world, hello, admin, "It breaks", "Badly", ["bug"])
    changes.create_issue(world, hello, admin, "It is slow", None, [])
    changes.create_repository(world, org, admin, "secret", {"private": True, "auto_init": True})
    return world


@pytest.fixture
def sandbox() -> Iterator[Handle]:
    with serve(small_world(), recipe=small_world) as handle:
        yield handle


@pytest.fixture
def ask(sandbox: Handle) -> Iterator[Client]:
    with requests.Session() as session:
        session.trust_env = False
        yield Client(sandbox, session)


@pytest.fixture
def hello(sandbox: Handle) -> Repository:
    found = sandbox.world.find_repository(None, "octo", "hello")
    assert found is not None
    return found


@pytest.fixture
def admin(sandbox: Handle) -> Account:
    return sandbox.world.accounts["octo-admin"]
