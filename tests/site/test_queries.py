"""Pages and lists run a fixed number of queries, however much they show."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from github_cache.models import ApiKey, Tenant
from ratelimit import live
from stats import snapshots
from stats.indexing import index_repository
from stats.models import Automation, Organization, Repository, SyncRun
from tests.stats.samples import OBSERVED, organisation
from webhooks.models import WebhookConfig, WebhookEvent

PAGES = ("/", "/?q=build", "/?trigger=push&page=1", "/status", "/repositories/acme/project-1")
LISTS = tuple(
    f"/api/v1/{path}"
    for path in (
        "webhooks/events",
        "webhooks/configs",
        "stats/unreadable-files",
        "rate-limits/history",
        "search",
        "facets",
    )
)
ADMIN = tuple(
    f"/admin/{name}/"
    for name in ("stats/automation", "stats/repository", "stats/indexedfile", "stats/organization", "stats/syncrun",
                 "stats/cache", "stats/githublimit", "webhooks/webhookevent", "webhooks/webhookconfig",
                 "github_cache/apikey", "ratelimit/githubratelimit")
)  # fmt: skip


def fill(tenant: Tenant, repositories: int) -> None:
    """So many repositories with three automations each, and as many of everything else."""
    for sample in organisation(repositories, 3):
        index_repository(tenant.slug, sample.given, sample.files, OBSERVED)
    for number in range(repositories):
        organization, _ = Organization.objects.get_or_create(tenant=tenant, login=f"org-{number}")
        SyncRun.objects.create(organization=organization)
        ApiKey.create(tenant, f"key {number} of {repositories}")
        config = WebhookConfig.objects.create(tenant=tenant, target="organization", organization="acme", secret="s" * 9)
        WebhookEvent.objects.create(tenant=tenant, config=config, delivery_id=str(number), event_type="push",
                                    body_digest=b"", received_at=timezone.now())  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, *LISTS, *ADMIN])
def test_more_rows_take_no_more_queries(
    staff: Client, tenant: Tenant, path: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    seen = []
    for repositories in (3, 12):
        fill(tenant, repositories)
        snapshots.forget()
        staff.get(path)
        live.refresh()
        counts = []
        for _ in range(2):  # on a slow machine something that is believed for seconds is asked for anew in between
            with django_assert_max_num_queries(40) as asked:
                assert staff.get(path).status_code == 200
            counts.append(len(asked.captured_queries))
        seen.append(min(counts))

    assert seen[0] == seen[1], "\n".join(query["sql"][:150] for query in asked.captured_queries)
    assert Automation.objects.count() >= 36
    assert Repository.objects.count() == 12
