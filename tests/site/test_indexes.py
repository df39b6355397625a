"""The plans that docs/queries.md shows are those that the database makes."""

import re
from datetime import UTC, datetime

import pytest
from django.db.models import QuerySet

from ratelimit.models import GitHubRateLimit
from stats.models import CacheReads, IndexedFile, Repository
from tests.journeys.house import ROOT
from webhooks.models import WebhookEvent

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SHOWN = dict(re.findall(r"^\| ([^|]+) \| `\w+` \| `([^`]+)` \|$", (ROOT / "docs/queries.md").read_text(), re.MULTILINE))
LIMITS = {"token_hash": "t", "resource_type": "core", "checked_at__gte": NOW}
QUERIES: dict[str, QuerySet] = {
    "deliveries of a tenant, newest first": WebhookEvent.objects.filter(tenant="a").order_by("-id").values("id")[:30],
    "deliveries with something left to do": WebhookEvent.objects.waiting().filter(next_try_at__lt=NOW).values("id"),
    "one repository by its name": Repository.objects.filter(tenant="a", full_name="a/b", removed_at=None).values("id"),
    "repositories changed since a generation": Repository.objects.filter(tenant="a", generation__gt=5).values("id"),
    "files that could not be read": IndexedFile.objects.filter(repository=1).exclude(reason="").values("id"),
    "history of a credential's limits": GitHubRateLimit.objects.filter(**LIMITS).order_by("-checked_at").values("id"),
    "reads behind the charts": CacheReads.objects.filter(tenant="a", slot__gt=NOW).values("slot"),
}


def test_every_query_of_the_page_is_examined() -> None:
    assert SHOWN.keys() == QUERIES.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("what", QUERIES)
def test_the_plan_is_the_one_that_is_shown(what: str) -> None:
    assert SHOWN[what] in QUERIES[what].explain()
