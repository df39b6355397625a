"""Every URL of the house; each app has its own urls.py."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerView

urlpatterns = [
    path("", include("github_cache.proxy.urls")),
    path("api/v1/", include("github_cache.api.urls")),
    path("api/v1/", include("stats.urls")),
    path("api/v1/webhooks/", include("webhooks.urls")),
    path("", include("stats.site_urls")),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("docs", require_safe(SpectacularSwaggerView.as_view(url_name="openapi")), name="docs"),
    path("redoc", require_safe(SpectacularRedocView.as_view(url_name="openapi")), name="redoc"),
    path("admin/", admin.site.urls),
]

handler404 = "stats.faults.not_found"
handler500 = "stats.faults.broken"
