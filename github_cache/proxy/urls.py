"""The GitHub-compatible surface, laid out as a GitHub Enterprise Server lays it out."""

from django.urls import path, re_path

from github_cache.proxy import views

urlpatterns = [
    # (?s): a line feed in the path is for the view to refuse.
    re_path(r"(?s)^api/v3(?:/.*)?$", views.rest, name="github-rest"),
    path("api/graphql", views.graphql_endpoint, name="github-graphql"),
]
