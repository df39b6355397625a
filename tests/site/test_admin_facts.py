"""Rows of the admin that record facts are looked at, and never made or changed by hand."""

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import RequestFactory

FACTS = {
    "ratelimit.githubratelimit",
    "github_cache.pendinginvalidation",
    "stats.automation",
    "stats.cache",
    "stats.dailyrollup",
    "stats.githublimit",
    "stats.indexedfile",
    "stats.indexgeneration",
    "stats.repository",
    "stats.syncrun",
    "webhooks.webhookevent",
    "config.parkedtask",
    "config.worker",
}
DECISIONS = {
    "github_cache.apikey",
    "github_cache.credential",
    "github_cache.tenant",
    "stats.organization",
    "webhooks.webhookconfig",
}
ADMINS = {model._meta.label_lower: made for model, made in admin.site._registry.items()}


def test_every_model_of_ours_is_one_or_the_other() -> None:
    ours = {label for label in ADMINS if label.partition(".")[0] in {each.partition(".")[0] for each in FACTS}}

    assert ours == FACTS | DECISIONS


@pytest.mark.django_db
@pytest.mark.parametrize("label", sorted(FACTS))
def test_a_fact_is_read_only_even_for_the_admin(label: str) -> None:
    request = RequestFactory().get("/admin/")
    request.user = get_user_model().objects.create_superuser("ada", password="a good passphrase")

    assert ADMINS[label].has_view_permission(request)
    assert not ADMINS[label].has_add_permission(request)
    assert not ADMINS[label].has_change_permission(request)
