"""The admin's page of the cache: figures and charts, and clears that ask first, tell how many went, and are logged."""

import time

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from github_cache import keys, store
from github_cache.keys import Scope
from github_cache.models import Tenant
from stats import reports
from stats.models import CacheReads, StoreSample

PAGE = "admin:stats_cache_changelist"
CLEAR = "admin:stats_cache_clear"
REPOSITORY = Scope("repo", "7")


def keep(tenant: Tenant, scope: Scope, kind: str) -> str:
    """An entry as a read would keep it, without a validator."""
    key = keys.entry(tenant.slug, scope, kind)
    store.get().write(tenant.slug, scope, key, b"{}", ttl=60, kinds=(kind,), has_validator=False)
    return key


def test_the_page_shows_reads_by_kind_and_tenant(staff: Client, tenant: Tenant) -> None:
    slot = reports.slot_of(time.time())
    CacheReads.objects.create(slot=slot, tenant="default", kind="issues", outcome="HIT", count=30)
    CacheReads.objects.create(slot=slot, tenant="default", kind="issues", outcome="MISS", count=10)
    CacheReads.objects.create(slot=slot, tenant="other", kind="meta", outcome="MISS", count=5)

    page = staff.get(reverse(PAGE)).content.decode()

    assert "75.0 % of 40" in page
    assert '<th scope="row">issues</th><td>40</td><td>75.0 %</td>' in page
    assert '<th scope="row">other</th><td>5</td><td>0.0 %</td>' in page
    assert page.count("<figure>") == 2


def test_keys_and_memory_are_drawn_once_two_samples_are_there(staff: Client, tenant: Tenant) -> None:
    now = time.time()
    for age, kept in ((600, 10), (0, 20)):
        StoreSample.objects.create(slot=reports.slot_of(now - age), keys=kept, memory_bytes=kept, evicted_keys=kept)

    page = staff.get(reverse(PAGE)).content.decode()

    assert page.count("<polyline") == 2
    assert "Keys, last day: 20 now" in page


def test_a_clear_asks_first_and_deletes_nothing_yet(staff: Client, tenant: Tenant) -> None:
    key = keep(tenant, REPOSITORY, "issues")

    asked = staff.get(reverse(CLEAR), {"tenant": "default", "what": "everything", "name": "", "kind": ""})

    assert b"Yes, clear it" in asked.content
    assert store.get().read(key, ()).data is not None
    assert not LogEntry.objects.exists()


def test_clearing_everything_tells_how_many_went_and_is_logged(staff: Client, tenant: Tenant) -> None:
    kept = [keep(tenant, REPOSITORY, "issues"), keep(tenant, Scope("org", "3"), "repos")]

    done = staff.post(reverse(CLEAR), {"tenant": "default", "what": "everything"}, follow=True)

    assert "2 entries deleted" in done.content.decode()
    assert [store.get().read(key, ()).data for key in kept] == [None, None]
    entry = LogEntry.objects.get()
    assert entry.user.username == "ada"
    assert "2 entries deleted" in entry.change_message
    assert entry.object_id == "default"


def test_clearing_one_kind_leaves_the_others(staff: Client, tenant: Tenant) -> None:
    issues, labels = keep(tenant, REPOSITORY, "issues"), keep(tenant, REPOSITORY, "labels")

    done = staff.post(reverse(CLEAR), {"tenant": "default", "what": "kind", "kind": "issues"}, follow=True)

    assert "Cleared issues of everything: 1 entries deleted" in done.content.decode()
    assert store.get().read(issues, ()).data is None
    assert store.get().read(labels, ()).data is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"what": "repository", "name": ""}, "Say which one."),
        ({"what": "repository", "name": "nobody/nothing"}, "Nothing is kept of"),
        ({"what": "organization", "name": "no such"}, "name"),
        ({"what": "kind", "kind": ""}, "Choose a kind."),
        ({"what": "everything", "name": "acme/api"}, "Leave this empty"),
        ({"what": "url", "name": "/../secrets"}, "path"),
        ({"what": "everything", "tenant": "nobody"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_cleared_is_said_on_the_form(
    staff: Client, tenant: Tenant, given: dict[str, str], said: str
) -> None:
    refused = staff.post(reverse(CLEAR), {"tenant": "default", **given})

    assert refused.status_code == 400
    assert said in refused.content.decode()
    assert not LogEntry.objects.exists()


def test_who_may_only_look_cannot_clear(tenant: Tenant) -> None:
    looker = get_user_model().objects.create_user("bob", password="a good passphrase", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_cache"))
    client = Client()
    client.force_login(looker)

    assert "Clear …" not in client.get(reverse(PAGE)).content.decode()
    assert client.post(reverse(CLEAR), {"tenant": "default", "what": "everything"}).status_code == 403
