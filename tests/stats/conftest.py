"""A tenant with an index to ask, over both databases."""

from collections.abc import Iterator

import pytest

from github_cache.models import Tenant
from stats import snapshots
from tests.postgres import database, postgres_connection, postgres_server  # noqa: F401


@pytest.fixture(autouse=True)
def nothing_in_memory() -> Iterator[None]:
    """Each test begins with a process that has read nothing."""
    snapshots.forget()
    yield
    snapshots.forget()


@pytest.fixture(params=["sqlite", "postgresql"])
def vendor(request: pytest.FixtureRequest) -> str:
    """The test runs once on each database."""
    return request.param


@pytest.fixture
def tenant(database: str) -> str:  # noqa: F811
    """The slug of a tenant with nothing in its index."""
    return Tenant.objects.get_or_create(slug="acme")[0].slug
