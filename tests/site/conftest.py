"""A member of staff at a browser, and a tenant."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from github_cache import identity
from github_cache.models import Tenant
from ratelimit.limiter import limiter
from stats import snapshots
from tests.postgres import database, postgres_connection, postgres_server  # noqa: F401


@pytest.fixture(autouse=True)
def nothing_in_memory() -> None:
    """Each test begins with a process that has read and counted nothing."""
    snapshots.forget()
    identity.forget_keys()
    limiter.cache_clear()


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.get_or_create(slug="default")[0]


@pytest.fixture
def staff(tenant: Tenant) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ada", password="a good passphrase"))
    return client
