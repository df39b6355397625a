"""The index under ``/api/v1/``."""

from django.urls import path

from stats import views

urlpatterns = [
    path("facets", views.FacetsView.as_view(), name="facets"),
    path("facets/<str:facet>", views.FacetView.as_view(), name="facet"),
    path("search", views.SearchView.as_view(), name="search"),
    path("stats", views.StatisticsView.as_view(), name="stats"),
    path("stats/unreadable-files", views.UnreadableFilesView.as_view(), name="unreadable-files"),
]
