"""Errors of the GitHub-compatible surface, in GitHub's own shape, so that clients' own handling of them works.

Source: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

import orjson
from django.http import HttpResponse

PREFIXES = ("/api/v3", "/api/graphql")
DOCUMENTATION = "https://docs.github.com/rest"
GRAPHQL_DOCUMENTATION = "https://docs.github.com/graphql"
RATE_LIMIT_DOCUMENTATION = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"


def is_github_surface(path: str) -> bool:
    """True for paths that are answered as GitHub answers."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in PREFIXES)


def answer(
    status: int, message: str, *, documentation_url: str = DOCUMENTATION, retry_after: int | None = None
) -> HttpResponse:
    """An error as GitHub words it: `message`, `documentation_url` and `status`; `Retry-After` in seconds."""
    response = HttpResponse(
        orjson.dumps({"message": message, "documentation_url": documentation_url, "status": str(status)}),
        status=status,
        content_type="application/json; charset=utf-8",
    )
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response
