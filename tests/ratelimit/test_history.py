"""The history of GitHub's limits: written in a batch, read-only, pruned."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.urls import reverse

from ratelimit.history import Reading, prune, record
from ratelimit.models import GitHubRateLimit
from ratelimit.quota import Quota

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
QUOTA = Quota("core", 5000, 4950, 50, NOW.timestamp() + 600)


def reading(**fields: object) -> Reading:
    return Reading(
        "octocat", "ab" * 32, Quota(**{**{name: getattr(QUOTA, name) for name in Quota.__slots__}, **fields})
    )


def test_readings_are_written_in_one_statement(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert record([reading(), reading(bucket="search", reset=0.0)], NOW) == 2
    core = GitHubRateLimit.objects.get(resource_type="core")
    assert (core.limit, core.remaining, core.used, core.account_name, core.token_hash) == (
        5000, 4950, 50, "octocat", "ab" * 32,
    )  # fmt: skip
    assert core.reset_at == NOW + timedelta(minutes=10)
    assert core.percentage_used == 1.0
    assert str(core) == "octocat core: 4950 of 5000"
    assert GitHubRateLimit.objects.get(resource_type="search").reset_at is None


def test_nothing_to_record_is_nothing() -> None:
    assert record([], NOW) == 0


def test_what_is_older_is_pruned_and_nothing_else() -> None:
    for days in range(10):
        record([reading()], NOW - timedelta(days=days))
    assert prune(timedelta(days=7), NOW) == 2
    assert GitHubRateLimit.objects.earliest("checked_at").checked_at == NOW - timedelta(days=7)
    assert prune(timedelta(days=7), NOW) == 0


def test_the_latest_of_a_resource_is_found_by_an_index() -> None:
    query = GitHubRateLimit.objects.filter(token_hash="x", resource_type="core").order_by("-checked_at")
    if connection.vendor == "sqlite":
        assert "ratelimit_by_token" in query.explain()


def test_the_admin_shows_rows_and_changes_none(client) -> None:
    record([reading()], NOW)
    client.force_login(get_user_model().objects.create_superuser("root"))
    page = client.get(reverse("admin:ratelimit_githubratelimit_changelist"))
    assert page.status_code == 200
    assert "octocat" in page.content.decode()
    row = GitHubRateLimit.objects.get()
    assert client.get(reverse("admin:ratelimit_githubratelimit_add")).status_code == 403
    changed = client.post(reverse("admin:ratelimit_githubratelimit_change", args=[row.id]), {"remaining": 1})
    assert changed.status_code == 403
    assert client.post(reverse("admin:ratelimit_githubratelimit_delete", args=[row.id])).status_code == 403
