"""The web pages, health and metrics."""

from django.urls import path

from stats import exposition, health, pages

urlpatterns = [
    path("", pages.search, name="search-page"),
    path("repositories/<str:owner>/<str:name>", pages.repository, name="repository-page"),
    path("status", pages.status, name="status-page"),
    path("health", health.whole, name="health"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", exposition.metrics, name="metrics"),
]
