"""A house before a sandbox GitHub, over a real Redis, whose first tenant holds private things."""

from tests.github_cache.gateway.conftest import house  # noqa: F401
