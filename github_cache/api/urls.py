"""/api/v1/github, /api/v1/rate-limits and /api/v1/admin/cache."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
