"""The admin's live page of GitHub's limits: a bar per account and bucket, when it resets, what rests and what waits."""

import time
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from github_cache.models import Tenant
from github_cache.upstream import credentials
from ratelimit.admin import ReadOnly
from stats import github_limits
from stats.models import SyncRun
from stats.report_rows import GitHubLimit


@admin.register(GitHubLimit)
class GitHubLimitAdmin(ReadOnly):
    """The page stands where the list of rows would; their history is listed beside it. htmx asks for it again."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = time.time()
        shown = {
            "title": "GitHub limits",
            "opts": self.opts,
            "tenants": [
                (tenant, github_limits.accounts(tenant.slug, now), credentials.health(tenant.slug))
                for tenant in Tenant.objects.all()
            ],
            "waiting": SyncRun.objects.filter(state=SyncRun.State.WAITING).select_related("organization"),
        }
        if request.headers.get("HX-Request") == "true":
            return TemplateResponse(request, "admin/stats/githublimit/live.html", shown)
        shown |= self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/stats/githublimit/page.html", shown)
