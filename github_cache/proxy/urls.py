"""The GitHub-compatible surface, laid out as a GitHub Enterprise Server lays it out."""

from django.urls import path, re_path

from github_cache.proxy import views

urlpatterns = [
    # Some clients append /graphql to the base URL that they know.
    path("api/v3/graphql", views.graphql_endpoint, name="github-graphql-below-rest"),
    # Control characters too are for the view to refuse. (Django cannot reverse a pattern with flags.)
    re_path(r"^api/v3(?:/[\s\S]*)?$", views.rest, name="github-rest"),
    path("api/graphql", views.graphql_endpoint, name="github-graphql"),
]
