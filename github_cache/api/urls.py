"""/api/v1/github, /api/v1/rate-limits and /api/v1/admin/cache."""

from django.urls import path

from github_cache.api import cache_admin, rate_limits, views, writes
from github_cache.api import schema as _schema  # noqa: F401  # registers how callers prove who they are

_REPOSITORY = "github/<str:owner>/<str:repo>"

urlpatterns = [
    path("github/orgs/<str:org>/repos", views.OrganizationRepositories.as_view(), name="organization-repositories"),
    path(f"{_REPOSITORY}/info", views.Info.as_view(), name="repository-info"),
    path(f"{_REPOSITORY}/languages", views.Languages.as_view(), name="repository-languages"),
    path(f"{_REPOSITORY}/pulls", views.Pulls.as_view(), name="repository-pulls"),
    path(f"{_REPOSITORY}/issues", views.Issues.as_view(), name="repository-issues"),
    path(f"{_REPOSITORY}/workflows", views.Workflows.as_view(), name="repository-workflows"),
    path(f"{_REPOSITORY}/settings", writes.Settings.as_view(), name="repository-settings"),
    path(f"{_REPOSITORY}/labels", writes.Labels.as_view(), name="repository-labels"),
    # A label's name may have slashes in it, and the server has decoded the path by now.
    path(f"{_REPOSITORY}/labels/<path:label_name>", writes.Label.as_view(), name="repository-label"),
    path(f"{_REPOSITORY}/cache/invalidate", writes.Invalidate.as_view(), name="repository-invalidate"),
    path("rate-limits/status", rate_limits.Status.as_view(), name="rate-limits-status"),
    path("rate-limits/health", rate_limits.Health.as_view(), name="rate-limits-health"),
    path("rate-limits/history", rate_limits.History.as_view(), name="rate-limits-history"),
    path("rate-limits/track", rate_limits.Track.as_view(), name="rate-limits-track"),
    path("admin/cache/clear", cache_admin.Clear.as_view(), name="cache-clear"),
    path("admin/cache/stats", cache_admin.Statistics.as_view(), name="cache-stats"),
]
