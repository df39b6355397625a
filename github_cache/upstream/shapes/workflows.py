"""Workflows of GitHub Actions (pure). Source: docs.github.com/rest/actions/workflows. GraphQL has no list of them."""

from collections.abc import Mapping
from typing import Any

from github_cache.upstream.shapes.reading import Json, instant, need

_FIELDS = ("id", "node_id", "name", "path", "state", "html_url", "badge_url")


def workflow_of_rest(body: Mapping[str, Any]) -> Json:
    """A workflow. Raises BadAnswer for anything else."""
    fields = {name: need(body, name) for name in _FIELDS}
    return fields | {name: instant(need(body, name)) for name in ("created_at", "updated_at")}
