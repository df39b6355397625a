"""The GitHub-compatible surface, laid out as a GitHub Enterprise Server lays it out."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
