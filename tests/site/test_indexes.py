"""The plans that docs/queries.md shows are those that the databases make."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.models import QuerySet

from github_cache.models import Tenant
from ratelimit.models import GitHubRateLimit
from stats.models import CacheReads, IndexedFile, Repository
from tests.journeys.house import ROOT
from webhooks.models import WebhookEvent

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ROW = r"^\| ([^|]+) \| `([^`]+)` \| `([^`]+)` \|$"
SHOWN = {
    what: {"sqlite": sqlite, "postgresql": postgresql}
    for what, sqlite, postgresql in re.findall(ROW, (ROOT / "docs/queries.md").read_text(), re.MULTILINE)
}
LIMITS = {"token_hash": "t", "resource_type": "core", "checked_at__gte": NOW}
QUERIES: dict[str, QuerySet] = {
    "deliveries of a tenant, newest first": WebhookEvent.objects.filter(tenant="a").order_by("-id").values("id")[:30],
    "deliveries with something left to do": WebhookEvent.objects.waiting().filter(next_try_at__lt=NOW).values("id"),
    "one repository by its name, in any capitals": Repository.objects.named("a", "A/b").values("id"),
    "repositories changed since a generation": Repository.objects.filter(tenant="a", generation__gt=1990).values("id"),
    "files that could not be read": IndexedFile.objects.filter(repository=1).exclude(reason="").values("id"),
    "history of a credential's limits": GitHubRateLimit.objects.filter(**LIMITS).order_by("-checked_at").values("id"),
    "reads behind the charts": CacheReads.objects.filter(tenant="a", slot__gt=NOW).values("slot"),
}


def test_every_query_of_the_page_is_examined() -> None:
    assert SHOWN.keys() == QUERIES.keys()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_the_plans_are_those_that_are_shown(database: str) -> None:
    tenant = Tenant.objects.create(slug="a")
    Repository.objects.bulk_create(
        Repository(tenant=tenant, github_id=number, full_name=f"A/{number}", generation=number, observed_at=NOW)
        for number in range(2000)
    )
    if database == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE stats_repository")
            cursor.execute("SET LOCAL enable_seqscan = off")
    plans = {what: query.explain() for what, query in QUERIES.items()}

    assert [what for what, plan in plans.items() if SHOWN[what][database] not in plan] == [], plans
    assert Repository.objects.named("a", "a/1999").exists()
