"""The index's rows to look at; they are written by indexing only. An organisation can be synced, and a sync stopped.

The pages of the cache and of GitHub's limits stand in modules of their own.
"""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from ratelimit.admin import ReadOnly
from stats import cache_admin, limits_admin
from stats.models import Automation, DailyRollup, IndexedFile, IndexGeneration, Organization, Repository, SyncRun

__all__ = ["cache_admin", "limits_admin"]

admin.site.site_header = admin.site.site_title = "Hubcache"


@admin.register(Organization)
class OrganizationAdmin(ReadOnly):
    list_display = ("login", "tenant", "synced_at")
    actions = ("sync", "stop")

    @admin.action(description="Sync from GitHub", permissions=["view"])
    def sync(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        from stats.tasks import sync_organization

        for organization in queryset:
            sync_organization.delay(organization.tenant_id, organization.login)
        self.message_user(request, f"{queryset.count()} queued.", messages.SUCCESS)

    @admin.action(description="Stop the sync", permissions=["view"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        from stats import syncing

        asked = sum(syncing.stop(organization.tenant_id, organization.login) for organization in queryset)
        self.message_user(request, f"{asked} asked to stop.", messages.SUCCESS)


@admin.register(Repository)
class RepositoryAdmin(ReadOnly):
    list_display = ("full_name", "tenant", "visibility", "archived", "pushed_at", "observed_at", "removed_at")
    list_filter = ("tenant", "visibility", "archived")
    search_fields = ("full_name",)


@admin.register(Automation)
class AutomationAdmin(ReadOnly):
    list_display = ("name", "kind", "repository", "path", "line", "pinned")
    list_filter = ("tenant", "kind", "pinned")
    list_select_related = ("repository",)
    search_fields = ("name", "path")


@admin.register(IndexedFile)
class IndexedFileAdmin(ReadOnly):
    list_display = ("path", "repository", "automations", "reason")
    list_filter = (("reason", admin.EmptyFieldListFilter),)
    list_select_related = ("repository",)
    search_fields = ("path", "repository__full_name")


@admin.register(IndexGeneration)
class IndexGenerationAdmin(ReadOnly):
    list_display = ("tenant", "value", "changed_at")


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly):
    list_display = ("organization", "state", "done", "total", "unread", "started_at", "finished_at", "message")
    list_filter = ("state",)


@admin.register(DailyRollup)
class DailyRollupAdmin(ReadOnly):
    list_display = ("day", "tenant", "repositories", "automations")
