"""A sandbox GitHub on loopback that the settings point to, with tokens of its people in the first tenant's pool."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from github_cache.upstream import credentials, graphql, rest
from github_sandbox.sample import SampleSize, make_world
from github_sandbox.server import Handle, serve
from ratelimit import live
from ratelimit.governor import governor

ADMIN = "ghp_sandbox_admin_1"
ADMIN_TOO = "ghp_sandbox_admin_2"
DEV = "ghp_sandbox_dev_1"
GUEST = "ghp_sandbox_guest_1"
ORG = "octo-sample"


def forget() -> None:
    """What this process remembers of GitHub from one test must not help the next."""
    credentials.forget()
    graphql.sizes.forget()
    rest.renames.forget_all()
    governor.cache_clear()


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def sandbox(settings: Settings, db: None) -> Iterator[Handle]:
    """A GitHub with twelve repositories; the first tenant has the admin's token."""
    with serve(make_world(SampleSize(repositories=12, automations=60, issues=9))) as handle:
        point_at(settings, handle.url)
        yield handle


def point_at(settings: Settings, url: str, *tokens: str) -> None:
    """Make `url` the GitHub of the settings, asked with these tokens (the admin's unless told)."""
    settings.GITHUB_API_URL = url
    settings.GITHUB_GRAPHQL_URL = f"{url}/graphql"
    use_tokens(settings, *(tokens or (ADMIN,)))


def use_tokens(settings: Settings, *tokens: str) -> None:
    settings.GITHUB_TOKEN = tokens[0] if tokens else ""
    settings.GITHUB_TOKENS = tokens
    credentials.forget()


@pytest.fixture
def flags(db: None) -> Iterator[Callable[..., None]]:
    """Changes live settings as the admin does, for one test."""
    from constance import config

    def change(**values: Any) -> None:
        for name, value in values.items():
            setattr(config, name, value)
        live.refresh()

    yield change
    from constance.models import Constance

    Constance.objects.all().delete()
    live.refresh()


def spent(sandbox: Handle, bucket: str) -> int:
    """What the sandbox has charged to a bucket, over all accounts."""
    return sum(int(str(entry["cost"])) for entry in sandbox.ledger.entries() if entry["bucket"] == bucket)
