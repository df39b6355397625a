"""How far a sync has come is shown on the page and on the command line; a person may stop it from the admin."""

import io
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from github_cache.models import Tenant
from stats.models import Organization, SyncRun
from tests.stats.test_syncing import SIZE, Handle, github, sync  # noqa: F401


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The command takes SIGTERM for Ctrl-C, in its own process."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ada", password="a good passphrase"))
    return client


@pytest.fixture
def run(db: None, settings: Any) -> SyncRun:
    tenant = Tenant.objects.get_or_create(slug="acme")[0]
    settings.HUBCACHE_TENANT = tenant.pk
    organization = Organization.objects.create(tenant=tenant, login="octo")
    return SyncRun.objects.create(organization=organization, done=37, total=1234)


def test_the_page_shows_how_far_it_has_come(staff: Client, run: SyncRun) -> None:
    page = " ".join(staff.get("/status").content.decode().split())
    assert 'Running: 37 of 1,234 <progress max="1234" value="37" aria-label="Sync of octo">' in page


def test_a_person_stops_it_from_the_admin(staff: Client, run: SyncRun) -> None:
    staff.post("/admin/stats/organization/", {"action": "stop", "_selected_action": [run.organization_id]})
    run.refresh_from_db()
    assert run.stop_asked


def test_the_command_line_shows_it_and_tells_the_end(github: Handle) -> None:  # noqa: F811
    out = io.StringIO()
    call_command("sync", "octo", tenant="acme", stdout=out)
    assert f"{SIZE}/{SIZE}" in out.getvalue()
    assert f"octo: {SIZE} repositories indexed." in out.getvalue()


def test_the_command_line_says_why_it_ended_early(github: Handle) -> None:  # noqa: F811
    with pytest.raises(CommandError, match="nobody-here"):
        call_command("sync", "nobody-here", tenant="acme", stdout=io.StringIO())
    with pytest.raises(CommandError, match="no tenant"):
        call_command("sync", "octo", tenant="nobody", stdout=io.StringIO())
