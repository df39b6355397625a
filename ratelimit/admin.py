"""The history of GitHub's limits in the admin: facts, so they can be read and filtered, not changed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ratelimit.models import GitHubRateLimit


class ReadOnly(admin.ModelAdmin):
    """Rows that record facts: shown, and never edited by hand. Upper floors use it for theirs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(GitHubRateLimit)
class GitHubRateLimitAdmin(ReadOnly):
    list_display = ("checked_at", "account_name", "resource_type", "remaining", "limit", "percentage", "reset_at")
    list_filter = ("resource_type", "account_name")
    date_hierarchy = "checked_at"
    search_fields = ("account_name", "token_hash")
    show_full_result_count = False

    @admin.display(description="used")
    def percentage(self, row: GitHubRateLimit) -> str:
        return f"{row.percentage_used:g} %"
